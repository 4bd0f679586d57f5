"""JSON lines: an object a line, its keys the columns, each with the narrowest type that holds all of its values.

JsonTable("reviews.jsonl", Path("data/reviews.jsonl"), "auto").schema(whole=True)     # text: string, stars: int64
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa

from augment.decode import encoding_of, lines
from augment.errors import DataError
from augment.formats.json_types import Seen, as_type
from augment.formats.records import Allowed, Batch, Record, Records, gathered


@dataclass(frozen=True)
class JsonTable:
    """JSON lines. A column keeps the type of its values; where no one type holds them it is JSON text."""

    name: str
    path: Path
    encoding: str
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return each key with the narrowest type that holds all of its values."""
        columns: dict[str, Seen] = {}
        for _, record in self._records(whole):
            for key, value in record.items() if isinstance(record, dict) else ():
                columns.setdefault(key, Seen()).add(value)
        if not columns:
            raise DataError(str(self.path), "no line holds a JSON object", "check `corpus.format`")
        return pa.schema([(key, seen.type()) for key, seen in columns.items()])

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the records; one that is no JSON object, or holds what is not allowed, is a fault."""

        def make(rows: list[dict[str, object]]) -> pa.RecordBatch:
            columns = [
                pa.array([as_type(field.type, row.get(field.name)) for row in rows], field.type)
                for field in schema
            ]
            return pa.RecordBatch.from_arrays(columns, schema=schema)

        yield from gathered(_of_types(self._records(whole=True), allowed), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first objects, with the values that their columns hold."""
        rows = [row for _, row in islice(self._records(whole=False), count) if isinstance(row, dict)]
        return [{field.name: as_type(field.type, row.get(field.name)) for field in schema} for row in rows]

    def _records(self, whole: bool) -> Records[dict[str, object]]:
        """Yield the object on every line that is not blank."""
        encoding = encoding_of(self.path, self.encoding, whole)
        for number, line in lines(self.path, encoding, whole):
            if number == 1 and line.lstrip().startswith("["):
                hint = "write one object a line, for example with `jq -c '.[]'`"
                raise DataError(f"{self.path}:1", "a JSON array, not JSON lines", hint)
            if line.strip():
                yield number, _json_object(line)


def _of_types(records: Records[dict[str, object]], allowed: Allowed) -> Records[dict[str, object]]:
    """Yield the records, those with a value of a type not allowed in its column as faults."""
    for line, record in records:
        wrong = [
            f"`{key}` holds {type(record[key]).__name__} where {'/'.join(kind.__name__ for kind in kinds)} is needed"
            for key, kinds in allowed.items()
            if isinstance(record, dict) and record.get(key) is not None and not isinstance(record[key], kinds)
        ]
        yield line, wrong[0] if wrong else record


def _json_object(line: str) -> dict[str, object] | str:
    """Return the object written on a line, or the reason why there is none."""
    try:
        value = json.loads(line)
        if "\\u" in line:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}"
    except UnicodeEncodeError:
        return "not text: half of a surrogate pair"
    except (ValueError, RecursionError):
        return "not readable JSON: a number too long or nesting too deep"
    return value if isinstance(value, dict) else f"JSON {type(value).__name__}, not an object"
