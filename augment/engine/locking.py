"""Let one run at a time write into a folder, and clear away what dead ones left half-written.

The lock is the system's own: it falls when its holder dies, however that happens, so that no folder stays locked.

    with locked(folder): ...
"""

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augment.errors import LockedError
from augment.ledger import LEFTOVER


@contextmanager
def locked(folder: Path, name: str = "lock", alone: bool = True) -> Iterator[None]:
    """Hold a folder's lock; LockedError if another run holds it.

    Leftovers of dead writers are removed first where this run is `alone` in the folder. The lock lies beside the
    folder, which may not exist yet, and goes away with the run.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = _path(folder, name)
    handle = _held(path, folder)
    try:
        if alone:
            sweep(folder)
        yield
        if alone:
            # Workers of a run that was killed may have lived a moment longer.
            sweep(folder)
    finally:
        path.unlink(missing_ok=True)
        os.close(handle)


def is_held(folder: Path, name: str) -> bool:
    """Return whether a living process holds a lock of a folder."""
    try:
        handle = os.open(_path(folder, name), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def sweep(folder: Path) -> None:
    """Remove files and folders that were being written when their writer died."""
    for beside in folder.parent.glob(f".{folder.name}.new-*"):
        shutil.rmtree(beside, ignore_errors=True)
    for path in folder.rglob(f"*{LEFTOVER}*"):
        path.unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    """Return where a lock of a folder lies: beside it."""
    return folder.with_name(f".{folder.name}.{name}")


def _held(path: Path, folder: Path) -> int:
    """Return the open file that holds the lock."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(handle, 200).decode(errors="replace").strip() or "another process"
            os.close(handle)
            raise LockedError(
                str(folder),
                f"a run is at work in this folder: {holder}",
                "wait for it, or name another folder with --output",
            ) from None
        # The holder before may have removed the file between our opening and locking it.
        if path.exists() and os.fstat(handle).st_ino == path.stat().st_ino:
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
            return handle
        os.close(handle)
