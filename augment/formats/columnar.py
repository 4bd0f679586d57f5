"""Tables that have Arrow types of their own: Parquet files, saved data sets, data sets on the hub.

Their rows are taken as they are; a saved data set gives one table a split, and the names of its classes.

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

from augment.errors import DataError, RequestError
from augment.formats.records import Allowed, Batch, Record, Table, distinct
from augment.ledger import in_parts


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

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the rows."""
        with self._open() as file:
            yield from _numbered(file.iter_batches(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        with self._open() as file:
            batches = islice(file.iter_batches(batch_size=count), 1)
            return [row for batch in batches for row in batch.to_pylist()]

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

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the rows."""
        yield from _numbered(self.rows.with_format("arrow").iter(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        batches = islice(self.rows.with_format("arrow").iter(batch_size=count), 1)
        return [row for batch in batches for row in batch.to_pylist()]


def from_folder(path: Path, name: str) -> list[Table]:
    """Return the tables of a folder that `save_to_disk` wrote."""
    from datasets import load_from_disk

    try:
        return _splits(load_from_disk(str(path)), name)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DataError(
            str(path), f"not a sound saved data set: {error}", "write it again with `save_to_disk`"
        ) from None


def from_hub(hub: str, allow_download: bool) -> list[Table]:
    """Return the tables of a data set on the hub; RequestError unless downloads are allowed."""
    if not allow_download:
        hint = (
            "set `run.allow_download: true`, or save the data set to a folder and name that in `corpus.files`"
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


def _numbered(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> Iterator[Batch]:
    """Yield Arrow rows cast to a schema, the row number standing for the line."""
    done = 0
    for rows in batches:
        numbers = list(range(done + 1, done + rows.num_rows + 1))
        done += rows.num_rows
        columns = [rows.column(name).cast(schema.field(name).type) for name in schema.names]
        arrays = [
            column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns
        ]
        yield Batch(pa.RecordBatch.from_arrays(arrays, schema=schema), numbers, numbers, [])
