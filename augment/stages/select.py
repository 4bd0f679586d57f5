"""Keep an exact number of samples: the same for each class, or as many as bring each class to a size.

Which ones is decided over the whole corpus, by a generator that depends on the seed and the ids alone; a second sample of a
row comes after the first of every other row, so that the rows of a class are used evenly.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from augment.config.job import Job
from augment.stages.protocol import Lines, Step, WholeStage
from augment.tables.rows import decisions, dropping, is_sample

_REASON = "its class has the requested number of samples"
_LAST = (1 << 16) - 1
# An odd number near 2^64 over the golden ratio: its multiples are spread evenly.
_SPREAD = 0x9E3779B97F4A7C15


class Select(WholeStage):
    """An exact number of samples of each class; the others are dropped. The summary lists what a class is short of."""

    kind: Literal["select"] = "select"
    samples: int | None = Field(default=None, ge=1, description="samples of each class")
    rows: Annotated[int, Field(ge=1)] | Literal["largest"] | None = Field(
        default=None, description="rows of each class with its samples; largest: those of the largest class"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse none and both."""
        if (self.samples is None) == (self.rows is None):
            raise ValueError("give either `samples` or `rows`")
        return self

    @property
    def needs(self) -> tuple[str, ...]:
        """The verdict."""
        return ("source_id", "verdict")

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each source row, and for each sample that would join the data: its class and its turn."""
        sample = is_sample(rows)
        joins = ~sample & active
        if sample.any():
            joins |= np.asarray(pc.is_in(rows.column("verdict"), pa.array(job.output.joining)))
        indices = np.flatnonzero(joins)
        turns: Counter[str] = Counter()
        keys = []
        source_ids = (
            rows.column("source_id").take(pa.array(indices)).to_pylist()
            if sample.any()
            else [None] * len(indices)
        )
        names = rows.column("id").take(pa.array(indices)).to_pylist()
        for row, name, source_id in zip(indices.tolist(), names, source_ids, strict=True):
            turns.update([source_id] if source_id is not None else [])
            keys.append(_anywhere(row) if source_id is None else _turn(job.seed, name, turns[source_id]))
        return pa.table(
            {
                "key": pa.array(keys, pa.uint64()),
                "row": pa.array(indices, pa.int64()),
                "sample": pa.array(sample[indices]),
                "label": rows.column("label").take(pa.array(indices)),
            }
        )

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the samples that are more than their class was to have."""
        sources: Counter[str | None] = Counter()
        for table in lines():
            sources.update(table.column("label").filter(pc.invert(table.column("sample"))).to_pylist())
            sources.update({label: 0 for label in table.column("label").unique().to_pylist()})
        left = self.wanted(sources)
        for table in lines():
            table = table.filter(table.column("sample"))
            labels = np.asarray(table.column("label").to_pylist(), dtype=object)
            surplus = np.zeros(len(labels), dtype=bool)
            for label in set(labels.tolist()):
                here = np.flatnonzero(labels == label)
                surplus[here[max(left[label], 0) :]] = True
                left[label] -= len(here)
            if surplus.any():
                decisions_made = table.select(["shard", "row"]).filter(pa.array(surplus))
                yield decisions_made.append_column("surplus", pa.array([True] * decisions_made.num_rows))

    def wanted(self, sources: Mapping[str | None, int]) -> Counter[str | None]:
        """Return how many samples each class is to have, by the number of its source rows."""
        if self.samples is not None:
            return Counter(dict.fromkeys(sources, self.samples))
        size = max(sources.values(), default=0) if self.rows == "largest" else int(self.rows or 0)
        return Counter({label: max(size - count, 0) for label, count in sources.items()})

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the step; nothing has to be loaded."""

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Drop the surplus."""
            batch, decided = decisions(batch)
            return dropping(batch, {row: _REASON for row, one in enumerate(decided) if one is not None})

        return step


def _anywhere(row: int) -> int:
    """Return a key for a source row, which is only counted: all over the 64 bits, so that no bucket has all of them."""
    return row * _SPREAD % (1 << 64)


def _turn(seed: int, name: str, number: int) -> int:
    """Return the turn of a sample, the `number`-th of its source row: 64 bits of which the first 16 are that number."""
    chance = int.from_bytes(blake2b(f"{seed}\0select\0{name}".encode(), digest_size=6).digest(), "big")
    return min(number, _LAST) << 48 | chance
