"""Draw the report of a finished run from its folder: no model, no torch, no pandas.

The tables of words per class use every row; the samples drawn are at most `rows` source rows with their samples,
taken in turn from every label and outcome, changed predictions and the largest errors first.
"""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augment.output.diversity import written
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.keywords import leading
from augment.output.manifest import read_summary, record
from augment.output.report_sample import sample
from augment.output.totals import figure, percent
from augment.report.page import Page, draw
from augment.report.words import WordTable
from augment.tables.columns import attributions_in
from augment.tables.files import batches, canonical, in_parts, read_json, write_text
from augment.tables.locking import locked, sweep_inside
from augment.tables.run_folder import MANIFEST, require_finished

REPORT = "report.html"
_TOP, _NGRAMS = 12, 10
_FREQUENT = 8


def redraw(folder: Path, rows: int = 5000) -> Path:
    """Draw the report of a finished run again, put its SHA-256 into the manifest, and return its path.

    What an earlier one that was killed left half-written is removed. RequestError if there is no run, LockedError if one is
    at work in the folder.
    """
    require_finished(folder)
    with locked(folder):
        sweep_inside(folder)
        page = draw_folder(folder, rows)
        record(page)
    return page


def draw_folder(folder: Path, rows: int = 5000) -> Path:
    """Write report.html into the folder of a finished run and return its path; RequestError if there is no run."""
    require_finished(folder)
    manifest = read_json(folder / MANIFEST)
    with in_parts(folder / SOURCE_ROWS) as file:
        names = file.schema_arrow.names
        methods = attributions_in(names)
        words = WordTable()
        for batch in _scored(file, methods):
            words.add(batch, methods[0])
    chosen = sample(folder, next(iter(methods), None), rows)
    source_rows = _only(folder / SOURCE_ROWS, "id", chosen)
    samples = _only(folder / SAMPLES, "source_id", chosen) if (folder / SAMPLES).exists() else _no_samples()
    summary, job = _mapping(manifest["summary"]), _mapping(manifest["job"])
    page = Page(
        title=f"{job.get('name', '')}: {summary['pipeline']}",
        findings=read_summary(folder).findings,
        facts=_facts(summary, job),
        variety=_variety(summary),
        notices=tuple(str(notice) for notice in _list(summary["notices"])),
        source_rows=source_rows,
        samples=samples,
        methods=methods,
        top=words.top(_TOP),
        ngrams=leading(folder, _NGRAMS),
        total_source_rows=_rows_in(folder / SOURCE_ROWS),
        unit=_unit_of_scores(manifest),
        made_by=f"augment {manifest['augment']}",
        run=sha256(canonical(manifest["fingerprint"]).encode()).hexdigest()[:16],
        total_samples=_rows_in(folder / SAMPLES),
    )
    write_text(folder / REPORT, draw(page))
    return folder / REPORT


def _rows_in(path: Path) -> int:
    """Return the number of rows of a file, 0 if there is none."""
    return pq.read_metadata(path).num_rows if path.exists() else 0


def _scored(file: pq.ParquetFile, methods: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """Yield the words of every row with their scores by the first method, if any."""
    if methods:
        yield from batches(file, ["tokens", methods[0], f"{methods[0]}_target"])


def _only(path: Path, name: str, values: pa.Array) -> pa.Table:
    """Return the rows of a file whose column `name` is among the values, read a group at a time."""
    with in_parts(path) as file:
        groups = (file.read_row_group(number) for number in range(file.num_row_groups))
        kept = [group.filter(pc.is_in(group.column(name), values)) for group in groups]
        return pa.concat_tables(kept) if kept else file.schema_arrow.empty_table()


def _no_samples() -> pa.Table:
    """Return a table of no samples."""
    return pa.table(
        {
            "id": pa.array([], pa.string()),
            "source_id": pa.array([], pa.string()),
            "text": pa.array([], pa.string()),
        }
    )


def _facts(summary: dict[str, object], job: dict[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the facts of the run for the head of the report; its names have Chinese ones in report/strings.js."""
    model, counts = _mapping(job.get("model")), _mapping(summary["counts"])
    facts = [("pipeline", str(summary["pipeline"])), ("model", str(model.get("path", "")))]
    facts += [("folds", str(model["folds"]))] if model.get("folds") else []
    facts += [(name, f"{count:,}") for name, count in counts.items() if isinstance(count, int) and count]
    facts += [
        (name, figure(name, float(str(value)))) for name, value in _mapping(summary.get("attack")).items()
    ]
    for method, errors in _mapping(summary["attribution"]).items():
        values = _mapping(errors)
        facts.append(
            (
                f"{method} error (median, worst)",
                ", ".join(percent(float(str(values[name]))) for name in ("median_error", "worst_error")),
            )
        )
    return tuple(facts)


def _variety(summary: dict[str, object]) -> tuple[tuple[str, str], ...]:
    """Return the figures of how varied the samples are; nothing where there are none."""
    variety = _mapping(summary.get("diversity"))
    figures = tuple((name, written(name, float(str(value)))) for name, value in variety.items())
    frequent = [
        f"{edit} ({float(str(share)):.1%})" for edit, share in _mapping(summary.get("replacements")).items()
    ]
    return (*figures, ("most frequent edits", ", ".join(frequent[:_FREQUENT]))) if frequent else figures


def _unit_of_scores(manifest: dict[str, object]) -> str:
    """Return what the scores are counted in: the quantity of the first attribute stage."""
    pipeline = _mapping(_mapping(manifest["fingerprint"]).get("pipeline"))
    stages = [_mapping(stage) for stage in _list(pipeline.get("stages"))]
    return next((str(stage["quantity"]) for stage in stages if "quantity" in stage), "")


def _mapping(value: object) -> dict[str, object]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    """Return a JSON array, or an empty one."""
    return value if isinstance(value, list) else []
