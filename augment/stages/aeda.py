"""An easier data augmentation (Karimi, Rossi and Prati 2021): marks put at random between words. A peer to compare with.

As the authors' code does it: from one to a third of the number of words, each of six marks by chance, before words at random.
Chinese takes the marks in full width. Unlike there, no mark is put before a negation, between it and what it speaks of, or into
what `resources.protect` names.
"""

from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field

from augment.config.job import Job
from augment.seeding import Chance, chance
from augment.stages.eda import before, first_words
from augment.stages.editing import TRIES, Row, drawn, protection, whole_rows
from augment.stages.protocol import Stage, Step
from augment.tables.columns import SAMPLE, Column
from augment.text.editable import governed
from augment.text.edits import Edit
from augment.text.script import language

_MARKS = {"en": ".,!?;:", "zh": "。，！？；："}


class Aeda(Stage):
    """Samples with marks put between their words; no score is looked at."""

    kind: Literal["aeda"]
    samples: int = Field(default=4, ge=1, description="samples asked for")
    ratio: float = Field(default=0.3, gt=0, le=1, description="of the row's words, marks at most")

    @property
    def needs(self) -> tuple[str, ...]:
        """The tokens."""
        return ("tokens", "side", "spans")

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample."""
        return SAMPLE

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the protected words."""
        guard = protection(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Put the samples of every row behind it."""

            def draws(row: Row) -> list[tuple[Edit, ...]]:
                numbers = range(self.samples * TRIES)
                return [self.marked(row, chance(job.seed, self.kind, row.id, number)) for number in numbers]

            return drawn(batch, whole_rows(batch, guard), self.kind, self.samples, draws)

        return step

    def marked(self, row: Row, chance: Chance) -> tuple[Edit, ...]:
        """Return the insertion of marks; of a pair the first text is edited."""
        words = first_words(row)
        negated = governed(row.tokens, row.side)
        places = [place for place in words if place not in negated]
        count = 1 + chance.below(int(self.ratio * len(words)) + 1)
        chosen = chance.sample(places, count)
        marks = [_MARKS["zh" if language(row.tokens[place]) == "zh" else "en"] for place in chosen]
        new = {place: [some[chance.below(len(some))]] for place, some in zip(chosen, marks, strict=True)}
        return before(row, new)
