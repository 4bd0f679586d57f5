"""Write the samples of a run for other annotation tools, the most doubtful first; their exports are files of decisions.

export_samples("runs/mine-augment", "label-studio", "tasks.json")
"""

import csv
import json
from codecs import getwriter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import pyarrow.parquet as pq

from augment.errors import RequestError, nearest
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.keywords import leading
from augment.report.doubt import Doubts
from augment.review.decision import Decision
from augment.review.exchange_formats import (
    LABEL_STUDIO_CONFIG,
    Exported,
    to_argilla,
    to_doccano,
    to_label_studio,
    to_row,
)
from augment.review.reading import read_decisions
from augment.tables.files import whole, write_text
from augment.tables.run_folder import require_finished
from augment.text.spreadsheet import cell
from augment.text.text_hash import text_hash

Tool = Literal["argilla", "label-studio", "doccano", "jsonl", "csv"]
_SUGGESTED = {"keep": "accept", "soft": None, "drop": "reject"}
_RECORDS: dict[Tool, Callable[[Exported, Sequence[Decision]], dict[str, Any]]] = {
    "argilla": to_argilla,
    "label-studio": to_label_studio,
    "doccano": to_doccano,
    "jsonl": to_row,
    "csv": to_row,
}
_ENDINGS = {"argilla": "json", "label-studio": "json", "doccano": "jsonl", "jsonl": "jsonl", "csv": "csv"}


def export_samples(
    folder: str | Path,
    to: Tool,
    output: str | Path | None = None,
    decisions: Sequence[str | Path] = (),
    rows: int | None = None,
) -> Path:
    """Write the samples of a finished run as a file of a tool, and return its path, by default SAMPLES-TOOL next to the folder.

    decisions: files of decisions that are written as annotations; rows: the number of the most doubtful samples, by default all.
    For Label Studio its labelling config is written next to the file. RequestError if there is no run, or the file exists.
    """
    if to not in get_args(Tool):
        raise RequestError(f"--to {to}", "no such tool", nearest(to, list(get_args(Tool))))
    folder = Path(folder)
    require_finished(folder)
    if not (folder / SAMPLES).exists():
        raise RequestError(
            str(folder), "the run made no samples", "name the folder of a run that makes samples"
        )
    path, config = _free_paths(folder.resolve(), to, output)
    made: dict[str, list[Decision]] = {}
    for name, those in read_decisions([Path(file) for file in decisions]).items():
        for decision in those:
            if not decision.planted:
                named = decision.model_copy(update={"reviewer": decision.reviewer or name})
                made.setdefault(decision.id, []).append(named)
    samples = exported_samples(folder)[:rows]
    records = (_RECORDS[to](sample, made.get(sample.id, ())) for sample in samples)
    _write(path, records, _ENDINGS[to])
    if config is not None:
        write_text(config, LABEL_STUDIO_CONFIG)
    return path


def _free_paths(folder: Path, to: Tool, output: str | Path | None) -> tuple[Path, Path | None]:
    """Return the paths to write, of the file and of a labelling config, if any; RequestError for one that may not be written."""
    path = Path(output) if output is not None else folder.with_name(f"{folder.name}-{to}.{_ENDINGS[to]}")
    if folder in path.resolve().parents:
        raise RequestError(
            str(path), "the file would be in the folder of the run", "name one outside with --output"
        )
    config = path.with_suffix(".xml") if to == "label-studio" else None
    if config == path:
        raise RequestError(
            str(path), "the labelling config of Label Studio has this name", "name a file that ends in .json"
        )
    for each in (path, config):
        if each is not None and each.exists():
            raise RequestError(
                str(each), "the file exists", "name another one with --output, or move it away"
            )
    return path, config


def exported_samples(folder: Path) -> list[Exported]:
    """Return the samples of a run, the most doubtful first."""
    table = pq.read_table(folder / SOURCE_ROWS)
    wanted = [name for name in ("id", "text", "text_pair", "label", "tokens") if name in table.column_names]
    sources = table.select(wanted).to_pylist()
    doubts, known = Doubts.of(sources, leading(folder, 10)), {row["id"]: row for row in sources}
    samples = [
        _exported(row, known[row["source_id"]], doubts.of_sample(row).value)
        for row in pq.read_table(folder / SAMPLES).to_pylist()
    ]
    return sorted(samples, key=lambda sample: -sample.doubt)


def _exported(row: Mapping[str, Any], source: Mapping[str, Any], doubt: float) -> Exported:
    """Return a sample with its source row."""
    return Exported(
        row["id"],
        text_hash(row["text"], row["text_pair"]),
        row["text"],
        row["text_pair"],
        source["text"],
        source["text_pair"],
        row["label"],
        row["method"],
        row["verdict"],
        row["reason"],
        row.get("p_gold_before"),
        row.get("p_gold_after"),
        round(doubt, 4),
        _SUGGESTED.get(row["verdict"]),
    )


def _write(path: Path, records: Iterator[dict[str, Any]], ending: str) -> None:
    """Write records as a list of JSON, as JSON lines or as CSV with a byte order mark."""
    with whole(path) as stream:
        if ending == "csv":
            writer: Any = None
            for record in records:
                if writer is None:
                    writer = csv.DictWriter(getwriter("utf-8-sig")(stream), list(record))
                    writer.writeheader()
                writer.writerow(
                    {name: cell(value) if isinstance(value, str) else value for name, value in record.items()}
                )
            return
        json_list = ending == "json"
        stream.write(b"[\n" if json_list else b"")
        for number, record in enumerate(records):
            before = ",\n" if json_list and number else ""
            stream.write(
                f"{before}{json.dumps(record, ensure_ascii=False)}{'' if json_list else chr(10)}".encode()
            )
        stream.write(b"\n]\n" if json_list else b"")
