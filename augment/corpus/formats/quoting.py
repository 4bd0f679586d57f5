r"""The records of a file whose fields may be quoted, each with the line it begins on.

Strictly a quote opens a field up to the next one, over any number of lines. Loosely, as most TSV files are meant, a quote is a
character like others unless it opens a field that another one closes.

    for line, fields in quoted(path, "utf-8", Dialect("\t", "loose"), width=2, whole=True):
        ...
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from augment.corpus.formats.dialect import Dialect, fields, reader
from augment.corpus.formats.encoding import text
from augment.corpus.formats.records import Records
from augment.errors import DataError

_LONGEST = 1 << 24  # characters in which a quote of a loose file must be closed
_WHOLE = re.compile(r'"((?:[^"]|"")*)"', re.DOTALL)


def quoted(path: Path, encoding: str, dialect: Dialect, width: int | None, whole: bool) -> Records[list[str]]:
    """Yield records that have fields; of a loose file they have `width` ones, those of the first record if it is None.

    The csv module's own limit of 131,072 characters a field is lifted; it is a setting of the process, set here on use.
    """
    csv.field_size_limit(1 << 30)
    with text(path, encoding, "", whole) as stream:
        if dialect.quoting == "loose":
            yield from _loose(stream, dialect, width)
        else:
            yield from _strict(stream, path, dialect, whole)


def _strict(stream: Iterator[str], path: Path, dialect: Dialect, whole: bool) -> Records[list[str]]:
    """Yield the records; DataError for a quote that is never closed."""
    records = reader(stream, dialect)
    while True:
        start = records.line_num + 1
        try:
            record = next(records, None)
        except csv.Error as error:
            if str(error) == "unexpected end of data":
                if not whole:  # the head may end within a quoted field
                    return
                hint = "close it, or set `corpus.quoted: false` if quotes are plain characters in this file"
                raise DataError(
                    f"{path}:{start}", "a quote opened in this record is never closed", hint
                ) from None
            yield start, f"broken quoting: {error}"
            continue
        if record is None:
            return
        if record:
            yield start, fields(record, dialect)


class _PushbackLines:
    """Lines that can be given back; `number` is that of the line taken last."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._back: deque[str] = deque()
        self.number = 0

    def take(self) -> str | None:
        """Return the next line, None at the end."""
        line = self._back.popleft() if self._back else next(self._stream, None)
        self.number += line is not None
        return line

    def give_back(self, lines: list[str]) -> None:
        """Let lines be taken again."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


class _Quoted(NamedTuple):
    """The fields of a record read by its quotes, and the lines behind the first that it takes."""

    fields: list[str]
    further: list[str]


def _loose(stream: Iterator[str], dialect: Dialect, width: int | None) -> Records[list[str]]:
    """Yield the records of a file in which quotes may be characters."""
    lines = _PushbackLines(stream)
    while (line := lines.take()) is not None:
        start, parts = lines.number, _parts(line, dialect)
        if parts == [""]:
            continue
        record = parts
        if any(part.startswith('"') for part in parts):
            quoted = _by_quotes(line, lines, dialect)
            if quoted is not None and _is_meant(quoted, parts, dialect, width):
                record = quoted.fields
            else:
                lines.give_back(quoted.further if quoted is not None else [])
                record = [_unquoted(part) for part in parts]
        width = len(record) if width is None else width
        yield start, record


def _by_quotes(line: str, lines: _PushbackLines, dialect: Dialect) -> _Quoted | None:
    """Return the record that begins with a line, read strictly; None, with all lines given back, if it is broken."""
    further: list[str] = []

    def feed() -> Iterator[str]:
        """Yield the line and those behind it."""
        size = len(line)
        yield line
        while size < _LONGEST and (after := lines.take()) is not None:
            further.append(after)
            size += len(after)
            yield after

    try:
        return _Quoted(next(reader(feed(), dialect)), further)
    except csv.Error:
        lines.give_back(further)
        return None


def _is_meant(quoted: _Quoted, parts: list[str], dialect: Dialect, width: int | None) -> bool:
    """Return whether a record is one by its quotes.

    It is not where its lines would do without: a quote that opens a row, and one that closes another, swallow the rows between.
    """
    if not quoted.further:
        return width is None or len(quoted.fields) == width or len(parts) != width
    rows = len(parts) == width and len(_parts(quoted.further[-1], dialect)) == width
    return len(quoted.fields) == width and not rows


def _parts(line: str, dialect: Dialect) -> list[str]:
    """Return what is between the delimiters of a line."""
    return line.removesuffix("\n").removesuffix("\r").split(dialect.delimiter)


def _unquoted(part: str) -> str:
    """Return a field without the quotes around it, if it has both and no single one between."""
    whole = _WHOLE.fullmatch(part)
    return whole.group(1).replace('""', '"') if whole else part
