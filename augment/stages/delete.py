"""Make samples by leaving tokens out."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field

from augment.config.job import Job
from augment.seeding import Chance
from augment.stages.editing import Drafts, On, Row, editable_rows, make_samples, protection
from augment.stages.protocol import Stage, Step
from augment.tables.columns import SAMPLE, Column
from augment.text.editable import Protection, governed


class Delete(Stage):
    """Samples without some of the key tokens, or without some of the others."""

    kind: Literal["delete"]
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
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample."""
        return SAMPLE

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the protected words."""
        guard = protection(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = self.rows(batch, guard)
            return make_samples(
                batch, rows, self.method, self.samples, job.seed, self.rewrite, "no token may be edited"
            )

        return step

    @property
    def method(self) -> str:
        """The name of its samples."""
        return self.name or f"{self.kind}_{self.on}"

    @property
    def methods(self) -> tuple[str, ...]:
        """The name of its samples, the only one."""
        return (self.method,)

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be left out, of other words none that is negated."""
        rows = editable_rows(batch, self.on, guard, self.score)
        if self.on == "key":
            return rows
        found = []
        for row in rows:
            negated = governed(row.tokens, row.side)
            found.append(replace(row, free=tuple(token for token in row.free if token not in negated)))
        return found

    def drafts(self, job: Job) -> Drafts:
        """Return the function that gives the rewriting of some rows; nothing has to be asked for them."""
        return lambda rows: self.rewrite

    def rewrite(self, row: Row, chance: Chance, number: int) -> Mapping[int, str]:
        """Return the tokens to leave out: the most important for the first sample on key, a sample for the others."""
        count = row.quota(self.share)
        chosen = row.free[:count] if self.on == "key" and number == 0 else chance.sample(row.free, count)
        return dict.fromkeys(chosen, "")
