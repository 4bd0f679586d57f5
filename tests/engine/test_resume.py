"""Runs that are killed, at any moment and by anything, and resumed: the same rows in the same order, nothing left over."""

import gc
import random
import shutil
import subprocess
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest

from augment.engine.hashing import Hashes, hashes_of
from augment.errors import AugmentError, DiskFullError
from augment.ledger import LEFTOVER
from augment.running import run
from tests.engine.killing import calls_of, killed_after, killed_at
from tests.small import small_job

# How many of the places are tried here; benchmarks/faults.py tries all of them.
PLACES = 12
SPLITS = ("train", "validation", "test")


def work(small: Path, folder: Path, **settings: object) -> None:
    """Run a small pipeline into a folder."""
    run("augment", small_job(small, shard_rows=40, **settings), folder)


def rows(folder: Path) -> dict[str, Hashes]:
    """Return the hashes of every file with rows in a run's folder."""
    return {
        str(path.relative_to(folder)): hashes_of(pq.read_table(path))
        for path in sorted(folder.rglob("*.parquet"))
    }


def left_over(folder: Path) -> list[Path]:
    """Return what no finished run leaves: half-written files, parts of shards, locks and folders beside it."""
    inside = [path for path in folder.rglob("*") if LEFTOVER in path.name or path.match("part-*.parquet")]
    return inside + [path for path in folder.parent.iterdir() if path.name.startswith(f".{folder.name}.")]


@pytest.fixture(scope="module")
def unbroken(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    work(small, folder)
    return folder


def test_what_earlier_tests_left_to_the_garbage_collector_is_not_counted() -> None:
    gc.disable()
    try:
        circle: list[object] = [TemporaryDirectory()]
        circle.append(circle)
        del circle
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            assert calls_of(gc.collect) == 0
            gc.collect()
    finally:
        gc.enable()


def test_a_run_killed_anywhere_is_resumed_to_the_same_rows(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    places = calls_of(lambda: work(small, tmp_path / "count"))
    assert places > 40
    chosen = sorted([*random.Random(0).sample(range(places), PLACES - 2), places - 2, places - 1])
    for place in chosen:
        folder = tmp_path / f"at-{place}"
        assert killed_at(place, partial(work, small, folder)), place
        work(small, folder)
        assert rows(folder) == rows(unbroken), place
        assert not left_over(folder), place


def test_a_run_killed_again_and_again_comes_to_the_same_end(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    chance, folder = random.Random(1), tmp_path / "often"
    kills = 0
    while killed_at(chance.randrange(5, 120), partial(work, small, folder)):
        kills += 1
        assert kills < 100
    assert kills
    assert rows(folder) == rows(unbroken)
    assert not left_over(folder)


def test_a_run_that_replaces_another_can_be_killed_anywhere_and_begun_again(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    folder = tmp_path / "replaced"
    for place in (3, 8, 13, 20, 30):
        run("explain", small_job(small), folder, overwrite=True)
        killed_at(place, lambda: run("augment", small_job(small, shard_rows=40), folder, overwrite=True))
        run("augment", small_job(small, shard_rows=40), folder, overwrite=True)
        assert rows(folder) == rows(unbroken), place
        assert not left_over(folder), place


def test_workers_of_a_killed_run_die_with_it_and_it_is_resumed(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    folder = tmp_path / "processes"
    for seconds in (3.0, 5.0):
        killed_after(seconds, lambda: work(small, folder, executor="processes", workers=2))
    work(small, folder, executor="processes", workers=2)
    assert rows(folder) == rows(unbroken)
    assert not left_over(folder)


def test_a_damaged_file_of_a_stopped_run_is_named_or_does_not_matter(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    stopped = tmp_path / "stopped"

    def stop(phase: str, done: int, total: int) -> None:
        """Stop in the second phase."""
        if phase == "augment: distinct" and done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("augment", small_job(small, shard_rows=40), stopped, progress=stop)
    chance = random.Random(0)
    files = sorted(path.relative_to(stopped) for path in (stopped / "run").rglob("*") if path.is_file())
    refusals: list[tuple[Path, AugmentError]] = []
    for number, name in enumerate(chance.sample(files, 12)):
        folder = tmp_path / f"damaged-{number}"
        shutil.copytree(stopped, folder)
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: chance.randrange(len(content))])
        try:
            work(small, folder)
        except AugmentError as error:
            refusals.append((name, error))
        else:
            assert rows(folder) == rows(unbroken), name
    for name, refusal in refusals:
        assert name.name in refusal.where
        assert refusal.exit_code == 2


def test_a_full_disk_keeps_what_is_done_and_the_run_goes_on_when_there_is_room(
    small: Path, tmp_path: Path, unbroken: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
        timeout=60,
    )
    if not mounted or mounted.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        with pytest.raises(DiskFullError) as full:
            work(small, disk / "out")
        assert full.value.exit_code == 7
        kept = len(list((disk / "out").rglob("*.done.json")))
        assert kept > 0
        assert not [path for path in disk.rglob("*") if LEFTOVER in path.name]
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True, timeout=60)
        work(small, disk / "out")
        assert rows(disk / "out") == rows(unbroken)
        assert not left_over(disk / "out")
    finally:
        subprocess.run(["umount", str(disk)], check=True, timeout=60)
