"""Make children that take a shortcut away: without it where it speaks for the label, with it where it speaks against.

Both together leave it as frequent in one class as in the others: of so many rows a child is made as that needs by the
counts in flags.csv. Labels are kept: what is taken away or put in was found to mean nothing, and accepted as such by the
user (`resources.flags`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field

from augment.chance import Chance, chance
from augment.columns import CHILD, Column
from augment.errors import RequestError
from augment.job import Flag, Job
from augment.shortcuts import Flag as Shortcut
from augment.shortcuts import read_flags
from augment.stage import Stage, Step
from augment.stages.children import Row, editable_rows
from augment.table import Child, Missing, with_children
from augment.text.choose import Protection
from augment.text.edits import Edit, insertion, replay
from augment.text.units import units

# In how many parts a chance is measured.
_PARTS = 1 << 20


class Balance(Stage):
    """Children without the accepted shortcuts of their class, and children with one of another class put in."""

    kind: Literal["balance"]
    remove: bool = True
    insert: bool = True
    even: Flag = Field(
        default=True,
        description="of as many rows as the counts in flags.csv ask for to make the shortcut equally frequent; false, or "
        "without counts: of all",
    )
    score: str = "ig"

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens and their scores."""
        return ("tokens", "owner", "key", self.score)

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a child."""
        return CHILD

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the accepted flags; RequestError if there are none."""
        if job.resources.flags is None:
            raise RequestError(
                "resources.flags",
                "`balance` repairs what a user has accepted as a shortcut, and no file says what",
                "run `augment keywords`, fill in `accept` in its flags.csv, and name that with --accept-flags",
            )
        flags = read_flags(job.root / job.resources.flags)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Make the children of every row that a shortcut concerns."""
            children: list[Child] = []
            for row in editable_rows(batch, "any", Protection(), self.score):
                children += self.children(row, flags, chance(job.seed, self.kind, row.id, 0))
            return with_children(batch, children, list[Missing]())

        return step

    def children(self, row: Row, flags: Sequence[Shortcut], chance: Chance) -> list[Child]:
        """Return at most one child without shortcuts and one with a shortcut put in."""
        there = units(row.tokens, row.side)
        at = chance.below(_PARTS) / _PARTS
        own = [
            flag.unit
            for flag in flags
            if flag.label == row.label and flag.unit in there and (not self.even or at < flag.removed)
        ]
        wanted = [flag for flag in flags if flag.label != row.label and flag.unit not in there]
        flag = _drawn(wanted, chance, self.even)
        made = []
        if own and self.remove:
            tokens = {token for unit in own for place in there[unit] for token in place}
            made.append(("balance_remove", row.edits(dict.fromkeys(tokens, ""))))
        if flag is not None and self.insert:
            made.append(("balance_insert", (_inserted(row, flag, chance),)))
        found = []
        for method, edits in made:
            texts = replay(row.text, row.text_pair, edits)
            if texts[0].strip() and (texts[1] is None or texts[1].strip()):
                found.append(Child(row.index, method, 1, *texts, edits))
        return found


def _drawn(flags: Sequence[Shortcut], chance: Chance, even: bool) -> Shortcut | None:
    """Return one of the flags, each with the chance it is to be put in with, in proportion where all make over 1; or none."""
    shares = [flag.inserted if even else 1.0 for flag in flags]
    at = chance.below(_PARTS) / _PARTS * max(sum(shares), 1.0)
    for flag, share in zip(flags, shares, strict=True):
        if at < share:
            return flag
        at -= share
    return None


def _inserted(row: Row, flag: Shortcut, chance: Chance) -> Edit:
    """Return the edit that puts a unit where units of its kind stand: first, last, or before any token."""
    ends = [place for place in range(len(row.tokens)) if row.side[place] == 0]
    if not ends:
        at = 0
    elif flag.unit.kind == "first":
        at = row.spans[ends[0]][0]
    elif flag.unit.kind == "last":
        at = row.spans[ends[-1]][1]
    else:
        place = chance.below(len(ends) + 1)
        at = row.spans[ends[place]][0] if place < len(ends) else row.spans[ends[-1]][1]
    return Edit(0, at, at, "", insertion(row.text, at, flag.form), 0.0)
