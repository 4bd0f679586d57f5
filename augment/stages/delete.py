"""Make samples by leaving tokens out."""

from dataclasses import replace
from typing import Literal

import pyarrow as pa
from pydantic import Field

from augment.seeding import Chance
from augment.stages.editing import On, Row, editable_rows
from augment.stages.editor import Draw, Editor
from augment.text.editable import Protection, governed


class Delete(Editor):
    """Samples without some of the key tokens, or without some of the others."""

    kind: Literal["delete"] = "delete"
    on: On = "other"
    samples: int = Field(default=1, ge=1)
    share: float = Field(default=0.15, gt=0, le=1, description="of the row's content words, at least one")
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "owner", "key", self.score)

    @property
    def method(self) -> str:
        """The name of its samples."""
        return self.name or f"{self.kind}_{self.on}"

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be left out, of other words none that is negated."""
        rows = editable_rows(batch, self.on, guard, self.score)
        if self.on == "key":
            return rows
        allowed = []
        for row in rows:
            negated = governed(row.tokens, row.side)
            allowed.append(replace(row, free=tuple(token for token in row.free if token not in negated)))
        return allowed

    def draw(self, row: Row, rng: Chance, number: int) -> Draw:
        """Return a row without some tokens: the most important for the first sample on key, else some by chance."""
        count = row.quota(self.share)
        chosen = row.free[:count] if self.on == "key" and number == 0 else rng.sample(row.free, count)
        return Draw(row.edits(dict.fromkeys(chosen, "")))
