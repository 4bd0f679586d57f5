"""Tables that have Arrow types of their own: Parquet files, saved datasets, datasets on the hub.

Their rows are taken as they are; a saved dataset gives one table a split, and the names of its classes.

    ParquetTable("a.parquet", Path("data/a.parquet")).schema(whole=False)
    from_folder(Path("data/saved"), "saved")                      # [DatasetTable("saved/train", ...), ...]
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from augment.corpus.formats.records import (
    Allowed,
    Fault,
    Record,
    SourceBatch,
    Table,
    distinct,
    label_of,
    separator_of,
)
from augment.errors import DataError, RequestError
from augment.tables.files import in_parts


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file; columns keep their Arrow types, dictionaries are read as their values."""

    name: str
    path: Path
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns as the footer gives them."""
        with self._open() as file:
            return _without_dictionaries(file.schema_arrow)

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the rows."""
        with self._open() as file:
            yield from _numbered(file.iter_batches(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        return first_rows(self.batches(schema, count, {}))

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """Give the open file; DataError if it, or a page of it, is damaged."""
        try:
            with in_parts(self.path) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            first = str(error).split("\n", 1)[0]
            raise DataError(
                str(self.path), f"not a sound Parquet file: {first}", "obtain or write it again"
            ) from None


class Dataset(Protocol):
    """The part of a `datasets.Dataset` used here."""

    def with_format(self, kind: str) -> "Dataset":
        """Return the same rows in another format."""

    def iter(self, batch_size: int) -> Iterator[pa.Table]:
        """Yield the rows, `batch_size` at a time."""


@dataclass(frozen=True)
class DatasetTable:
    """One split of a data set of the `datasets` library; the schema's metadata holds the names of its classes."""

    name: str
    rows: Dataset
    columns: pa.Schema
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns of the features."""
        return self.columns

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the rows."""
        yield from _numbered(self.rows.with_format("arrow").iter(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        return first_rows(self.batches(schema, count, {}))


def from_folder(path: Path, name: str) -> list[Table]:
    """Return the tables of a folder that `save_to_disk` wrote."""
    from datasets import load_from_disk

    try:
        return _splits(load_from_disk(str(path)), name)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DataError(
            str(path), f"not a sound saved dataset: {error}", "write it again with `save_to_disk`"
        ) from None


def from_hub(hub: str, allow_download: bool) -> list[Table]:
    """Return the tables of a data set on the hub; RequestError unless downloads are allowed."""
    if not allow_download:
        hint = (
            "set `run.allow_download: true`, or save the dataset to a folder and name that in `corpus.files`"
        )
        raise RequestError("corpus.hub", f"`{hub}` would be downloaded, which is not allowed", hint)
    from datasets import load_dataset

    try:
        return _splits(load_dataset(hub), hub)
    except (OSError, ValueError, RuntimeError) as error:
        raise RequestError(
            "corpus.hub", f"`{hub}` cannot be loaded: {error}", "check the id and the network"
        ) from None


def _splits(loaded: object, name: str) -> list[Table]:
    """Return one table for a data set, or one for each split of several."""
    parts = (
        {f"{name}/{split}": (split, rows) for split, rows in loaded.items()}
        if isinstance(loaded, dict)
        else {}
    )
    return [
        DatasetTable(part, rows, _without_dictionaries(rows.features.arrow_schema), split)
        for part, (split, rows) in (parts or {name: (None, loaded)}).items()
    ]


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose dictionary columns have the type of their values, which is the same in every batch."""
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    ]
    distinct(schema.names, "the source's columns", "column")
    return pa.schema(plain, metadata=schema.metadata)


def first_rows(batches: Iterator[SourceBatch]) -> list[Record]:
    """Return the rows of the first batch as plain values."""
    return [row for batch in islice(batches, 1) for row in batch.rows.to_pylist()]


def fitted(rows: pa.RecordBatch | pa.Table, schema: pa.Schema, numbers: list[int]) -> SourceBatch:
    """Return rows with the types of a schema, those that have none as faults.

    Bytes are text where they are UTF-8, and a list of one item is that item where the schema has no list.
    """
    columns: list[pa.Array] = []
    reasons: dict[int, str] = {}
    for field in schema:
        column = rows.column(field.name)
        column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        columns.append(_as(column, field, reasons))
    kept = pa.RecordBatch.from_arrays(columns, schema=schema)
    if not reasons:
        return SourceBatch(kept, numbers, numbers, [])
    indices = [index for index in range(len(numbers)) if index not in reasons]
    left = [numbers[index] for index in indices]
    faults = [Fault(numbers[index], numbers[index], reason) for index, reason in sorted(reasons.items())]
    return SourceBatch(kept.take(pa.array(indices, pa.int64())), left, left, faults)


def _as(column: pa.Array, field: pa.Field, reasons: dict[int, str]) -> pa.Array:
    """Return a column with the type of a field, and note why the values of some rows cannot have it."""
    listed = (pa.ListType, pa.LargeListType, pa.FixedSizeListType)
    if isinstance(column.type, listed) and not isinstance(field.type, listed):
        items: list[object] = []
        for index, labels in enumerate(column.to_pylist()):
            try:
                items.append(None if labels is None else label_of(labels, field))
            except ValueError as error:
                reasons.setdefault(index, str(error))
                items.append(None)
        column = pa.array(items, field.type if separator_of(field) else column.type.value_type)
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid:
        if not pa.types.is_string(field.type):
            raise
    texts: list[str | None] = []
    for index, value in enumerate(column.to_pylist()):
        try:
            texts.append(value.decode() if isinstance(value, bytes) else value)
        except UnicodeDecodeError as error:
            reasons.setdefault(index, f"`{field.name}` is not UTF-8 at byte {error.start}")
            texts.append(None)
    return pa.array(texts, field.type)


def _numbered(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> Iterator[SourceBatch]:
    """Yield Arrow rows with the types of a schema, the row number in place of the line."""
    done = 0
    for rows in batches:
        numbers = list(range(done + 1, done + rows.num_rows + 1))
        done += rows.num_rows
        yield fitted(rows, schema, numbers)
