"""What the models of a cross-fitting answer on the rows they did not see: a small table in the folder of the model.

out_of_fold.parquet    key: a hash of the texts; id, label, fold; probabilities: a number for each class
                       its metadata names the classes in their order

    write_answers(folder, classes, rows)
    answers = read_answers(folder)                # None where the model was trained without --folds
    answers.of(text_key("很好", None))            # row of answers.probabilities, or None
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from augment.errors import RequestError
from augment.tables.files import read_table, write_table

ANSWERS = "out_of_fold.parquet"
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("key", pa.uint64()),
        ("label", pa.string()),
        ("fold", pa.int32()),
        ("probabilities", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True)
class Answers:
    """Probabilities out of fold: [N, C] float32, the classes in order, and the row of each text's key."""

    classes: tuple[str, ...]
    probabilities: np.ndarray
    rows: dict[int, int]


def write_answers(folder: Path, classes: tuple[str, ...], columns: dict[str, list[object]]) -> None:
    """Write the table: id, key, label, fold and probabilities of each row that a fold model did not see."""
    schema = _SCHEMA.with_metadata({b"classes": json.dumps(classes, ensure_ascii=False).encode()})
    write_table(folder / ANSWERS, pa.table(columns, schema=schema))


def read_answers(folder: Path) -> Answers | None:
    """Return the table of a model's folder, None if it has none; RequestError if it is damaged."""
    if not (folder / ANSWERS).is_file():
        return None
    table = read_table(folder / ANSWERS)
    if not table.schema.equals(_SCHEMA) or b"classes" not in (table.schema.metadata or {}):
        raise _damaged(folder)
    try:
        classes = tuple(str(name) for name in json.loads(table.schema.metadata[b"classes"]))
    except (ValueError, TypeError):
        raise _damaged(folder) from None
    flat = table.column("probabilities").combine_chunks().flatten().to_numpy(zero_copy_only=False)
    if len(flat) != table.num_rows * len(classes) or not np.isfinite(flat).all():
        raise _damaged(folder)
    rows = {key: row for row, key in enumerate(table.column("key").to_pylist())}
    return Answers(classes, flat.reshape(table.num_rows, len(classes)), rows)


def _damaged(folder: Path) -> RequestError:
    """Return the error for a table that `augment train` did not write."""
    return RequestError(
        str(folder / ANSWERS),
        "not what `augment train --folds` writes",
        "train again with --folds, or remove it",
    )
