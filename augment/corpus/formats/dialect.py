"""How a delimited file parts and quotes its fields, seen from its head: by the rows, not by a standard that few files keep.

dialect_of(lines, "csv", config)        # Dialect(delimiter=";", quoting="strict", spaced=False, escaped=False)
"""

import _csv
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Literal, NamedTuple

from augment.config.sections import CorpusConfig

_DELIMITERS = (",", "\t", ";", "|")
_ROWS = 500  # of the head, at most
# A quote behind a backslash, whose own backslash is not behind one, becomes a character that no text has.
_ESCAPED = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_QUOTE = "\udc22"


class Dialect(NamedTuple):
    """How fields are parted; strict: quotes part fields; loose: those of a field that is quoted whole; none: no quotes do.

    `spaced`: a space behind the delimiter is no part of the field. `escaped`: a backslash makes a quote a character.
    """

    delimiter: str
    quoting: Literal["strict", "loose", "none"]
    spaced: bool = False
    escaped: bool = False


def dialect_of(lines: Sequence[str], kind: str, config: CorpusConfig) -> Dialect:
    """Return the dialect of a csv or tsv file with these first lines, each with its end."""
    if config.quoted is False:
        return Dialect(_delimiter(lines, kind, config, quoted=False), "none")
    dialect = Dialect(_delimiter(lines, kind, config, quoted=True), "strict")
    if config.quoted is None and dialect.delimiter == "\t" and not _all_quoted(lines[:1], dialect):
        return dialect._replace(quoting="loose")
    first = 0 if config.columns else 1
    return _escaped(dialect._replace(spaced=_spaced(list(_rows(lines, dialect))[first:])), lines)


def reader(lines: Iterable[str], dialect: Dialect) -> "_csv.Reader":
    """Return a reader of the records of lines, strict about its quotes; `fields` is to be called on each record."""
    prepared = (_ESCAPED.sub(rf"\1{_QUOTE}", line) for line in lines) if dialect.escaped else lines
    return csv.reader(prepared, delimiter=dialect.delimiter, skipinitialspace=dialect.spaced, strict=True)


def fields(record: list[str], dialect: Dialect) -> list[str]:
    """Return the fields of a record as they are meant."""
    return [field.replace(_QUOTE, '"') for field in record] if dialect.escaped else record


def _delimiter(lines: Sequence[str], kind: str, config: CorpusConfig, quoted: bool) -> str:
    """Return the delimiter that the config names, else the format's own unless another parts the rows and it does not."""
    own = "," if kind == "csv" else "\t"
    if config.delimiter is not None:
        return config.delimiter
    shares = {
        one: _share(list(_rows(lines, Dialect(one, "strict" if quoted else "none"))), config.columns)
        for one in _DELIMITERS
    }
    best = max(_DELIMITERS, key=lambda one: shares[one])
    return best if shares[best] >= 0.9 > shares[own] else own


def _share(rows: list[list[str]], columns: tuple[str, ...] | None) -> float:
    """Return the share of rows with as many fields as columns are named; 0 if these are fewer than two."""
    width = len(columns) if columns else len(rows[0]) if rows else 0
    return sum(len(row) == width for row in rows) / len(rows) if width > 1 and rows else 0.0


def _rows(lines: Sequence[str], dialect: Dialect) -> Iterator[list[str]]:
    """Yield the first rows that are not blank; whatever is behind broken quotes belongs to them."""
    if dialect.quoting == "none":
        rows: Iterable[list[str]] = (line.rstrip("\r\n").split(dialect.delimiter) for line in lines)
    else:
        rows = csv.reader(lines, delimiter=dialect.delimiter)
    yield from islice((row for row in rows if any(row)), _ROWS)


def _spaced(rows: list[list[str]]) -> bool:
    """Return whether every delimiter of the rows has a space behind it, or one has a space and a quote."""
    behind = [field for row in rows for field in row[1:]]
    quoted = any(field.startswith(" ") and field.lstrip(" ").startswith('"') for field in behind)
    return quoted or (bool(behind) and all(field.startswith(" ") for field in behind))


def _escaped(dialect: Dialect, lines: Sequence[str]) -> Dialect:
    """Return the dialect, with backslashes where more of the records can be read then."""
    if not any('\\"' in line for line in lines):
        return dialect
    escaped = dialect._replace(escaped=True)
    return escaped if _broken(lines, escaped) < _broken(lines, dialect) else dialect


def _broken(lines: Sequence[str], dialect: Dialect) -> int:
    """Return how many of the first records cannot be read, or have another number of fields than the first."""
    records, widths, broken = reader(lines, dialect), [], 0
    for _ in range(_ROWS):
        try:
            widths.append(len(next(records)))
        except csv.Error:
            broken += 1
        except StopIteration:
            break
    return broken + sum(width != widths[0] for width in widths)


def _all_quoted(lines: Sequence[str], dialect: Dialect) -> bool:
    """Return whether all fields of lines are quoted: then whoever wrote the file quotes them all."""
    parts = [part for line in lines for part in line.rstrip("\r\n").split(dialect.delimiter)]
    return bool(parts) and all(len(part) > 1 and part[0] == part[-1] == '"' for part in parts)
