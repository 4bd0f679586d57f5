"""Two ways a table may change: columns are added, or sample rows are put behind their source row. Nothing is rewritten.

Only the verdict of a sample may change, from any to drop.

batch = with_columns(batch, RANK, [keys, tied])
batch = with_samples(batch, samples, missing)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from augment.tables.columns import DECISION, EDIT, FOLD, REJECT, SAMPLE, SHORTFALL, Column
from augment.text.edits import Edit

# In a corpus that has ids of the form of ours: the number after which those of new samples begin. Never written.
NUMBERED = Column(
    "~numbered", pa.int64(), "the highest number in an id of the source that reads like one of a sample"
)


@dataclass(frozen=True)
class NewSample:
    """A row to be made: the index of its source row in the batch, its number `k` within `method`, its texts and edits.

    label: the one it has in place of its source row's, None for the same; values: of columns of its stage, by name.
    """

    source: int
    method: str
    k: int
    text: str
    text_pair: str | None
    edits: tuple[Edit, ...]
    label: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Missing:
    """Samples requested and not made: how many for the source row at this index, and why."""

    source: int
    method: str
    count: int
    reason: str


@dataclass(frozen=True)
class Reject:
    """A row that could not be treated: its id, the stage, the reason, and where in the source it is."""

    id: str
    stage: str
    reason: str
    where: str


def source_rows(batch: pa.RecordBatch) -> list[int]:
    """Return the indices of the source rows: those that are no one's sample and not rejected."""
    columns = [
        batch.column(name).to_pylist() for name in ("source_id", "reject") if name in batch.schema.names
    ]
    return [row for row in range(batch.num_rows) if all(column[row] is None for column in columns)]


def is_sample(rows: pa.Table) -> np.ndarray:
    """Return which rows are samples, [N] bool; none where no stage has made any."""
    if "source_id" not in rows.column_names:
        return np.zeros(rows.num_rows, dtype=bool)
    return np.asarray(rows.column("source_id").is_valid())


def with_columns(
    batch: pa.RecordBatch, columns: Sequence[Column], values: Sequence[object]
) -> pa.RecordBatch:
    """Return the batch with new columns, each given as a list of N values; ValueError if one is already there."""
    names, arrays = list(batch.schema.names), list(batch.columns)
    for column, value in zip(columns, values, strict=True):
        if column.name in names:
            raise ValueError(f"column {column.name!r} is already there")
        names.append(column.name)
        arrays.append(value if isinstance(value, pa.Array) else pa.array(value, column.type))
    return pa.RecordBatch.from_arrays(arrays, names=names)


def rejecting(batch: pa.RecordBatch, reasons: dict[int, str]) -> pa.RecordBatch:
    """Return the batch with a reason on the rows that a stage could not treat, given by their index."""
    if not reasons:
        return batch
    old = (
        batch.column(REJECT.name).to_pylist()
        if REJECT.name in batch.schema.names
        else [None] * batch.num_rows
    )
    marked = pa.array([old[row] or reasons.get(row) for row in range(batch.num_rows)], REJECT.type)
    return _put(batch, REJECT.name, marked)


def decisions(batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[dict[str, object] | None]]:
    """Return the batch without the column of what a whole-corpus stage decided, and that for each row, or None."""
    index = batch.schema.get_field_index(DECISION)
    return batch.remove_column(index), batch.column(index).to_pylist()


def dropping(batch: pa.RecordBatch, reasons: Mapping[int, str]) -> pa.RecordBatch:
    """Return the batch in which the samples at some indices have the verdict `drop`, each with its reason.

    A verdict is the one thing that a later stage may change, and only so: what was kept can be dropped.
    """
    if not reasons:
        return batch
    verdicts, whys = (batch.column(name).to_pylist() for name in ("verdict", "reason"))
    for row, reason in reasons.items():
        verdicts[row], whys[row] = "drop", reason
    batch = _put(batch, "verdict", pa.array(verdicts, pa.string()))
    return _put(batch, "reason", pa.array(whys, pa.string()))


def with_missing(batch: pa.RecordBatch, missing: Sequence[Missing]) -> pa.RecordBatch:
    """Return the batch of which more source rows are noted to have fewer samples than requested."""
    return _put(batch, "shortfall", _add_missing(batch, missing)) if missing else batch


def with_samples(
    batch: pa.RecordBatch, samples: Sequence[NewSample], missing: Sequence[Missing]
) -> pa.RecordBatch:
    """Return the batch with each sample behind its source row and the source row's earlier samples.

    A sample has the source row's split, fold and source, and its label if it has none of its own; columns that stages added to
    the source row are null on it.
    """
    if "source_id" not in batch.schema.names:
        batch = with_columns(batch, SAMPLE, [pa.nulls(batch.num_rows, column.type) for column in SAMPLE])
    batch = _put(batch, "shortfall", _add_missing(batch, missing))
    last_index = _last_of_family(batch)
    made = sorted(samples, key=lambda sample: sample.source)
    table = pa.Table.from_batches([batch, _rows(batch, made)])
    order = sorted(
        range(table.num_rows),
        key=lambda row: (
            (row, 0) if row < batch.num_rows else (last_index[made[row - batch.num_rows].source], row)
        ),
    )
    return table.take(order).combine_chunks().to_batches()[0] if order else batch


def _rows(batch: pa.RecordBatch, samples: Sequence[NewSample]) -> pa.RecordBatch:
    """Return the samples as rows with the columns of the batch."""
    origin = pa.array([sample.source for sample in samples], pa.int64())
    ids = batch.column("id").take(origin).to_pylist()
    named = NUMBERED.name in batch.schema.names
    first = batch.column(NUMBERED.name).take(origin).to_pylist() if named else [0] * len(samples)
    given = {
        "id": [
            f"{source_id}~{sample.method}~{before + sample.k}"
            for source_id, sample, before in zip(ids, samples, first, strict=True)
        ],
        "text": [sample.text for sample in samples],
        "text_pair": [sample.text_pair for sample in samples],
        "source_id": ids,
        "method": [sample.method for sample in samples],
        "edits": pa.array([[edit._asdict() for edit in sample.edits] for sample in samples], pa.list_(EDIT)),
    }
    old = batch.column("label").take(origin).to_pylist()
    given["label"] = [sample.label or label for sample, label in zip(samples, old, strict=True)]
    given["label_from"] = [
        None if sample.label is None else label for sample, label in zip(samples, old, strict=True)
    ]
    kept = {"split", "source", FOLD.name, NUMBERED.name}
    given |= {
        name: [sample.values.get(name) for sample in samples]
        for name in {name for sample in samples for name in sample.values}
    }
    arrays = []
    for name in batch.schema.names:
        kind = batch.schema.field(name).type
        if name in given:
            arrays.append(pa.array(given[name], kind) if isinstance(given[name], list) else given[name])
        else:
            arrays.append(batch.column(name).take(origin) if name in kept else pa.nulls(len(samples), kind))
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _add_missing(batch: pa.RecordBatch, missing: Sequence[Missing]) -> pa.Array:
    """Return the shortfall column with new entries added to what earlier stages noted."""
    entries = [list(row or ()) for row in batch.column("shortfall").to_pylist()]
    for gap in missing:
        entries[gap.source].append({"method": gap.method, "missing": gap.count, "reason": gap.reason})
    return pa.array([row or None for row in entries], pa.list_(SHORTFALL))


def _last_of_family(batch: pa.RecordBatch) -> list[int]:
    """Return for each row the index of the last row of its family, that is of its source row's group."""
    last = list(range(batch.num_rows))
    source_id = batch.column("source_id").to_pylist()
    for row in range(batch.num_rows - 2, -1, -1):
        if source_id[row + 1] is not None:
            last[row] = last[row + 1]
    return last


def _put(batch: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    """Return the batch with a column set or appended."""
    columns = dict(zip(batch.schema.names, batch.columns, strict=True)) | {name: values}
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
