"""Write the key-word table of a run's `keywords` stage, and flags.csv, in which a user accepts shortcuts.

keywords.parquet    n-grams by class: share of the attribution, rows, chi-square, flag; form: how it is written
flags.csv           the flagged ones, with an empty column `accept`
"""

import csv
import io
from collections import Counter
from pathlib import Path

from augment.pipeline.definition import Pipeline
from augment.tables.files import read_table, write_table, write_text
from augment.text.spreadsheet import cell

TABLE, FLAGS = "keywords.parquet", "flags.csv"
_COLUMNS = (
    "label",
    "kind",
    "text",
    "form",
    "flag",
    "rows",
    "purity",
    "coverage",
    "share",
    "top",
    "chi_square",
)


def write_keywords(folder: Path, plan: Pipeline) -> list[dict[str, object]]:
    """Write the table and the flags, if a stage has made them; return the flagged rows."""
    made = (stage.flags_table(folder / "run") for stage in plan.stages)
    path = next((path for path in made if path is not None), None)
    if path is None:
        return []
    table = read_table(path)
    flagged = _by_share([row for row in table.to_pylist() if row["flag"] is not None])
    write_table(folder / TABLE, table)
    # A spreadsheet takes a file for UTF-8 by the mark at its beginning.
    write_text(folder / FLAGS, "\ufeff" + flags_csv(flagged))
    return flagged


def leading(folder: Path, top: int) -> list[dict[str, object]]:
    """Return the first units of each class of a finished run, those with most of its attribution, and all flagged ones.

    Nothing for a run without a key-word table. Units that avoid a class are left out.
    """
    if not (folder / TABLE).exists():
        return []
    facts, seen = [], Counter[str]()
    for row in read_table(folder / TABLE).to_pylist():
        if row["chi_square"] > 0 and (row["flag"] is not None or seen[row["label"]] < top):
            facts.append(row)
            seen[row["label"]] += 1
    return facts


def _by_share(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return rows, those with most of the attribution first."""
    return sorted(rows, key=lambda row: -float(str(row["share"])))


def flags_csv(rows: list[dict[str, object]]) -> str:
    """Return flags as CSV for a spreadsheet."""
    stream = io.StringIO()
    lines = csv.writer(stream)
    lines.writerow(["accept", *_COLUMNS])
    for row in rows:
        lines.writerow(["", *(_written(row[name]) for name in _COLUMNS)])
    return stream.getvalue()


def _written(value: object) -> object:
    """Return a value as it is written in flags.csv: figures short, and no word a formula of the spreadsheet that opens it."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return cell(value) if isinstance(value, str) else value
