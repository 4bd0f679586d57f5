"""Every error a user can meet, each with three lines to print and an exit code.

AugmentError            1  a fault of ours
├── RequestError        2  a wrong request: YAML, unknown key, plan, column, missing file, foreign folder
├── FingerprintError    3  the folder holds a run of another request
├── LockedError         3  another run is at work in the folder
├── RejectRateError     4  more rows rejected than the limit allows
├── DataError           5  data that cannot be read: encoding, empty file, unknown label
├── ModelError          6  a model that cannot or must not be loaded
└── DiskFullError       7  no room left
"""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import ClassVar


class AugmentError(Exception):
    """An error that says where it arose, what is wrong and what to do about it."""

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
    """No space is left where the run writes; finished shards are kept."""

    exit_code = 7


def nearest(word: str, known: list[str]) -> str:
    """Return a hint that names the known word closest to `word`, or all known words if none is close."""
    close = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"


def few(names: Sequence[str]) -> str:
    """Return names for a message, the first three of many."""
    return ", ".join(names[:3]) + (", …" if names[3:] else "")
