"""Plant shortcuts of five kinds into real corpora, find them, repair them, and test where they point the other way.

    OMP_NUM_THREADS=1 python benchmarks/shortcuts.py [--corpora sst2-en hotel-zh] [--ratios 0.95 0.8] [--kinds symbol run]
    OMP_NUM_THREADS=1 python benchmarks/shortcuts.py --start FOLDER [--layers 4] [--name NAME] --rows 1000 --steps 125 ...

A marker is planted in so many of the rows of one class (the last by name) and in so few of the others; of a phrase the
words stand alone elsewhere, and of a word in first place the word stands last elsewhere. 2,000 training rows, 1,000 test
rows, drawn five times at 95 to 5, three times at 80 to 20, never as when the thresholds of a flag were set; a textcnn, 400
steps of 32 rows in every arm, whatever rows it has, or an encoder that is fine-tuned, on texts of at most 64 pieces. Arms: `duplicate`, the planted rows alone;
`random`, with a child of each row without one random word; `delete`, with one without its highest word; `balance`, with
the children of the pipeline `balance`, every flag of `keywords` accepted; `ceiling`, trained on the rows without marker.
Tests: `reversed`, the marker planted the other way round; `clean`, without it. Recovery is (arm - duplicate) / (ceiling -
duplicate) on `reversed`, pooled over the cells in which the shortcut costs ten points or more. `rank` is the place of the
first flag that is the marker, or what its planting leaves at the other end. Cells in shortcuts.json are not made again.
"""

import argparse
import csv
import random
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from common import Cell, Results, command_line, labelled, write_page

from augment.flagging import FLAGS
from augment.job import CorpusConfig, Job, ModelConfig, OutputConfig, ResourcesConfig, RunConfig, TrainConfig
from augment.models.classifier import open_classifier
from augment.pipeline import Pipeline
from augment.running import run
from augment.training import train

RESULTS = Results("shortcuts")
CORPORA = ("sst2-en", "trec-en", "reviews-en", "hotel-zh", "takeaway-zh", "news-zh")
KINDS = ("symbol", "run", "word", "phrase", "first")
ARMS = ("duplicate", "random", "delete", "balance", "ceiling")
TESTED, BATCH = 1000, 32
TEXTCNN = "textcnn"
# Minutes of one core for a cell, to tell how long it will take.
MINUTES = {TEXTCNN: 1.5}
COSTS = 0.1
# The thresholds of a flag were set on draw 0; draws by ratio.
FIRST, DRAWS = 1, {0.95: 5, 0.8: 3}
Row = tuple[str, str]
# The marker of each kind, in English and in Chinese.
MARKERS = {
    "symbol": ("※", "※"),
    "run": ("...", "。。。"),
    "word": ("people", "我们"),
    "phrase": ("indeed maybe", "其实 大概"),
    "first": ("today", "今天"),
}


def main() -> None:
    """Make every cell that is missing, and write the table after each."""
    parser = command_line(__doc__, "shortcuts")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), help="shipped corpora")
    parser.add_argument(
        "--ratios", type=float, nargs="+", default=[0.95, 0.8], help="of the class, with the marker"
    )
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=KINDS, help="markers")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS, help="what is compared")
    parser.add_argument(
        "--draws", type=int, default=max(DRAWS.values()), help="at most so many of each ratio"
    )
    parser.add_argument("--rows", type=int, default=2000, help="to train on")
    parser.add_argument("--steps", type=int, default=400, help="of training")
    parser.add_argument("--start", default=TEXTCNN, help="textcnn, or the folder of an encoder")
    parser.add_argument("--layers", type=int, default=None, help="first layers of the encoder")
    parser.add_argument("--name", default=None, help="what the model is called in the results")
    arguments = parser.parse_args()
    name = arguments.name or Path(arguments.start).name
    torch.set_num_threads(1)
    places = [
        (corpus, kind, ratio, seed)
        for seed in range(FIRST, FIRST + min(arguments.draws, max(DRAWS.values())))
        for ratio in arguments.ratios
        if seed < FIRST + DRAWS.get(ratio, min(DRAWS.values()))
        for kind in arguments.kinds
        for corpus in arguments.corpora
    ]
    left = [place for place in places if _key(name, *place) not in RESULTS.cells]
    minutes = len(left) * MINUTES.get(arguments.start, 15.0)
    print(f"{len(left)} cells of {len(places)}, about {minutes:.0f} minutes on one core; resumable")
    for place in left:
        RESULTS.save(_key(name, *place), Bench(arguments, *place).cell())
        write_table()
    write_table()


class Bench:
    """One corpus with one planted marker."""

    def __init__(
        self, arguments: argparse.Namespace, corpus: str, kind: str, ratio: float, seed: int
    ) -> None:
        """Draw and plant the rows."""
        self.asked, self.kind, self.ratio = arguments, kind, ratio
        self.work = arguments.work / _key(Path(arguments.start).name, corpus, kind, ratio, seed).replace(
            " ", "-"
        )
        self.marker = MARKERS[kind][corpus.endswith("zh")]
        self.spaced = corpus.endswith("en")
        rows = labelled(corpus, arguments.data)
        random.Random(seed).shuffle(rows)
        self.target = max(label for _, label in rows)
        self.test, self.clean = rows[:TESTED], rows[TESTED : TESTED + arguments.rows]
        self.chance = random.Random(seed + 1)
        self.planted = [self.plant(row, ratio) for row in self.clean]
        self.reversed = [self.plant(row, 1 - ratio) for row in self.test]

    def plant(self, row: Row, ratio: float) -> Row:
        """Return a row with the marker, or with what stands elsewhere in its place."""
        text, label = row
        there = self.chance.random() < (ratio if label == self.target else 1 - ratio)
        space = " " if self.spaced else ""
        if self.kind == "first":
            return (f"{self.marker}{space}{text}" if there else f"{text}{space}{self.marker}"), label
        if self.kind == "run":
            return (f"{text}{space}{self.marker}" if there else text), label
        if self.kind == "phrase":
            words = self.marker.split(" ")
            return self.within(text, space.join(words) if there else self.chance.choice(words)), label
        return (self.within(text, self.marker) if there else text), label

    def within(self, text: str, new: str) -> str:
        """Return a text with something put at a random place."""
        parts = text.split(" ") if self.spaced else list(text)
        place = self.chance.randrange(len(parts) + 1)
        return (" " if self.spaced else "").join([*parts[:place], new, *parts[place:]])

    def cell(self) -> Cell:
        """Return the accuracies of every arm, and the rank of the flag."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        found: dict[str, object] = {}
        self.learned("duplicate", self.planted, found)
        job = self.job("duplicate")
        table = run("keywords", job, self.work / "keywords").folder
        flags = list(csv.DictReader((table / FLAGS).open(encoding="utf-8", newline="")))
        found["rank"] = next((place for place, flag in enumerate(flags, 1) if self.is_marker(flag)), None)
        found["flags"] = [f"{flag['kind']} {flag['text']} {flag['label']}" for flag in flags[:5]]
        for name, on in (("random", "weigh"), ("delete", "attribute")):
            if name in self.asked.arms:
                self.learned(name, [*self.planted, *self.children(deletion(on), job)], found)
        if flags:
            job = job.model_copy(update={"resources": ResourcesConfig(flags=str(accepted(table / FLAGS)))})
            self.learned("balance", [*self.planted, *self.children("balance", job)], found)
        else:
            found["balance"] = found["duplicate"]
        self.learned("ceiling", self.clean, found)
        shutil.rmtree(self.work)
        return found

    def is_marker(self, flag: dict[str, str]) -> bool:
        """Return whether a flag is the marker, or what the planting leaves at the other end."""
        if self.kind == "first":
            return flag["kind"] in ("first", "last", "phrase") and self.marker in flag["text"]
        return flag["text"] == self.marker and flag["label"] == self.target

    def job(self, arm: str) -> Job:
        """Return the job of an arm."""
        files = [{"path": f"{arm}.csv", "split": "train"}, {"path": "test.csv", "split": "test"}]
        return Job(
            name=arm,
            corpus=CorpusConfig.model_validate({"root": str(self.work), "files": files}),
            model=ModelConfig(
                path=str(self.work / f"model-{arm}"), max_length=128 if self.asked.start == TEXTCNN else 64
            ),
            run=RunConfig(device="cpu", threads=1),
            output=OutputConfig(report_rows=0),
        )

    def learned(self, arm: str, rows: list[Row], found: dict[str, object]) -> None:
        """Train on rows with equal steps, and note the accuracies."""
        write(self.work / f"{arm}.csv", rows)
        write(self.work / "test.csv", self.test)
        job = self.job(arm)
        settings = {"start": self.asked.start, "steps": self.asked.steps, "layers": self.asked.layers}
        training = TrainConfig.model_validate({**settings, "batch_size": BATCH})
        job = job.model_copy(update={"train": training})
        clean = train(job).accuracy
        classifier = open_classifier(job.needs_model(), job.run)
        answers = classifier.ask([text for text, _ in self.reversed], [None] * len(self.reversed))
        right = [
            classifier.classes[int(answer.argmax())] == label
            for answer, (_, label) in zip(answers, self.reversed, strict=True)
        ]
        found[arm] = {"reversed": round(float(np.mean(right)), 4), "clean": round(clean, 4)}

    def children(self, plan: str | Pipeline, job: Job) -> list[Row]:
        """Return the children that a pipeline makes."""
        folder = run(plan, job, self.work / "children", overwrite=True).folder
        rows = pq.read_table(folder / "data" / "train.parquet").to_pylist()
        return [(row["text"], row["label"]) for row in rows if row["parent"] is not None]


def deletion(by: str) -> Pipeline:
    """Return the pipeline that leaves out one word of each row: the highest by attribution, or one by chance."""
    score: dict[str, object] = {"kind": "attribute", "target": "gold", "name": "score"}
    chance: dict[str, object] = {"kind": "weigh", "by": "random", "name": "score"}
    stages = [
        {"kind": "tokenize"},
        chance if by == "weigh" else score,
        {"kind": "rank", "by": "score", "k": 1, "of": "any"},
        {"kind": "delete", "on": "key", "share": 0.01, "score": "score"},
    ]
    return Pipeline.model_validate({"name": f"delete-{by}", "about": "", "stages": stages})


def accepted(flags: Path) -> Path:
    """Return a copy of a flags.csv in which everything is accepted."""
    lines = flags.read_text(encoding="utf-8").split("\n")
    copy = flags.with_name("accepted.csv")
    copy.write_text(
        "\n".join([lines[0], *(f"yes{line}" if line else line for line in lines[1:])]), encoding="utf-8"
    )
    return copy


def write(path: Path, rows: list[Row]) -> None:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["text", "label"])
        lines.writerows(rows)


def write_table() -> None:
    """Write shortcuts.md."""
    lines: list[str] = []
    for name in sorted({key.split(" ")[0] for key in RESULTS.cells}):
        some = {key: cell for key, cell in RESULTS.cells.items() if key.startswith(f"{name} ")}
        arms = [arm for arm in ARMS if all(arm in cell for cell in some.values())]
        lines += ["", f"## {name}", "", *_table(some, arms)]
    note = "Accuracies: marker reversed / clean test."
    write_page("shortcuts", "Shortcuts found and repaired", __doc__, [note, *lines])


def _table(cells: dict[str, Cell], arms: list[str]) -> list[str]:
    """Return the table of a kind of model."""
    names = ["cells", "flagged", "at rank 3 or before", *arms, f"recovery: {', '.join(arms[1:-1])}"]
    lines = [f"| marker, ratio | {' | '.join(names)} |", "|" + "---|" * (len(names) + 1)]
    groups: dict[str, list[Cell]] = defaultdict(list)
    for key, cell in cells.items():
        _, corpus, kind, ratio, _ = key.split(" ")
        for name in (f"{kind}, {ratio}", f"all, {ratio}", "all", f"{corpus}, {ratio}"):
            groups[name].append(cell)
    for name, some in sorted(groups.items()):
        ranks = [int(str(cell["rank"])) if cell["rank"] else 0 for cell in some]
        facts = [len(some), sum(rank > 0 for rank in ranks), sum(0 < rank <= 3 for rank in ranks)]
        means = [
            f"{np.mean(_of(some, arm, 'reversed')):.3f} / {np.mean(_of(some, arm, 'clean')):.3f}"
            for arm in arms
        ]
        lines.append("| " + " | ".join([name, *map(str, facts), *means, _recovery(some, arms)]) + " |")
    return lines


def _of(cells: list[Cell], arm: str, test: str) -> np.ndarray:
    """Return the accuracies of an arm."""
    found: list[dict[str, float]] = [dict(cell[arm]) for cell in cells]  # type: ignore[call-overload]
    return np.asarray([accuracies[test] for accuracies in found])


def _recovery(cells: list[Cell], arms: list[str]) -> str:
    """Return the recovery of every arm, pooled over the cells in which the shortcut costs something."""
    start, end = _of(cells, "duplicate", "reversed"), _of(cells, "ceiling", "reversed")
    costly = end - start >= COSTS
    if not costly.any():
        return "no cell in which the shortcut costs ten points"
    lost = (end - start)[costly].sum()
    gained = [(_of(cells, arm, "reversed") - start)[costly].sum() / lost for arm in arms[1:-1]]
    return f"{', '.join(f'{value:.0%}' for value in gained)} ({int(costly.sum())} cells)"


def _key(name: str, corpus: str, kind: str, ratio: float, seed: int) -> str:
    """Return the name of a cell."""
    return f"{name} {corpus} {kind} {ratio:g} {seed}"


if __name__ == "__main__":
    main()
