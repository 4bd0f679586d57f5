"""JSON: an object a line or one array of objects, its keys the columns, each with the narrowest type of all its values.

JsonTable("reviews.jsonl", Path("data/reviews.jsonl"), "auto").schema(whole=True)     # text: string, stars: int64
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa

from augment.corpus.formats.encoding import blocks, encoding_of, lines
from augment.corpus.formats.json_array import elements
from augment.corpus.formats.json_types import ValueTypes, as_type, record_of
from augment.corpus.formats.lifting import lift
from augment.corpus.formats.records import (
    Allowed,
    Record,
    Records,
    SourceBatch,
    gathered,
    is_of_labels,
    label_of,
)
from augment.errors import DataError


@dataclass(frozen=True)
class JsonTable:
    """JSON lines or one JSON array. A column keeps the type of its values; where no one type holds them it is JSON text.

    `lifted` are paths of fields within objects, such as `data.text`, that become columns of their own.
    """

    name: str
    path: Path
    encoding: str
    split: str | None = None
    lifted: tuple[str, ...] = ()

    def schema(self, whole: bool) -> pa.Schema:
        """Return each key with the narrowest type that holds all of its values."""
        columns: dict[str, ValueTypes] = {}
        for _, record in self._records(whole):
            for key, value in record.items() if isinstance(record, dict) else ():
                columns.setdefault(key, ValueTypes()).add(value)
        if not columns:
            hint = "check `corpus.format`; a row is an object on a line of its own, or in one array"
            raise DataError(str(self.path), "no line holds a JSON object", hint)
        return pa.schema([(key, seen.type()) for key, seen in columns.items()])

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the records; one that is no JSON object, or holds what is not allowed, is a fault."""

        def make(rows: list[dict[str, object]]) -> pa.RecordBatch:
            columns = [
                pa.array([as_type(field.type, row.get(field.name)) for row in rows], field.type)
                for field in schema
            ]
            return pa.RecordBatch.from_arrays(columns, schema=schema)

        yield from gathered(_of_types(self._records(whole=True), schema, allowed), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first objects, with the values that their columns hold."""
        rows = [row for _, row in islice(self._records(whole=False), count) if isinstance(row, dict)]
        return [{field.name: _peeked(field, row.get(field.name)) for field in schema} for row in rows]

    def _records(self, whole: bool) -> Records[dict[str, object]]:
        """Yield the object on every line that is not blank, or in the array."""
        for number, record in self._objects(whole):
            if isinstance(record, dict):
                for path in self.lifted:
                    lift(record, path)
            yield number, record

    def _objects(self, whole: bool) -> Records[dict[str, object]]:
        """Yield the objects as they are written."""
        encoding = encoding_of(self.path, self.encoding, whole)
        head = next(blocks(self.path, encoding, whole=False), "")
        if head.lstrip().startswith("["):
            yield from elements(blocks(self.path, encoding, whole), str(self.path), whole)
            return
        for number, line in lines(self.path, encoding, whole):
            if line.strip():
                yield number, _json_object(line)


def _of_types(
    records: Records[dict[str, object]], schema: pa.Schema, allowed: Allowed
) -> Records[dict[str, object]]:
    """Yield the records, those with a value not allowed in its column as faults; a list of one label is that label."""
    for line, record in records:
        yield line, _checked(record, schema, allowed) if isinstance(record, dict) else record


def _checked(record: dict[str, object], schema: pa.Schema, allowed: Allowed) -> dict[str, object] | str:
    """Return a record whose values are allowed, or what is wrong with it."""
    for key, kinds in allowed.items():
        value = record.get(key)
        if isinstance(value, list) and list in kinds and not pa.types.is_nested(schema.field(key).type):
            try:
                record[key] = value = label_of(value, schema.field(key))
            except ValueError as error:
                return str(error)
        if value is not None and not isinstance(value, kinds):
            names = "/".join(kind.__name__ for kind in kinds if kind is not list)
            return f"`{key}` holds {type(value).__name__} where {names} is needed"
    return record


def _peeked(field: pa.Field, value: object) -> object:
    """Return a value as its column holds it, of a list of labels what it comes to; None where it will be rejected."""
    if not isinstance(value, list) or not is_of_labels(field):
        return as_type(field.type, value)
    try:
        return as_type(field.type, label_of(value, field))
    except ValueError:
        return None


def _json_object(line: str) -> dict[str, object] | str:
    """Return the object written on a line, or the reason why there is none."""
    try:
        return record_of(json.loads(line), "\\u" in line)
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}"
    except (ValueError, RecursionError):
        return "not readable JSON: a number too long or nesting too deep"
