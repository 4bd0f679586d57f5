"""One row judged: its id, texts, label and split, what is wrong with it, and whether the config wants it.

for batch in batches_of(layout, part, 1024):
    for row in rows_of(layout, part, batch):
        row.label, row.split, row.fault, row.used
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple, cast

import pyarrow as pa

from augment.config.label_sets import NONE, joined, parted
from augment.config.numerals import plain
from augment.corpus.column_roles import Layout, Part
from augment.corpus.formats import SPLITS, Record, SourceBatch

SCALARS = (str, int, float, bool)
NO_LABEL = "no label"


class SourceRow(NamedTuple):
    """One record, its label read; `fault`: why it cannot be used; `used`: whether the config selects it."""

    id: str
    text: str
    text_pair: str | None
    label: str | None
    split: str
    fault: str | None
    used: bool


def batches_of(layout: Layout, part: Part, size: int) -> Iterator[SourceBatch]:
    """Yield the records of a part; texts must be text, labels, ids and splits single values."""
    shape = layout.shape
    allowed: dict[str, tuple[type, ...]] = {}
    for name in (shape.label, shape.id, shape.split, shape.text, shape.text_pair):
        if name is not None:
            allowed[name] = (str,) if name in (shape.text, shape.text_pair) else SCALARS
    if shape.label is not None:
        allowed[shape.label] = (*SCALARS, list)  # of one label
    return part.table.batches(part.schema, size, allowed)


def rows_of(layout: Layout, part: Part, batch: SourceBatch) -> list[SourceRow]:
    """Return the records of a batch, read and judged."""
    cells = zip(*(_strings(batch.rows, column) for column in _columns(layout)), strict=True)
    return _read(layout, part, batch.numbers, cells)


def rows_of_head(layout: Layout, part: Part, records: Sequence[Record]) -> list[SourceRow]:
    """Return the records that a table's `peek` gave, read and judged."""
    cells = [[_cell(record.get(name or ""), name, part) for name in _columns(layout)] for record in records]
    return _read(layout, part, range(1, len(records) + 1), cells)


def split_of(part: Part, given: str | None, text: str, pair: str | None) -> str:
    """Return the split that the file, the saved data set or the row gives, else 80/10/10 by hash of the text."""
    name = part.file.split or part.table.split or given
    if name and name.strip():
        return SPLITS.get(name.strip().lower(), name)
    tenth = int.from_bytes(text_digest(text, pair, b"split"), "big") % 10
    return "train" if tenth < 8 else "validation" if tenth == 8 else "test"


def text_digest(text: str, pair: str | None, purpose: bytes) -> bytes:
    """Return 8 bytes that depend on the texts of a row alone, and on what they are for."""
    return blake2b(f"{text}\0{pair or ''}".encode(), digest_size=8, person=purpose).digest()


def _columns(layout: Layout) -> tuple[str | None, ...]:
    """Return the columns a row is read from, in the order `_read` takes their cells."""
    shape = layout.shape
    return (shape.text, shape.text_pair, shape.label, shape.id, shape.split)


def _strings(rows: pa.RecordBatch, column: str | None) -> list[str | None]:
    """Return a column's cells as strings, all None where there is no such column."""
    if column is None or column not in rows.schema.names:
        return [None] * rows.num_rows
    return cast(list[str | None], rows.column(column).cast(pa.string()).to_pylist())


def _cell(value: object, column: str | None, part: Part) -> str | None:
    """Return one plain value as `_strings` gives it."""
    if isinstance(value, list):
        return _cell(value[0], column, part) if value else None
    if value is None or isinstance(value, str) or column is None:
        return cast(str | None, value)
    if isinstance(value, int):
        return str(value).lower()
    return cast(str | None, pa.scalar(value, part.schema.field(column).type).cast(pa.string()).as_py())


def _read(
    layout: Layout, part: Part, numbers: Sequence[int], cells: Iterable[Sequence[str | None]]
) -> list[SourceRow]:
    """Return records, given as the strings in their cells, read and judged."""
    shape, name = layout.shape, part.table.name
    prefix = f"{name}:" if layout.config.id is None and len(layout.parts) > 1 else ""
    rows = []
    for number, (text, pair, given, identity, split) in zip(numbers, cells, strict=True):
        label, fault, used = _label(layout, part, given)
        if shape.text_pair is not None and not (pair or "").strip():
            fault = f"empty {shape.text_pair}"
        if not (text or "").strip():
            fault = f"empty {shape.text}"
        row = f"{prefix}{identity}" if identity else f"{name}:{number}"
        rows.append(
            SourceRow(row, text or "", pair, label, split_of(part, split, text or "", pair), fault, used)
        )
    return rows


def _label(layout: Layout, part: Part, given: str | None) -> tuple[str | None, str | None, bool]:
    """Return a row's label, what is wrong with it, and whether the config wants it."""
    if part.file.label is not None and layout.config.label_separator is not None:
        return _several(layout, part.file.label, layout.config.label_separator)
    if part.file.label is not None:
        return plain(part.file.label), None, _wanted(layout, plain(part.file.label))
    if layout.shape.label not in part.schema.names:
        return None, None, layout.wanted is None
    # NaN is what pandas has where there is no value.
    if given is None or given.strip() in ("", "nan", "NaN"):
        return None, NO_LABEL, False
    if layout.config.label_separator is not None:
        return _several(layout, given, layout.config.label_separator)
    if layout.config.score_threshold is not None:
        return _signed(layout, given, layout.config.score_threshold)
    label = plain(given)
    if (
        layout.shape.class_names is not None and label == "-1"
    ):  # how the `datasets` library writes "not labelled"
        return None, None, layout.wanted is None
    return label, None, _wanted(layout, label)


def _several(layout: Layout, given: str, separator: str) -> tuple[str | None, str | None, bool]:
    """Return the labels of a row as one text, what is wrong with it, and whether the config wants one of them."""
    names = [*map(plain, parted(given, separator))]
    if not names and given.strip() != NONE:
        return None, NO_LABEL, False
    wanted = layout.wanted is None or any(map(layout.wanted.__contains__, names))
    return joined(names, separator), None, wanted


def _wanted(layout: Layout, label: str | None) -> bool:
    """Return whether rows with this label are used."""
    return layout.wanted is None or label in layout.wanted


def _signed(layout: Layout, given: str, threshold: float) -> tuple[str | None, str | None, bool]:
    """Return what `_label` does, for a signed score: nearer to 0 than the threshold it is not used."""
    try:
        score = float(given)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        return None, f"`{given}` is not a score", False
    label = "positive" if score > 0 else "negative"
    return label, None, score != 0 and abs(score) >= threshold and _wanted(layout, label)
