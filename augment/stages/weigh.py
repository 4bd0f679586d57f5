"""Scores without a model: by chance, or by how a corpus uses a word. Attribution is compared with them.

A stage that ranks or edits by `name` then does to these words what it does to key words otherwise: the control conditions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from math import log
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.config.job import Job
from augment.seeding import chance, key_of
from augment.stages.protocol import Lines, Step, TableStage
from augment.tables.columns import Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample, with_columns

_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("word", pa.string()),
        ("label", pa.string()),
        ("rows", pa.int64()),
    ]
)
# The word of the lines that hold the rows of a class; no token is empty.
_CLASS = ""


class Weigh(TableStage):
    """Scores per token without a model: random, or the log odds of the row's label where the word occurs."""

    kind: Literal["weigh"] = "weigh"
    name: str = Field(default="weight", pattern=r"^[a-z][a-z0-9_]*$")
    by: Literal["random", "log_odds"] = Field(
        default="log_odds",
        description="random: by chance; log_odds: of the row's label with the word against without it, counted in rows",
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The tokens."""
        return ("tokens",)

    @property
    def adds(self) -> tuple[Column, ...]:
        """The scores."""
        return (
            Column(
                self.name, pa.list_(pa.float32()), f"score per token, computed without a model: {self.by}"
            ),
        )

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each word and class of the source rows, with its rows, and one for each class."""
        counts: Counter[tuple[str, str]] = Counter()
        if active and self.by == "log_odds":
            columns = rows.filter(pa.array(~is_sample(rows))).select(["tokens", "label"]).to_pydict()
            for tokens, label in zip(*columns.values(), strict=True):
                if label is not None:
                    counts.update((word, label) for word in {token.casefold() for token in tokens})
                    counts[_CLASS, label] += 1
        sums = sorted(counts.items())
        columns = {
            "key": [key_of(word) for (word, _), _ in sums],
            "row": [0] * len(sums),
            "word": [word for (word, _), _ in sums],
            "label": [label for (_, label), _ in sums],
            "rows": [count for _, count in sums],
        }
        return pa.table(columns, schema=_LINES)

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the rows of every word and class; words of one row, which are no evidence, left out."""
        yield _LINES.empty_table().select(["word", "label", "rows"])
        for table in lines():
            sums = table.group_by(["word", "label"], use_threads=False).aggregate([("rows", "sum")])
            sums = sums.rename_columns(["word", "label", "rows"])
            alone = sums.group_by("word", use_threads=False).aggregate([("rows", "sum")])
            often = alone.filter(pc.greater(alone.column("rows_sum"), 1)).column("word")
            yield sums.filter(pc.is_in(sums.column("word"), often.combine_chunks()))

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the counts."""
        if self.by == "random":
            return lambda batch: with_columns(batch, self.adds, [self._by_chance(batch, job.seed)])
        odds = _Odds(read_table(self.path_in(state)) if state is not None else _LINES.empty_table())

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Score the tokens of every row."""
            columns = (batch.column(name).to_pylist() for name in ("tokens", "label"))
            scores = [
                None if tokens is None else [odds.of(token.casefold(), label) for token in tokens]
                for tokens, label in zip(*columns, strict=True)
            ]
            return with_columns(batch, self.adds, [scores])

        return step

    def _by_chance(self, batch: pa.RecordBatch, seed: int) -> list[list[float] | None]:
        """Return for each row its tokens' places in a random order, the first with the highest score."""
        columns = (batch.column(name).to_pylist() for name in ("id", "tokens"))
        ranges: list[list[float] | None] = []
        for name, tokens in zip(*columns, strict=True):
            if tokens is None:
                ranges.append(None)
                continue
            order = chance(seed, self.name, name, 0).sample(range(1, len(tokens) + 1), len(tokens))
            ranges.append([rank / len(tokens) for rank in order])
        return ranges


class _Odds:
    """Log odds of a class with a word against without it, half a row added to each count (Haldane 1956)."""

    def __init__(self, counts: pa.Table) -> None:
        """Take the rows of each word and class."""
        self._rows: dict[str, dict[str, int]] = defaultdict(dict)
        for word, label, rows in zip(
            *counts.select(["word", "label", "rows"]).to_pydict().values(), strict=True
        ):
            self._rows[word][label] = rows
        self._of = self._rows.pop(_CLASS, {})
        self._total = sum(self._of.values())

    def of(self, word: str, label: str | None) -> float:
        """Return the log odds of a label by a word; 0 where either is not known."""
        if label not in self._of or word not in self._rows:
            return 0.0
        rows, own, of = sum(self._rows[word].values()), self._rows[word].get(label, 0), self._of[label]
        other, without = rows - own, of - own
        neither = self._total - rows - without
        return log((own + 0.5) * (neither + 0.5) / ((other + 0.5) * (without + 0.5)))
