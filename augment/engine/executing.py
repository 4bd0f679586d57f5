"""Choose what schedules the shards: this process, several, those of a cluster. None of them decides what comes out.

for receipt in execute(work, shards): ...
"""

import os
from collections.abc import Iterator, Sequence

from augment.engine.cluster import cluster
from augment.engine.processes import cuda_devices, processes
from augment.engine.ranks import Rank, ranks
from augment.engine.shard import Receipt
from augment.engine.work import Work


def execute(work: Work, shards: Sequence[int]) -> Iterator[Receipt]:
    """Yield the receipt of each of the shards as it is done, by the executor that the job names."""
    run = work.job.run
    if run.executor == "processes":
        yield from processes(work, shards, min(run.workers or usual_workers(), max(len(shards), 1)))
    elif run.executor == "ray":
        yield from cluster(work, shards)
    elif run.executor == "rank":
        yield from ranks(work, shards, Rank.of(os.environ))
    else:
        treat = work.open()
        yield from (treat(shard) for shard in shards)


def usual_workers() -> int:
    """Return how many processes to start: one a CUDA device, else one for every four cores, at least two."""
    return cuda_devices() or max((os.cpu_count() or 1) // 4, 2)
