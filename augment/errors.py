"""Every error a user can meet, each with three lines to print and an exit code.

AugmentError            1  a fault of ours
├── RequestError        2  a wrong request: YAML, unknown key, plan, column, missing file, foreign folder
│   └── WrongTypeError  2  a value of a type that a function does not take; a TypeError too
├── FingerprintError    3  the folder holds a run of another request
├── LockedError         3  another run is at work in the folder
├── RejectRateError     4  more rows rejected than the limit allows
├── DataError           5  data that cannot be read: encoding, empty file, unknown label
├── ModelError          6  a model that cannot or must not be loaded
└── DiskFullError       7  no room left: disk, inodes, quota or memory
"""

import errno
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar

# No byte, no inode, no quota left, or the file would exceed the limit of the shell.
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# How libraries in Rust end the message of an error of the system.
_FROM_RUST = re.compile(r"\(os error (\d+)\)")
# How libraries in C++ report that memory is used up.
_FROM_CPP = re.compile(r"can't allocate memory|bad_alloc|out of memory", re.IGNORECASE)
_MADE_BY = (MemoryError, OSError, RuntimeError)


class AugmentError(Exception):
    """An error with where it arose, what is wrong and what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, where: str, what: str, hint: str) -> None:
        super().__init__(where, what, hint)
        self.where = where
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}\n{self.what}\n{self.hint}"


class RequestError(AugmentError):
    """The request itself is wrong; nothing was run."""

    exit_code = 2


class WrongTypeError(RequestError, TypeError):
    """A value is of a type that the function does not take; the hint lists the types it takes."""


class FingerprintError(AugmentError):
    """The output folder belongs to a run of another request."""

    exit_code = 3


class LockedError(AugmentError):
    """Another run is at work in the output folder."""

    exit_code = 3


class RejectRateError(AugmentError):
    """The run is complete, but more of its rows were rejected than the limit allows."""

    exit_code = 4


class DataError(AugmentError):
    """A corpus or resource file cannot be read as what it claims to be."""

    exit_code = 5


class ModelError(AugmentError):
    """A model cannot be loaded, or must not be for safety."""

    exit_code = 6


class DiskFullError(AugmentError):
    """No space is left where the run writes (bytes, inodes, quota), or no memory; finished shards are kept."""

    exit_code = 7


def as_ours(error: BaseException, where: str) -> AugmentError | None:
    """Return the error of ours that one of Python, the system or a library amounts to; None if it is a fault of augment.

    `where` is what was being done, for an error that names no file. The causes of an error count too.
    """
    if isinstance(error, AugmentError):
        return error
    for cause in _causes(error):
        if _number(cause) in _NO_ROOM:
            hint = "free some (bytes, or inodes: `df -i`) and run the same command again"
            return DiskFullError(_file_of(cause) or where, "no space is left on the disk", hint)
        if isinstance(cause, MemoryError) or (isinstance(cause, _MADE_BY) and _FROM_CPP.search(str(cause))):
            hint = "lower run.token_budget or run.workers, or use a machine with more memory"
            return DiskFullError(where, "no memory is left", hint)
    if isinstance(error, OSError):
        return RequestError(
            _file_of(error) or where,
            error.strerror or str(error) or type(error).__name__,
            "check the path and its permissions",
        )
    if isinstance(error, RecursionError):
        return RequestError(where, "something in the input is nested too deep", "make it flatter")
    return None


def _causes(error: BaseException) -> list[BaseException]:
    """Return an error and what it was raised from, the last one first."""
    causes: list[BaseException] = []
    here: BaseException | None = error
    while here is not None and here not in causes:
        causes.append(here)
        here = here.__cause__ or (None if here.__suppress_context__ else here.__context__)
    return causes


def _number(error: BaseException) -> int | None:
    """Return the number that the system gave an error, also where a library in Rust reports it in words."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    reported = _FROM_RUST.search(str(error))
    return int(reported[1]) if reported else None


def _file_of(error: BaseException) -> str | None:
    """Return the file that an error of the system names."""
    name = getattr(error, "filename", None)
    return None if name is None else str(name)


def nearest(word: str, known: Sequence[str], otherwise: str | None = None) -> str:
    """Return a hint that names the known word closest to `word`, or whose initials it is; if there is none `otherwise`, or all known words."""
    close = [name for name in known if _initials(name) == word.casefold()]
    close = close or get_close_matches(word, known, n=1, cutoff=0.5)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known here: {', '.join(known)}" if otherwise is None else otherwise


def nearest_of(word: str, known: Sequence[str], listed: str) -> str:
    """Return a hint that names the known word closest to `word`, if there is one, before a text that lists all."""
    return f"{nearest(word, known, '')} {listed}".lstrip()


def _initials(name: str) -> str:
    """Return the initials of a name of several words: ig for integrated_gradients; nothing for one of a single word."""
    words = [word for word in name.casefold().replace("-", "_").split("_") if word]
    return "".join(word[0] for word in words) if len(words) > 1 else ""


def few(names: Sequence[str]) -> str:
    """Return names for a message, the first three of many."""
    return ", ".join(names[:3]) + (", …" if names[3:] else "")
