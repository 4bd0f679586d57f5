"""What one method comes to: its scores on the same texts as every other method's, and what these scores are worth.

bench = MethodBench.of(job, report)
bench.measured(method_of({"method": "deeplift"}))
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.attribution.method import AttributionMethod, Explained
from augment.config.job import Job
from augment.errors import RequestError
from augment.evaluation.faithfulness.answers import ReducedAnswers
from augment.evaluation.faithfulness.curves import drops, limits, strongest_first
from augment.evaluation.faithfulness.material import (
    Corpus,
    Mosaics,
    PlantedTexts,
    chosen_rows,
    explained,
    mosaics,
    planted_texts,
    rare_words,
    replacing_words,
)
from augment.evaluation.faithfulness.row_costs import counted_rows
from augment.evaluation.faithfulness.twin_models import planted, shuffled
from augment.evaluation.material import Labelled
from augment.progress import Progress
from augment.seeding import array_rng, key_of

if TYPE_CHECKING:
    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

# What is measured of a method; lists of numbers by text.
MethodCell = dict[str, object]
Scored = Sequence[Sequence[float]]
# Digits of a score, as a share of the largest in its text.
_DIGITS = 5


@dataclass
class MethodBench:
    """Where methods are measured. random, obedient: copies of the model, None for a function; planted: rows of the second."""

    job: Job
    predictor: "Predictor"
    rows: Explained
    answers: ReducedAnswers
    mosaics: Mosaics | None
    random: "Predictor | None"
    obedient: "Predictor | None"
    planted: PlantedTexts | None
    notices: list[str]

    @classmethod
    def of(cls, job: Job, report: Progress) -> "MethodBench":
        """Read the corpus, choose texts, and make both copies of the model; DataError if there is too little of anything."""
        from augment.models.classifier import Classifier
        from augment.models.predictor import open_predictor

        report("read the corpus", 0, 0)
        corpus = Corpus.of(job)
        predictor = open_predictor(job.needs_model(), job.run)
        rows = explained(job, predictor, chosen_rows(job, corpus))
        settings, notices = job.faithfulness, []
        if len(rows.ids) < settings.rows:
            notices.append(
                f"{len(rows.ids):,} held-out texts have 3 to {settings.words} words that the model sees; {settings.rows:,} were requested"
            )
        answers = ReducedAnswers(predictor, rows, replacing_words(job, rows, corpus))
        one_class = predictor.kind == "single"
        joined = mosaics(job, predictor, corpus) if settings.mosaics and one_class else None
        if not one_class:
            notices.append("several labels may be right: neither mosaics nor planted words are measured")
        elif settings.mosaics and joined is None:
            notices.append(
                "no mosaics: no two texts of different classes that the model answers rightly and sees whole"
            )
        bench = cls(job, predictor, rows, answers, joined, None, None, None, notices)
        if isinstance(predictor, Classifier):
            bench.random = open_predictor(shuffled(predictor, job.seed), job.run)
            if settings.planted and one_class:
                bench._plant(predictor, corpus, report)
        else:
            notices.append(
                "a Python function has no weights: neither shuffled ones nor planted words are measured"
            )
        return bench

    def _plant(self, classifier: "Classifier", corpus: Corpus, report: Progress) -> None:
        """Make the copy that obeys two words, and the texts with them."""
        from augment.models.labels import LabelMap
        from augment.models.predictor import open_predictor

        known = LabelMap(classifier.classes, self.job.label_names)
        labels = [label for label in _frequent(corpus.train) if known.index(label) is not None][:2]
        words = rare_words(classifier, corpus, len(labels))
        if len(words) < 2:
            self.notices.append(
                "no planted words: the corpus has no two rare ones that the model has pieces for"
            )
            return
        pairs = list(zip(words, labels, strict=True))
        train = [row for row in corpus.train if row.text_pair is None and known.index(row.label) is not None]
        self.obedient = open_predictor(planted(self.job, classifier, pairs, train, report), self.job.run)
        self.planted = planted_texts(self.job, self.obedient, pairs, corpus)
        if self.planted is None:
            self.notices.append("no planted words: the copy of the model did not learn to obey them")

    def limits(self) -> dict[str, list[tuple[float, float]]]:
        """Return the least and the largest mean drop of any order of words, by way and row."""
        settings = self.job.faithfulness
        return {
            way: [
                limits(self.answers, way, row, settings.steps, settings.beam)
                for row in range(len(self.rows.ids))
            ]
            for way in self.answers.ways
        }

    def measured(self, method: AttributionMethod) -> MethodCell:
        """Return what a method comes to; RequestError if the model does not allow it."""
        with counted_rows(self.predictor) as counts:
            began = time.process_time()
            token_scores = method.attribute(self.predictor, self.rows)
            seconds = time.process_time() - began
        if token_scores.broken:
            raise RequestError(
                f"method: {method.method}", "its scores are not finite on this model", "leave it out"
            )
        rows = len(self.rows.ids)
        # Pooling weights look into a layer and need no answer; a function is not counted.
        forward = max(counts.forward, rows if self.random else sum(token_scores.cost))
        scores = token_scores.scores
        cell = self._of_scores(scores)
        if self.mosaics is not None:
            cell["mosaics"] = shares_right(
                self.mosaics, method.attribute(self.predictor, self.mosaics.rows).scores
            )
        if self.random is not None:
            other = method.attribute(self.random, self.rows).scores
            cell["shuffled"] = [
                alike(one, two, players)
                for one, two, players in zip(scores, other, self.answers.players, strict=True)
            ]
        if self.planted is not None and self.obedient is not None:
            cell["planted"] = _first(self.planted, method.attribute(self.obedient, self.planted.rows).scores)
        cell["cost"] = {
            "forward": round(forward / rows, 2),
            "backward": round(counts.backward / rows, 2),
            "cpu_seconds": round(seconds / rows, 6),
        }
        return cell

    def permuted(self, method: AttributionMethod) -> MethodCell:
        """Return what the scores of a method come to when they change places within each text."""
        own = self._permuted(self.rows, method.attribute(self.predictor, self.rows).scores)
        cell = self._of_scores(own)
        if self.mosaics is not None:
            rows = self.mosaics.rows
            scores = self._permuted(rows, method.attribute(self.predictor, rows).scores)
            cell["mosaics"] = shares_right(self.mosaics, scores)
        if self.planted is not None and self.obedient is not None:
            rows = self.planted.rows
            cell["planted"] = _first(
                self.planted, self._permuted(rows, method.attribute(self.obedient, rows).scores)
            )
        return cell

    def of_random_weights(self, method: AttributionMethod) -> MethodCell:
        """Return what the scores of a method on the copy with shuffled weights come to on the model itself."""
        if self.random is None:
            raise RequestError("the model", "it has no weights to shuffle", "give a model of transformers")
        cell = self._of_scores(method.attribute(self.random, self.rows).scores)
        if self.mosaics is not None:
            cell["mosaics"] = shares_right(
                self.mosaics, method.attribute(self.random, self.mosaics.rows).scores
            )
        return cell

    def _of_scores(self, scores: Scored) -> MethodCell:
        """Return the drops along both curves, by way: the mean of each row, and the mean of each point; and the scores."""
        steps, cell = self.job.faithfulness.steps, MethodCell()
        for way in self.answers.ways:
            strong, weak, points = [], [], []
            for row, players in enumerate(self.answers.players):
                order = strongest_first(scores[row], players, self.rows.texts[row])
                one = drops(self.answers, way, row, order, steps)
                other = drops(self.answers, way, row, order[::-1], steps)
                strong.append(round(float(one.mean()), _DIGITS))
                weak.append(round(float(other.mean()), _DIGITS))
                points.append(
                    (
                        on_grid(self.answers.whole[row] - one, steps),
                        on_grid(self.answers.whole[row] - other, steps),
                    )
                )
            deletion, insertion = np.mean(points, axis=0).round(4).tolist()
            whole = round(float(np.mean(self.answers.whole)), 4)
            cell[way] = {
                "strong": strong,
                "weak": weak,
                "deletion": [whole, *deletion],
                "insertion": [whole, *insertion][::-1],
            }
        cell["scores"] = [
            _rounded(one, players) for one, players in zip(scores, self.answers.players, strict=True)
        ]
        return cell

    def _permuted(self, rows: Explained, scores: Scored) -> list[list[float]]:
        """Return scores that have changed places within each text."""
        return [
            array_rng(key_of("permuted", str(self.job.seed), rows.texts[row])).permutation(one).tolist()
            for row, one in enumerate(scores)
        ]


def shares_right(joined: Mosaics, scores: Scored) -> list[float]:
    """Return for each mosaic how often a word of the right part is above one of the other; 0.5 is chance."""
    result = []
    for inside, one in zip(joined.inside, scores, strict=True):
        values = np.asarray(one)
        above = values[inside][:, None] - values[~inside][None, :]
        result.append(round(float(((above > 0) + 0.5 * (above == 0)).mean()), _DIGITS) if above.size else 0.5)
    return result


def alike(one: Sequence[float], other: Sequence[float], players: Sequence[int]) -> float:
    """Return the rank correlation (Spearman) of two scorings of a text; 0 where one of them has no order."""
    return correlation(*(ranked(np.asarray(scores)[list(players)]) for scores in (one, other)))


def ranked(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return the rank of each score, the mean of their ranks for equal ones."""
    from scipy.stats import rankdata

    return np.asarray(rankdata(scores))


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return the correlation of the ranks of two scorings; 0 where one of them has no order."""
    if min(np.ptp(one), np.ptp(other)) == 0:
        return 0.0
    return round(float(np.corrcoef(one, other)[0, 1]), _DIGITS)


def on_grid(curve: np.ndarray, steps: int) -> np.ndarray:
    """Return a curve at `steps` equal shares of the words, whatever their number."""
    shares, known = np.arange(1, steps + 1) / steps, np.arange(1, len(curve) + 1) / len(curve)
    return np.asarray(np.interp(shares, known, curve))


def _first(texts: PlantedTexts, scores: Scored) -> list[float]:
    """Return for each text whether the planted word has the highest score of all, 1 or 0."""
    return [float(int(np.argmax(one)) == word) for word, one in zip(texts.words, scores, strict=True)]


def _rounded(scores: Sequence[float], players: Sequence[int]) -> list[float]:
    """Return the scores of the words that the model sees, as shares of the largest."""
    values = np.asarray(scores)[list(players)]
    rounded: list[float] = (values / (np.abs(values).max(initial=0.0) or 1.0)).round(_DIGITS).tolist()
    return rounded


def _frequent(rows: Sequence[Labelled]) -> list[str]:
    """Return labels, the most frequent first."""
    counts = Counter(row.label for row in rows)
    return sorted(counts, key=lambda label: (-counts[label], label))
