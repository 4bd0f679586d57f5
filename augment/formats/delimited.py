"""CSV, TSV, plain lines, and lines of a text and a label: everything in them is a string.

Fields may be quoted or not; a line that does not part into the fields named is a fault, and the next one is read.

    TextTable("reviews.csv", Path("data/reviews.csv"), "csv", config).schema(whole=False)       # text, label
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from pathlib import Path

import pyarrow as pa

from augment.decode import encoding_of, lines, text
from augment.errors import DataError
from augment.formats.records import Allowed, Batch, Record, Records, distinct, gathered, only_label
from augment.job import CorpusConfig

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
        """Return the columns that the header, the config or the format names."""
        names, _ = self._open(whole)
        return pa.schema([(name, pa.string()) for name in names])

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the records as strings; one with too few or too many fields is a fault."""

        def make(rows: list[list[str]]) -> pa.RecordBatch:
            columns = list(zip(*rows, strict=True)) or [()] * len(schema)
            return pa.RecordBatch.from_arrays(
                [pa.array(column, pa.string()) for column in columns], schema=schema
            )

        names, records = self._open(whole=True)
        yield from gathered(_of_width(records, len(names)), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first records as strings."""
        names, records = self._open(whole=False)
        rows = islice(_of_width(records, len(names)), count)
        return [dict(zip(names, row, strict=True)) for _, row in rows if not isinstance(row, str)]

    def _open(self, whole: bool) -> tuple[tuple[str, ...], Records[list[str]]]:
        """Return the names of the columns, and the records behind the header."""
        records = self._records(whole)
        if self.format in PLAIN:
            return PLAIN[self.format], records
        if self.config.columns is not None:
            return distinct(self.config.columns, "corpus.columns", "column"), records
        line, header = next(records, (1, "the file has no header"))
        if isinstance(header, str):
            raise DataError(
                f"{self.path}:{line}", header, "name the columns in the first row or in `corpus.columns`"
            )
        return distinct(header, f"{self.path}:{line}", "column"), records

    def _records(self, whole: bool) -> Records[list[str]]:
        """Yield every record that is not blank, the header included."""
        encoding = encoding_of(self.path, self.config.encoding, whole)
        delimiter = self.config.delimiter or ("," if self.format == "csv" else "\t")
        if self.config.quoted if self.config.quoted is not None else self.format in ("csv", "tsv"):
            yield from _quoted(self.path, encoding, delimiter, whole)
            return
        for number, line in lines(self.path, encoding, whole):
            if self.format == "lines":
                yield number, [line]
            elif line.strip():
                yield number, _parted(line, delimiter, self.format)


def _of_width(records: Records[list[str]], width: int) -> Records[list[str]]:
    """Yield the records, those with another number of fields as faults."""
    for line, record in records:
        wrong = not isinstance(record, str) and len(record) != width
        yield line, f"{len(record)} fields where {width} are named" if wrong else record


def _quoted(path: Path, encoding: str, delimiter: str, whole: bool) -> Records[list[str]]:
    """Yield records whose fields may be quoted and hold line ends; DataError for a quote that is never closed.

    The csv module's own limit of 131,072 characters a field is lifted; it is a setting of the process, set here on use.
    """
    csv.field_size_limit(1 << 30)
    with text(path, encoding, "", whole) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        while True:
            start = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                if str(error) == "unexpected end of data":
                    if not whole:  # the head may end within a quoted field
                        return
                    hint = (
                        "close it, or set `corpus.quoted: false` if quotes are plain characters in this file"
                    )
                    raise DataError(
                        f"{path}:{start}", "a quote opened in this record is never closed", hint
                    ) from None
                yield start, f"broken quoting: {error}"
                continue
            if fields is None:
                return
            if fields:
                yield start, fields


def _parted(line: str, delimiter: str, kind: str) -> list[str] | str:
    """Return the fields of an unquoted line; a label is parted from its text once, wherever else delimiters stand."""
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
        label = str(only_label(list(labels)))
    except ValueError as error:
        return str(error)
    return [label, line.removeprefix(label).lstrip()]
