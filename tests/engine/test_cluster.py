"""Shards on a Ray cluster: the same rows, whoever is lost on the way: a worker, a node, the driver."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from augment.errors import ModelError
from augment.job import Job, ModelConfig
from augment.ledger import LEFTOVER, MANIFEST
from augment.running import run
from augment.summary import Summary
from augment.verifying import verify
from tests.engine.test_executing import receipts
from tests.small import small_job

ray = pytest.importorskip("ray", reason="the package ray is not installed")
cluster_utils = pytest.importorskip("ray.cluster_utils")
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning")

NICENESS = {"RAY_worker_niceness": "0"}


@pytest.fixture(scope="module", autouse=True)
def in_time() -> Iterator[None]:
    """Let Ray's processes have their share of a machine that does other work too."""
    os.environ.update(NICENESS)
    yield
    for name in NICENESS:
        del os.environ[name]


@pytest.fixture(scope="module")
def inline(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run in one process."""
    return run("augment", small_job(small, shard_rows=24), tmp_path_factory.mktemp("runs") / "inline")


def on_ray(small: Path) -> Job:
    """Return the job of the same run on two actors."""
    return small_job(small, shard_rows=24, executor="ray", workers=2)


@contextmanager
def nodes(count: int) -> Iterator[tuple[Any, Any]]:
    """Yield a cluster of a head, which does no work, and so many nodes of one core; and one of those to lose.

    The driver goes through whichever node Ray chooses, perhaps one of those that work: that one it cannot lose.
    """
    found = cluster_utils.Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    added = [found.add_node(num_cpus=1) for _ in range(count)]
    ray.init(address=found.address, logging_level="ERROR", log_to_driver=False)
    own = ray.get_runtime_context().get_node_id()
    try:
        yield found, next(node for node in added if node.node_id != own)
    finally:
        ray.shutdown()
        found.shutdown()


def once(what: Callable[[], object]) -> Callable[[str, int, int], None]:
    """Return a progress that does something when the first shard has come back."""
    done: list[bool] = []

    def say(phase: str, rows: int, total: int) -> None:
        """Do it once."""
        if phase == "augment" and rows and not done:
            done.append(True)
            what()

    return say


def workers() -> list[int]:
    """Return the processes of actors."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            named = place.read_bytes()
        except OSError:
            continue
        if named.startswith(b"ray::_Worker"):
            found.append(int(place.parent.name))
    return found


def test_a_lost_worker_and_a_lost_node_cost_no_row(small: Path, tmp_path: Path, inline: Summary) -> None:
    with nodes(2) as (found, other):
        plain = run("augment", on_ray(small), tmp_path / "plain")
        assert receipts(plain.folder) == receipts(inline.folder)
        assert plain.counts == inline.counts

        killed = once(lambda: os.kill(workers()[0], signal.SIGKILL))
        one = run("augment", on_ray(small), tmp_path / "worker", progress=killed)
        assert receipts(one.folder) == receipts(inline.folder)

        def lose() -> None:
            """Take a node away, and give another."""
            found.remove_node(other, allow_graceful=False)
            found.add_node(num_cpus=1)

        two = run("augment", on_ray(small), tmp_path / "node", progress=once(lose))
        assert receipts(two.folder) == receipts(inline.folder)
        assert verify(two.folder).ok


def drive(small: Path, folder: Path) -> None:
    """Run on a cluster of this machine."""
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    run("augment", on_ray(small), folder)


def test_a_run_whose_driver_was_killed_is_resumed(small: Path, tmp_path: Path, inline: Summary) -> None:
    folder = tmp_path / "out"
    driver = multiprocessing.get_context("spawn").Process(target=drive, args=(small, folder))
    driver.start()
    while driver.is_alive() and not list(folder.rglob("*.done.json")):
        time.sleep(0.05)
    driver.kill()
    driver.join()
    deadline = time.monotonic() + 30
    while workers() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not (folder / MANIFEST).exists()
    summary = run("augment", small_job(small, shard_rows=24), folder)
    assert receipts(summary.folder) == receipts(inline.folder)
    assert not [path for path in folder.rglob("*") if LEFTOVER in path.name]
    assert verify(folder).ok


def test_an_error_on_a_worker_is_the_error_of_the_run(small: Path, tmp_path: Path) -> None:
    job = on_ray(small)
    job = job.model_copy(update={"model": ModelConfig(path=str(tmp_path / "nothing"))})
    with pytest.raises(ModelError):
        run("augment", job, tmp_path / "out")
