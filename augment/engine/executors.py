"""Choose the executor of the shards: this process, several, or a cluster. The rows are the same with each.

with executor(work, 100) as execute:          # workers begin with the first shard and stay for all phases
    for receipt in execute(0, range(100)): ...
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from augment.engine.beginning import cuda_devices
from augment.engine.processes import Processes
from augment.engine.ranks import ProcessRank, ranks
from augment.engine.ray_actors import Cluster
from augment.engine.shard import Receipt
from augment.engine.worker import Work, Worker
from augment.stages.own import require_importable

# Given a phase by its number, and numbers of shards: yields the receipt of each as it is done.
Execute = Callable[[int, Sequence[int]], Iterator[Receipt]]


@contextmanager
def executor(work: Work, shards: int) -> Iterator[Execute]:
    """Yield what treats shards, by the executor that the job names, and end its workers after the block.

    shards: how many a phase has; more workers are not started.
    """
    run = work.job.run
    if run.executor in ("processes", "ray"):
        require_importable(work.plan.stages)
    if run.executor == "processes":
        with Processes(work, min(run.workers or usual_workers(), max(shards, 1))) as workers:
            yield workers.run
    elif run.executor == "ray":
        with Cluster(work, shards) as cluster:
            yield cluster.run
    elif run.executor == "rank":
        yield partial(ranks, Worker(work), ProcessRank.of(os.environ))
    else:
        yield partial(_inline, Worker(work))


def _inline(worker: Worker, number: int, shards: Sequence[int]) -> Iterator[Receipt]:
    """Treat shards here."""
    for shard in shards:
        yield worker.treat(number, shard)


def usual_workers() -> int:
    """Return how many processes to start: one a CUDA device, else one for every four cores, at least two."""
    return cuda_devices() or max((os.cpu_count() or 1) // 4, 2)
