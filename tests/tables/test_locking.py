"""Locks: one process at a time in a folder, none longer than its holder lives; what dead ones left is removed, nothing else."""

import errno
import fcntl
import os
import resource
from pathlib import Path

import pytest
from filelock import FileLock, Timeout
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import DiskFullError, LockedError, RequestError
from augment.tables.files import write_json
from augment.tables.locking import LOCK, is_held, locked, sweep_inside, sweep_staged
from augment.tables.run_folder import PLAN
from tests.engine.killing import killed_after


def test_a_second_run_is_refused_with_who_is_at_work(tmp_path: Path) -> None:
    folder = tmp_path / "跑"
    with locked(folder), pytest.raises(LockedError) as refused, locked(folder):
        pass
    assert str(os.getpid()) in refused.value.what
    assert refused.value.exit_code == 3
    with locked(folder):
        pass
    assert not list(tmp_path.iterdir())


def test_a_lock_file_that_the_disk_left_empty_is_removed(tmp_path: Path) -> None:
    """As on a disk that has room for its name and none for its content; one that was there before, empty, stays."""
    most, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / f".kept.{LOCK}").touch()
    for name in ("run", "kept"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
        try:
            with locked(tmp_path / name):
                size = (tmp_path / f".{name}.{LOCK}").stat().st_size
                held = is_held(tmp_path / name)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        assert (size, held) == (0, True)
    assert [path.name for path in tmp_path.iterdir()] == [f".kept.{LOCK}"]


def test_the_lock_of_a_dead_process_holds_nobody_up(tmp_path: Path) -> None:
    def hold() -> None:
        """Hold the lock for longer than the test waits."""
        with locked(tmp_path / "run"):
            os.read(os.pipe()[0], 1)

    assert killed_after(0.5, hold)
    assert not is_held(tmp_path / "run")
    with locked(tmp_path / "run"):
        pass


def test_ranks_have_locks_of_their_own(tmp_path: Path) -> None:
    with locked(tmp_path / "run"), locked(tmp_path / "run", "1"):
        assert len(list(tmp_path.iterdir())) == 2
        assert is_held(tmp_path / "run", "1")


def test_a_link_to_the_folder_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with locked(tmp_path / "run"), pytest.raises(LockedError), locked(tmp_path / "link"):
        pass


def test_removing_the_lock_file_next_to_a_run_lets_nobody_in(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_json(folder / PLAN, {})
    with locked(folder):
        (tmp_path / f".run.{LOCK}").unlink()
        with pytest.raises(LockedError), locked(folder):
            pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["plan.json", "run", "run"]


def test_removing_the_lock_file_of_what_is_being_made_lets_nobody_in(tmp_path: Path) -> None:
    with locked(tmp_path / "run") as lock, lock.staged("run") as staged:
        (tmp_path / f".run.{LOCK}").unlink()
        with pytest.raises(LockedError), locked(tmp_path / "run"):
            pass
        sweep_staged(tmp_path / "run")
        assert staged.is_dir()
    assert not list(tmp_path.iterdir())


def test_what_is_moved_in_stays_locked(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with locked(folder) as lock, lock.staged("run") as staged:
        write_json(staged / PLAN, {})
        folder.mkdir()
        (staged / "run").rename(folder / "run")
        (tmp_path / f".run.{LOCK}").unlink()
        (staged / LOCK).unlink()
        with pytest.raises(LockedError), locked(folder):
            pass


def test_a_file_of_others_where_the_lock_goes_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / f".run.{LOCK}"
    mine.write_text("process of becoming", encoding="utf-8")
    with pytest.raises(RequestError, match="something else is there"), locked(tmp_path / "run"):
        pass
    assert mine.read_text(encoding="utf-8") == "process of becoming"


def test_a_file_system_without_locks_is_an_error_of_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):

        def refuse(*_: object, number: int = number) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", refuse)
        with pytest.raises(RequestError, match="cannot be locked"), locked(tmp_path / "new" / "run"):
            pass
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").iterdir())


def test_a_place_where_nothing_can_be_written_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no run is reported to be at work there."""
    if Path("/proc/version").exists():
        with (
            pytest.raises(RequestError, match="nothing can be written in the folder it is in"),
            locked(Path("/proc/run")),
        ):
            pass

    def let_go(lock: FileLock, **_: object) -> None:
        raise Timeout(lock.lock_file)

    with monkeypatch.context() as patch:
        patch.setattr("filelock.FileLock.acquire", let_go)
        with pytest.raises(LockedError), locked(tmp_path / "run"):
            pass

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    with (
        pytest.raises(RequestError, match=r"nothing can be written .*: Permission denied"),
        locked(tmp_path / "run"),
    ):
        pass


def test_a_disk_without_room_for_a_lock_is_full_and_not_unfit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", refuse)
        with pytest.raises(DiskFullError) as refused, locked(tmp_path / "run"):
            pass
    assert refused.value.exit_code == 7
    with locked(tmp_path / "run"):
        pass


def test_folders_made_for_a_lock_go_with_it_unless_they_are_used(tmp_path: Path) -> None:
    with locked(tmp_path / "a" / "b" / "run"):
        pass
    assert not list(tmp_path.iterdir())
    with locked(tmp_path / "a" / "b" / "run"):
        (tmp_path / "a" / "mine").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine"]


# Names of people, some near to ours, and names of ours in places that are not.
NAMES = st.sampled_from(
    [
        "chapter.tmp-final.docx",
        "a.tmp-0a1b2c3d4e5",
        "a.tmp-0a1b2c3d4e5f6",
        "a.tmp-0A1B2C3D4E5F",
        "notes.md.tmp-0a1b2c3d4e5f",
        ".out.new-photos",
        ".out.new-12",
        ".out.new-0a1b2c3d4e5f-old",
        ".other.new-0a1b2c3d4e5f",
        "docs/a.tmp-0a1b2c3d4e5f",
        "model.tmp",
        ".out.lock",
    ]
) | st.text("abx.~-_ 文é", min_size=1, max_size=12).filter(lambda name: name.strip(". ") != "")


@given(st.lists(NAMES, max_size=8, unique=True), st.booleans())
def test_sweeping_removes_what_is_ours_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], is_run: bool
) -> None:
    root = tmp_path_factory.mktemp("sweep")
    folder = root / "out"
    (folder / "data").mkdir(parents=True)
    if is_run:
        write_json(folder / PLAN, {})
    for home in (root, folder, folder / "notes"):
        for name in names:
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(name, encoding="utf-8")
    before = tree(root)
    (root / ".out.new-0a1b2c3d4e5f").mkdir()
    left = [f"{folder}/data/train.parquet.tmp-0a1b2c3d4e5f", f"{folder}/manifest.json.tmp-0a1b2c3d4e5f"]
    for name in left:
        Path(name).touch()
    sweep_staged(folder)
    sweep_inside(folder)
    after = tree(root)
    assert {name: result for name, result in after.items() if name in before} == before
    assert set(after) - set(before) == (
        set() if is_run else {str(Path(name).relative_to(root)) for name in left}
    )


def tree(root: Path) -> dict[str, bytes | None]:
    """Return every file below a folder with its content, and every folder."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }
