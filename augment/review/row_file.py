"""A file of rows of a run, read, and written again with some rows changed, taken out or added: Parquet, CSV or JSON lines.

Rows that are not touched keep every value. A row that is added is written behind the last row of its source.

    file = RowFile.read(folder / "data/train.parquet")
    file.rows({"r1~delete~1"})
    file.write(path, taken={"r1~delete~1"}, put=[row], column="reviewed_by")
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from augment.tables.files import read_table, readable
from augment.tables.sink import Sink
from augment.verification.records import written_records

RowValues = dict[str, Any]
# Rows of a row group.
_GROUP = 8192


@dataclass(frozen=True)
class RowFile:
    """The rows of a file. table: those of Parquet; cells: those of a text format, of CSV as strings."""

    name: str
    table: pa.Table | None = None
    cells: tuple[RowValues, ...] = ()
    columns: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path, name: str) -> "RowFile":
        """Return the content of a file of a run; RequestError if it is damaged."""
        path = folder / name
        if path.suffix == ".parquet":
            table = read_table(path)
            return cls(name, table, columns=tuple(table.column_names))
        with readable(path):
            cells = tuple(written_records(path))
        return cls(name, None, cells, tuple(cells[0]) if cells else ())

    @classmethod
    def empty(cls, name: str, columns: Mapping[str, pa.DataType]) -> "RowFile":
        """Return a file without rows that has these columns, of Parquet with these types."""
        table = pa.schema(columns).empty_table() if name.endswith(".parquet") else None
        return cls(name, table, columns=tuple(columns))

    def _column(self, name: str) -> list[Any]:
        """Return the values of a column."""
        if self.table is not None:
            return self.table.column(name).to_pylist() if name in self.columns else [None] * len(self)
        return [row.get(name) or None for row in self.cells]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.cells) if self.table is None else int(self.table.num_rows)

    def ids(self) -> list[str]:
        """Return the id of every row."""
        return [str(value) for value in self._column("id")]

    def rows(self, ids: Collection[str]) -> dict[str, RowValues]:
        """Return the rows that have these ids."""
        wanted = [index for index, name in enumerate(self.ids()) if name in ids]
        if self.table is None:
            is_csv = self.name.endswith(".csv")
            rows = (self.cells[index] for index in wanted)
            # In CSV nothing between two commas is null.
            cleaned = (
                {name: value or None for name, value in row.items()} if is_csv else dict(row) for row in rows
            )
            return {str(row["id"]): row for row in cleaned}
        return {row["id"]: row for row in self.table.take(pa.array(wanted, pa.int64())).to_pylist()}

    def write(
        self, path: Path, taken: Collection[str], put: Sequence[RowValues], column: str, mark: bool
    ) -> int:
        """Write the file without the rows taken and with those put, which have a value in a column of ours; return its rows.

        A row that is put and has the id of one that is there takes its position.
        """
        own = {row["id"]: row for row in put}
        ids, sources = self.ids(), self._column("source_id")
        position: dict[str, int] = {}
        for index, (name, source) in enumerate(zip(ids, sources, strict=True)):
            position[str(source or name)] = index
        index_of = {name: index for index, name in enumerate(ids)}
        slots: list[tuple[int, int, str]] = [
            (index, 0, name) for index, name in enumerate(ids) if name not in taken or name in own
        ]
        slots += [
            (position.get(str(row["source_id"]), len(ids)), order + 1, name)
            for order, (name, row) in enumerate(own.items())
            if name not in index_of
        ]
        order = [name for _, _, name in sorted(slots)]
        sink = Sink(path, mark)
        kept = False
        try:
            if self.table is None:
                self._write_cells(sink, order, index_of, own, column)
            else:
                table = self._ordered(order, index_of, own, column)
                for start in range(0, table.num_rows, _GROUP):
                    sink.add(table.slice(start, _GROUP))
            kept = True
        finally:
            sink.close(keep=kept)
        return len(order)

    def _ordered(
        self, order: Sequence[str], index_of: Mapping[str, int], own: Mapping[str, RowValues], column: str
    ) -> pa.Table:
        """Return the rows in this order, those of ours in the place of what was there."""
        assert self.table is not None
        table = self.table
        if column not in table.column_names:
            table = table.append_column(column, pa.nulls(table.num_rows, pa.string()))
        fresh = [{name: _typed(row.get(name), kind) for name, kind in _kinds(table)} for row in own.values()]
        added = pa.Table.from_pylist(fresh, table.schema)
        whole = pa.concat_tables([table, added])
        offset = {name: table.num_rows + number for number, name in enumerate(own)}
        return whole.take(pa.array([offset.get(name, index_of.get(name, 0)) for name in order], pa.int64()))

    def _write_cells(
        self,
        sink: Sink,
        order: Sequence[str],
        index_of: Mapping[str, int],
        own: Mapping[str, RowValues],
        column: str,
    ) -> None:
        """Write the rows of a text format in this order."""
        columns = list(dict.fromkeys([*self.columns, column]))
        is_csv = self.name.endswith(".csv")
        rows = [own[name] if name in own else self.cells[index_of[name]] for name in order]
        # All at once, so that every row has the same columns; of JSON lines each value as it is.
        texts = [
            {name: _as_cell(row.get(name)) if is_csv else row.get(name) for name in columns} for row in rows
        ]
        if is_csv:
            schema = pa.schema([(name, pa.string()) for name in columns])
            sink.add(pa.Table.from_pylist(texts, schema))
        else:
            sink.add_lines(texts)


def _kinds(table: pa.Table) -> list[tuple[str, pa.DataType]]:
    """Return the names and types of columns."""
    return [(field.name, field.type) for field in table.schema]


def _typed(value: object, kind: pa.DataType) -> object:
    """Return a value as a column of this type takes it, also where it comes from a cell of CSV."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return None if value is None else str(value)
    if not isinstance(value, str):
        return value
    if pa.types.is_nested(kind):
        return json.loads(value)
    return pa.scalar(value).cast(kind).as_py()


def _as_cell(value: object) -> str:
    """Return a value as a cell of CSV."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value)
