"""What every format gives: tables of records in batches, each record in its place, the broken ones apart.

records = iter([(2, ["a", "b"]), (3, "broken quoting")])      # (line, record) or (line, reason)
for batch in gathered(records, make, 1024):
    batch.rows, batch.faults                                  # row 1, and Fault(2, 3, "broken quoting")
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import pyarrow as pa

from augment.config.label_sets import NONE
from augment.config.numerals import plain
from augment.errors import RequestError

Allowed = Mapping[str, tuple[type, ...]]
Record = Mapping[str, object]
Value = TypeVar("Value")
# Names of splits as people write them, and what they are called here.
SPLITS = {name: name for name in ("train", "validation", "test")} | dict.fromkeys(
    ("val", "dev", "valid"), "validation"
)
# A field of lists of labels has what is between several of them in its metadata by this key, nothing if a row has one.
SEPARATED = b"label_separator"
Records = Iterator[tuple[int, Value | str]]  # (line, record), or (line, reason why it cannot be read)


@dataclass(frozen=True)
class Fault:
    """A record that cannot be read: its row number, the line it starts on (both from 1) and what is wrong."""

    number: int
    line: int
    reason: str


@dataclass(frozen=True)
class SourceBatch:
    """Some records with the source's columns; `numbers` and `lines` place each row, `faults` are the broken ones."""

    rows: pa.RecordBatch
    numbers: list[int]
    lines: list[int]
    faults: list[Fault]


class Table(Protocol):
    """One table of a corpus: a file, or one split of a saved data set. `name` is used in row ids and messages."""

    @property
    def name(self) -> str:
        """The file relative to the root of the corpus."""

    @property
    def split(self) -> str | None:
        """The split the table is, where a saved dataset names it."""

    def schema(self, whole: bool) -> pa.Schema:
        """Return names and types of the columns, from the head of the file or from all of it."""

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the records, `size` at a time; a JSON value of a type not allowed in its column is a fault."""

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return at most `count` records of the head as plain values, those that cannot be read left out.

        No Arrow array is made of Python values: the first one takes a second where pandas is installed.
        """


def gathered(
    records: Records[Value], make: Callable[[list[Value]], pa.RecordBatch], size: int
) -> Iterator[SourceBatch]:
    """Yield records `size` at a time, the broken ones apart; row numbers count both."""
    rows: list[Value] = []
    numbers: list[int] = []
    lines: list[int] = []
    faults: list[Fault] = []
    for number, (line, record) in enumerate(records, 1):
        if isinstance(record, str):
            faults.append(Fault(number, line, record))
        else:
            rows.append(record)
            numbers.append(number)
            lines.append(line)
        if number % size == 0:
            yield SourceBatch(make(rows), numbers, lines, faults)
            rows, numbers, lines, faults = [], [], [], []
    if rows or faults:
        yield SourceBatch(make(rows), numbers, lines, faults)


def distinct(names: Iterable[str], where: str, what: str) -> tuple[str, ...]:
    """Return the names; RequestError if one is there twice."""
    kept = tuple(names)
    seen = set[str]()
    for name in kept:
        if name in seen:
            raise RequestError(where, f"the {what} `{name}` is named twice", "rename or remove one of them")
        seen.add(name)
    return kept


def label_of(labels: list[object], field: pa.Field | None = None) -> object:
    """Return the label of a list: the only one, None of an empty one; where the field has a separator, all of them as one text.

    ValueError with the reason for a reject if there are several and no separator, or one with the separator in it.
    """
    separator = separator_of(field)
    if separator is None:
        if len(labels) > 1:
            how = "give lists in JSON or Parquet" if field is None else "set `corpus.label_separator`"
            raise ValueError(f"several labels where a row may have one: {how}")
        return labels[0] if labels else None
    nested = next((label for label in labels if isinstance(label, list | dict)), None)
    if nested is not None:
        raise ValueError(f"a label is a {type(nested).__name__} where a text or a number is needed")
    names = [name for name in map(_written, labels) if name]
    if labels and not names:
        return None
    inside = next((name for name in names if separator in name), None)
    if inside is not None:
        raise ValueError(f"the separator {separator!r} is in the label `{inside}`: choose another")
    # In their own order, as the file's own column keeps it; the label of the row is sorted later.
    return separator.join(names) or NONE


def separator_of(field: pa.Field | None) -> str | None:
    """Return what is between the labels of a row in a field; None where a row has one."""
    noted = ((field.metadata or {}) if field is not None else {}).get(SEPARATED)
    return noted.decode() if noted else None


def is_of_labels(field: pa.Field) -> bool:
    """Return whether a field has lists of labels."""
    return SEPARATED in (field.metadata or {})


def _written(label: object) -> str:
    """Return a label of a list as text, as it is in a cell of its own; empty if there is none."""
    if label is None:
        return ""
    return plain(str(label).lower() if isinstance(label, bool) else str(label)).strip()
