"""What a model that looks at words in their places changes in the samples that `augment` drafts: how many, how alike, how fast.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.drafts RUN/hotel-zh RUN/sst2-en --rows 300 --encoder E5 --masked TINY:en

A run is a finished one of `augment`, of whose rows, key words and counts everything is taken (older calibrations are learned anew).
Drafted are the samples of `rephrase` (eight samples, 32 draws a row), before any judge: rows of eight words and more with a sample, samples a
row, edits a sample, and the two-sample AUC of one sample a row (the mean of five draws, with the least and the most). Drafts are draws with
edits; their CPU-seconds are those of looking words up and drawing, with all tables loaded, and apart from those of learning once what a model
is worth. `natural` is 0.8 as shipped, and for a model also such that as many rows have a sample as without it. Each run and condition is
measured once and stays in drafts.json.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from augment.candidates.model_scores import TEXTS
from augment.candidates.senses import senses_of
from augment.candidates.word_counts import counts_of
from augment.config.job import Job
from augment.evaluation.material import by_split
from augment.output.two_sample import two_sample_auc
from augment.seeding import chance
from augment.stages import Evidence, Rephrase
from augment.stages.editing import Row, protection
from augment.stages.editor import Drawer
from augment.stages.evidence import learned_table
from augment.tables.files import read_table
from augment.text.edits import replay
from augment.text.segment import tokens_of
from benchmarks.common import Cell, Results, command_line, job_of, write_page

RESULTS = Results("quality/drafts")
KINDS = {"encoder": "encoder", "masked": "masked_lm", "causal": "causal_lm"}
_DRAWS, _PAIRS, _LEAST_WORDS = 32, 5, 8


def main() -> None:
    """Measure every run and condition that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    for run in arguments.runs:
        corpus = "-".join(run.name.split("-")[-2:])
        for names in _conditions(arguments, corpus):
            for natural in arguments.natural:
                key = f"{corpus} {_condition(names)} {natural:g}"
                if key not in RESULTS.cells:
                    job = job_of(corpus, arguments.data)
                    resources = job.resources.model_copy(update={**names, "look": tuple(names)})
                    job = job.model_copy(update={"resources": resources})
                    RESULTS.save(key, measured(job, run, arguments.rows, natural))
    print("\n".join(write_table()))


def _conditions(arguments: argparse.Namespace, corpus: str) -> list[dict[str, str]]:
    """Return what is named in turn: nothing, and each model."""
    named: list[dict[str, str]] = [{}]
    for option, key in KINDS.items():
        folder, _, only = (getattr(arguments, option) or "").partition(":")
        if folder and (not only or corpus.endswith(only)):
            named.append({key: folder})
    return named


def _condition(names: Mapping[str, str]) -> str:
    """Return a condition in one word."""
    return "+".join(f"{key}:{Path(folder).name}" for key, folder in names.items()) or "counts"


def measured(job: Job, run: Path, count: int, natural: float) -> Cell:
    """Return what is drafted of the first rows of a run, and what it takes."""
    batch = _rows_of(run, count)
    with tempfile.TemporaryDirectory() as name:
        state = Path(name)
        start = time.process_time()
        table = read_table(run / "run/evidence.parquet")
        own = sorted({row.text for row in by_split(job)["train"]})
        texts = chance(job.seed, "learned from", run.name, 0).sample(own, min(TEXTS, len(own)))
        learned = learned_table(counts_of(table), senses_of(table), texts, job)
        pq.write_table(learned, Evidence().path_in(state))
        learning = time.process_time() - start
        stage = Rephrase(samples=8, natural=natural)
        rows = stage.rows(batch, protection(job))
        lookup = stage.lookup(job, state)
        start = time.process_time()
        drawn = _drawn(rows, stage, lookup(rows), job.seed)
        seconds = time.process_time() - start
    drafts = sum(len(of_row) for of_row in drawn.values())
    long = [row for row in rows if _words(row) >= _LEAST_WORDS]
    samples = {row.id: list(dict.fromkeys(drawn[row.id]))[: stage.samples] for row in long}
    edits = [edits for of_row in samples.values() for _, edits in of_row]
    return {
        "rows": len(long),
        "with": sum(map(bool, samples.values())),
        "samples": sum(map(len, samples.values())),
        "edits": round(mean(edits), 3) if edits else 0.0,
        "auc": _auc(long, samples),
        "drafts": drafts,
        "seconds": round(seconds, 2),
        "learning": round(learning, 1),
    }


def _rows_of(run: Path, count: int) -> pa.RecordBatch:
    """Return the first rows of a run with all that a stage needs."""
    paths = sorted((run / "explain").glob("source_rows*.parquet"))
    table = pa.concat_tables([pq.read_table(path) for path in paths]).slice(0, count).combine_chunks()
    if "source_id" not in table.column_names:
        table = table.append_column("source_id", pa.nulls(len(table), pa.string()))
    return table.to_batches()[0]


def _drawn(rows: Sequence[Row], stage: Rephrase, draw: Drawer, seed: int) -> dict[str, list[tuple[str, int]]]:
    """Return the texts of the draws of each row that are not its own, with their edits."""
    result: dict[str, list[tuple[str, int]]] = {}
    for row in rows:
        texts = []
        for number in range(_DRAWS):
            one = draw(row, chance(seed, stage.method, row.id, number), number)
            if one is None:
                break
            if one.edits:
                texts.append((replay(row.text, row.text_pair, one.edits)[0], len(one.edits)))
        result[row.id] = texts
    return result


def _words(row: Row) -> int:
    """Return how many tokens with a letter or digit a row has."""
    return sum(any(mark.isalnum() for mark in token) for token in row.tokens)


def _auc(rows: Sequence[Row], samples: Mapping[str, Sequence[tuple[str, int]]]) -> list[float]:
    """Return the mean, the least and the most of the two-sample AUC of one sample a row; nothing of too few rows."""
    areas = []
    for number in range(_PAIRS):
        pairs = []
        for row in rows:
            if samples[row.id]:
                own = samples[row.id]
                text, _ = own[chance(number, "pair", row.id, 0).below(len(own))]
                pairs.append((tokens_of(row.text, "auto"), tokens_of(text, "auto")))
        area = two_sample_auc(pairs)
        if area is not None:
            areas.append(area)
    return [round(value, 4) for value in (mean(areas), min(areas), max(areas))] if areas else []


def write_table() -> list[str]:
    """Write the page and return its table."""
    lines = [
        "| corpus | looked at by | natural | rows | with a sample % | samples a row | edits a sample | two-sample AUC | drafts a CPU-second | seconds to learn |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, cell in RESULTS.cells.items():
        corpus, condition, natural = key.split(" ")
        rows, auc = _number(cell["rows"]), cell["auc"]
        area = "{:.3f} ({:.3f} to {:.3f})".format(*auc) if isinstance(auc, list) and auc else "too few"
        lines.append(
            f"| {corpus} | {condition} | {natural} | {rows:.0f} | {100 * _number(cell['with']) / rows:.1f} | "
            f"{_number(cell['samples']) / rows:.2f} | {cell['edits']} | {area} | "
            f"{_number(cell['drafts']) / _number(cell['seconds']):,.0f} | {cell['learning']} |"
        )
    write_page("quality/drafts", "Drafts with and without a model", __doc__, lines)
    return lines


def _number(value: object) -> float:
    """Return a number of a cell."""
    return float(value) if isinstance(value, int | float) else 0.0


def _arguments() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = command_line(__doc__)
    parser.add_argument("runs", nargs="+", type=Path, help="finished runs, whose names end with the corpus")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--natural", nargs="+", type=float, default=[0.8])
    for option in KINDS:
        parser.add_argument(f"--{option}", help="FOLDER, with :en for one of English only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
