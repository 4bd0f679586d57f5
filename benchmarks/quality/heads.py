"""Models of several labels and of numbers, from training to evaluation, on real corpora.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.heads [--seeds 5]

Several labels: 3,000 Chinese reviews of ten kinds of goods (the first by the hash of their text), each with its kind and 好评 or 差评: twelve labels, of which two are right.
Numbers: English sentences from film reviews, each with the mean sentiment that twenty people gave it, from -4 to 4; `model.tolerance` is 1. A `textcnn` is trained on each; `explain`, `augment`, `attack` (200 test rows) and
`evaluate` (EDA and `augment` against the same rows repeated, 100 training rows a draw) are the shipped pipelines and settings. `captum`: how far the scores of
every label of five texts are from those of Captum's integrated gradients with 300 steps on the same net, as a share of the sum of their absolute
values. `words`: of the key-word table of the run of `augment`, in which a row counts for each of its labels. Brackets: of shares the 95 % interval of Wilson, of differences a bootstrap of the draws. Each step is taken once, and stays in heads.json.
"""

import argparse
import csv
import io
import json
import zipfile
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch
from captum.attr import IntegratedGradients

from augment.api.explain import explain
from augment.api.run import run
from augment.attribution.piece_method import by_token
from augment.config.job import Job
from augment.config.sections import (
    CorpusConfig,
    EvaluateConfig,
    ModelConfig,
    RunConfig,
    TrainConfig,
)
from augment.evaluation import evaluate
from augment.evaluation.scoring import points_of
from augment.models.classifier import open_classifier
from augment.output.keywords import leading
from augment.text.align import owners
from augment.training import train
from benchmarks.common import Cell, Results, command_line, interval_of, part, write_page

RESULTS = Results("quality/heads")
# The least share of the scores of a label of a word that is listed.
_SHARE = 0.04
ROWS, ATTACKED, DRAWN, EXPLAINED, STEPS = 3000, 200, 100, 5, 300
KINDS = ("labels", "numbers")


def main() -> None:
    """Take every step that is missing, and write the page after each."""
    parser = command_line(__doc__, "heads")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", nargs="+", default=list(TAKEN), choices=list(TAKEN))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for kind in KINDS:
        for step in arguments.steps:
            key = f"{kind} {step}"
            if key not in RESULTS.cells or step == "evaluate":
                RESULTS.save(key, TAKEN[step](arguments, job_of(arguments, kind)))
                write_table()
    write_table()


def job_of(arguments: argparse.Namespace, kind: str) -> Job:
    """Return the job of a corpus, which is written where it is not there yet."""
    folder = arguments.work
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.jsonl"
    if not path.exists():
        rows = _several(arguments.data) if kind == "labels" else _numbers(arguments.data)
        path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows), encoding="utf-8")
    options = {"label_separator": ";", "language": "zh"} if kind == "labels" else {"language": "en"}
    corpus = {"root": folder, "files": path.name, "text": "text", "label": "label", **options}
    return Job(
        name=f"heads-{kind}",
        corpus=CorpusConfig.model_validate(corpus),
        model=ModelConfig(path=str(folder / kind), max_length=128, tolerance=1.0),
        train=TrainConfig(start="textcnn", answers="class" if kind == "labels" else "number"),
        run=RunConfig(device="cpu", threads=1),
    )


def _several(data: Path) -> list[dict[str, object]]:
    """Return reviews with the kind of goods and what is said of them."""
    with zipfile.ZipFile(data / "shopping-zh" / "online_shopping_10_cats.zip") as packed:
        text = io.TextIOWrapper(packed.open(packed.namelist()[0]), encoding="utf-8-sig")
        rows = [row for row in csv.DictReader(text) if row["review"].strip()]
    verdicts = {"1": "好评", "0": "差评"}
    made: list[dict[str, object]] = [
        {"text": row["review"], "label": [row["cat"], verdicts[row["label"]]]} for row in rows
    ]
    return _some(made)


def _numbers(data: Path) -> list[dict[str, object]]:
    """Return sentences with the mean of the sentiments given to them."""
    path = data / "reviews-en" / "movieReviewSnippets_GroundTruth.txt"
    lines = [line.split("\t") for line in path.read_text(encoding="latin-1").splitlines() if line.strip()]
    return _some([{"text": text, "label": round(float(score), 3)} for _, score, text in lines])


def _some(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return the first rows by the hash of their text."""
    return sorted(rows, key=lambda row: blake2b(str(row["text"]).encode()).digest())[:ROWS]


def trained(arguments: argparse.Namespace, job: Job) -> Cell:
    """Return how well the model does on the test split."""
    made = train(job)
    facts = ("rows", "held_out_rows", "accuracy", "macro_f1", "majority", "mean_error", "usual_error")
    return {name: getattr(made, name) for name in facts}


def run_of(name: str) -> Callable[[argparse.Namespace, Job], Cell]:
    """Return what runs a pipeline."""

    def taken(arguments: argparse.Namespace, job: Job) -> Cell:
        """Return the counts and figures of a run."""
        some = job.model_copy(update={"run": job.run.model_copy(update={"limit": ATTACKED})})
        made = run(name, some, arguments.work / f"{job.name}-{name}", overwrite=True)
        return {
            "counts": {key: value for key, value in made.counts.items() if value},
            "attack": made.attack,
            "attribution": made.attribution,
        }

    return taken


def words_of(arguments: argparse.Namespace, job: Job) -> Cell:
    """Return the words with most of the attribution of each label, in the run of `augment`, and its rows of all; of labels only."""
    if job.train.answers == "number":
        return {}
    rows: dict[str, object] = {}
    words: dict[str, dict[str, float]] = {}
    for row in leading(arguments.work / f"{job.name}-augment", 8):
        share, label = round(float(str(row["share"])), 3), str(row["label"])
        if row["kind"] == "word" and share >= _SHARE:
            rows[label] = row["of"]
            words.setdefault(label, {})[str(row["text"])] = share
    return {label: {"rows": rows[label], "words": words[label]} for label in words}


def evaluated(arguments: argparse.Namespace, job: Job) -> Cell:
    """Return what samples gain, with intervals; the judge is the model of all training rows."""
    settings = EvaluateConfig(
        arms=("eda", "augment"), rows=(DRAWN,), seeds=arguments.seeds, noise=0.0, test_rows=300
    )
    made = evaluate(
        job.model_copy(update={"evaluate": settings, "judge": job.model}),
        arguments.work / f"{job.name}-evaluate",
    )
    cell: Cell = {"draws": arguments.seeds}
    for score in made.scores:
        differences = made.differences(score)
        cell[score] = {
            "duplicate": round(made.mean("duplicate", score), 4),
            **{
                name: [round(value, 4) if value == value else None for value in (one.mean, one.low, one.high)]
                for name, one in differences.items()
            },
        }
    return cell


def compared(arguments: argparse.Namespace, job: Job) -> Cell:
    """Return how far the scores of every label are from Captum's."""
    classifier = open_classifier(job.needs_model(), job.run)
    path = arguments.work / f"{job.name.removeprefix('heads-')}.jsonl"
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()[:EXPLAINED]]
    off = []
    for text in texts:
        encoding = classifier.encode([text], [None])[0]
        batch = classifier.batch([encoding.pieces], [encoding.segments])
        inputs = classifier.embed(batch)

        def forward(embeddings: torch.Tensor, batch: dict[str, torch.Tensor] = batch) -> torch.Tensor:
            """Return the logit of each label."""
            many = {name: tensor.expand(len(embeddings), -1) for name, tensor in batch.items()}
            return classifier.logits(many, embeddings)

        for index, label in enumerate(classifier.classes):
            own = explain(
                text, job.needs_model().path, target=label, run=job.run, method="integrated_gradients"
            )
            pieces = IntegratedGradients(forward).attribute(
                inputs, target=index, n_steps=STEPS, internal_batch_size=50
            )
            owner = owners(own.spans, own.side, encoding.offsets, encoding.sides)
            theirs = by_token(pieces.sum(-1)[0].detach().numpy(), owner, len(own.tokens))[0]
            off.append(float(np.abs(np.asarray(own.scores) - theirs).sum() / np.abs(theirs).sum()))
    return {"scores": len(off), "median": round(float(np.median(off)), 5), "worst": round(max(off), 5)}


TAKEN: dict[str, Callable[[argparse.Namespace, Job], Cell]] = {
    "train": trained,
    "captum": compared,
    "explain": run_of("explain"),
    "augment": run_of("augment"),
    "words": words_of,
    "attack": run_of("attack"),
    "evaluate": evaluated,
}


def write_table() -> None:
    """Write heads.md."""
    lines: list[str] = []
    for kind in KINDS:
        cells = {
            key.partition(" ")[2]: cell for key, cell in RESULTS.cells.items() if key.startswith(f"{kind} ")
        }
        lines += ["", f"## {'Several labels' if kind == 'labels' else 'Numbers'}", ""]
        if "train" in cells:
            facts = ", ".join(
                f"{name.replace('_', ' ')} {value}" for name, value in cells["train"].items() if value
            )
            lines += [f"`train`: {facts}.", ""]
        if "captum" in cells:
            lines += [
                f"Against Captum, {cells['captum']['scores']} scores of texts and labels: median {cells['captum']['median']}, worst {cells['captum']['worst']}.",
                "",
            ]
        for step in ("explain", "augment", "attack"):
            if step in cells:
                lines += _of_run(step, cells[step])
        if cells.get("words"):
            lines += _of_words(cells["words"])
        if "evaluate" in cells:
            lines += _of_evaluation(cells["evaluate"])
    write_page("quality/heads", "Several labels, and numbers", __doc__, lines)


def _of_run(step: str, cell: Cell) -> list[str]:
    """Return the lines of a run."""
    counts, figures = part(cell, "counts"), part(cell, "attack")
    lines = [f"`{step}`: " + ", ".join(f"{name} {value:,}" for name, value in counts.items()) + ".", ""]
    if figures:
        done, tried = int(counts["attacks that changed the prediction"]), int(counts["attacked"])
        low, high = interval_of(done, tried)
        lines += [
            f"Success rate {100 * done / tried:.1f} % [{low:.1f}, {high:.1f}], n = {tried}.",
            "",
            "| figure | value |",
            "|---|---|",
        ]
        lines += [f"| {name} | {value} |" for name, value in figures.items()]
        lines += [""]
    return lines


def _of_words(cell: Cell) -> list[str]:
    """Return the lines of the words of each label."""
    lines = ["| label | rows of it | words, with their share of its positive scores |", "|---|---|---|"]
    for label, of in cell.items():
        if isinstance(of, dict):
            words = ", ".join(f"{word} {share:.0%}" for word, share in of["words"].items())
            lines.append(f"| {label} | {of['rows']} | {words} |")
    return [*lines, ""]


def _of_evaluation(cell: Cell) -> list[str]:
    """Return the lines of an evaluation."""
    lines = [
        f"`evaluate`, {cell['draws']} draws of {DRAWN} rows: differences in points, of the mean error in the unit of the labels.",
        "",
        "| score | duplicate | eda | augment |",
        "|---|---|---|---|",
    ]
    for score, of in cell.items():
        if isinstance(of, dict):
            unit = points_of(score)
            gains = [_gain(of.get(name)) for name in ("eda", "augment")]
            lines.append(f"| {score} | {unit * float(of['duplicate']):.2f} | {' | '.join(gains)} |")
    return [*lines, ""]


def _gain(values: object) -> str:
    """Return a difference with its interval."""
    if not isinstance(values, list):
        return ""
    mean, low, high = values
    return f"{mean:+.2f}" + (f" [{low:+.2f}, {high:+.2f}]" if low is not None else "")


if __name__ == "__main__":
    main()
