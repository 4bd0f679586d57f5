"""Files of ours in a folder that were being written when their writer died, by the names of the files that they would be.

FILES = ("harden.json", "harden.md")
require_own_only(folder, FILES, "hardening")        # RequestError if there is anything else
sweep_leftovers(folder, FILES)
"""

import os
import re
from collections.abc import Collection
from pathlib import Path

from augment.errors import RequestError
from augment.tables.files import LEFTOVER

HALF_WRITTEN = re.compile(rf".+{re.escape(LEFTOVER)}[0-9a-f]{{12}}", re.DOTALL)


def is_leftover(name: str, files: Collection[str]) -> bool:
    """Return whether a name is that of one of some files while it is written."""
    return HALF_WRITTEN.fullmatch(name) is not None and name.rpartition(LEFTOVER)[0] in files


def sweep_leftovers(folder: Path, files: Collection[str]) -> None:
    """Remove from a folder, which need not exist, what was being written of some files."""
    for name in os.listdir(folder) if folder.is_dir() else ():
        if is_leftover(name, files):
            (folder / name).unlink()


def require_own_only(folder: Path, files: Collection[str], what: str) -> None:
    """Raise RequestError unless a folder is new or empty, leftovers of some files aside; nothing is touched. what: what it lacks."""
    if folder.exists() and not (
        folder.is_dir() and all(is_leftover(name, files) for name in os.listdir(folder))
    ):
        raise RequestError(
            str(folder), f"the folder is not empty and holds no {what}", "name another with --output"
        )
