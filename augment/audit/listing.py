"""The findings of an audit as a CSV file, for people to decide on, in a spreadsheet for example.

require_free(path)                   # before the work: RequestError if something else is there
write_findings(path, result.findings)
"""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from augment.audit.findings import Finding
from augment.errors import RequestError
from augment.tables.files import write_text
from augment.text.spreadsheet import cell

# A spreadsheet takes a file for UTF-8 by the mark at its beginning.
_MARK = "\ufeff"
_HEAD = ",".join(Finding._fields)


def require_free(path: Path) -> None:
    """Raise RequestError if a list cannot be written there: another ending, or something there that is no list."""
    where = f"--output {path}"
    if path.suffix.lower() != ".csv":
        raise RequestError(where, "the list is written as CSV", "name a file that ends in .csv")
    if path.is_dir():
        raise RequestError(where, "this is a folder", "name a file in it")
    if path.exists() and not _is_list(path):
        raise RequestError(where, "something is there that `augment audit` did not write", "name a new file")


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write the list, in UTF-8 with its mark; cells that a spreadsheet would take for a formula begin with an apostrophe."""
    stream = io.StringIO()
    lines = csv.writer(stream)
    lines.writerow(Finding._fields)
    for finding in findings:
        others, labels = "; ".join(finding.others), "; ".join(finding.other_labels)
        shown = (finding.id, finding.split, finding.label or "", finding.reason, others, labels)
        lines.writerow([*map(cell, shown), f"{finding.score:g}", cell(finding.text)])
    write_text(path, _MARK + stream.getvalue())


def _is_list(path: Path) -> bool:
    """Return whether a file begins as a list does."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.readline(200).decode("utf-8", "replace").strip() == _MARK + _HEAD
