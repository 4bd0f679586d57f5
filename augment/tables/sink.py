"""A file of rows that grows table by table and appears when it is complete: Parquet, CSV or JSON lines."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from augment.tables.files import whole

# Rows of a row group, at least: the footer, which is in memory until the end, has some hundred bytes for each column of each.
_GROUP = 8192


class Sink:
    """An open file; the format is that of its name."""

    def __init__(self, path: Path, mark: bool = False) -> None:
        """Open the file that will become `path`; CSV begins with a byte order mark if `mark` is true."""
        self._path = path
        self._mark = mark
        self._context = whole(path)
        self._stream = self._context.__enter__()
        self._writer: pq.ParquetWriter | None = None
        self._pending: list[pa.Table] = []
        self.rows = 0
        self.schema = pa.schema([])
        self.nullable: set[str] = set()

    @property
    def is_csv(self) -> bool:
        """Whether the file has no types of its own, nor lists."""
        return self._path.suffix == ".csv"

    def add(self, table: pa.Table) -> None:
        """Append rows; those of the first table fix the columns."""
        first = self.rows == 0
        self.rows += table.num_rows
        if self._path.suffix == ".parquet":
            if self._writer is None:
                self._writer = pq.ParquetWriter(
                    self._stream, table.schema, compression="zstd", write_page_checksum=True
                )
            self._pending.append(table.select(self._writer.schema.names).cast(self._writer.schema))
            if sum(part.num_rows for part in self._pending) >= _GROUP:
                self._flush(self._writer)
            return
        self.schema = self.schema if len(self.schema) else table.schema
        self.nullable.update(name for name in table.column_names if table.column(name).null_count)
        if self._path.suffix == ".jsonl":
            self.rows -= table.num_rows
            self.add_lines(table.to_pylist())
        else:
            encoding = "utf-8-sig" if first and self._mark else "utf-8"
            self._stream.write(_csv(table, header=first).encode(encoding))

    def add_lines(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Append rows of JSON lines, whatever the types of their values."""
        self.rows += len(rows)
        lines = (json.dumps(row, ensure_ascii=False, default=str) for row in rows)
        self._stream.write("".join(f"{line}\n" for line in lines).encode())

    def close(self, keep: bool) -> None:
        """Let the file appear, or throw it away; it is thrown away as well if what waits cannot be written."""
        if self._writer is not None:
            self._finish(self._writer, keep)
        if keep:
            self._context.__exit__(None, None, None)
        else:
            self._context.__exit__(GeneratorExit, GeneratorExit(), None)

    def _finish(self, writer: pq.ParquetWriter, keep: bool) -> None:
        """Write what waits and the footer; if that fails, nothing is left of the file."""
        try:
            self._flush(writer, keep)
            writer.close()
        except BaseException as error:
            # Or it would be closed later, when the stream is.
            with suppress(OSError, ValueError, pa.ArrowException):
                writer.close()
            # A writer that could not be closed would be again, when nothing holds it any more, and print why it cannot.
            writer.is_open = False
            self._context.__exit__(type(error), error, error.__traceback__)
            raise

    def _flush(self, writer: pq.ParquetWriter, keep: bool = True) -> None:
        """Write what waits as one row group, or throw it away."""
        if keep and self._pending:
            group = pa.concat_tables(self._pending)
            writer.write_table(group, row_group_size=max(group.num_rows, 1))
        self._pending = []


def read_as(sinks: Sequence[Sink]) -> pa.Schema:
    """Return the types with which CSV or JSON lines of the same columns are read again, whatever a file has no value of.

    What the format cannot write is text: in CSV also lists and structs, and yes or no where some are missing; whole numbers
    where some are missing are floats, as pandas has them.
    """
    nullable = set().union(*(sink.nullable for sink in sinks))
    tabular = any(sink.is_csv for sink in sinks)

    def kind_of(kind: pa.DataType, gaps: bool) -> pa.DataType:
        """Return the type that values of a type are read as."""
        if not tabular and pa.types.is_struct(kind):
            inner = (kind.field(index) for index in range(kind.num_fields))
            return pa.struct([(one.name, kind_of(one.type, gaps=False)) for one in inner])
        if not tabular and isinstance(kind, pa.ListType | pa.LargeListType):
            return pa.list_(kind_of(kind.value_type, gaps=False))
        if tabular and gaps and (pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            return pa.float64() if pa.types.is_integer(kind) else pa.string()
        plain = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
        return kind if plain else pa.string()

    return pa.schema(
        [(one.name, kind_of(one.type, one.name in nullable)) for one in sinks[0].schema] if sinks else []
    )


class _LineFeedStream:
    """A stream for a CSV writer whose lines end in a line feed, whatever the writer ends them with."""

    def __init__(self, out: io.StringIO) -> None:
        """Write to `out`."""
        self._out = out

    def write(self, line: str) -> int:
        """Write one line."""
        return self._out.write(line.removesuffix("\r\n") + "\n")


def _csv(table: pa.Table, header: bool) -> str:
    """Return rows as CSV, nested values as JSON."""
    out = io.StringIO(newline="")
    # Only what ends a line is quoted, and a lone carriage return ends one for many readers.
    writer = csv.writer(_LineFeedStream(out), lineterminator="\r\n")
    if header:
        writer.writerow(table.column_names)
    for row in table.to_pylist():
        values = (
            json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in row.values()
        )
        writer.writerow(list(values))
    return out.getvalue()
