"""Executors: whatever schedules the shards, the rows are the same, value for value."""

import multiprocessing
import os
import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from augment.api.run import run
from augment.engine import processes as processes_module
from augment.engine import ranks as ranks_module
from augment.engine.ranks import ProcessRank
from augment.engine.shard import Receipt, read_receipt
from augment.errors import AugmentError, RequestError
from augment.output.manifest import Summary
from tests.small import small_job


def receipts(folder: Path) -> list[Receipt]:
    """Return the receipts of a run, by number."""
    return [read_receipt(path) for path in sorted((folder / "run").glob("*.done.json"))]


@pytest.fixture(scope="module")
def inline(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run in one process."""
    return run("augment-wide", small_job(small, shard_rows=40), tmp_path_factory.mktemp("runs") / "inline")


def test_processes_give_the_same_values_and_stay_for_all_phases(
    small: Path, tmp_path: Path, inline: Summary
) -> None:
    workers: dict[str, set[int | None]] = {}

    def look(phase: str, done: int, total: int) -> None:
        """Note which workers there are while a phase has come back with something."""
        if done:
            workers.setdefault(phase, set()).update(
                process.pid for process in multiprocessing.active_children()
            )

    job = small_job(small, shard_rows=40, executor="processes", workers=2)
    summary = run("augment-wide", job, tmp_path / "two", progress=look)
    assert receipts(summary.folder) == receipts(inline.folder)
    assert summary.counts == inline.counts
    phases = [result for phase, result in workers.items() if phase.startswith("augment")]
    assert len(phases) > 1
    assert len(set.union(*phases)) == 2
    assert not multiprocessing.active_children()


def test_workers_that_die_at_work_or_between_phases_are_replaced_and_their_shards_done_again(
    small: Path, tmp_path: Path, inline: Summary
) -> None:
    killed: dict[str, int] = {}

    def kill(phase: str, done: int, total: int) -> None:
        """Kill a worker when a shard has come back, and another while all wait for the next phase."""
        for name in ("augment-wide", "all rows"):
            if phase.endswith(name) and (done or not total) and name not in killed:
                killed[name] = multiprocessing.active_children()[0].pid or 0
                os.kill(killed[name], signal.SIGKILL)

    job = small_job(small, shard_rows=40, executor="processes", workers=2)
    summary = run("augment-wide", job, tmp_path / "killed", progress=kill)
    assert len(set(killed.values())) == 2
    assert receipts(summary.folder) == receipts(inline.folder)


def rank(number: int, world: int, small: Path, folder: Path) -> None:
    """Run as one rank of several."""
    os.environ.update({"RANK": str(number), "WORLD_SIZE": str(world)})
    run("augment-wide", small_job(small, shard_rows=40, executor="rank"), folder)


def test_ranks_share_the_shards_and_give_the_same_values(
    small: Path, tmp_path: Path, inline: Summary
) -> None:
    context = multiprocessing.get_context("fork")
    samples = [
        context.Process(target=rank, args=(number, 3, small, tmp_path / "out")) for number in (2, 0, 1)
    ]
    for sample in samples:
        sample.start()
    for sample in samples:
        sample.join(120)
    assert [sample.exitcode for sample in samples] == [0, 0, 0]
    assert receipts(tmp_path / "out") == receipts(inline.folder)


def test_the_first_rank_does_the_part_of_one_that_is_gone(
    small: Path, tmp_path: Path, inline: Summary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranks_module, "_PATIENCE", 0.1)
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    run("augment-wide", small_job(small, shard_rows=40, executor="rank"), tmp_path / "out")
    assert receipts(tmp_path / "out") == receipts(inline.folder)


@pytest.mark.parametrize(
    ("environment", "result"),
    [
        ({"RANK": "1", "WORLD_SIZE": "4"}, ProcessRank(1, 4)),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1"}, ProcessRank(0, 1)),
        ({"OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4"}, ProcessRank(3, 4)),
        ({"RANK": "4", "WORLD_SIZE": "4"}, None),
        ({"RANK": "x", "WORLD_SIZE": "4"}, None),
        ({"RANK": "1"}, None),
        ({}, None),
    ],
)
def test_the_rank_comes_from_the_environment(
    environment: Mapping[str, str], result: ProcessRank | None
) -> None:
    if result is not None:
        assert ProcessRank.of(environment) == result
        return
    with pytest.raises(RequestError, match=r"rank|WORLD_SIZE"):
        ProcessRank.of(environment)


def test_a_shard_that_brings_down_worker_after_worker_stops_the_run(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes_module, "_run", die)
    job = small_job(small, shard_rows=100, executor="processes", workers=2)
    with pytest.raises(AugmentError, match="worker processes died") as failed:
        run("augment-wide", job, tmp_path / "out")
    assert failed.value.where.startswith("shard ")


def die(number: int, shard: int) -> Receipt:
    """Die as a process does that asks for too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError(shard)
