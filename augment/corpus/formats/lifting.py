"""Fields within objects as columns of their own, named by their path: `data.text` of {"data": {"text": "good"}}.

record = {"data": {"text": "good", "stars": 4}}
lift(record, "data.text")              # record is {"data": {"stars": 4}, "data.text": "good"}

The field leaves its object, so that a sample does not carry the text of its source next to its own. A step of a path may be
the number of an item in a list: `annotations.0.value`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from augment.corpus.formats.columnar import first_rows, fitted
from augment.corpus.formats.records import Allowed, Record, SourceBatch, Table


def lift(record: dict[str, object], path: str) -> None:
    """Move the field of a path into a column of its own; a record without it, or with a column of that name, stays."""
    first, *steps = path.split(".")
    if path in record or not steps:
        return
    owners: list[tuple[object, str]] = [(record, first)]
    inner: object = record.get(first)
    for step in steps:
        owners.append((inner, step))
        inner = _step(inner, step)
    if inner is None:
        return
    record[path] = inner
    for owner, step in reversed(owners):
        if isinstance(owner, dict):
            del owner[step]
        if owner:
            break


def _step(value: object, name: str) -> object:
    """Return a field of an object or an item of a list; None if there is none."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return None


@dataclass(frozen=True)
class Lifted:
    """A table whose columns have Arrow types, with some fields of its structs as columns."""

    table: Table
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    @property
    def split(self) -> str | None:
        """The split of the table."""
        return self.table.split

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns of the table, the lifted ones last."""
        schema = self.table.schema(whole)
        empty = pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)
        return _lifted(empty, self.paths).schema.with_metadata(schema.metadata)

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the rows."""
        for batch in self.table.batches(self.table.schema(whole), size, {}, whole):
            whole_rows = fitted(_lifted(batch.rows, self.paths), schema, batch.numbers)
            yield replace(whole_rows, faults=[*batch.faults, *whole_rows.faults])

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        return first_rows(self.batches(schema, count, {}, whole=False))


def with_fields(table: Table, paths: Sequence[str]) -> Table:
    """Return the table with those of the paths lifted that lead to a field and are no column's name."""
    schema = table.schema(whole=False)
    there = tuple(path for path in paths if path not in schema.names and _leads(schema, path))
    return Lifted(table, there) if there else table


def _leads(schema: pa.Schema, path: str) -> bool:
    """Return whether a path leads through structs to a field."""
    first, *steps = path.split(".")
    if first not in schema.names:
        return False
    kind = schema.field(first).type
    for step in steps:
        if not pa.types.is_struct(kind) or kind.get_field_index(step) < 0:
            return False
        kind = kind.field(step).type
    return bool(steps)


def _lifted(rows: pa.RecordBatch, paths: Sequence[str]) -> pa.RecordBatch:
    """Return rows with the fields of the paths as columns; a struct that has no other field goes."""
    columns = {name: rows.column(name) for name in rows.schema.names}
    for path in paths:
        first, *steps = path.split(".")
        rest, columns[path] = _without(columns[first], steps)
        if rest is None:
            del columns[first]
        else:
            columns[first] = rest
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _without(column: pa.Array, steps: list[str]) -> tuple[pa.Array | None, pa.Array]:
    """Return a struct column without the field at the end of a path, None if nothing is left, and the field."""
    inner = {field.name: part for field, part in zip(column.type, column.flatten(), strict=True)}
    field_values = inner.pop(steps[0])
    if steps[1:]:
        rest, field_values = _without(field_values, steps[1:])
        if rest is not None:
            inner[steps[0]] = rest
    if not inner:
        return None, field_values
    return pa.StructArray.from_arrays(
        list(inner.values()), names=list(inner), mask=column.is_null()
    ), field_values
