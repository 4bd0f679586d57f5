r"""Measure how well candidates of an attack are ordered before any is measured, and what that costs.

    OMP_NUM_THREADS=1 python -m benchmarks.quality.screening --data FOLDER --start MODEL --encoder ENCODER --minilm MINILM [--victims A trec MiniLM]

All candidates of the first look of `wide` (words of one dictionary, WordNet or Cilin, in place of content words) are answered by whole rows, and estimated in two ways:
by the gradient, one forward and backward row a text, and by `order: context`, where the first piece and the new ones are computed and all others keep
what they had. Victims and texts are those of attack.py; `trec` and its net were not used to choose anything. rank: Spearman's correlation of the estimates of a text with what
whole rows give. best: how much of the largest effect the candidate with the best estimate has, and the better of the best two. CPU is that of one thread, of all candidates of a
text, tokenizing not counted; `context` includes reading the text. Means over texts.
"""

import argparse
import time
from collections.abc import Sequence
from unittest.mock import patch

import numpy as np
import torch
from scipy.stats import spearmanr

from augment.adversarial.attempts import Attempt
from augment.adversarial.goals import ClassGoal, Goal
from augment.adversarial.guides import ByGradient, Guide, Look
from augment.adversarial.victims import Victim
from augment.adversarial.white_box import ReadTexts, WhiteBox
from augment.models.classifier import Classifier, open_classifier
from augment.stages import attack as stage
from augment.stages.editing import Row
from benchmarks.common import Cell, Results, command_line, part, write_page
from benchmarks.quality.attack import OURS, PAIRED, VICTIMS, opened, table_of, texts_of, victim_job

RESULTS = Results("quality/screening")
NAMES = ("gradient", "context")


def main() -> None:
    """Measure what is missing, and write the page."""
    parser = command_line(__doc__, "attack")
    parser.add_argument("--start", help="the encoder that victims A and trec start from")
    parser.add_argument("--encoder", help="the encoder that victims named e5 start from")
    parser.add_argument("--minilm", help="an English encoder that the victim MiniLM starts from")
    parser.add_argument("--texts", type=int, default=100, help="texts of a victim")
    parser.add_argument("--victims", nargs="*", default=["A", "trec", "MiniLM", "takeaway, e5"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for victim in arguments.victims:
        if victim not in RESULTS.cells:
            RESULTS.save(victim, measured(arguments, victim))
    lines = [
        "| victim | layers | texts | candidates a text | estimates | rank | best | best of two | CPU ms a text | of that of whole rows |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for victim, cell in RESULTS.cells.items():
        facts = [victim, cell["layers"], cell["texts"], cell["candidates"]]
        for name in NAMES:
            own = part(cell, name)
            share = own["ms"] / float(str(cell["whole"]))
            figures = [f"{own[key]:.2f}" for key in ("rank", "best", "two")]
            lines.append(f"| {' | '.join(map(str, [*facts, name, *figures, own['ms'], f'{share:.2f}']))} |")
    write_page("quality/screening", "How candidates of an attack are ordered", __doc__, lines)


def measured(arguments: argparse.Namespace, victim: str) -> Cell:
    """Return the figures of a victim."""
    job = victim_job(arguments, victim)
    texts = texts_of(arguments, job, victim)[: arguments.texts]
    keys, lexicon = OURS[PAIRED["zh" if VICTIMS[victim][0].endswith("zh") else "en"]]
    job = job.model_copy(update={"resources": job.resources.model_copy(update={"lexicons": (lexicon,)})})
    walk = opened(arguments, job, victim, {**keys, "order": "gradient", "second_pass": False})
    walk(table_of(texts[:8]))
    recorder = Recorder()
    with patch.object(stage, "_opened", recorder.opened):
        walk(table_of(texts))
    kept = open_classifier(job.needs_model(), job.run).kept_context
    return recorder.figures(0 if kept is None else kept.layers)


class Recorder(ByGradient):
    """A guide that keeps what it was asked first, and estimates nothing, so that no attack goes on."""

    def __init__(self) -> None:
        """Begin with no victim."""
        self.attempts: list[Attempt] = []
        self.goal: Goal = ClassGoal()
        self._real = stage._opened

    def opened(
        self, predictor: Classifier, rows: Sequence[Row], order: stage.OrderName, words: int
    ) -> tuple[Victim, Guide]:
        """Open a victim, with this as its guide."""
        box, _ = self._real(predictor, rows, order, words)
        assert isinstance(box, WhiteBox)
        self.box = box
        return box, self

    def look(self, attempts: Sequence[Attempt], goal: Goal) -> list[Look]:
        """Keep the attempts and the goal."""
        self.attempts, self.goal = list(attempts), goal
        return [Look(slope.logits, []) for slope in self.box.slopes(attempts, goal)]

    def figures(self, layers: int) -> Cell:
        """Return the figures of the attempts."""
        box, goal = self.box, self.goal
        live = [attempt for attempt in self.attempts if sum(map(len, attempt.offers.values())) > 1]
        for attempt in live:
            attempt.budget = 10**6
        box.learn(live)
        start = time.process_time()
        slopes = box.slopes(live, goal)
        estimates = [box.estimates(attempt, slope) for attempt, slope in zip(live, slopes, strict=True)]
        spent = {"gradient": time.process_time() - start}
        own = np.stack([slope.own for slope in slopes])
        before = goal.distance(np.stack([slope.logits for slope in slopes]), own)
        answers: dict[int, np.ndarray] = {}

        def work(rows: list[int], read: ReadTexts) -> None:
            """Answer all candidates of a batch."""
            tries = [
                (index, {token: word}) for index, row in enumerate(rows) for _, token, word in estimates[row]
            ]
            logits = iter(read.answer(tries))
            for row in rows:
                answers[row] = np.stack([next(logits) for _ in estimates[row]])

        start = time.process_time()
        box.read(live, work)
        spent["context"] = time.process_time() - start
        tries = [
            (attempt, {token: word})
            for attempt, each in zip(live, estimates, strict=True)
            for _, token, word in each
        ]
        start = time.process_time()
        whole = iter(box.answer(tries))
        rows_cost = time.process_time() - start
        scores: dict[str, list[tuple[float, float, float]]] = {name: [] for name in NAMES}
        for row, each in enumerate(estimates):
            mine = np.repeat(own[row][None], len(each), 0)
            true = goal.distance(np.stack([next(whole) for _ in each]), mine) - before[row]
            ways = {
                "gradient": np.array([change for change, _, _ in each]),
                "context": goal.distance(answers[row], mine) - before[row],
            }
            if true.min() < 0 < np.ptp(true):
                for name, way in ways.items():
                    order = np.argsort(way, kind="stable")
                    best = float(true[order[0]] / true.min()), float(true[order[:2]].min() / true.min())
                    scores[name].append((float(spearmanr(way, true)[0]), *best))
        cell: Cell = {
            "layers": layers,
            "texts": len(scores["context"]),
            "candidates": round(len(tries) / len(live), 1),
            "whole": round(1000 * rows_cost / len(live), 2),
        }
        for name in NAMES:
            rank, best, two = np.nanmean(np.array(scores[name]), 0).round(4).tolist()
            cell[name] = {
                "rank": rank,
                "best": best,
                "two": two,
                "ms": round(1000 * spent[name] / len(live), 2),
            }
        return cell


if __name__ == "__main__":
    main()
