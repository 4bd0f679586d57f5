"""Shards in processes that something else has started: each takes its share by number, the first also what is left.

Rank and number of ranks come from the environment: RANK and WORLD_SIZE (torchrun), SLURM_PROCID and SLURM_NTASKS, or
OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE. All ranks see the same folder. Rank 0 lays out the corpus, and at the end
treats the shards of ranks that have gone, so that a lost node costs time and nothing else.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.engine.shard import Receipt, read_receipt, receipt_path
from augment.engine.work import Work
from augment.errors import RequestError

_NAMES = (
    ("RANK", "WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
)
_PAUSE = 0.5
# A rank that has not come within so many seconds is taken for gone.
_PATIENCE = 60.0


@dataclass(frozen=True)
class Rank:
    """Which of how many processes this is."""

    number: int
    world: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Rank":
        """Return the rank that the environment names; RequestError if it names none."""
        for name, world in _NAMES:
            if name in environment and world in environment:
                found = (environment[name], environment[world])
                if all(value.isdecimal() for value in found) and int(found[0]) < int(found[1]):
                    return cls(int(found[0]), int(found[1]))
                raise RequestError(
                    "run.executor: rank",
                    f"{name}={found[0]} and {world}={found[1]} are no rank",
                    "start with torchrun or srun, which set both",
                )
        raise RequestError(
            "run.executor: rank",
            "the environment names no rank",
            "start with torchrun or srun, or set RANK and WORLD_SIZE; on one machine use run.executor=processes",
        )

    @property
    def lock(self) -> str:
        """The name of this rank's lock."""
        return "lock" if self.number == 0 else f"lock-{self.number}"


def ranks(work: Work, shards: Sequence[int], rank: Rank) -> Iterator[Receipt]:
    """Yield the receipts of this rank's share; of all shards on rank 0, which waits for the others or does their part."""
    treat = work.open()
    for shard in shards:
        if shard % rank.world == rank.number:
            yield treat(shard)
    if rank.number == 0:
        for shard in shards:
            if shard % rank.world:
                yield _awaited(work.folder, shard, f"lock-{shard % rank.world}", treat)


def wait_for(path: Path, folder: Path) -> None:
    """Wait until a file that rank 0 writes is there; RequestError if rank 0 is gone."""
    began = time.monotonic()
    while not path.exists():
        if time.monotonic() - began > _PATIENCE and not _is_held(folder.with_name(f".{folder.name}.lock")):
            raise RequestError(
                str(folder), f"rank 0 has stopped, or never began: no {path.name}", "run all ranks again"
            )
        time.sleep(_PAUSE)


def _awaited(folder: Path, shard: int, lock: str, treat: Callable[[int], Receipt]) -> Receipt:
    """Return the receipt of another rank's shard, treated here if that rank is gone."""
    began, done = time.monotonic(), receipt_path(folder, shard)
    while not done.exists():
        if time.monotonic() - began > _PATIENCE and not _is_held(folder.with_name(f".{folder.name}.{lock}")):
            return treat(shard)
        time.sleep(_PAUSE)
    return read_receipt(done)


def _is_held(path: Path) -> bool:
    """Return whether a living process holds a lock."""
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
