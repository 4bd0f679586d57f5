"""Count the rows on which a run decides otherwise with another token budget or number of threads.

    python -m benchmarks.engine.decisions [--minilm FOLDER] [--models news-bert-small] [--rows 4000]

`augment`, which explains, ranks, substitutes and judges, on rows of a corpus, in shards of 1,000, again and again with the
same model: budgets of 1,024 to 65,536 tokens with one thread, and the default budget with one, two and four. A row counts as decided otherwise
if it or any of its samples differs in text, label, edits, method, verdict or key words from the run with 16,384 tokens and one
thread. Values are compared too: the largest difference between two scores of a token, and between two probabilities of
a label. Runs that stand in decisions.json are not made again.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from augment.api.run import run
from augment.config.job import Job, read_job
from augment.config.shipped import find
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.training import train
from benchmarks.common import Cell, Results, command_line, write_page

RESULTS = Results("engine/decisions")
# Name: corpus, the most pieces of a text, what it is trained from, share of the rows asked for.
MODELS = {
    "hotel-textcnn": ("hotel-zh", 128, "textcnn", 1.0),
    "news-bert-small": ("news-zh", 64, "bert-small", 1.0),
    "sst2-minilm": ("sst2-en", 64, "{minilm}", 0.1),
}
USUAL = (16_384, 1)
SETTINGS = (USUAL, (1024, 1), (4096, 1), (65_536, 1), (16_384, 2), (16_384, 4))
DECIDED = ("text", "label", "edits", "method", "verdict", "key")
Decisions = dict[str, list[object]]
Values = dict[str, list[float]]


def main() -> None:
    """Make every run that is missing, and write the table."""
    arguments = _arguments()
    for name in arguments.models:
        measure(arguments, name)
        write_table()
    write_table()


def measure(arguments: argparse.Namespace, name: str) -> None:
    """Run a model with every setting, and compare."""
    rows = round(arguments.rows * MODELS[name][3])
    keys = {setting: f"{name} {rows} {setting[0]} {setting[1]}" for setting in SETTINGS}
    if all(key in RESULTS.cells for key in keys.values()):
        return
    model = arguments.work / name
    if not model.exists():
        train(job_of(arguments, name, rows, USUAL))
    usual = ran(arguments, name, rows, USUAL)
    for setting, key in keys.items():
        if key not in RESULTS.cells:
            RESULTS.save(key, compared(usual, ran(arguments, name, rows, setting)))


def ran(
    arguments: argparse.Namespace, name: str, rows: int, setting: tuple[int, int]
) -> tuple[Decisions, Values]:
    """Return what a run decides on every source row, and the values it rests on."""
    folder = arguments.work / f"{name}-run"
    run("augment-wide", job_of(arguments, name, rows, setting), folder, overwrite=True)
    decisions: Decisions = {}
    values: Values = {}
    for path in (SOURCE_ROWS, SAMPLES):
        for row in pq.read_table(folder / path).to_pylist():
            source = row.get("source_id") or row["id"]
            scores = [edit.pop("score") for edit in row.get("edits") or []]
            decisions.setdefault(source, []).append([row.get(column) for column in DECIDED])
            numbers = [*(row.get("ig") or []), *scores, row["p_gold_before"], row["p_gold_after"]]
            values.setdefault(source, []).extend(number for number in numbers if number is not None)
    shutil.rmtree(folder)
    return decisions, values


def compared(usual: tuple[Decisions, Values], other: tuple[Decisions, Values]) -> Cell:
    """Return on how many rows two runs differ, and by how much their values do where they do not."""
    (decisions, values), (others, other_values) = usual, other
    differing = [row for row in decisions.keys() | others.keys() if decisions.get(row) != others.get(row)]
    apart = [
        float(np.abs(np.asarray(values[row]) - np.asarray(other_values[row])).max())
        for row in decisions.keys() - set(differing)
        if values[row]
    ]
    samples = sum(len(made) - 1 for made in decisions.values())
    return {
        "rows": len(decisions),
        "samples": samples,
        "decided otherwise": len(differing),
        "largest difference of a value": float(f"{max(apart):.3g}"),
    }


def job_of(arguments: argparse.Namespace, name: str, rows: int, setting: tuple[int, int]) -> Job:
    """Return the job of a run."""
    corpus, longest, start, _ = MODELS[name]
    budget, threads = setting
    settings = {
        "corpus.root": arguments.data,
        "model.path": arguments.work / name,
        "model.max_length": longest,
        "train.start": start.format(minilm=arguments.minilm),
        "train.baseline": "false",
        "train.limit": 2000,
        "run.device": "cpu",
        "run.limit": rows,
        "run.shard_rows": 1000,
        "run.token_budget": budget,
        "run.threads": threads,
        "output.report_rows": 0,
    }
    return read_job([find("configs", corpus)], [f"{field}={value}" for field, value in settings.items()])


def write_table() -> None:
    """Write decisions.md."""
    lines = [
        "| model | tokens | threads | rows | samples | decided otherwise | largest difference of a value |"
    ]
    lines.append("|" + "---|" * 7)
    for name in MODELS:
        for budget, threads in SETTINGS:
            for key, cell in RESULTS.cells.items():
                if key.startswith(f"{name} ") and key.endswith(f" {budget} {threads}"):
                    facts = [name, f"{budget:,}", threads, *cell.values()]
                    lines.append(f"| {' | '.join(str(fact) for fact in facts)} |")
    others = [cell for key, cell in RESULTS.cells.items() if not key.endswith(f" {USUAL[0]} {USUAL[1]}")]
    rows, differing = (sum(int(str(cell[name])) for cell in others) for name in ("rows", "decided otherwise"))
    write_page(
        "engine/decisions",
        "The same decisions whatever the batch",
        __doc__,
        [*lines, "", f"In all {differing} of {rows:,} rows."],
    )
    print(f"{differing} of {rows:,} rows")


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "decisions")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--minilm", type=Path, default=None, help="an English encoder to fine-tune")
    parser.add_argument(
        "--rows", type=int, default=4000, help="rows of the corpus; a tenth of them for MiniLM"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
