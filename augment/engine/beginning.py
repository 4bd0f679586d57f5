"""How worker processes begin: forked from a server that has imported the libraries, where that is safe.

A new process spends about five CPU seconds on importing torch and transformers, for every worker and for every one that
replaces a dead worker. A fork of a process that has imported them, and has done nothing else, needs none. The server starts with
the first worker, serves all runs of this process and ends with it.

    context = beginning("cpu")                  # multiprocessing's "forkserver", or "spawn"
"""

import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import BaseContext

# What a worker imports before its first shard.
_IMPORTED = ["augment.engine.worker", "augment.models.classifier", "pyarrow.dataset"]


def beginning(device: str) -> BaseContext:
    """Return the way to start workers that compute on this device (`run.device`).

    New processes where a driver may not survive a fork: with a CUDA device, on another system than Linux, and in a process
    that was itself forked, which cannot reach the server of its parent.
    """
    if sys.platform == "linux" and (device == "cpu" or (device == "auto" and not cuda_devices())):
        multiprocessing.set_forkserver_preload(_IMPORTED)
        try:
            with environment(_same_modules()):
                forkserver.ensure_running()
            return multiprocessing.get_context("forkserver")
        except ChildProcessError:
            pass
    return multiprocessing.get_context("spawn")


def cuda_devices() -> int:
    """Return how many CUDA devices there are."""
    import torch

    return torch.cuda.device_count()


def become(given: Mapping[str, str]) -> None:
    """Give this process the environment of the one that started it: a server's is that of the time when it began."""
    for name in os.environ.keys() - given.keys():
        del os.environ[name]
    os.environ.update(given)


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Add to the environment of this process within the block."""
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        yield
    finally:
        become(before)


def _same_modules() -> dict[str, str]:
    """Return the environment in which a new process finds the modules that this one does, and none of the current folder."""
    return {
        "PYTHONPATH": os.pathsep.join(os.path.abspath(path) for path in sys.path),
        "PYTHONSAFEPATH": "1",
    }
