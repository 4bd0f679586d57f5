"""Shards on a Ray cluster: the same rows, whoever is lost on the way: a worker, a node, the driver."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.errors import ModelError
from augment.output.manifest import Summary
from augment.tables.files import LEFTOVER
from augment.tables.run_folder import MANIFEST
from augment.verification import verify
from tests.engine.clusters import Machines, actors, cluster_of, in_time
from tests.engine.test_executors import receipts
from tests.rewriting.stub_server import stub_server
from tests.small import small_job
from tests.stages import test_rewrite as rewriting

ray = pytest.importorskip("ray", reason="the package ray is not installed")
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module", autouse=True)
def undisturbed() -> Iterator[None]:
    """Run with the usual priority."""
    with in_time():
        yield


@pytest.fixture(scope="module")
def inline(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run in one process."""
    return run("augment-wide", small_job(small, shard_rows=24), tmp_path_factory.mktemp("runs") / "inline")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Machines]:
    """Yield a cluster that the tests share which need not begin their own."""
    with cluster_of(2) as machines:
        yield machines


def on_ray(small: Path) -> Job:
    """Return the job of the same run on two actors."""
    return small_job(small, shard_rows=24, executor="ray", workers=2)


def drive(small: Path, folder: Path) -> None:
    """Run on a cluster of our own."""
    run("augment-wide", on_ray(small), folder)


def test_a_run_whose_driver_was_killed_is_resumed(small: Path, tmp_path: Path, inline: Summary) -> None:
    folder = tmp_path / "out"
    driver = multiprocessing.get_context("spawn").Process(target=drive, args=(small, folder))
    driver.start()
    deadline = time.monotonic() + 300
    while driver.is_alive() and not list(folder.rglob("*.done.json")):
        if time.monotonic() > deadline:
            driver.kill()
            pytest.fail("no shard was done in time")
        time.sleep(0.05)
    driver.kill()
    driver.join(60)
    deadline = time.monotonic() + 60
    while actors() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not (folder / MANIFEST).exists()
    summary = run("augment-wide", small_job(small, shard_rows=24), folder)
    assert receipts(summary.folder) == receipts(inline.folder)
    assert not [path for path in folder.rglob("*") if LEFTOVER in path.name]
    assert verify(folder).ok


def test_a_lost_worker_and_a_lost_node_cost_no_row(
    small: Path, tmp_path: Path, inline: Summary, cluster: Machines
) -> None:
    losses: list[Callable[[], object]] = [
        lambda: os.kill(actors()[0], signal.SIGKILL),
        cluster.replace_node,
    ]

    def lose(phase: str, rows: int, total: int) -> None:
        """Lose a worker when the first shard has come back, and a node when another has."""
        if phase == "augment-wide" and rows and losses:
            losses.pop(0)()

    summary = run("augment-wide", on_ray(small), tmp_path / "out", progress=lose)
    assert not losses
    assert receipts(summary.folder) == receipts(inline.folder)
    assert summary.counts == inline.counts
    assert verify(summary.folder).ok


def test_an_error_on_a_worker_is_the_error_of_the_run(small: Path, tmp_path: Path, cluster: Machines) -> None:
    job = on_ray(small)
    job = job.model_copy(update={"model": ModelConfig(path=str(tmp_path / "nothing"))})
    with pytest.raises(ModelError):
        run("augment-wide", job, tmp_path / "out")


def test_rewrites_on_ray_are_those_of_one_process_and_share_one_book(
    small: Path, tmp_path: Path, cluster: Machines
) -> None:
    with stub_server() as server:
        job = rewriting.job(small, server.config())
        run(rewriting.plan(), job, tmp_path / "one")
        sent = len(server.requests)
        run(
            rewriting.plan(),
            rewriting.job(small, server.config(), executor="ray", workers=2),
            tmp_path / "out",
        )
        assert len(server.requests) == 2 * sent
    assert rewriting.samples_of(tmp_path / "one") == rewriting.samples_of(tmp_path / "out")
    assert verify(tmp_path / "out").ok
