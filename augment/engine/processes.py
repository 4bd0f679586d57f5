"""Shards in processes of this machine: one a device, or one for every few cores.

A worker loads its models once. One that dies is replaced and its shards are given out again; a shard that has brought
down several workers stops the run. Workers die with the process that started them, so that none writes on unseen.
"""

import multiprocessing
import os
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import parent_process

from augment.engine.shard import Receipt
from augment.engine.work import Work
from augment.errors import AugmentError

# A shard during which so many workers died is at fault itself.
_DEATHS = 3

_treat: list[Callable[[int], Receipt]] = []


def processes(work: Work, shards: Sequence[int], workers: int) -> Iterator[Receipt]:
    """Yield the receipt of every shard as it is done. AugmentError if a shard brings down worker after worker."""
    deaths: Counter[int] = Counter()
    left, suspects = set(shards), set[int]()
    while left:
        # Who died over which shard is known for certain only where one worker has one shard.
        pool = _Pool(work, 1 if suspects else workers, ahead=0 if suspects else 1)
        try:
            for receipt in pool.run(sorted(suspects or left)):
                left.discard(receipt.shard)
                suspects.discard(receipt.shard)
                yield receipt
        except BrokenProcessPool:
            suspects = pool.begun & left
            deaths.update(suspects)
            if len(suspects) == 1 and deaths[shard := min(suspects)] >= _DEATHS:
                raise AugmentError(
                    f"shard {shard}",
                    f"{_DEATHS} worker processes died while they were at it",
                    "often memory: lower run.workers, run.token_budget or run.shard_rows",
                ) from None
        finally:
            pool.stop()


class _Pool:
    """Worker processes, few shards ahead of which are given out."""

    def __init__(self, work: Work, workers: int, ahead: int) -> None:
        """Start them; each takes the next device of those there are."""
        context = multiprocessing.get_context("spawn")
        turns = context.Queue()
        for turn in range(workers):
            turns.put(turn)
        self._most = workers + ahead
        self._pool = ProcessPoolExecutor(workers, context, _begin, (work, turns, workers))
        self._open: dict[Future[Receipt], int] = {}

    @property
    def begun(self) -> set[int]:
        """The shards that were given out and have not come back."""
        return set(self._open.values())

    def run(self, shards: Sequence[int]) -> Iterator[Receipt]:
        """Yield receipts as shards are done; BrokenProcessPool when a worker has died."""
        waiting = deque(shards)
        while waiting or self._open:
            while waiting and len(self._open) < self._most:
                shard = waiting.popleft()
                self._open[self._pool.submit(_run, shard)] = shard
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


def _begin(work: Work, turns: "multiprocessing.Queue[int]", workers: int) -> None:
    """Prepare a worker process: watch the parent, take a device, load the models."""
    threading.Thread(target=_die_with_parent, daemon=True).start()
    turn = turns.get(timeout=60)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    run = work.job.run
    threads = run.threads or max(cores // workers, 1)
    _treat.append(work.on(_device(run.device, turn), threads).open())


def _device(asked: str, turn: int) -> str | None:
    """Return the device of a worker: the CUDA devices in turn where several are there, else what the job says."""
    count = cuda_devices() if asked in ("auto", "cuda") else 0
    return f"cuda:{turn % count}" if count else None


def cuda_devices() -> int:
    """Return how many CUDA devices there are."""
    import torch

    return torch.cuda.device_count()


def _die_with_parent() -> None:
    """End this process when the one that started it is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(shard: int) -> Receipt:
    """Treat one shard in a worker."""
    return _treat[0](shard)
