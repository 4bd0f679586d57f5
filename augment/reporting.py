"""Draw the report of a finished run from its folder: no model, no torch, no pandas.

The tables of words per class use every row; the samples drawn are at most `rows` source rows with their children,
taken in turn from every label and outcome, changed predictions and the largest errors first.
"""

from collections import defaultdict
from itertools import zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augment.errors import RequestError
from augment.exporting import CHILDREN, PARENTS
from augment.ledger import MANIFEST, read_json, write_text
from augment.report.page import Page, draw
from augment.report.words import WordTable

REPORT = "report.html"
_TOP = 20


def draw_folder(folder: Path, rows: int = 5000) -> Path:
    """Write report.html into the folder of a finished run and return its path; RequestError if there is no run."""
    if not (folder / MANIFEST).is_file():
        raise RequestError(
            str(folder),
            "there is no finished run here",
            "run a pipeline first: `augment run augment -c demo-zh`",
        )
    manifest = read_json(folder / MANIFEST)
    with pq.ParquetFile(folder / PARENTS) as file:
        names = file.schema_arrow.names
        methods = tuple(name.removesuffix("_status") for name in names if name.endswith("_status"))
        words = WordTable()
        for batch in file.iter_batches():
            if methods:
                words.add(batch, methods[0])
    chosen = _chosen(folder, methods, rows)
    parents = _only(folder / PARENTS, "id", chosen)
    children = _only(folder / CHILDREN, "parent", chosen) if (folder / CHILDREN).exists() else _no_children()
    summary, job = _mapping(manifest["summary"]), _mapping(manifest["job"])
    page = Page(
        title=f"{job.get('name', '')}: {summary['pipeline']}",
        facts=_facts(summary, job),
        notices=tuple(str(notice) for notice in _list(summary["notices"])),
        parents=parents,
        children=children,
        methods=methods,
        top=words.top(_TOP),
        total_parents=pq.read_metadata(folder / PARENTS).num_rows,
        unit=_unit(manifest),
        made_by=f"augment {manifest['augment']}",
    )
    write_text(folder / REPORT, draw(page))
    return folder / REPORT


def _chosen(folder: Path, methods: tuple[str, ...], rows: int) -> pa.Array:
    """Return the ids of the source rows to draw, in file order."""
    wanted = ["id", "label", *(f"{method}_error" for method in methods[:1])]
    table = pq.read_table(folder / PARENTS, columns=wanted)
    if table.num_rows <= rows:
        return table.column("id").combine_chunks()
    outcome = _outcomes(folder)
    errors = table.column(wanted[2]).to_pylist() if methods else [0.0] * table.num_rows
    strata: dict[tuple[str, str], list[tuple[float, int]]] = defaultdict(list)
    ids = table.column("id").to_pylist()
    for place, (name, label, error) in enumerate(
        zip(ids, table.column("label").to_pylist(), errors, strict=True)
    ):
        strata[str(label), outcome.get(name, "")].append((-(error or 0.0), place))
    ordered = (sorted(strata[key]) for key in sorted(strata))
    turns = [
        place for turn in zip_longest(*ordered) for entry in turn if entry is not None for place in [entry[1]]
    ]
    return pa.array([ids[place] for place in sorted(turns[:rows])], pa.string())


def _outcomes(folder: Path) -> dict[str, str]:
    """Return for each source row with children whether one changed the prediction, and the verdicts they got."""
    if not (folder / CHILDREN).exists():
        return {}
    names = pq.read_schema(folder / CHILDREN).names
    columns = [name for name in ("parent", "verdict", "pred_before", "pred_after") if name in names]
    found: dict[str, set[str]] = defaultdict(set)
    for batch in pq.ParquetFile(folder / CHILDREN).iter_batches(columns=columns):
        for row in batch.to_pylist():
            changed = row.get("pred_before") != row.get("pred_after")
            found[row["parent"]].add("changed" if changed else str(row.get("verdict")))
    return {name: "+".join(sorted(kinds)) for name, kinds in found.items()}


def _only(path: Path, name: str, values: pa.Array) -> pa.Table:
    """Return the rows of a file whose column `name` is among the values, read a group at a time."""
    with pq.ParquetFile(path) as file:
        groups = (file.read_row_group(number) for number in range(file.num_row_groups))
        kept = [group.filter(pc.is_in(group.column(name), values)) for group in groups]
        return pa.concat_tables(kept) if kept else file.schema_arrow.empty_table()


def _no_children() -> pa.Table:
    """Return a table of no children."""
    return pa.table(
        {
            "id": pa.array([], pa.string()),
            "parent": pa.array([], pa.string()),
            "text": pa.array([], pa.string()),
        }
    )


def _facts(summary: dict[str, object], job: dict[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what the head of the report says of the run; its names have Chinese ones in report/strings.js."""
    model, counts = _mapping(job.get("model")), _mapping(summary["counts"])
    facts = [("pipeline", str(summary["pipeline"])), ("model", str(model.get("path", "")))]
    facts += [(name, f"{count:,}") for name, count in counts.items() if isinstance(count, int) and count]
    for method, found in _mapping(summary["attribution"]).items():
        values = _mapping(found)
        facts.append(
            (f"{method} error (median, worst)", f"{values['median_error']:.2%}, {values['worst_error']:.2%}")
        )
    return tuple(facts)


def _unit(manifest: dict[str, object]) -> str:
    """Return what the scores are counted in: the quantity of the first attribute stage."""
    pipeline = _mapping(_mapping(manifest["fingerprint"]).get("pipeline"))
    stages = [_mapping(stage) for stage in _list(pipeline.get("stages"))]
    return next((str(stage["quantity"]) for stage in stages if stage.get("kind") == "attribute"), "")


def _mapping(value: object) -> dict[str, object]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    """Return a JSON array, or an empty one."""
    return value if isinstance(value, list) else []
