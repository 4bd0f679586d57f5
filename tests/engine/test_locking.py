"""Locks: one run at a time in a folder, none longer than its process lives."""

import os
from pathlib import Path

import pytest

from augment.engine.locking import locked, sweep
from augment.errors import LockedError
from tests.engine.killing import killed_after


def test_a_second_run_is_refused_and_told_who_is_at_work(tmp_path: Path) -> None:
    folder = tmp_path / "跑"
    with locked(folder), pytest.raises(LockedError) as refused, locked(folder):
        pass
    assert str(os.getpid()) in refused.value.what
    assert refused.value.exit_code == 3
    with locked(folder):
        pass
    assert not list(tmp_path.iterdir())


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    def hold() -> None:
        """Hold the lock for longer than the test waits."""
        with locked(tmp_path / "run"):
            os.read(os.pipe()[0], 1)

    assert killed_after(0.5, hold)
    with locked(tmp_path / "run"):
        pass


def test_ranks_have_locks_of_their_own(tmp_path: Path) -> None:
    with locked(tmp_path / "run", "lock"), locked(tmp_path / "run", "lock-1", alone=False):
        assert len(list(tmp_path.iterdir())) == 2


def test_leftovers_are_swept_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "data").mkdir(parents=True)
    (tmp_path / ".run.new-12").mkdir()
    (tmp_path / ".other.new-12").mkdir()
    for name in ("data/train.parquet", "data/train.parquet.tmp-0a1b", "plan.json"):
        (folder / name).write_text("x", encoding="utf-8")
    sweep(folder)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["run/data/train.parquet", "run/plan.json"]
    assert [path.name for path in tmp_path.glob(".*")] == [".other.new-12"]
