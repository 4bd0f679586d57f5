"""Let one process at a time write into a folder, and remove what dead ones left half-written.

The lock is the system's own: it is released when its holder dies, however that happens, so no folder stays locked. One
lock file is next to the folder, one inside it or in what will become it: a run is seen through links, and by those who
removed a lock file.

    with locked(Path("runs/mine")) as lock, lock.staged("run") as fresh:
        ...      # `fresh` is next to the folder; what it holds is moved in when it is whole
"""

import errno
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from uuid import uuid4

from filelock import BaseFileLock, FileLock, SoftFileLock, Timeout

from augment.errors import DiskFullError, LockedError, RequestError, as_ours
from augment.tables.leftovers import HALF_WRITTEN, is_leftover
from augment.tables.run_folder import ALONE, INSIDE, PLAN

# The name of every lock file of ours; next to a folder it follows the folder's name.
LOCK = "augment-lock"
# What a lock file of ours holds; the second is that of a system without locks, where its being there is the lock.
_HOLDER = re.compile(r"(process \d+ on [^\n]*\n|\d+\n[^\n]*\n(\d+\n)?)?", re.ASCII)
_DIGITS = "[0-9a-f]{12}"
# What a system answers where a user may not write.
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


class Lock:
    """The locks of one folder, held by this process until the block of `locked` ends."""

    def __init__(self, folder: Path, held: ExitStack) -> None:
        """Take the folder, any links in its path followed."""
        self.folder, self._held = folder, held

    def add(self, path: Path) -> None:
        """Hold one more lock file of the folder; LockedError if another process does."""
        self._held.enter_context(_held(path, self.folder))

    @contextmanager
    def staged(self, *inside: str) -> Iterator[Path]:
        """Yield a new folder next to the folder, which is removed afterwards; no other process takes it for a leftover.

        inside: folders in it that get a lock of their own, as they are to be moved into the folder.
        """
        fresh = self.folder.with_name(f".{self.folder.name}.new-{uuid4().hex[:12]}")
        try:
            fresh.mkdir(parents=True)
            self.add(fresh / LOCK)
            for name in inside:
                (fresh / name).mkdir()
                self.add(fresh / name / LOCK)
                self._held.callback(_forget, self.folder / name / LOCK)
            yield fresh
        finally:
            _remove(fresh)


@contextmanager
def locked(folder: Path, name: str = "") -> Iterator[Lock]:
    """Hold the lock of a folder, which need not exist; LockedError if another process is at work there.

    name: distinguishes the lock of a rank other than the first from the folder's own. The lock files are removed at the end.
    """
    folder = folder.resolve()
    with _folders_above(folder), ExitStack() as held:
        lock = Lock(folder, held)
        lock.add(_lock_next_to(folder, name))
        if not name:
            for other in staged_of(folder):
                _require_free(other / LOCK, folder)
            if (folder / PLAN).is_file():
                lock.add(folder / "run" / LOCK)
        yield lock


def is_held(folder: Path, name: str = "") -> bool:
    """Return whether a living process holds a lock of a folder."""
    return _is_held(_lock_next_to(folder.resolve(), name))


def require_free(folder: Path) -> None:
    """Raise LockedError if a living process holds the lock of a folder; unlike `locked` it writes nothing."""
    folder = folder.resolve()
    _require_free(_lock_next_to(folder, ""), folder)


def sweep_staged(folder: Path) -> None:
    """Remove the folders of ours next to a folder whose process died; nothing else has such names."""
    for made in staged_of(folder.resolve()):
        if not _is_held(made / LOCK):
            _remove(made)


def sweep_inside(folder: Path) -> None:
    """Remove the files in the folder of a run that were being written when their writer died."""
    if (folder / PLAN).is_file():
        for path in _half_written(folder):
            path.unlink(missing_ok=True)


def staged_of(folder: Path) -> list[Path]:
    """Return the folders of ours next to a folder, of this process's too."""
    form = re.compile(rf"{re.escape(f'.{folder.name}.new-')}{_DIGITS}")
    try:
        names = sorted(name for name in os.listdir(folder.parent) if form.fullmatch(name))
    except OSError:
        return []
    return [path for name in names if (path := folder.parent / name).is_dir() and not path.is_symlink()]


def _half_written(folder: Path) -> Iterator[Path]:
    """Yield the files in a folder of ours that were being written: at its top only those whose names are ours."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if is_leftover(path.name, ALONE):
            yield path
    for inner in INSIDE:
        for home, _, names in os.walk(folder / inner):
            yield from (Path(home, name) for name in names if HALF_WRITTEN.fullmatch(name))


def _remove(folder: Path) -> None:
    """Remove a folder of ours, the lock in it last, so that it is never taken for a leftover while it goes."""
    for path in [path for path in _listed(folder) if path.name != LOCK]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _listed(folder: Path) -> list[Path]:
    """Return what is in a folder, nothing if it is not there."""
    return list(folder.iterdir()) if folder.is_dir() else []


def _lock_next_to(folder: Path, name: str) -> Path:
    """Return the lock file next to a folder."""
    return folder.with_name(f".{folder.name}.{LOCK}{name and f'-{name}'}")


@contextmanager
def _folders_above(folder: Path) -> Iterator[None]:
    """Make the folders above a folder, and remove those made that are empty after the block."""
    missing = [above for above in folder.parents if not above.exists()]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            str(folder), f"the folder cannot be made: {error.strerror}", "name another folder with --output"
        ) from None
    try:
        yield
    finally:
        for above in missing:
            with suppress(OSError):
                above.rmdir()


@contextmanager
def _held(path: Path, folder: Path) -> Iterator[None]:
    """Hold a lock file; LockedError if another process does, RequestError if it cannot be had at all."""
    existed = path.exists() or path.is_symlink()
    if existed and not is_lock(path):
        raise RequestError(
            str(path),
            "this is where a lock file goes, and something else is there",
            "move it away, or name another folder",
        )
    lock = FileLock(path, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        # Where no file can be made nobody holds one; else its holder has just let it go.
        if not path.exists() and not _is_writable(path.parent):
            raise _unwritable(folder, "no file can be made") from None
        raise LockedError(
            str(folder),
            f"a run is at work in this folder: {_holder(path)}",
            "wait for it, or name another folder with --output",
        ) from None
    except (OSError, NotImplementedError) as error:
        with suppress(OSError):
            if not existed and not path.stat().st_size:
                path.unlink()
        full = as_ours(error, str(folder))
        if isinstance(full, DiskFullError):
            raise full from None
        if isinstance(error, OSError) and error.errno in _FORBIDDEN:
            raise _unwritable(folder, os.strerror(error.errno)) from None
        raise RequestError(
            str(folder),
            f"the folder cannot be locked: {getattr(error, 'strerror', None) or error}",
            "name a folder on a disk that has locks and can be written",
        ) from None
    was_empty = existed and not path.stat().st_size
    try:
        if not isinstance(lock, SoftFileLock):
            _write_holder(path)
        yield
    finally:
        _release(lock, path, was_empty, existed)


def _is_writable(folder: Path) -> bool:
    """Return whether a file can be made in a folder; none is left there."""
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _unwritable(folder: Path, why: str) -> RequestError:
    """Return the error of a folder for which nothing can be written."""
    what = f"nothing can be written in the folder it is in: {why}"
    return RequestError(str(folder), what, "name another folder with --output")


def _release(lock: BaseFileLock, path: Path, was_empty: bool, existed: bool) -> None:
    """Let a lock go and remove its file, unless it was there before, empty."""
    # It may have been moved away with its folder, or removed; on a full disk it is empty.
    is_mine = _is_mine(path) or (not existed and is_lock(path) and not path.stat().st_size)
    removed = is_mine and not was_empty and not isinstance(lock, SoftFileLock)
    if is_mine and was_empty:
        path.write_bytes(b"")
    # A file that is held can be removed, but not on Windows.
    if removed and sys.platform != "win32":
        path.unlink(missing_ok=True)
    lock.release(force=True)
    if removed and sys.platform == "win32":
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _forget(path: Path) -> None:
    """Remove a lock file of this process that was moved here with its folder, before the lock is let go."""
    if _is_mine(path):
        with suppress(OSError):
            path.unlink()


def _is_mine(path: Path) -> bool:
    """Return whether this process holds a lock file, by its content."""
    return is_lock(path) and str(os.getpid()) in _holder(path).split()


def _require_free(path: Path, folder: Path) -> None:
    """Raise LockedError if a lock file is held."""
    if _is_held(path):
        raise LockedError(
            str(folder),
            f"a run is at work in this folder: {_holder(path)}",
            "wait for it, or name another folder with --output",
        )


def _is_held(path: Path) -> bool:
    """Return whether a living process holds a lock file."""
    if not path.is_file():
        return False
    lock = FileLock(path, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False
    lock.release(force=True)
    return False


def is_lock(path: Path) -> bool:
    """Return whether a file is a lock file of ours by what it holds."""
    return path.is_file() and not path.is_symlink() and _HOLDER.fullmatch(_content(path)) is not None


def _holder(path: Path) -> str:
    """Return who holds a lock file, as far as its content shows."""
    return _content(path).strip() or "another process"


def _content(path: Path) -> str:
    """Return the beginning of a small file, nothing if it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(300).decode(errors="replace")
    except OSError:
        return ""


def _write_holder(path: Path) -> None:
    """Write into a lock file which process holds it."""
    with suppress(OSError), path.open("r+b") as stream:
        stream.truncate(0)
        stream.write(f"process {os.getpid()} on {socket.gethostname()}\n".encode())
