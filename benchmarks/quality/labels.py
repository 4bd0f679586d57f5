"""Do the samples keep their labels? `augment-wide` against its twins and EDA, asked of a judge of another family.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.labels --en FOLDER --zh FOLDER [--corpora sst2-en hotel-zh] [--blocks 10]

Two models are trained on the same 4,000 rows of each corpus: a `textcnn` from scratch, and an encoder of which the upper two
layers are tuned, of the Chinese one's twelve the first four are there. Each in turn makes samples of rows that neither has seen, the other judges them: the label
is kept where it answers with the label of the source row. Arms: `augment-wide`, the same on random words and on words by log odds,
and EDA with the alpha that makes as many edits as the random words have. All samples count, not those alone that the
model's own verdict would let into the data; those are told beside. Edits are replaced or deleted words in a sample. Rows
come in blocks of 50; differences are points between arms on the same blocks, pooled over corpora, intervals a bootstrap of
the blocks of each corpus. `originals`: how often the judge is right about the source rows, which no sample can be expected to
beat. Each corpus and direction is measured once, and stays in labels.json.
"""

import argparse
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import torch

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig, OutputConfig, TrainConfig
from augment.evaluation.conditions import Condition
from augment.evaluation.material import Labelled, by_split, drawn, write_rows
from augment.evaluation.statistics import compare, holm
from augment.output.export import SAMPLES
from augment.pipeline.definition import pipeline_of
from augment.training import train
from benchmarks.common import Cell, Results, command_line, job_of, part, right, write_page
from benchmarks.quality.matching import MATCHED, matched_eda

RESULTS = Results("quality/labels")
CORPORA = ("sst2-en", "cr-en", "trec-en", "hotel-zh", "takeaway-zh", "news-zh")
OWN = "augment-wide"
CONDITIONS = (OWN, "augment-wide:random", "augment-wide:log_odds", MATCHED)
BLOCK, TRAINED, LENGTH = 50, 4000, 64
# The upper two layers of an encoder are tuned: of six, or of the first four of twelve.
WHOLE, FIRST_FOUR, TUNING = {"freeze": 4}, {"layers": 4, "freeze": 2}, {"epochs": 3, "learning_rate": 3e-4}
FAMILIES = ("textcnn", "encoder")


def main() -> None:
    """Measure every corpus and direction that is missing, and write the table after each."""
    arguments = _arguments()
    torch.set_num_threads(1)
    for corpus in arguments.corpora:
        for family in FAMILIES:
            if _key(family, corpus) not in RESULTS.cells:
                RESULTS.save(_key(family, corpus), measured(arguments, corpus, family))
                write_table()
    write_table()


def measured(arguments: argparse.Namespace, corpus: str, family: str) -> Cell:
    """Return for each arm its edits, the share of kept labels, and that share block by block."""
    job = job_of(corpus, arguments.data)
    models = {name: trained(arguments, job, corpus, name) for name in FAMILIES}
    own, judge = models[family], next(models[name] for name in FAMILIES if name != family)
    rows = unseen(job, arguments.blocks * BLOCK)
    path = arguments.work / f"{corpus}-{family}"
    result: Cell = {}
    known = right(job, judge, [(row.text, row.label) for row in rows])
    result["originals"] = {"label_kept": share(known)}
    job = on(job.model_copy(update={"model": own}), rows, path / "corpus")
    home = {row.text: number // BLOCK for number, row in enumerate(rows)}
    for condition in CONDITIONS:
        if condition == MATCHED:
            plan = pipeline_of(str(matched_eda(job, path.with_name(f"eda-{corpus}.yaml"))))
        else:
            plan = Condition.of(condition).plan(1)
        folder = run(plan, job, path / "run", overwrite=True).folder
        result[condition] = facts_of(folder, job, judge, home)
    shutil.rmtree(path)
    return result


def facts_of(folder: Path, job: Job, judge: ModelConfig, home: dict[str, int]) -> Cell:
    """Return what the samples of a run are like; home: the block of each source text."""
    whole = pq.read_table(folder / "data" / "train.parquet").to_pylist()
    block = {row["id"]: home[row["text"]] for row in whole if not row.get("source_id")}
    samples = pq.read_table(folder / SAMPLES).to_pylist()
    kept = right(job, judge, [(row["text"], row["label"]) for row in samples])
    joined = [one for one, row in zip(kept, samples, strict=True) if row.get("verdict") in (None, "keep")]
    blocks: dict[int, list[bool]] = defaultdict(list)
    for one, row in zip(kept, samples, strict=True):
        blocks[block[row["source_id"]]].append(one)
    return {
        "samples": len(samples),
        "edits": round(sum(len(row["edits"]) for row in samples) / len(samples), 4),
        "label_kept": share(kept),
        "joined": len(joined),
        "joined_label_kept": share(joined),
        "blocks": [share(blocks[at]) for at in sorted(set(home.values()))],
    }


def share(result: Sequence[bool]) -> float:
    """Return the share that is true."""
    return round(sum(result) / len(result), 4)


def trained(arguments: argparse.Namespace, job: Job, corpus: str, family: str) -> ModelConfig:
    """Return a model of a family, trained on the corpus where it does not stand yet."""
    model = ModelConfig(path=str(arguments.work / f"{corpus}-{family}-model"), max_length=LENGTH)
    if not Path(model.path).exists():
        chinese = job.needs_corpus().language == "zh"
        start, shape = (arguments.zh, FIRST_FOUR) if chinese else (arguments.en, WHOLE)
        encoder = {"start": str(start), **shape, **TUNING} if family == "encoder" else {}
        settings = TrainConfig.model_validate({"limit": TRAINED, **encoder})
        result = train(job.model_copy(update={"model": model, "train": settings}))
        print(f"{corpus}: {family}, accuracy {result.accuracy}", flush=True)
    return model


def unseen(job: Job, count: int) -> list[Labelled]:
    """Return held-out rows of a corpus by chance, no text twice."""
    splits = by_split(job)
    rows = [row for name in ("test", "validation") for row in splits.get(name, [])]
    return drawn(list({row.text: row for row in rows}.values()), count, 0)


def on(job: Job, rows: Sequence[Labelled], folder: Path) -> Job:
    """Return the job on these rows, which are written to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "train.jsonl", rows)
    corpus = CorpusConfig.model_validate(
        {
            "root": str(folder),
            "files": {"train": "train.jsonl"},
            "text": "text",
            "label": "label",
            "language": job.needs_corpus().language,
        }
    )
    return job.model_copy(update={"corpus": corpus, "output": OutputConfig(report_rows=0)})


def write_table() -> None:
    """Write labels.md: the arms of each corpus and direction, and `augment-wide` against the others."""
    lines: list[str] = []
    for family in FAMILIES:
        cells = {
            key.split(" ")[1]: cell for key, cell in RESULTS.cells.items() if key.split(" ")[0] == family
        }
        if cells:
            other = next(name for name in FAMILIES if name != family)
            lines += [f"## Samples of a model of the family {family}, judged by the {other}", ""]
            lines += [*_condition_lines(cells), *_differences(cells)]
    lines += ["## Both", "", *_differences(RESULTS.cells)]
    write_page("quality/labels", "Do the samples keep their labels?", __doc__, lines)


def _condition_lines(cells: dict[str, Cell]) -> list[str]:
    """Return the table of what every arm comes to on every corpus."""
    lines = ["| corpus | arm | samples | edits | label kept | lost for each edit | kept of those that join |"]
    lines.append("|---|---|---|---|---|---|---|")
    for corpus, cell in cells.items():
        before = float(part(cell, "originals")["label_kept"])
        lines.append(f"| {corpus} | originals | | | {before:.1%} | | |")
        for condition in CONDITIONS:
            facts = part(cell, condition)
            kept, edits = float(facts["label_kept"]), float(facts["edits"])
            joined = f"{facts['joined_label_kept']:.1%} of {facts['joined']}"
            lost = f"{(before - kept) / edits:.2%}"
            lines.append(
                f"| {corpus} | {condition} | {facts['samples']} | {edits:.2f} | {kept:.1%} | {lost} | {joined} |"
            )
    return [*lines, ""]


def _differences(cells: dict[str, Cell]) -> list[str]:
    """Return the table of `augment-wide` against the other arms, pooled and by corpus, in points."""
    compared = holm({condition: compare(_points(cells, condition)) for condition in CONDITIONS[1:]})
    lines = [f"| {OWN} over | points | 95 % interval | p (Holm) | verdict | {' | '.join(cells)} |"]
    lines.append("|---" * (5 + len(cells)) + "|")
    for condition, one in compared.items():
        means = [sum(values) / len(values) for values in _points(cells, condition).values()]
        each = " | ".join(f"{mean:+.1f}" for mean in means)
        span = f"{one.low:+.2f} to {one.high:+.2f}"
        lines.append(f"| {condition} | {one.mean:+.2f} | {span} | {one.holm:.3f} | {one.verdict} | {each} |")
    return [*lines, ""]


def _points(cells: dict[str, Cell], condition: str) -> dict[str, list[float]]:
    """Return the differences between `augment-wide` and an arm, by corpus and block."""
    return {
        corpus: [
            100 * (float(one) - float(other))
            for one, other in zip(part(cell, OWN)["blocks"], part(cell, condition)["blocks"], strict=True)
        ]
        for corpus, cell in cells.items()
    }


def _key(family: str, corpus: str) -> str:
    """Return the name of a measurement."""
    return f"{family} {corpus}"


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "labels")
    parser.add_argument("--en", type=Path, required=True, help="folder of an English encoder of six layers")
    parser.add_argument("--zh", type=Path, required=True, help="folder of a Chinese encoder")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), choices=CORPORA, help="shipped")
    parser.add_argument("--blocks", type=int, default=10, help="of 50 rows each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
