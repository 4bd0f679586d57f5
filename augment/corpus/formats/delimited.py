"""CSV, TSV, plain lines, and lines of a text and a label: everything in them is a string.

Fields may be quoted or not; a line that does not part into the fields named is a fault, and the next one is read.

    TextTable("reviews.csv", Path("data/reviews.csv"), "csv", config).schema(whole=False)       # text, label
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from augment.config.sections import CorpusConfig
from augment.corpus.formats.dialect import dialect_of
from augment.corpus.formats.encoding import encoding_of, lines, text
from augment.corpus.formats.quoting import quoted
from augment.corpus.formats.records import (
    Allowed,
    Record,
    Records,
    SourceBatch,
    distinct,
    gathered,
    label_of,
)
from augment.errors import DataError

# What labels begin with in files for fastText; they are parted from the text, and from each other, by white space.
FASTTEXT = "__label__"
PLAIN = {"lines": ("text",), "text-label": ("text", "label"), "label-text": ("label", "text")}


@dataclass(frozen=True)
class TextTable:
    """A delimited or plain text file; every column is a string."""

    name: str
    path: Path
    format: str
    config: CorpusConfig
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns that the header, the config or the format names; nameless ones only if they hold something."""
        head = self._open(whole)
        held = _held(head) if head.nameless else set()
        return pa.schema(
            [
                (name, pa.string())
                for index, name in enumerate(head.names)
                if index not in head.nameless or index in held
            ]
        )

    def batches(
        self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True
    ) -> Iterator[SourceBatch]:
        """Yield the records as strings; one with too few or too many fields is a fault."""
        head = self._open(whole=True)
        indices = [head.names.index(name) for name in schema.names]

        def make(rows: list[list[str]]) -> pa.RecordBatch:
            return pa.RecordBatch.from_arrays(
                [pa.array([row[index] for row in rows], pa.string()) for index in indices], schema=schema
            )

        yield from gathered(_of_width(head), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first records as strings."""
        head = self._open(whole=False)
        rows = islice(_of_width(head), count)
        return [dict(zip(head.names, row, strict=True)) for _, row in rows if not isinstance(row, str)]

    def _open(self, whole: bool) -> "_Head":
        """Return the names of the columns, and the records behind the header."""
        records = self._records(whole)
        if self.format in PLAIN:
            return _Head(PLAIN[self.format], PLAIN[self.format], records)
        if self.config.columns is not None:
            names = distinct(self.config.columns, "corpus.columns", "column")
            return _Head(names, names, records)
        line, header = next(records, (1, "the file has no header"))
        if isinstance(header, str):
            raise DataError(
                f"{self.path}:{line}", header, "name the columns in the first row or in `corpus.columns`"
            )
        return _Head(distinct(_named(header), f"{self.path}:{line}", "column"), tuple(header), records)

    def _records(self, whole: bool) -> Records[list[str]]:
        """Yield every record that is not blank, the header included."""
        encoding = encoding_of(self.path, self.config.encoding, whole)
        delimiter = self.config.delimiter or "\t"
        if self.format in ("csv", "tsv"):
            with text(self.path, encoding, "", whole=False) as stream:
                dialect = dialect_of(list(stream), self.format, self.config)
            if dialect.quoting != "none":
                width = len(self.config.columns) if self.config.columns else None
                yield from quoted(self.path, encoding, dialect, width, whole)
                return
            delimiter = dialect.delimiter
        for number, line in lines(self.path, encoding, whole):
            if self.format == "lines":
                yield number, [line]
            elif line.strip():
                yield number, _parted(line, delimiter, self.format)


class _Head(NamedTuple):
    """The names of the columns, the row that names them, and the records."""

    names: tuple[str, ...]
    header: Sequence[str]
    records: Records[list[str]]

    @property
    def nameless(self) -> set[int]:
        """The places of columns that the header does not name."""
        return {index for index, name in enumerate(self.header) if not name.strip()}


def _named(header: Sequence[str]) -> Iterator[str]:
    """Yield the names in a header, and new ones for columns without: `column_3` is the third."""
    for number, name in enumerate(header, 1):
        new = f"column_{number}"
        while new in header:
            new += "_"
        yield name if name.strip() else new


def _held(head: _Head) -> set[int]:
    """Return the places of nameless columns in which a record holds something."""
    held: set[int] = set()
    for _, record in _of_width(head):
        if not isinstance(record, str):
            held |= {index for index in head.nameless - held if record[index].strip()}
        if held == head.nameless:
            break
    return held


def _of_width(head: _Head) -> Records[list[str]]:
    """Yield the records; those with another number of fields, or that are the header again, as faults.

    Empty fields after those that have a name may be there or left out.
    """
    width, named = len(head.names), max(set(range(len(head.names))) - head.nameless, default=0) + 1
    for line, record in head.records:
        if isinstance(record, str):
            yield line, record
        elif width > 1 and record == list(head.header):
            yield line, "the header once more, not a row"
        elif named <= len(record) <= width or not any(record[width:]):
            filled = [*record[:width], *[""] * (width - len(record))]
            yield line, filled if len(record) >= named else _fields(record, width)
        else:
            yield line, _fields(record, width)


def _fields(record: list[str], width: int) -> str:
    """Return the fault of a record with another number of fields than columns."""
    return f"{len(record)} fields where {width} are named"


def _parted(line: str, delimiter: str, kind: str) -> list[str] | str:
    """Return the fields of an unquoted line; a label is parted from its text once, wherever else there are delimiters."""
    if kind in ("csv", "tsv"):
        return line.split(delimiter)
    if kind == "label-text" and line.startswith(FASTTEXT):
        return _of_fasttext(line)
    if delimiter not in line:
        return f"no delimiter {delimiter!r} between text and label"
    return line.split(delimiter, 1) if kind == "label-text" else line.rsplit(delimiter, 1)


def _of_fasttext(line: str) -> list[str] | str:
    """Return the label and the text of a line for fastText; why it is refused if a second label follows."""
    labels = list(takewhile(lambda word: word.startswith(FASTTEXT), line.split()))
    try:
        label = str(label_of(list(labels)))
    except ValueError as error:
        return str(error)
    return [label, line.removeprefix(label).lstrip()]
