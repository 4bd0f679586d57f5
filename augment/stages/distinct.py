"""Drop samples whose text another row has: a source row of any split, or a sample made earlier, anywhere in the corpus.

A copy teaches nothing new, and a sample equal to a row of the test split would leak it. Source rows are never touched.
"""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.config.job import Job
from augment.stages.protocol import Lines, Step, WholeStage
from augment.tables.columns import DISTINCT, Column
from augment.tables.rows import decisions, dropping, is_sample, with_columns

_REASON = "another row has the same text"


class Distinct(WholeStage):
    """Samples with the text of another row are dropped; of equal samples the first one stays."""

    kind: Literal["distinct"] = "distinct"

    @property
    def needs(self) -> tuple[str, ...]:
        """The verdict, as only a sample that would be used can be a copy."""
        return ("source_id", "verdict")

    @property
    def adds(self) -> tuple[Column, ...]:
        """The row that has the same text."""
        return DISTINCT

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each source row and each sample that is not dropped: a hash of its texts, and its id."""
        sample = is_sample(rows)
        live = ~sample
        if sample.any():
            dropped = pa.array(["drop", *(["soft"] if job.output.labels == "hard" else [])])
            live |= ~np.asarray(pc.is_in(rows.column("verdict"), dropped))
        indices = np.flatnonzero(live)
        texts = rows.select(["text", "text_pair"]).take(pa.array(indices))
        hashes = np.frombuffer(
            b"".join(_hash(*pair) for pair in zip(*texts.to_pydict().values(), strict=True)), dtype=np.uint64
        ).reshape(-1, 2)
        return pa.table(
            {
                "key": pa.array(hashes[:, 0]),
                "more": pa.array(hashes[:, 1]),
                "sample": pa.array(sample[indices]),
                "row": pa.array(indices, pa.int64()),
                "id": rows.column("id").take(pa.array(indices)),
            }
        )

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield for each sample that repeats another row which row that is."""
        for table in lines():
            columns = {name: np.asarray(table.column(name)) for name in ("key", "more", "sample")}
            # Stable, so that rows of a text stay in the order of the corpus, source rows before samples.
            order = np.lexsort((columns["sample"], columns["more"], columns["key"]))
            key, more = columns["key"][order], columns["more"][order]
            begins = np.ones(len(order), dtype=bool)
            begins[1:] = (key[1:] != key[:-1]) | (more[1:] != more[:-1])
            first = np.maximum.accumulate(np.where(begins, np.arange(len(order)), 0))
            copies = np.flatnonzero(~begins & columns["sample"][order])
            if len(copies):
                own = table.select(["shard", "row"]).take(pa.array(order[copies]))
                yield own.append_column("same_as", table.column("id").take(pa.array(order[first[copies]])))

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the step; nothing has to be loaded."""

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Drop the copies."""
            batch, decided = decisions(batch)
            originals = [None if one is None else one["same_as"] for one in decided]
            batch = with_columns(batch, DISTINCT, [originals])
            return dropping(batch, {row: _REASON for row, name in enumerate(originals) if name is not None})

        return step


def _hash(text: str, text_pair: str | None) -> bytes:
    """Return 16 bytes that are the same for the same texts."""
    parts = text.encode() if text_pair is None else text.encode() + b"\xff" + text_pair.encode()
    return blake2b(parts, digest_size=16).digest()
