"""Read files of decisions: those that a report saves, and the exports of Argilla, Label Studio and doccano.

read_decisions([Path("decisions.jsonl")])      # {"decisions": [Decision(...), ...]}
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from augment.errors import DataError, RequestError
from augment.review.decision import Decision, parsed
from augment.review.exchange_formats import from_argilla, from_doccano, from_label_studio, from_row
from augment.text.spreadsheet import original

_HINT = "name a file that a report saved, or an export of Argilla, Label Studio or doccano"


def read_decisions(paths: Sequence[Path]) -> dict[str, list[Decision]]:
    """Return the decisions of each person: the reviewer that a file names, else the name of the file.

    RequestError for a file that is not there, and for two of one name where that is all there is of a person; DataError, with the
    line, for one that holds something else.
    """
    people: dict[str, list[Decision]] = {}
    own = {path.resolve(): path for path in paths}
    names = Counter(path.stem for path in own.values())
    for path in own.values():
        for number, decision in _numbered(path):
            name = " ".join((decision.reviewer or "").split()) or path.stem
            if name == path.stem and names[name] > 1:
                raise RequestError(
                    str(path),
                    f"another file is named {path.stem} too, and nothing shows which person each is of",
                    "name each file after its person, or enter a name in the report before saving",
                )
            if "," in name:
                raise DataError(
                    f"{path}:{number}",
                    f"the reviewer `{name}` has a comma in the name",
                    "names are listed with commas between them: write it without",
                )
            people.setdefault(name, []).append(decision)
    return people


def read_log(path: Path) -> list[Decision]:
    """Return the decisions that were applied to a folder before, as they were written there: a row may have several people."""
    return [decision for _, decision in _numbered(path)]


def _numbered(path: Path) -> Iterator[tuple[int, Decision]]:
    """Yield the decisions of a file, each with its line."""
    if not path.is_file():
        raise RequestError(str(path), "there is no such file", _HINT)
    is_csv = path.suffix.lower() == ".csv"
    try:
        # A line break within a cell of CSV stays as it is.
        with path.open(encoding="utf-8-sig", newline="" if is_csv else None) as stream:
            text = stream.read()
    except UnicodeDecodeError:
        raise DataError(str(path), "it is not UTF-8", _HINT) from None
    if not text.strip():
        raise DataError(str(path), "the file is empty: it has no decision", _HINT)
    read = _csv if is_csv else _list if text.lstrip().startswith("[") else _lines
    for number, values in read(text, path):
        yield number, parsed(values, f"{path}:{number}")


def _lines(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the decisions of JSON lines: those of a report, those exported and filled in, or those of doccano."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            raise DataError(f"{path}:{number}", "the line is not JSON", _HINT) from None
        if not isinstance(values, dict):
            raise DataError(f"{path}:{number}", "the line is no JSON object", _HINT)
        if "sample" in values:
            yield from ((number, one) for one in from_doccano(values))
        elif "suggested" in values:
            yield from ((number, one) for one in from_row(values))
        else:
            yield number, values


def _list(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the decisions of a list: the export of Argilla or of Label Studio."""
    try:
        records = json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(str(path), "the file is not JSON", _HINT) from None
    for number, record in enumerate(records, 1):
        if not isinstance(record, dict) or not record.keys() & {"fields", "data"}:
            raise DataError(f"{path}, record {number}", "neither of Argilla nor of Label Studio", _HINT)
        try:
            answers = list(from_argilla(record) if "fields" in record else from_label_studio(record))
        except (TypeError, KeyError, AttributeError, IndexError, RecursionError):
            raise DataError(f"{path}, record {number}", "its answers have another form", _HINT) from None
        yield from ((number, one) for one in answers)


def _csv(text: str, path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the decisions of a table that was exported and filled in, also one that a spreadsheet saved with semicolons or tabs."""
    csv.field_size_limit(1 << 30)
    head = text.splitlines()[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = {"id", "hash", "decision"} - set(reader.fieldnames or ())
    if missing:
        raise DataError(
            str(path),
            f"no column `{sorted(missing)[0]}`",
            "fill in a table that `augment export --to csv` wrote",
        )
    for row in _rows(reader, path):
        # Text that would be a formula in a spreadsheet has an apostrophe before it.
        cells = {name: original(value) for name, value in row.items() if isinstance(value, str)}
        yield from ((reader.line_num, one) for one in from_row(cells))


def _rows(reader: "csv.DictReader[str]", path: Path) -> Iterator[dict[str, Any]]:
    """Yield the rows of a table; DataError where it is damaged."""
    try:
        yield from reader
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}", f"the table is damaged: {error}", _HINT) from None
