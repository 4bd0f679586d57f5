"""Draw two finished runs of one corpus next to each other: the same row under two models, methods or pipelines.

Rows are matched by id and text. Those that differ come first: another prediction, another most important word, other samples. Scores
are drawn where both runs cut the row into the same words.

    compare_folders(Path("runs/a"), Path("runs/b"), Path("a-b.html"))
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from augment.errors import RequestError
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.manifest import read_summary
from augment.report.page import Page, draw
from augment.tables.columns import attributions_in
from augment.tables.files import read_json, write_text
from augment.tables.run_folder import MANIFEST, require_finished

SIDES = ("A", "B")
# By which a file is known to be a page of ours, which may be written over.
_OURS = '<html lang="en" data-scale="signed">'


def compare_folders(one: Path, other: Path, output: Path | None = None, rows: int = 5000) -> Path:
    """Write a page of two finished runs, and return its path, by default A-B.html next to the first folder.

    RequestError if a folder holds no run, if they share no row, or if the file exists and is no page of ours.
    """
    for folder in (one, other):
        require_finished(folder)
    path = output or one.resolve().with_name(f"{one.resolve().name}-{other.resolve().name}.html")
    if path.exists() and _OURS not in path.read_text(encoding="utf-8", errors="replace")[:500]:
        raise RequestError(str(path), "the file exists and is no report", "name another one with --output")
    sides = (_Side(one, SIDES[0]), _Side(other, SIDES[1]))
    shared = [
        name
        for name, row in sides[0].rows.items()
        if name in sides[1].rows and _texts(row) == _texts(sides[1].rows[name])
    ]
    if not shared:
        raise RequestError(
            f"{one}, {other}",
            "the two runs share no row with the same id and text",
            "compare runs of the same corpus",
        )
    pairs = {name: _Pair(sides[0].rows[name], sides[1].rows[name], *sides) for name in shared}
    chosen = sorted(shared, key=lambda name: not pairs[name].differs)[:rows]
    methods = tuple(f"{side.mark} {method}" for side in sides for method in side.methods)
    merged = [pairs[name].merged() for name in chosen]
    samples = [sample for name in chosen for side in sides for sample in side.samples_of(name)]
    page = Page(
        title=f"A {sides[0].title} · B {sides[1].title}",
        facts=_facts(sides, list(pairs.values())),
        brief=("rows in both", "predictions that differ", "rows whose samples differ"),
        source_rows=pa.Table.from_pylist(merged, _schema(merged, sides)),
        samples=pa.Table.from_pylist(samples) if samples else pa.table({"id": pa.array([], pa.string())}),
        methods=methods,
        total_source_rows=len(shared),
        made_by=f"augment {read_json(one / MANIFEST)['augment']}",
        compared=True,
    )
    write_text(path, draw(page))
    return path


def _texts(row: Mapping[str, Any]) -> tuple[object, object]:
    """Return both texts of a row."""
    return row["text"], row["text_pair"]


class _Side:
    """One of the two runs."""

    def __init__(self, folder: Path, mark: str) -> None:
        """Read its rows and samples."""
        self.mark = mark
        table = pq.read_table(folder / SOURCE_ROWS)
        self.schema = table.schema
        self.methods = attributions_in(table.column_names)
        self.rows: dict[str, dict[str, Any]] = {row["id"]: row for row in table.to_pylist()}
        self._samples: dict[str, list[dict[str, Any]]] = {}
        if (folder / SAMPLES).exists():
            for row in pq.read_table(folder / SAMPLES).to_pylist():
                self._samples.setdefault(row["source_id"], []).append(row)
        self.summary = read_summary(folder)
        self.title = folder.resolve().name

    def texts_of(self, name: str) -> set[tuple[object, object, object]]:
        """Return the texts of a row's samples with their verdicts."""
        return {(*_texts(row), row["verdict"]) for row in self._samples.get(name, ())}

    def samples_of(self, name: str) -> list[dict[str, Any]]:
        """Return the samples of a row, marked."""
        return [
            {**row, "id": f"{row['id']} ({self.mark})", "compared": self.mark}
            for row in self._samples.get(name, ())
        ]


class _Pair:
    """A row in both runs."""

    def __init__(self, one: Mapping[str, Any], other: Mapping[str, Any], first: _Side, second: _Side) -> None:
        """Compare what the two runs made of it."""
        self._one, self._other, self._sides = one, other, (first, second)
        predicted = [
            row.get(f"{side.methods[0]}_pred") if side.methods else None
            for row, side in ((one, first), (other, second))
        ]
        self.prediction = None not in predicted and predicted[0] != predicted[1]
        self.samples = first.texts_of(one["id"]) != second.texts_of(one["id"])
        self.aligned = one.get("spans") == other.get("spans")
        tops = [
            _top(row.get(side.methods[0])) if side.methods else None
            for row, side in ((one, first), (other, second))
        ]
        self.top = self.aligned and None not in tops and tops[0] != tops[1]

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        return self.prediction or self.samples or self.top

    def merged(self) -> dict[str, Any]:
        """Return the row with the scores of both runs, each under the mark of its run."""
        first, second = self._sides
        ours = {name for side in self._sides for method in side.methods for name in _columns(side, method)}
        row = {name: value for name, value in self._one.items() if name not in ours}
        for side, source in ((first, self._one), (second, self._other)):
            for method in side.methods:
                for name in _columns(side, method):
                    value = source[name] if side is first or self.aligned or name != method else None
                    row[f"{side.mark} {name}"] = value
        return row


def _top(scores: Sequence[float | None] | None) -> int | None:
    """Return the token with the largest score, None without any."""
    known = [(abs(score), -index) for index, score in enumerate(scores or ()) if score is not None]
    return -max(known)[1] if known else None


def _columns(side: _Side, method: str) -> list[str]:
    """Return the columns of a method in a run."""
    return [name for name in side.schema.names if name == method or name.startswith(f"{method}_")]


def _schema(merged: Sequence[Mapping[str, Any]], sides: Sequence[_Side]) -> pa.Schema:
    """Return the types of merged rows."""
    kinds = {name: sides[0].schema.field(name).type for name in sides[0].schema.names}
    for side in sides:
        for method in side.methods:
            kinds |= {f"{side.mark} {name}": side.schema.field(name).type for name in _columns(side, method)}
    return pa.schema([(name, kinds[name]) for name in merged[0]])


def _facts(sides: Sequence[_Side], pairs: Sequence[_Pair]) -> tuple[tuple[str, str], ...]:
    """Return what differs, in numbers, and the counts of both runs."""
    total = len(pairs)
    differing = (
        ("rows in both", total),
        ("predictions that differ", sum(pair.prediction for pair in pairs)),
        ("rows whose most important word differs", sum(pair.top for pair in pairs)),
        ("rows whose samples differ", sum(pair.samples for pair in pairs)),
        ("rows cut into other words", sum(not pair.aligned for pair in pairs)),
    )
    facts = [(name, f"{count:,}") for name, count in differing if count or name == "rows in both"]
    facts += [(f"run {side.mark}", side.title) for side in sides]
    one, other = (side.summary.counts for side in sides)
    names = [name for name in {**one, **other} if one.get(name) or other.get(name)]
    return (*facts, *((name, f"A {one.get(name, 0):,} · B {other.get(name, 0):,}") for name in names))
