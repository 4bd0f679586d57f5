r"""Plant shortcuts of six kinds into real corpora, find them, repair them, and test where they point the other way.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.shortcuts [--corpora sst2-en hotel-zh] [--ratios 0.95 0.8] [--kinds symbol run]
    OMP_NUM_THREADS=1 python -m benchmarks.quality.shortcuts --start FOLDER [--layers 4] --freeze 2 --learning-rate 0.0003 --name NAME \
        --rows 300 --steps 125 --batch-size 16 --ratios 0.95 --draws 3 --kinds symbol word phrase \
        --arms duplicate delete balance ceiling --brief
    OMP_NUM_THREADS=1 python -m benchmarks.quality.shortcuts --name rivals --kinds symbol meaning first --corpora sst2-en hotel-zh \
        --ratios 0.95 --rows 800 --steps 200 --arms duplicate balance cut ceiling --brief
    OMP_NUM_THREADS=1 python -m benchmarks.quality.shortcuts --name natural-balance --kinds symbol word phrase --corpora sst2-en hotel-zh \
        --ratios 0.95 --draws 1 --arms duplicate delete balance ceiling --brief

The last command measures `balance` since it puts words between words that people write them between; the others are of before.
A marker is planted in so many of the rows of one class (the last by name) and in so few of the others; of a phrase the
words stand alone elsewhere, and of a word in first place the word stands last elsewhere. `meaning` is a word that praises, put
into rows of praise: rows that were not planted have it too, and it means something there. 2,000 training rows, 1,000 test
rows, drawn five times at 95 to 5, three times at 80 to 20, never as when the thresholds of a flag were set; a textcnn, 400
steps of 32 rows in every arm, whatever rows it has, or an encoder of which the upper layers are tuned, on 300 rows of at most
64 pieces, 125 steps of 16. Arms: `duplicate`, the planted rows alone;
`random`, with a sample of each row without one random word; `delete`, with one without its highest word; `balance`, with
the samples of the pipeline `balance`, every flag of `keywords` accepted; `cut`, without any of these flags in any row to train on;
`cut_tests`, the same model, tests cut as well; `ceiling`, trained on the rows without marker.
Tests: `reversed`, the marker planted the other way round; `clean`, without it. Recovery is (arm - duplicate) / (ceiling -
duplicate) on `reversed`, pooled over the cells in which the shortcut costs ten points or more. `rank` is the place of the
first flag that is the marker, or what its planting leaves at the other end. Beside it the place of the marker among all
units by chi-square, and among single words, as a plain count has it. `elsewhere`: the model that has learned the marker
looks at rows in which it stands in half of every class, so that their labels tell nothing: the place of the marker by its
share of the attribution, and by chi-square. `unplanted`: what is flagged in the rows without marker by the model of the
ceiling, for each corpus and draw. Cells in shortcuts.json are not made again.
"""

import argparse
import csv
import json
import random
import shutil
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.parquet as pq
import torch

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import (
    CorpusConfig,
    ModelConfig,
    OutputConfig,
    ResourcesConfig,
    RunConfig,
    TrainConfig,
)
from augment.evaluation.cutting import cut
from augment.evaluation.material import Labelled
from augment.output.keywords import FLAGS, TABLE
from augment.pipeline.definition import Pipeline
from augment.stages.accepted import read_flags
from augment.tables.files import write_json
from augment.text.ngrams import Ngram
from augment.training import train
from benchmarks.common import Cell, Results, command_line, labelled, part, right, write_page

RESULTS = Results("quality/shortcuts")
CORPORA = ("sst2-en", "trec-en", "reviews-en", "hotel-zh", "takeaway-zh", "news-zh")
KINDS = ("symbol", "run", "word", "phrase", "first", "meaning")
# Conditions of the older cells, which are made where none are named.
USUAL = ("duplicate", "random", "delete", "balance", "ceiling")
CONDITIONS = (*USUAL[:-1], "cut", "cut_tests", "ceiling")
TESTED = 1000
TEXTCNN = "textcnn"
# Minutes of one core for a cell, to tell how long it will take.
MINUTES = {TEXTCNN: 1.0}
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
    "meaning": ("great", "满意"),
}


def main() -> None:
    """Make every cell that is missing, and write the table after each."""
    parser = command_line(__doc__, "shortcuts")
    parser.add_argument("--corpora", nargs="+", default=list(CORPORA), help="shipped corpora")
    parser.add_argument(
        "--ratios", type=float, nargs="+", default=[0.95, 0.8], help="of the class, with the marker"
    )
    parser.add_argument("--kinds", nargs="+", default=list(KINDS[:5]), choices=KINDS, help="markers")
    parser.add_argument("--arms", nargs="+", default=list(USUAL), choices=CONDITIONS, help="what is compared")
    parser.add_argument(
        "--draws", type=int, default=max(DRAWS.values()), help="at most so many of each ratio"
    )
    parser.add_argument("--rows", type=int, default=2000, help="to train on")
    parser.add_argument("--steps", type=int, default=400, help="of training")
    parser.add_argument("--batch-size", type=int, default=32, help="rows in one step")
    parser.add_argument("--start", default=TEXTCNN, help="textcnn, or the folder of an encoder")
    parser.add_argument("--layers", type=int, default=None, help="first layers of the encoder")
    parser.add_argument("--freeze", type=int, default=None, help="first layers left as they are")
    parser.add_argument("--learning-rate", type=float, default=None, help="in place of the default")
    parser.add_argument("--brief", action="store_true", help="neither `elsewhere` nor `unplanted`")
    parser.add_argument("--name", default=None, help="what the model is called in the results")
    arguments = parser.parse_args()
    arguments.name = name = arguments.name or Path(arguments.start).name
    torch.set_num_threads(1)
    positions = [
        (corpus, kind, ratio, seed)
        for seed in range(FIRST, FIRST + min(arguments.draws, max(DRAWS.values())))
        for ratio in arguments.ratios
        if seed < FIRST + DRAWS.get(ratio, min(DRAWS.values()))
        for kind in arguments.kinds
        for corpus in arguments.corpora
    ]
    left = [rank_of for rank_of in positions if _key(name, *rank_of) not in RESULTS.cells]
    minutes = len(left) * MINUTES.get(arguments.start, 6.0)
    print(f"{len(left)} cells of {len(positions)}, about {minutes:.0f} minutes on one core; resumable")
    for rank_of in left:
        RESULTS.save(_key(name, *rank_of), Bench(arguments, *rank_of).cell())
        write_table()
    write_table()


class Bench:
    """One corpus with one planted marker."""

    def __init__(
        self, arguments: argparse.Namespace, corpus: str, kind: str, ratio: float, seed: int
    ) -> None:
        """Draw and plant the rows."""
        self.options, self.kind, self.ratio = arguments, kind, ratio
        self.work = arguments.work / _key(arguments.name, corpus, kind, ratio, seed).replace(" ", "-")
        # The model of the ceiling is the same for all markers of a draw.
        self.kept = arguments.work / f"{arguments.name}-{corpus}-{seed}-ceiling"
        self.marker = MARKERS[kind][corpus.endswith("zh")]
        self.spaced = corpus.endswith("en")
        rows = labelled(corpus, arguments.data)
        random.Random(seed).shuffle(rows)
        self.target = max(label for _, label in rows)
        self.test, self.clean = rows[:TESTED], rows[TESTED : TESTED + arguments.rows]
        self.chance = random.Random(seed + 1)
        self.planted = [self.plant(row, ratio) for row in self.clean]
        self.reversed = [self.plant(row, 1 - ratio) for row in self.test]
        self.neutral = [self.plant(row, 0.5) for row in self.clean]

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
        rank_of = self.chance.randrange(len(parts) + 1)
        return (" " if self.spaced else "").join([*parts[:rank_of], new, *parts[rank_of:]])

    def cell(self) -> Cell:
        """Return the accuracies of every arm, and the rank of the flag."""
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        measures: dict[str, object] = {}
        self.learned("duplicate", self.planted, measures)
        job = self.job("duplicate")
        table = run("keywords", job, self.work / "keywords").folder
        flags = flags_of(table)
        measures["rank"] = self.rank_of(flags)
        measures["flags"] = flag_lines(flags)
        ngrams = pq.read_table(table / TABLE).to_pylist()
        measures["chi_square"] = self.rank_of(by(ngrams, "chi_square"))
        words = [ngram for ngram in by(ngrams, "chi_square") if ngram["kind"] == "word"]
        measures["chi_square_words"] = next(
            (rank_of for rank_of, ngram in enumerate(words, 1) if ngram["text"] in self.marker.split(" ")),
            None,
        )
        if not self.options.brief:
            measures["elsewhere"] = self.elsewhere()
        for name, on in (("random", "weigh"), ("delete", "attribute")):
            if name in self.options.arms:
                self.learned(name, [*self.planted, *self.samples(deletion(on), job)], measures)
        accepting = accepted(table / FLAGS) if flags else None
        if "cut" in self.options.arms:
            self.cut(accepting, measures)
        if accepting is not None:
            job = job.model_copy(update={"resources": ResourcesConfig(flags=str(accepting))})
            self.learned("balance", [*self.planted, *self.samples("balance", job)], measures)
        else:
            measures["balance"] = measures["duplicate"]
        self.learned("ceiling", self.clean, measures)
        if not self.options.brief:
            measures["unplanted"] = self.unplanted()
        shutil.rmtree(self.work)
        return measures

    def cut(self, flags: Path | None, measures: dict[str, object]) -> None:
        """Train on rows without what was accepted; measure it on the tests, and on the tests without it."""
        if flags is None:
            measures["cut"] = measures["cut_tests"] = measures["duplicate"]
            return
        units = {flag.ngram for flag in read_flags(flags)}
        self.learned("cut", without(units, self.planted), measures)
        job, tests = self.job("cut"), {"reversed": self.reversed, "clean": self.test}
        measures["cut_tests"] = {
            name: round(float(np.mean(right(job, job.needs_model(), without(units, rows)))), 4)
            for name, rows in tests.items()
        }

    def elsewhere(self) -> dict[str, int | None]:
        """Return the places of the marker where a model that knows it looks at rows whose labels do not."""
        write(self.work / "neutral.csv", self.neutral)
        job = self.job("neutral").model_copy(update={"model": self.job("duplicate").model})
        ngrams = pq.read_table(run("keywords", job, self.work / "elsewhere").folder / TABLE)
        kinds = ("share", "chi_square")
        return {kind: self.rank_of(by(ngrams.to_pylist(), kind)) for kind in kinds}

    def unplanted(self) -> list[str]:
        """Return what is flagged in the rows without marker, which is the same for all markers of a draw."""
        if not self.kept.with_suffix(".json").exists():
            folder = run("keywords", self.job("ceiling"), self.work / "unplanted").folder
            write_json(self.kept.with_suffix(".json"), {"flags": flag_lines(flags_of(folder))})
        flags: list[str] = json.loads(self.kept.with_suffix(".json").read_text(encoding="utf-8"))["flags"]
        return flags

    def rank_of(self, ngrams: list[dict[str, Any]]) -> int | None:
        """Return the place of the marker among units, from 1."""
        return next((rank_of for rank_of, ngram in enumerate(ngrams, 1) if self.is_marker(ngram)), None)

    def is_marker(self, flag: dict[str, Any]) -> bool:
        """Return whether a flag is the marker, or what the planting leaves at the other end."""
        if self.kind == "first":
            return flag["kind"] in ("first", "last", "phrase") and self.marker in flag["text"]
        return bool(flag["text"] == self.marker and flag["label"] == self.target)

    def job(self, condition: str) -> Job:
        """Return the job of an arm."""
        files = [{"path": f"{condition}.csv", "split": "train"}, {"path": "test.csv", "split": "test"}]
        return Job(
            name=condition,
            corpus=CorpusConfig.model_validate({"root": str(self.work), "files": files}),
            model=ModelConfig(
                path=str(self.kept if condition == "ceiling" else self.work / f"model-{condition}"),
                max_length=128 if self.options.start == TEXTCNN else 64,
            ),
            run=RunConfig(device="cpu", threads=1),
            output=OutputConfig(report_rows=0),
        )

    def learned(self, condition: str, rows: list[Row], measures: dict[str, object]) -> None:
        """Train on rows with equal steps, and note the accuracies."""
        write(self.work / f"{condition}.csv", rows)
        write(self.work / "test.csv", self.test)
        job = self.job(condition)
        if not Path(job.needs_model().path).exists():
            names = ("start", "steps", "batch_size", "layers", "freeze", "learning_rate")
            settings = {name: getattr(self.options, name) for name in names}
            train(job.model_copy(update={"train": TrainConfig.model_validate(settings)}))
        tests = {"reversed": self.reversed, "clean": self.test}
        measures[condition] = {
            name: round(float(np.mean(right(job, job.needs_model(), rows))), 4)
            for name, rows in tests.items()
        }

    def samples(self, plan: str | Pipeline, job: Job) -> list[Row]:
        """Return the samples that a pipeline makes."""
        folder = run(plan, job, self.work / "samples", overwrite=True).folder
        rows = pq.read_table(folder / "data" / "train.parquet").to_pylist()
        return [(row["text"], row["label"]) for row in rows if row["source_id"] is not None]


def without(units: Collection[Ngram], rows: list[Row]) -> list[Row]:
    """Return rows without these n-grams; a row of which nothing would be left stays as it is."""
    return [(cut(Labelled(text, label), units, "auto").text or text, label) for text, label in rows]


def flags_of(folder: Path) -> list[dict[str, Any]]:
    """Return the flags of a run, those with most of the attribution first."""
    return list(csv.DictReader((folder / FLAGS).open(encoding="utf-8-sig", newline="")))


def flag_lines(flags: list[dict[str, Any]]) -> list[str]:
    """Return the first flags in words."""
    return [f"{flag['kind']} {flag['text']} {flag['label']}" for flag in flags[:5]]


def by(ngrams: list[dict[str, Any]], measure: str) -> list[dict[str, Any]]:
    """Return the units of a key-word table, the highest by a measure first."""
    return sorted(ngrams, key=lambda ngram: -float(ngram[measure]))


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
    lines = flags.read_text(encoding="utf-8-sig").split("\n")
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
        conditions = [
            condition for condition in CONDITIONS if all(condition in cell for cell in some.values())
        ]
        lines += ["", f"## {name}", "", *_table(some, conditions)]
        if all("elsewhere" in cell for cell in some.values()):
            lines += ["", *_rank_lines(some), "", *_unplanted(some)]
    note = "Accuracies: marker reversed / clean test."
    write_page("quality/shortcuts", "Shortcuts found and repaired", __doc__, [note, *lines])


def _rank_lines(cells: dict[str, Cell]) -> list[str]:
    """Return the table of where the marker stands by which measure: in how many cells it is among the first three."""
    names = (
        "flag",
        "chi-square",
        "chi-square of single words",
        "elsewhere: attribution",
        "elsewhere: chi-square",
    )
    lines = [f"| marker | cells | {' | '.join(names)} |", "|---" * (2 + len(names)) + "|"]
    for kind in KINDS:
        some = [cell for key, cell in cells.items() if key.split(" ")[2] == kind and "elsewhere" in cell]
        positions = [
            (
                cell["rank"],
                cell["chi_square"],
                cell["chi_square_words"],
                *part(cell, "elsewhere").values(),
            )
            for cell in some
        ]
        if positions:
            counts = [
                sum(rank_of is not None and int(str(rank_of)) <= 3 for rank_of in each)
                for each in zip(*positions, strict=True)
            ]
            lines.append(f"| {kind} | {len(some)} | {' | '.join(map(str, counts))} |")
    return ["The marker is among the first three units, in so many cells, by", "", *lines]


def _unplanted(cells: dict[str, Cell]) -> list[str]:
    """Return what is flagged where nothing is planted, by corpus and draw."""
    measures = {
        (key.split(" ")[1], key.split(" ")[4]): [str(flag) for flag in cast(list[object], cell["unplanted"])]
        for key, cell in cells.items()
        if "unplanted" in cell
    }
    flag_lines = [
        f"{corpus}, draw {draw}: {', '.join(flags)}"
        for (corpus, draw), flags in sorted(measures.items())
        if flags
    ]
    return [f"Flagged in {len(measures)} draws without marker: {'; '.join(flag_lines) or 'nothing'}."]


def _table(cells: dict[str, Cell], conditions: list[str]) -> list[str]:
    """Return the table of a kind of model."""
    names = [
        "cells",
        "flagged",
        "at rank 3 or before",
        *conditions,
        f"recovery: {', '.join(conditions[1:-1])}",
    ]
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
            f"{np.mean(_of(some, condition, 'reversed')):.3f} / {np.mean(_of(some, condition, 'clean')):.3f}"
            for condition in conditions
        ]
        lines.append("| " + " | ".join([name, *map(str, facts), *means, _recovery(some, conditions)]) + " |")
    return lines


def _of(cells: list[Cell], condition: str, test: str) -> np.ndarray:
    """Return the accuracies of an arm."""
    return np.asarray([part(cell, condition)[test] for cell in cells])


def _recovery(cells: list[Cell], conditions: list[str]) -> str:
    """Return the recovery of every arm, pooled over the cells in which the shortcut costs something."""
    start, end = _of(cells, "duplicate", "reversed"), _of(cells, "ceiling", "reversed")
    costly = end - start >= COSTS
    if not costly.any():
        return "no cell in which the shortcut costs ten points"
    lost = (end - start)[costly].sum()
    gained = [
        (_of(cells, condition, "reversed") - start)[costly].sum() / lost for condition in conditions[1:-1]
    ]
    return f"{', '.join(f'{value:.0%}' for value in gained)} ({int(costly.sum())} cells)"


def _key(name: str, corpus: str, kind: str, ratio: float, seed: int) -> str:
    """Return the name of a cell."""
    return f"{name} {corpus} {kind} {ratio:g} {seed}"


if __name__ == "__main__":
    main()
