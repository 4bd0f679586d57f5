"""Shards in processes of this machine: one a device, or one for every few cores.

A worker loads its models once, and stays for all phases. One that dies is replaced and its shards are given out again; a shard that has brought
down several workers stops the run. Workers die with the process that started them, so that none goes on writing unseen.
"""

import multiprocessing
import os
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import parent_process
from typing import Self

from augment.engine.beginning import become, beginning, cuda_devices
from augment.engine.shard import Receipt
from augment.engine.worker import Work, Worker
from augment.errors import AugmentError

# A shard that was given out when this many workers died, or when one died before any shard was done, is done alone; one
# during which this many died is at fault itself.
_SUSPECT, _DEATHS = 2, 3

_worker: list[Worker] = []


class Processes:
    """Worker processes, started with the first shard, and again after one has died.

    with Processes(work, 2) as workers:
        for receipt in workers.run(0, range(100)): ...
    """

    def __init__(self, work: Work, workers: int) -> None:
        """Remember what to do; nothing is started yet."""
        self._work, self._workers = work, workers
        self._pool: _Pool | None = None

    def __enter__(self) -> Self:
        """Return what runs shards."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self._stop()

    def run(self, number: int, shards: Sequence[int]) -> Iterator[Receipt]:
        """Yield the receipt of every shard of a phase as it is done.

        AugmentError if a shard brings down worker after worker.
        """
        deaths: Counter[int] = Counter()
        left, suspects = set(shards), set[int]()
        while left:
            # Who died over which shard is known for certain only where one worker has one shard.
            alone, came = bool(suspects), False
            pool = self._pool_of(1, 0) if alone else self._pool_of(self._workers, 1)
            try:
                for receipt in pool.run(number, sorted(suspects or left)):
                    left.discard(receipt.shard)
                    suspects.discard(receipt.shard)
                    came = True
                    yield receipt
            except BrokenProcessPool:
                self._stop()
                begun = pool.begun & left
                deaths.update(begun)
                guilty = [shard for shard in begun if alone and deaths[shard] >= _DEATHS]
                if guilty:
                    raise AugmentError(
                        f"shard {guilty[0]}",
                        f"{_DEATHS} worker processes died while they were at it",
                        "often memory: lower run.workers, run.token_budget or run.shard_rows",
                    ) from None
                suspects |= {shard for shard in begun if not came or deaths[shard] >= _SUSPECT}

    def _pool_of(self, workers: int, ahead: int) -> "_Pool":
        """Return the workers there are if they are as many, else others in their place."""
        if self._pool is None or (self._pool.workers, self._pool.ahead) != (workers, ahead):
            self._stop()
            self._pool = _Pool(self._work, workers, ahead)
        return self._pool

    def _stop(self) -> None:
        """End the workers there are."""
        if self._pool is not None:
            self._pool.stop()
        self._pool = None


class _Pool:
    """Worker processes, few shards ahead of which are given out."""

    def __init__(self, work: Work, workers: int, ahead: int) -> None:
        """Start them; each takes the next device of those there are."""
        context = beginning(work.job.run.device)
        turns = context.Queue()
        for turn in range(workers):
            turns.put(turn)
        self.workers, self.ahead = workers, ahead
        self._pool = ProcessPoolExecutor(workers, context, _begin, (work, turns, workers, dict(os.environ)))
        self._open: dict[Future[Receipt], int] = {}

    @property
    def begun(self) -> set[int]:
        """The shards that were given out and have not come back."""
        return set(self._open.values())

    def run(self, number: int, shards: Sequence[int]) -> Iterator[Receipt]:
        """Yield receipts as shards are done; BrokenProcessPool when a worker has died."""
        waiting = deque(shards)
        while waiting or self._open:
            while waiting and len(self._open) < self.workers + self.ahead:
                shard = waiting.popleft()
                self._open[self._pool.submit(_run, number, shard)] = shard
            done, _ = wait(self._open, return_when=FIRST_COMPLETED)
            for future in done:
                receipt = future.result()
                del self._open[future]
                yield receipt

    def stop(self) -> None:
        """End the workers at once: a shard in hand is dropped, and done again by whoever comes next."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


def _begin(
    work: Work, turns: "multiprocessing.Queue[int]", workers: int, environment: dict[str, str]
) -> None:
    """Prepare a worker process: take over the environment, watch the process that started it, take a device."""
    become(environment)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    turn = turns.get(timeout=60)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    run = work.job.run
    threads = run.threads or max(cores // workers, 1)
    _worker.append(Worker(work.on(_device(run.device, turn), threads)))


def _device(requested: str, turn: int) -> str | None:
    """Return the device of a worker: the CUDA devices in turn where there are several, else that of the job."""
    count = cuda_devices() if requested in ("auto", "cuda") else 0
    return f"cuda:{turn % count}" if count else None


def _die_with_parent() -> None:
    """End this process when the one that started it is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(number: int, shard: int) -> Receipt:
    """Treat one shard in a worker."""
    return _worker[0].treat(number, shard)
