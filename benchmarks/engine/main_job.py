"""Run every pipeline on every corpus, from the command line, and table what came out.

Each cell is one process of `augment run`, so its seconds and its peak memory are those a user sees. Cells already in
the results file are not run again: a stopped grid goes on where it was.

    python -m benchmarks.engine.main_job --data ../shared/datasets --encoder ../shared/models/e5-small-zh-en --minilm FOLDER

Training is short (5,000 rows at most, 1,500 for encoders, whose texts are cut to 64 pieces): what is shown is that
every pipeline does its work on every corpus, not how well a model can be trained.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from augment.tables.files import write_json
from benchmarks.common import HERE, SHARED, command_line

RESULTS = HERE / "engine/main_job.json"
PIPELINES = ("explain", "compare", "augment-wide", "probe", "attack")
CORPORA = ("hotel-zh", "takeaway-zh", "news-zh", "emotion-zh", "pairs-zh", "sst2-en", "trec-en")
ALL = ("--split", "train", "--split", "validation", "--split", "test")
# TREC has no validation split.
TWO = ("--split", "train", "--split", "test")
Cell = dict[str, object]


def main() -> None:
    """Run what is missing and write the table."""
    arguments = _arguments()
    quick = ["--set", "train.limit=5000", "--set", "train.epochs=3"]
    grid = [(corpus, "textcnn" if corpus != "pairs-zh" else "bert-small", quick, 2000) for corpus in CORPORA]
    tuned = ["--set", "train.limit=1500", "--set", "train.epochs=2", "--set", "train.learning_rate=0.0001"]
    if arguments.encoder:
        start = ["--set", f"train.start={arguments.encoder}", "--set", "train.layers=4"]
        grid += [(corpus, "e5-4-layers", [*start, *tuned], 500) for corpus in ("hotel-zh", "pairs-zh")]
    if arguments.minilm:
        grid.append(("sst2-en", "minilm", ["--set", f"train.start={arguments.minilm}", *tuned], 500))
    grid = [cell for cell in grid if arguments.only in (None, cell[1])]
    print(
        f"{len(grid)} models and {len(grid) * len(PIPELINES)} runs; about {len(grid) * 5} minutes on two cores"
    )
    for corpus, model, settings, rows in grid:
        run_model(arguments, corpus, model, settings, rows)
    write_table(results())


def results() -> dict[str, Cell]:
    """Return the cells that are done."""
    result: dict[str, Cell] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return {
        key: {name: value for name, value in cell.items() if name != "folder"} for key, cell in result.items()
    }


def run_model(arguments: argparse.Namespace, corpus: str, model: str, settings: list[str], rows: int) -> None:
    """Train one model and run every pipeline with it, unless that is done."""
    folder = arguments.work / f"{corpus}-{model}"
    common = ["-c", corpus, "--data", str(arguments.data), "--model", str(folder), "--set", "run.threads=1"]
    common += ["--set", "model.max_length=64"] if model in ("e5-4-layers", "minilm") else []
    key = f"{corpus} {model} train"
    if key not in results() or not folder.exists():
        save(key, command(["train", *common, *settings]))
    for pipeline in PIPELINES:
        key = f"{corpus} {model} {pipeline}"
        if key not in results():
            out = arguments.work / "runs" / f"{corpus}-{model}-{pipeline}"
            there = ALL if corpus != "trec-en" else TWO
            splits = there if pipeline != "augment-wide" else ()
            words = ["run", pipeline, *common, "--limit", str(rows), *splits, "-o", str(out), "--overwrite"]
            save(key, command(words))


def command(words: list[str]) -> Cell:
    """Return what a command printed as JSON, with its wall seconds; exits if the command fails."""
    began = time.monotonic()
    line = [sys.executable, "-m", "augment", *words, "--json", "--quiet"]
    print("augment", *words, flush=True)
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    content: Cell = json.loads(done.stdout)
    content.pop("folder")
    if "start" in content:
        content["start"] = Path(str(content["start"])).name
    return {**content, "wall_seconds": round(time.monotonic() - began, 1)}


def save(key: str, cell: Cell) -> None:
    """Add a cell to the results, the file appearing whole."""
    cells = {**results(), key: cell}
    write_json(RESULTS, dict(sorted(cells.items())))
    write_table(cells)


def write_table(cells: dict[str, Cell]) -> None:
    """Write main_job.md from the results."""
    lines = [
        "# The main job on every corpus",
        "",
        "Made by `python -m benchmarks.engine.main_job`; CPU, one thread, float32.",
        "",
    ]
    lines += [
        "## Models",
        "",
        "| corpus | model | training rows | held-out | accuracy | macro-F1 | TF-IDF + LR | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, cell in sorted(cells.items()):
        corpus, model, kind = key.split(" ")
        if kind == "train":
            values = (
                cell["rows"],
                cell["held_out_rows"],
                cell["accuracy"],
                cell["macro_f1"],
                cell["baseline_accuracy"] or "",
                cell["wall_seconds"],
            )
            lines.append(f"| {corpus} | {model} | " + " | ".join(str(value) for value in values) + " |")
    lines += [
        "",
        "## Runs",
        "",
        "Errors are bounds of sum |score - exact| / sum |exact| (the column ig_error); late = rows over the tolerance of 5 %.",
    ]
    lines += ["Seconds are of the whole process, start-up included; MiB is its peak memory.", ""]
    lines += [
        "| corpus | model | pipeline | rows | made | in data | apart | dropped | missing | flips | median error | worst error | late | s | MiB |",
        "|" + "---|" * 15,
    ]
    for key, cell in sorted(cells.items()):
        if not key.endswith(" train"):
            lines.append(_row(key, cell))
    (HERE / "engine/main_job.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _row(key: str, cell: Cell) -> str:
    """Return the table row of one run."""
    counts, attribution = cell["counts"], cell["attribution"]
    if not isinstance(counts, dict) or not isinstance(attribution, dict):
        raise TypeError(f"{key}: no counts")
    ig = attribution["ig"]
    names = (
        "rows processed",
        "samples made",
        "samples kept",
        "samples in probes",
        "samples dropped",
        "samples missing",
        "samples that change the prediction",
    )
    values = [f"{counts[name]:,}" for name in names]
    values += [
        f"{ig['median_error']:.3%}",
        f"{ig['worst_error']:.1%}",
        str(ig["statuses"].get("not_converged", 0)),
    ]
    return (
        "| "
        + " | ".join(
            [
                *key.split(" "),
                *values,
                str(cell["wall_seconds"]),
                str(round(float(str(cell["peak_mebibytes"])))),
            ]
        )
        + " |"
    )


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "main_job")
    parser.add_argument(
        "--encoder",
        type=Path,
        default=SHARED / "models" / "e5-small-zh-en",
        help="an encoder for hotel-zh and pairs-zh",
    )
    parser.add_argument("--minilm", type=Path, default=None, help="an English encoder for sst2-en")
    parser.add_argument("--only", default=None, help="only textcnn, bert-small, e5-4-layers or minilm")
    return parser.parse_args()


if __name__ == "__main__":
    main()
