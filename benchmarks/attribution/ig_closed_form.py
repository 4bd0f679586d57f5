"""Measure the closed form of a TextCNN's integrated gradients beside quadrature, ours and Captum's.

    OMP_NUM_THREADS=1 python -m benchmarks.attribution.ig_closed_form

A `textcnn` trained on hotel-zh, and 200 of its test rows (those with the smallest hash of the text), which it has not
seen; float32 on both sides, one torch thread. The path of a TextCNN has kinks where a filter passes zero, so the error of
a rule falls with the number of its nodes and no faster; the closed form is one evaluation.

Errors are sum |score - closed form| / sum |closed form| over the pieces of a text. Gaps are |sum of scores - (F(x) -
F(baseline))| / sum |closed form|: completeness, which is known without the closed form and so tests it too. CPU
milliseconds a text are the median of as many turns as fit in ten seconds, at least one, and include the prediction.
Captum is run once with its defaults (50 nodes, 32 texts as they come, internal batches of 256), and once as an expert
would (sorted by length) with the smallest number of nodes on a ladder whose 95th percentile of error is at most 0.01, or
the largest if there is none; the search for it, with our Gauss-Legendre rules, is free of charge. Measurements that
stand in ig_closed_form.json are not made again.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import torch

from augment.attribution.path_integral import ModelInputs, Plan, Scores, attribute, fixed
from augment.config.job import read_job
from augment.config.sections import ModelConfig, RunConfig
from augment.config.shipped import find
from augment.corpus import read
from augment.models.classifier import Classifier, open_classifier
from benchmarks.attribution.ig_scaling import train
from benchmarks.attribution.ig_speed import captum
from benchmarks.common import Cell, Results, command_line, write_page

CORPUS, LONGEST, TEXTS = "hotel-zh", 256, 200
TRAINING = ("train.limit=5000",)
TABLED = (16, 64, 256)
LADDER = (8, 10, 12, 14, 16, 24, 32, 48, 64, 96, 128, 192, 256)
GOOD, SECONDS, DEFAULTS = 0.01, 10.0, 50


@dataclass(frozen=True)
class Truth:
    """What every method is held against: the closed form of each text, and F(x) - F(baseline)."""

    scores: list[np.ndarray]
    change: np.ndarray

    def errors(self, scores: list[np.ndarray]) -> Cell:
        """Return how far other scores are from the closed form."""
        pairs = zip(scores, self.scores, strict=True)
        return _spread("error", [np.abs(one - exact).sum() / np.abs(exact).sum() for one, exact in pairs])

    def gaps(self, scores: list[np.ndarray]) -> Cell:
        """Return how far scores are from completeness."""
        rows = zip(scores, self.scores, self.change, strict=True)
        return _spread("gap", [abs(one.sum() - change) / np.abs(exact).sum() for one, exact, change in rows])


class Bench:
    """The model with its texts."""

    def __init__(self, arguments: argparse.Namespace, results: Results) -> None:
        """Train the model if it is not there, and open it with the texts."""
        folder = arguments.work / f"{CORPUS}-textcnn"
        if not folder.exists():
            results.save("train", train(CORPUS, folder, arguments.data, LONGEST, TRAINING))
        config = ModelConfig(path=str(folder), max_length=LONGEST)
        self.classifier = open_classifier(config, RunConfig(device="cpu", threads=1))
        texts = held_out(arguments.data, TEXTS)
        encodings = self.classifier.encode(texts, [None] * len(texts))
        self.pieces = [row.pieces for row in encodings]
        self.segments = [row.segments for row in encodings]
        exact = self.attribute(Plan())
        if set(exact.status) != {"exact"}:
            raise ValueError(f"the model has no closed form: {set(exact.status)}")
        self.truth = Truth(exact.pieces, exact.value - exact.floor)

    def attribute(self, plan: Plan) -> Scores:
        """Return the scores of all texts for their predicted classes, prediction included."""
        logits = self.classifier.answer(self.pieces, self.segments)
        return attribute(
            self.classifier, ModelInputs(self.pieces, self.segments, logits, logits.argmax(-1)), plan
        )

    def ours(self, plan: Plan) -> Cell:
        """Return cost, errors and gaps of one of our plans."""
        return self.measured(lambda: self.attribute(plan).pieces)

    def captum(self, nodes: int, expert: bool) -> Cell:
        """Return cost, errors and gaps of Captum."""
        order = list(range(len(self.pieces)))
        if expert:
            order.sort(key=lambda row: len(self.pieces[row]))
        return self.measured(lambda: by_captum(self.classifier, self.pieces, self.segments, order, nodes))

    def measured(self, work: Callable[[], list[np.ndarray]]) -> Cell:
        """Return cost, errors and gaps of some scores."""
        scores, seconds, turns = timed(work)
        facts: Cell = {"ms_per_text": round(1000 * seconds / len(scores), 3), "turns": turns}
        return facts | self.truth.errors(scores) | self.truth.gaps(scores)

    def facts(self) -> Cell:
        """Return what is to be known of the texts."""
        lengths = [len(row) for row in self.pieces]
        return {
            "texts": len(lengths),
            "pieces_median": float(np.median(lengths)),
            "pieces_most": max(lengths),
            "change_median": round(float(np.median(np.abs(self.truth.change))), 3),
            "threads": torch.get_num_threads(),
        }


def main() -> None:
    """Measure what is missing and write the table."""
    arguments = _arguments()
    torch.set_num_threads(1)
    print("about 10 minutes on one core; resumable")
    results = Results("attribution/ig_closed_form")
    bench = Bench(arguments, results)
    results.save("texts", bench.facts())
    if "closed form" not in results.cells:
        results.save("closed form", bench.ours(Plan()))
    for nodes in LADDER:
        enough = any(fewer < nodes for fewer in good(results))
        key = f"gauss-legendre {nodes}"
        if key not in results.cells and (nodes in TABLED or not enough):
            results.save(key, bench.ours(Plan(mode="fixed", chains=fixed(nodes))))
    if "captum defaults" not in results.cells:
        results.save("captum defaults", {"nodes": DEFAULTS, **bench.captum(DEFAULTS, expert=False)})
    if "captum expert" not in results.cells:
        nodes = min(good(results), default=LADDER[-1])
        results.save("captum expert", {"nodes": nodes, **bench.captum(nodes, expert=True)})
    write_page("attribution/ig_closed_form", "The closed form of a TextCNN", __doc__, table(results.cells))


def good(results: Results) -> list[int]:
    """Return the numbers of nodes that were tried and are good enough."""
    cells = results.cells
    tried = [nodes for nodes in LADDER if f"gauss-legendre {nodes}" in cells]
    return [nodes for nodes in tried if float(str(cells[f"gauss-legendre {nodes}"]["error_p95"])) <= GOOD]


def by_captum(
    classifier: Classifier,
    pieces: list[list[int]],
    segments: list[list[int]],
    order: list[int],
    nodes: int,
) -> list[np.ndarray]:
    """Return Captum's scores of all texts, scored by 32 in some order."""
    of_row: dict[int, np.ndarray] = {}
    for begin in range(0, len(order), 32):
        some = order[begin : begin + 32]
        batch = classifier.batch([pieces[row] for row in some], [segments[row] for row in some])
        for row, scores in zip(some, captum(classifier, batch, nodes), strict=True):
            of_row[row] = scores[: len(pieces[row])]
    return [of_row[row] for row in range(len(pieces))]


def timed(work: Callable[[], list[np.ndarray]]) -> tuple[list[np.ndarray], float, int]:
    """Return scores, the median CPU seconds of a turn, and how many turns fitted in the time."""
    spent: list[float] = []
    scores: list[np.ndarray] = []
    while not spent or sum(spent) + spent[-1] <= SECONDS:
        began = time.process_time()
        scores = work()
        spent.append(time.process_time() - began)
    return scores, statistics.median(spent), len(spent)


def held_out(data: Path, count: int) -> list[str]:
    """Return the test rows with the smallest hash, in its order."""
    job = read_job([find("configs", CORPUS)], [f"corpus.root={data}"])
    texts = []
    for chunk in read(job.needs_corpus()):
        rows = chunk.rows.select(["text", "split"]).to_pylist()
        texts += [row["text"] for row in rows if row["split"] == "test"]
    return sorted(texts, key=lambda text: blake2b(text.encode()).digest())[:count]


def table(cells: dict[str, Cell]) -> list[str]:
    """Return the lines of ig_closed_form.md."""
    lines: list[str] = []
    texts, train = cells["texts"], cells.get("train")
    if train:
        lines += [f"Model: trained on {train['rows']} rows, accuracy {train['accuracy']}.", ""]
    lines += [
        f"{texts['texts']} texts of {texts['pieces_median']:.0f} pieces in the median, at most {texts['pieces_most']}; "
        f"|F(x) - F(baseline)| is {texts['change_median']} in the median; {texts['threads']} thread.",
        "",
        "| method | nodes | error median | p95 | worst | gap median | p95 | worst | ms a text | over the closed form |",
        "|" + "---|" * 10,
    ]
    exact = float(str(cells["closed form"]["ms_per_text"]))
    ladder = [f"gauss-legendre {nodes}" for nodes in LADDER]
    for key in ("closed form", *ladder, "captum defaults", "captum expert"):
        if key in cells:
            cell = cells[key]
            nodes = cell.get("nodes", key.split(" ")[-1] if key in ladder else 1)
            names = [f"{kind}_{part}" for kind in ("error", "gap") for part in ("median", "p95", "worst")]
            facts = [key, nodes, *(f"{cell[name]:.1e}" for name in names), cell["ms_per_text"]]
            ratio = f"{float(str(cell['ms_per_text'])) / exact:.1f}x"
            lines.append("| " + " | ".join(str(fact) for fact in [*facts, ratio]) + " |")
    return lines


def _spread(kind: str, values: list[float]) -> Cell:
    """Return median, 95th percentile and largest of some values."""
    result = {"median": np.median(values), "p95": np.quantile(values, 0.95), "worst": max(values)}
    return {f"{kind}_{part}": float(f"{value:.3g}") for part, value in result.items()}


def _arguments() -> argparse.Namespace:
    """Return the command line."""
    parser = command_line(__doc__, "ig_closed_form")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    main()
