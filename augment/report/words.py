"""The words that matter most per class, over every row of a run, not only the rows drawn.

Scores are summed per (target, word) batch by batch, so memory is bounded by the vocabulary, not by the corpus. All of
it is Arrow arithmetic: no Python loop sees a token.

    words = WordTable()
    words.add(batch, score="ig")
    words.top(20)[0]          TopWord(label='正面', word='干净', mean=0.41, total=97.3, count=237)
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import AugmentError

# Batches wait until there are as many rows of them as the table has, at least this many: merging then costs a
# constant number of passes over each row, whatever the number of batches.
_LEAST_PENDING = 65_536
_SUMS = pa.schema(
    [("label", pa.string()), ("word", pa.string()), ("total", pa.float64()), ("count", pa.int64())]
)


@dataclass(frozen=True)
class TopWord:
    """One word of one class: the mean and the sum of its scores, in the unit of the scores, and how often it stood."""

    label: str
    word: str
    mean: float
    total: float
    count: int


class WordTable:
    """Sums of scores per class and word. A class is the label explained; marks and emoji are words here."""

    def __init__(self) -> None:
        self._merged: pa.Table = _SUMS.empty_table()
        self._pending: list[pa.Table] = []

    def add(self, batch: pa.RecordBatch, score: str = "ig") -> None:
        """Add the rows of a batch that have tokens, scores and a target; AugmentError if a column is missing."""
        names = ("tokens", score, f"{score}_target")
        for name in names:
            if name not in batch.schema.names:
                raise AugmentError("word table", f"the rows have no column `{name}`", "explain them first")
        tokens, scores, target = (batch.column(name) for name in names)
        self._pending.append(_sum(_flat(tokens, scores, target)))
        if sum(table.num_rows for table in self._pending) >= max(_LEAST_PENDING, self._merged.num_rows):
            self._merge()

    def top(self, n: int) -> list[TopWord]:
        """Return the first `n` words of each class by total score, classes in order of name, ties in order of word.

        Only words that speak for their class: their total is above 0.
        """
        self._merge()
        order = [("label", "ascending"), ("total", "descending"), ("word", "ascending")]
        rows = self._merged.filter(pc.field("total") > 0).sort_by(order)
        labels = (
            rows.column("label").combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
        )
        starts = np.searchsorted(
            labels, labels
        )  # sorted by label, so this is the first row of each row's class
        best = rows.filter(pa.array(np.arange(len(labels)) - starts < n, pa.bool_()))
        return [TopWord(mean=row["total"] / row["count"], **row) for row in best.to_pylist()]

    def _merge(self) -> None:
        """Take the pending sums into the table."""
        if self._pending:
            self._merged = _sum(pa.concat_tables([self._merged, *self._pending]))
            self._pending = []


def _flat(tokens: pa.Array, scores: pa.Array, target: pa.Array) -> pa.Table:
    """Return one row per word of the rows that have everything: label, word in lower case, score, 1."""
    whole = pc.and_(pc.equal(pc.list_value_length(tokens), pc.list_value_length(scores)), pc.is_valid(target))
    tokens, scores, target = (
        column.filter(pc.fill_null(whole, False)) for column in (tokens, scores, target)
    )
    words = pc.utf8_lower(pc.list_flatten(tokens))
    values = pc.list_flatten(scores).cast(pa.float64())
    labels = target.take(pc.list_parent_indices(tokens)).cast(pa.string())
    ones = pa.array(np.ones(len(words), dtype=np.int64))
    table = pa.Table.from_arrays([labels, words.cast(pa.string()), values, ones], schema=_SUMS)
    usable = pc.and_(pc.match_substring_regex(words, r"[^\p{Z}\p{Cc}]"), pc.is_finite(values))
    return table.filter(pc.fill_null(usable, False))


def _sum(table: pa.Table) -> pa.Table:
    """Return one row per label and word; one thread, so that the order of the additions never varies."""
    sums = table.group_by(["label", "word"], use_threads=False).aggregate(
        [("total", "sum"), ("count", "sum")]
    )
    return sums.select(["label", "word", "total_sum", "count_sum"]).rename_columns(_SUMS.names)
