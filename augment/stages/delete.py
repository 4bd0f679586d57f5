"""Make samples by leaving tokens out, or a phrase that the rest reads well without."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator

from augment.candidates.sources import SourceName, word_parts
from augment.config.job import Job
from augment.seeding import Chance, chance
from augment.stages.editing import On, Row, editable_rows, reached_rows
from augment.stages.editor import NOTHING, Draw, Drawer, Editor, Lookup
from augment.stages.protocol import idle
from augment.stages.touching import scored_edit, touched
from augment.text.editable import Protection, governed
from augment.text.edits import Edit
from augment.text.omission import omissions
from augment.text.tagger import PACKAGE, WordParts

NO_PHRASE = "no phrase may be left out"


class Delete(Editor):
    """Samples without some of the key tokens, or without some of the others; or each without one phrase."""

    kind: Literal["delete"] = "delete"
    on: On = "other"
    by: Literal["token", "phrase"] = Field(
        default="token",
        description="token: words by themselves. phrase: in each sample one clause, free adverb, modifier, item, bracket or "
        "introduction that the rest reads well without; with `on: other` one without key words, with `on: key` one with any",
    )
    samples: int = Field(default=1, ge=1)
    share: float = Field(
        default=0.15, gt=0, le=1, description="of the row's content words, at least one; `by: token` only"
    )
    score: str = "ig"
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]*$")

    @field_validator("share")
    @classmethod
    def _share_of_tokens(cls, value: float, info: ValidationInfo) -> float:
        """Refuse a share of words where a phrase is left out, whose length its rule decides."""
        why = "with `by: phrase`: a sample is without one phrase, and keeps at least 45 % of its letters"
        idle(value, cls.model_fields["share"].default, why if info.data.get("by") == "phrase" else None)
        return value

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their scores and which are key."""
        return ("tokens", "owner", "key", self.score)

    @property
    def method(self) -> str:
        """The name of its samples."""
        return self.name or f"{self.kind}_{self.on}"

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return NO_PHRASE if self.by == "phrase" else NOTHING

    @property
    def word_sources(self) -> tuple[SourceName, ...]:
        """The tagger of English parts of speech."""
        return ("lexicon",) if self.by == "phrase" else ()

    @property
    def packages(self) -> tuple[str, ...]:
        """The tagger that finds English phrases."""
        return (PACKAGE,) if self.by == "phrase" else ()

    def rows(self, batch: pa.RecordBatch, guard: Protection) -> list[Row]:
        """Return the source rows of a batch with the tokens that may be left out, of other words none that is negated."""
        if self.by == "phrase":
            return reached_rows(batch, guard, self.score)
        rows = editable_rows(batch, self.on, guard, self.score)
        if self.on == "key":
            return rows
        allowed = []
        for row in rows:
            negated = governed(row.tokens, row.side)
            allowed.append(replace(row, free=tuple(token for token in row.free if token not in negated)))
        return allowed

    def lookup(self, job: Job, state: Path | None) -> Lookup:
        """Return what finds the phrases of some rows, once; tokens need no looking up."""
        if self.by == "token":
            return lambda rows: self.draw
        parts = word_parts(job)

        def looked_up(rows: list[Row]) -> Drawer:
            """Return what draws the phrases of a row one after the other, and from the first again."""
            edits_of = {row.id: self._shuffled(row, job.seed, parts) for row in rows}

            def drawn(row: Row, rng: Chance, number: int) -> Draw | None:
                """Return a row without the phrase that has a number in the order of the row; None if it has none."""
                edits = edits_of[row.id]
                return Draw((edits[number % len(edits)],)) if edits else None

            return drawn

        return looked_up

    def draw(self, row: Row, rng: Chance, number: int) -> Draw:
        """Return a row without some tokens: the most important for the first sample on key, else some by chance."""
        count = row.quota(self.share)
        chosen = row.free[:count] if self.on == "key" and number == 0 else rng.sample(row.free, count)
        return Draw(row.edits(dict.fromkeys(chosen, "")))

    def _shuffled(self, row: Row, seed: int, parts: WordParts) -> list[Edit]:
        """Return the phrases of a row as edits by chance; on key those with the most important word come first."""
        matches = [
            (min((row.key.index(token) for token in tokens if token in row.key), default=0), edit)
            for edit, tokens in phrases(row, parts)
            if self.on == "any" or (self.on == "key") == any(token in row.key for token in tokens)
        ]
        mixed = chance(seed, f"{self.method} phrases", row.id, 0).sample(matches, len(matches))
        return [edit for _, edit in (sorted(mixed, key=lambda pair: pair[0]) if self.on == "key" else mixed)]


def phrases(row: Row, parts: WordParts) -> list[tuple[Edit, list[int]]]:
    """Return what may be left out of the texts of a row, each with the tokens it touches: all reached, none locked."""
    return [(edit, tokens) for edit, tokens, _ in likely_phrases(row, parts)]


def likely_phrases(row: Row, parts: WordParts) -> list[tuple[Edit, list[int], float]]:
    """Return what may be left out of the texts of a row as `phrases` does, each with the chance that the rest reads well."""
    matches: list[tuple[Edit, list[int], float]] = []
    may_go = frozenset(row.free)
    for side, text in enumerate((row.text, row.text_pair)):
        for omission in omissions(text, parts) if text else ():
            tokens = touched(row, side, omission.start, omission.end)
            if may_go.issuperset(tokens):
                edit = scored_edit(row, side, omission.start, omission.end, omission.new)
                matches.append((edit, tokens, omission.plausibility))
    return matches
