"""Shards in processes that another launcher has started: each takes its share by number, the first also the rest.

Rank and number of ranks come from the environment: RANK and WORLD_SIZE (torchrun), SLURM_PROCID and SLURM_NTASKS, or
OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE. All ranks see the same folder. Rank 0 lays out the corpus, and at the end
treats the shards of ranks that have gone, so that a lost node costs time and nothing else.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.engine.shard import Receipt, read_receipt
from augment.engine.worker import Worker
from augment.errors import RequestError
from augment.tables.locking import is_held

_NAMES = (
    ("RANK", "WORLD_SIZE"),
    ("SLURM_PROCID", "SLURM_NTASKS"),
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
)
_PAUSE = 0.5
# A rank that has not come within this many seconds is taken for gone.
_PATIENCE = 60.0


@dataclass(frozen=True)
class ProcessRank:
    """Which of how many processes this is."""

    number: int
    world: int

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "ProcessRank":
        """Return the rank that the environment names; RequestError if it names none."""
        for name, world in _NAMES:
            if name in environment and world in environment:
                given = (environment[name], environment[world])
                if all(value.isdecimal() for value in given) and int(given[0]) < int(given[1]):
                    return cls(int(given[0]), int(given[1]))
                raise RequestError(
                    "run.executor: rank",
                    f"{name}={given[0]} and {world}={given[1]} are no rank",
                    "start with torchrun or srun, which set both",
                )
        raise RequestError(
            "run.executor: rank",
            "the environment names no rank",
            "start with torchrun or srun, or set RANK and WORLD_SIZE; on one machine use run.executor=processes",
        )

    @property
    def lock(self) -> str:
        """What distinguishes this rank's lock from that of the first, which has none."""
        return "" if self.number == 0 else str(self.number)


# Also what a run is that shares its work with no other rank.
FIRST = ProcessRank(0, 1)


def ranks(worker: Worker, rank: ProcessRank, number: int, shards: Sequence[int]) -> Iterator[Receipt]:
    """Yield the receipts of this rank's share; of all shards on rank 0, which waits for the others or does their part.

    number: of the phase that the shards are in.
    """
    for shard in shards:
        if shard % rank.world == rank.number:
            yield worker.treat(number, shard)
    if rank.number == 0:
        for shard in shards:
            if shard % rank.world:
                done, owner = worker.receipt_path(number, shard), ProcessRank(shard % rank.world, rank.world)
                comes = _comes(done, worker.folder, owner)
                yield read_receipt(done) if comes else worker.treat(number, shard)


def wait_for(path: Path, folder: Path) -> None:
    """Wait until a file that rank 0 writes is there; RequestError if rank 0 is gone."""
    if not _comes(path, folder, FIRST):
        raise RequestError(
            str(folder), f"rank 0 has stopped, or never began: no {path.name}", "run all ranks again"
        )


def _comes(path: Path, folder: Path, rank: ProcessRank) -> bool:
    """Wait for a file that a rank writes, and return whether it came before that rank had gone."""
    began = time.monotonic()
    while not path.exists():
        if time.monotonic() - began > _PATIENCE and not is_held(folder, rank.lock):
            return False
        time.sleep(_PAUSE)
    return True
