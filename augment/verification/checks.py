"""What a check is: things of one kind that were looked at, those of them that were wrong, and how that is reported.

A check is one line on the terminal, so of its problems the first few are kept and the others only counted. What is
reported of a damaged file is why it cannot be read and nothing that is in it.

    findings = Findings()
    findings.note("files", "data/train.parquet: missing")
    [check.description() for check in findings.checks() if check.wrong]  # ["failed  1 files, 1 wrong: data/train.parquet: missing"]
"""

import csv
from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
from pydantic import ValidationError

# The checks, in the order in which they are reported, and what each counts.
UNITS = {
    "files": "files",
    "balance": "counts",
    "inputs": "rows",
    "edits": "samples",
    "labels": "rows",
    "plan": "facts",
}
# What reading a damaged file may raise, or a file that is not what its name promises.
DAMAGE = (OSError, ValueError, LookupError, RecursionError, csv.Error, pa.ArrowException)
# Problems kept of a check, and those of them shown on its line.
_KEPT, _SHOWN = 20, 3


@dataclass(frozen=True)
class Check:
    """One check: how many things it looked at, how many were wrong, and the first of those."""

    name: str
    looked: int
    wrong: int
    problems: tuple[str, ...]

    def description(self) -> str:
        """Return the outcome on one line."""
        looked = f"{self.looked:,} {UNITS[self.name]}"
        if not self.wrong:
            return f"ok      {looked}"
        more = f"; and {self.wrong - _SHOWN:,} more" if self.wrong > _SHOWN else ""
        return f"failed  {looked}, {self.wrong:,} wrong: {'; '.join(self.problems[:_SHOWN])}{more}"


class Findings:
    """What was looked at and what was wrong, by check."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._looked, self._wrong = Counter[str](), Counter[str]()
        self._problems: dict[str, list[str]] = {name: [] for name in UNITS}

    def note(self, name: str, problem: str | None, looked: int = 1) -> None:
        """Count what a check looked at, and its problem if there is one."""
        self._looked[name] += looked
        if problem is not None:
            self._wrong[name] += 1
            if len(self._problems[name]) < _KEPT:
                self._problems[name].append(problem)

    def checks(self) -> tuple[Check, ...]:
        """Return the outcome of every check."""
        return tuple(
            Check(name, self._looked[name], self._wrong[name], tuple(self._problems[name])) for name in UNITS
        )


def shown(name: str) -> str:
    """Return a name as it may be shown on a terminal: one line, nothing in it that steers it."""
    return name if name.isprintable() else repr(name)


def why(error: Exception) -> str:
    """Return why a file cannot be read, without what is in it."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        path = ".".join(map(str, first["loc"]))
        return f"cannot be read: {path}: {first['msg']}" if path else f"cannot be read: {first['msg']}"
    return " ".join(f"cannot be read: {error}".split())
