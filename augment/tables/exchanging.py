"""Put a folder in the place of another in one step, so that whoever looks sees the old one or the new one.

exchange(fresh, folder)        # what was `folder` is `fresh` now
"""

import ctypes
import errno
import os
import sys
from pathlib import Path

from augment.tables.files import sync_folder

# Of Linux and of macOS: the two paths change places.
_EXCHANGE = 2
_AT_CWD = -100
_BEFORE = ".before-review"


def exchange(fresh: Path, folder: Path) -> None:
    """Let two folders next to each other change places.

    Where the system cannot do so in one step there is a moment without the folder: it is then under its name with
    `.before-review`, from where `restore` puts it back.
    """
    if not _at_once(fresh, folder):
        away = folder.with_name(folder.name + _BEFORE)
        folder.rename(away)
        fresh.rename(folder)
        away.rename(fresh)
    sync_folder(folder.parent)


def restore(folder: Path) -> None:
    """Put a folder back that an exchange was interrupted on, if one was."""
    away = folder.with_name(folder.name + _BEFORE)
    if away.is_dir() and not folder.exists():
        away.rename(folder)


def _at_once(one: Path, other: Path) -> bool:
    """Let two folders change places in one step; False where the system or the disk cannot."""
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux":
        names, arguments = "renameat2", (_AT_CWD, first, _AT_CWD, second, _EXCHANGE)
    elif sys.platform == "darwin":
        names, arguments = "renamex_np", (first, second, _EXCHANGE)
    else:
        return False
    try:
        function = getattr(ctypes.CDLL(None, use_errno=True), names)
    except (OSError, AttributeError):
        return False
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), str(other))
