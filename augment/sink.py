"""A file of rows that grows table by table and appears when it is complete: Parquet, CSV or JSON lines."""

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from augment.ledger import whole


class Sink:
    """An open file; the format is that of its name."""

    def __init__(self, path: Path) -> None:
        """Open the file that will become `path`."""
        self._path = path
        self._context = whole(path)
        self._stream = self._context.__enter__()
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, table: pa.Table) -> None:
        """Append rows; those of the first table fix the columns."""
        first = self.rows == 0
        self.rows += table.num_rows
        if self._path.suffix == ".parquet":
            if self._writer is None:
                self._writer = pq.ParquetWriter(self._stream, table.schema, compression="zstd")
            self._writer.write_table(table.select(self._writer.schema.names).cast(self._writer.schema))
        elif self._path.suffix == ".jsonl":
            lines = (json.dumps(row, ensure_ascii=False, default=str) for row in table.to_pylist())
            self._stream.write("".join(f"{line}\n" for line in lines).encode())
        else:
            self._stream.write(_csv(table, header=first).encode())

    def close(self, keep: bool) -> None:
        """Let the file appear, or throw it away."""
        if self._writer is not None:
            self._writer.close()
        if keep:
            self._context.__exit__(None, None, None)
        else:
            self._context.__exit__(GeneratorExit, GeneratorExit(), None)


class _Lines:
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
    writer = csv.writer(_Lines(out), lineterminator="\r\n")
    if header:
        writer.writerow(table.column_names)
    for row in table.to_pylist():
        values = (
            json.dumps(v, ensure_ascii=False) if isinstance(v, list | dict) else v for v in row.values()
        )
        writer.writerow(list(values))
    return out.getvalue()
