"""Choose the key tokens of a row: those with the highest scores for the explained class."""

from pathlib import Path
from typing import Literal, Self

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from augment.config.job import Job
from augment.stages.editing import protection, reached
from augment.stages.protocol import Stage, Step
from augment.tables.columns import FLAGGED, RANK, Column
from augment.tables.rows import with_columns
from augment.text.editable import editable

# Scores are compared after rounding to this fraction of the row's largest, so that the last bits, which change with
# the batch a row was in (2e-8 of 6e-2 in float32), decide nothing.
_DIGITS = 5


class Rank(Stage):
    """Key tokens, most important first: the top `k`, the top `fraction` of the content words, or all above `threshold`.

    Words that `keywords` has flagged as shortcuts are never key; nor, among content words, are stop words, negations,
    numbers, names of sites and people, and protected words.
    """

    kind: Literal["rank"] = "rank"
    by: str = "ig"
    order: Literal["signed", "absolute"] = "signed"
    k: int | None = Field(default=None, ge=1)
    fraction: float | None = Field(default=None, gt=0, le=1)
    threshold: float | None = Field(default=None, description="in the unit of the score")
    of: Literal["content", "any"] = Field(
        default="content", description="any: every token can be key, marks and function words too"
    )

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        """Require exactly one of k, fraction and threshold."""
        if sum(rule is not None for rule in (self.k, self.fraction, self.threshold)) != 1:
            raise ValueError("give one of `k`, `fraction` and `threshold`")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, their owners and their scores."""
        return ("tokens", "owner", self.by)

    @property
    def adds(self) -> tuple[Column, ...]:
        """The key tokens."""
        return RANK

    def scored_by(self, name: str) -> Self:
        """Return a stage that ranks by the column `name`."""
        return self.model_copy(update={"by": name})

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the protected words."""
        guard = protection(job)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            keys: list[list[int] | None] = []
            ties: list[list[bool] | None] = []
            columns = (batch.column(name).to_pylist() for name in ("tokens", "owner", self.by))
            for tokens, owner, scores, flagged in zip(*columns, _flagged(batch), strict=True):
                if scores is None:
                    keys.append(None)
                    ties.append(None)
                    continue
                seen = reached(owner, len(tokens)).difference(flagged)
                able = editable(tokens, guard) if self.of == "content" else [True] * len(tokens)
                allowed = [index for index, free in enumerate(able) if free and index in seen]
                key, tied = self.choose(np.asarray(scores, dtype=np.float64), allowed)
                keys.append(key)
                ties.append(tied)
            return with_columns(batch, RANK, [keys, ties])

        return step

    def choose(self, scores: np.ndarray, allowed: list[int]) -> tuple[list[int], list[bool]]:
        """Return the key tokens among `allowed`, most important first, and whether each is tied with another.

        Only tokens that speak for the target are key under `signed`; equal rounded scores keep the order of the text.
        """
        largest = np.abs(scores).max(initial=0.0) or 1.0
        rounded = np.round(scores / largest, _DIGITS)
        weight = np.abs(rounded) if self.order == "absolute" else rounded
        ordered = sorted(
            (index for index in allowed if weight[index] > 0), key=lambda index: (-weight[index], index)
        )
        if self.threshold is not None:
            limit = round(self.threshold / largest, _DIGITS)
            chosen = [index for index in ordered if weight[index] >= limit]
        else:
            chosen = ordered[: self.k or max(1, round((self.fraction or 0) * len(allowed)))]
        values = [weight[index] for index in ordered]
        return chosen, [values.count(weight[index]) > 1 for index in chosen]


def _flagged(batch: pa.RecordBatch) -> list[list[int]]:
    """Return the tokens of each row that look like shortcuts; none where nobody has looked."""
    if FLAGGED[0].name not in batch.schema.names:
        return [[] for _ in range(batch.num_rows)]
    return [tokens or [] for tokens in batch.column(FLAGGED[0].name).to_pylist()]
