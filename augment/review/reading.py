"""Read files of decisions: those that a report saves, and the exports of Argilla, Label Studio and doccano.

read_decisions([Path("decisions.jsonl")])      # {"decisions": [Decision(...), ...]}
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from augment.errors import DataError, RequestError
from augment.review.decision import Decision, parsed

_HINT = "name a file that a report saved, or an export of Argilla, Label Studio or doccano"


def read_decisions(paths: Sequence[Path]) -> dict[str, list[Decision]]:
    """Return the decisions of each person: the reviewer that a file names, else the name of the file.

    RequestError for a file that is not there; DataError, with the line, for one that holds something else.
    """
    people: dict[str, list[Decision]] = {}
    for path in paths:
        for number, decision in _numbered(path):
            name = decision.reviewer or path.stem
            if "," in name:
                raise DataError(
                    f"{path}:{number}",
                    f"the reviewer `{name}` has a comma in the name",
                    "names are listed with commas between them: write it without",
                )
            people.setdefault(name, []).append(decision)
    return people


def _numbered(path: Path) -> Iterator[tuple[int, Decision]]:
    """Yield the decisions of a file, each with its line."""
    if not path.is_file():
        raise RequestError(str(path), "there is no such file", _HINT)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(str(path), "it is not UTF-8", _HINT) from None
    if not text.strip():
        raise DataError(str(path), "the file is empty: it has no decision", _HINT)
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                values = json.loads(line)
            except (ValueError, RecursionError):
                raise DataError(f"{path}:{number}", "the line is not JSON", _HINT) from None
            yield number, parsed(values, f"{path}:{number}")
