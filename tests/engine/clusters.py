"""A Ray cluster on this machine, to run on and to take from."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NICENESS = {"RAY_worker_niceness": "0"}


@contextmanager
def in_time() -> Iterator[None]:
    """Let Ray's processes have their share of a machine that does other work too, within the block."""
    os.environ.update(NICENESS)
    try:
        yield
    finally:
        for name in NICENESS:
            del os.environ[name]


class Machines:
    """A cluster of a head, which does no work, and n nodes of one core, with this process as driver."""

    def __init__(self, count: int) -> None:
        """Start the nodes."""
        from ray.cluster_utils import Cluster

        self._cluster: Any = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
        for _ in range(count):
            self._cluster.add_node(num_cpus=1)
        self.address = str(self._cluster.address)

    def replace_node(self) -> None:
        """Take a node away, and give another.

        The driver goes through whichever node Ray chooses, perhaps one of those that work: that one it cannot lose.
        """
        import ray

        own = ray.get_runtime_context().get_node_id()
        nodes = sorted(self._cluster.worker_nodes, key=lambda node: str(node.node_id))
        self._cluster.remove_node(next(node for node in nodes if node.node_id != own), allow_graceful=False)
        self._cluster.add_node(num_cpus=1)

    def shutdown(self) -> None:
        """End every node."""
        self._cluster.shutdown()


@contextmanager
def cluster_of(count: int) -> Iterator[Machines]:
    """Yield a cluster with a number of nodes, which this process is connected to."""
    import ray

    result = Machines(count)
    ray.init(address=result.address, logging_level="ERROR", log_to_driver=False)
    try:
        yield result
    finally:
        ray.shutdown()
        result.shutdown()


def actors() -> list[int]:
    """Return the processes of workers."""
    handles = []
    for index in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            named = index.read_bytes()
        except OSError:
            continue
        if named.startswith(b"ray::_Actor"):
            handles.append(int(index.parent.name))
    return handles
