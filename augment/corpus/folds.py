"""The folds of a corpus: a hash of the texts decides in which part of train a row is, so that equal texts share one.

`augment train` leaves a fold out of each model, and a run shows each row to the model that was trained without it: a model
knows a text it has learned by heart better than any other.

    fold_of("很好", None, 5)          # 3, in every corpus and on every machine
    with_folds(rows, 5)               # `fold`, null outside train
"""

import pyarrow as pa

from augment.corpus.rows import text_digest
from augment.tables.columns import FOLD


def fold_of(text: str, pair: str | None, folds: int) -> int:
    """Return the fold of a row, from 0."""
    return int.from_bytes(text_digest(text, pair, b"fold"), "big") % folds


def with_folds(rows: pa.RecordBatch, folds: int) -> pa.RecordBatch:
    """Return rows with the column `fold`: null in splits other than train."""
    columns = (rows.column(name).to_pylist() for name in ("text", "text_pair", "split"))
    numbers = [
        fold_of(text, pair, folds) if split == "train" else None
        for text, pair, split in zip(*columns, strict=True)
    ]
    return rows.append_column(FOLD.name, pa.array(numbers, FOLD.type))
