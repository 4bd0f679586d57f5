"""What answers are worth on a test: accuracy as they are, accuracy at another threshold, and AUC, which has no threshold.

A model trained on one domain may order the texts of another well and still cut them at the wrong point: accuracy falls, AUC does not.
The threshold is fitted on validation rows of the domain that the model learned, never on a test: an offset is added to the score of each
class, which for two classes moves the one threshold there is.

    offsets = fitted_offsets(LabelledLogits(logits, gold))      # on validation
    scores_of(LabelledLogits(test_logits, test_gold, of), offsets)      # {"": 0.81, "/fitted": 0.84, "/auc": 0.91}
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

# Added to the name of a test: its accuracy at the fitted threshold, its AUC, and more. No test has a slash in its name.
FITTED, AUC = "/fitted", "/auc"
MICRO, MACRO, MEAN_ERROR, SPEARMAN = "/micro_f1", "/macro_f1", "/mean_error", "/spearman"
# What each is called in tables, in their order; accuracy as it is has no suffix.
MEASURES: Mapping[str, str] = {
    "": "accuracy",
    FITTED: "accuracy, threshold fitted",
    MICRO: "micro F1",
    MACRO: "macro F1",
    AUC: "AUC",
    MEAN_ERROR: "mean error",
    SPEARMAN: "Spearman's rank correlation",
}
# Before the label, of measures that each label has.
OF_LABEL = " "
LABEL_MEASURES: Mapping[str, str] = {f"/f1{OF_LABEL}": "F1", f"{AUC}{OF_LABEL}": "AUC"}
# Rounds over the classes, of which each but the last finds something better.
_ROUNDS = 10


def points_of(score: str) -> float:
    """Return by what a difference of a score is multiplied to be shown: 100, and 1 for errors, in the unit of the labels."""
    return 1.0 if score.endswith(MEAN_ERROR) else 100.0


def named(what: str, mean: float, score: str) -> str:
    """Return a score as text: its name and its mean, in percent or, of an error, in the unit of the labels."""
    return f"{what} {mean:.3f}" if score.endswith(MEAN_ERROR) else f"{what} {100 * mean:.1f} %"


@dataclass(frozen=True)
class LabelledLogits:
    """What a model answers to rows of a test.

    logits: [rows, classes]; gold: the class of each row, -1 for one the model does not know; of: the text each row is a wording of.
    """

    logits: np.ndarray
    gold: np.ndarray
    of: Sequence[int] = field(default=())

    @property
    def texts(self) -> np.ndarray:
        """The text each row is a wording of, every row one of its own where none is given."""
        return np.asarray(self.of) if len(self.of) else np.arange(len(self.gold))


def scores_of(answers: LabelledLogits, offsets: np.ndarray | None) -> dict[str, float | None]:
    """Return every measure of a test, by what is added to its name; the fitted one only with offsets."""
    scores: dict[str, float | None] = {"": accuracy(answers)}
    if offsets is not None:
        scores[FITTED] = accuracy(answers, offsets)
    return {**scores, AUC: auc(answers)}


def accuracy(answers: LabelledLogits, offsets: np.ndarray | None = None) -> float:
    """Return the share of the texts answered rightly; of one in several wordings all must be."""
    logits = answers.logits if offsets is None else answers.logits + offsets
    return share_of_texts(logits.argmax(axis=1) == answers.gold, answers.texts)


def share_of_texts(right: np.ndarray, of: Sequence[int] | np.ndarray) -> float:
    """Return the share of the texts of which all wordings are right; of: the text each row is a wording of."""
    _, text = np.unique(of, return_inverse=True)
    wrong = np.bincount(text, weights=~right)
    return float((wrong == 0).mean())


def auc(answers: LabelledLogits) -> float | None:
    """Return the area under the ROC curve, the mean over classes of one against the rest; None if there is one class only.

    The wordings of a text share the weight of one text.
    """
    _, text, often = np.unique(answers.texts, return_inverse=True, return_counts=True)
    areas = [
        area(answers.gold == one, _margin(answers.logits, one), 1.0 / often[text])
        for one in range(answers.logits.shape[1])
    ]
    return mean_area(areas)


def area(has: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> float | None:
    """Return the area under the ROC curve of a label; None where all rows have it, or none. weights: of the rows."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(has, scores, sample_weight=weights)) if 0 < has.sum() < len(has) else None


def mean_area(areas: Sequence[float | None]) -> float | None:
    """Return the mean of the areas there are; None where there is none."""
    known = [each for each in areas if each is not None]
    return float(np.mean(known)) if known else None


def fitted_offsets(answers: LabelledLogits) -> np.ndarray:
    """Return the offset of each class with which most rows are answered rightly.

    One class after the other is given the best offset there is while the others keep theirs, until nothing gets better: for two
    classes the best threshold. Of equally good ones the one nearest to none is taken.
    """
    classes = answers.logits.shape[1]
    offsets = np.zeros(classes)
    best = accuracy(answers, offsets)
    for _ in range(_ROUNDS):
        before = best
        for one in range(1 if classes == 2 else 0, classes):
            tried = offsets.copy()
            tried[one] = _best_offset(answers, offsets, one)
            reached = accuracy(answers, tried)
            if reached > best:
                offsets, best = tried, reached
        if best == before:
            break
    return offsets


def _best_offset(answers: LabelledLogits, offsets: np.ndarray, one: int) -> float:
    """Return the offset of a class with which most rows are answered rightly, the others' given."""
    logits = answers.logits + offsets
    own = answers.logits[:, one]
    logits[:, one] = -np.inf
    # From this offset on the row is given to the class.
    turns = logits.max(axis=1) - own
    gains = (answers.gold == one).astype(int) - (logits.argmax(axis=1) == answers.gold).astype(int)
    order = np.argsort(turns, kind="stable")
    turns, gains = turns[order], gains[order]
    # Between two turns all offsets answer alike; a gap of no width is none.
    right = np.concatenate([[0], np.cumsum(gains)])
    low = np.concatenate([[turns[0] - 2.0], turns])
    high = np.concatenate([turns, [turns[-1] + 2.0]])
    wide = np.flatnonzero(high > low)
    best = wide[right[wide] == right[wide].max()]
    middles = (low[best] + high[best]) / 2
    return float(middles[np.abs(middles - offsets[one]).argmin()])


def _margin(logits: np.ndarray, one: int) -> np.ndarray:
    """Return the log odds of a class against the rest, which order rows as its probability does, and never come to 1."""
    rest = np.delete(logits.astype(np.float64), one, axis=1)
    top = rest.max(axis=1)
    return np.asarray(logits[:, one] - top - np.log(np.exp(rest - top[:, None]).sum(axis=1)))
