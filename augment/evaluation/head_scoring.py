"""What answers of models of several labels, or of numbers, are worth on a test.

Several labels: the share of texts of which all labels are right, F1 over all decisions (micro) and over labels (macro), AUC as the
mean over labels, and F1 and AUC of each label. Numbers: the share within the tolerance, mean error, and Spearman's rank correlation.

    scores_of(SetAnswers(("a", "b"), probabilities, gold, of))     # {"": 0.7, "/micro_f1": 0.83, ..., "/f1 a": 0.9}
    scores_of(NumberAnswers(answers, gold, of, tolerance=0.5))     # {"": 0.7, "/mean_error": 0.4, "/spearman": 0.8}
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augment.evaluation.scoring import (
    AUC,
    MACRO,
    MEAN_ERROR,
    MICRO,
    OF_LABEL,
    SPEARMAN,
    area,
    mean_area,
    share_of_texts,
)
from augment.models.heads import EVEN
from augment.models.label_counts import LabelCounts

# Fewer rows have no rank correlation.
_FEWEST = 3


@dataclass(frozen=True)
class SetAnswers:
    """Probabilities and what is right, 1 or 0, [rows, labels]. of: the text that each row is a wording of."""

    labels: tuple[str, ...]
    probabilities: np.ndarray
    gold: np.ndarray
    of: Sequence[int]


@dataclass(frozen=True)
class NumberAnswers:
    """Answers and labels, [rows]. of: the text that each row is a wording of; tolerance: how far an answer may be off to be right."""

    answers: np.ndarray
    gold: np.ndarray
    of: Sequence[int]
    tolerance: float


def scores_of(answers: SetAnswers | NumberAnswers) -> dict[str, float | None]:
    """Return every measure of a test, by what is added to its name. Wordings of a text count as rows where not all must be right."""
    return _of_numbers(answers) if isinstance(answers, NumberAnswers) else _of_sets(answers)


def _of_numbers(answers: NumberAnswers) -> dict[str, float | None]:
    """Return the measures of numbers."""
    from scipy.stats import spearmanr

    off = np.abs(answers.answers - answers.gold)
    known = len(off) >= _FEWEST and min(np.ptp(answers.answers), np.ptp(answers.gold)) > 0
    return {
        "": share_of_texts(off <= answers.tolerance, answers.of),
        MEAN_ERROR: float(off.mean()),
        SPEARMAN: float(spearmanr(answers.answers, answers.gold).statistic) if known else None,
    }


def _of_sets(answers: SetAnswers) -> dict[str, float | None]:
    """Return the measures of several labels, those of each label last."""
    seen = answers.probabilities >= EVEN
    right = answers.gold > 0
    counts = LabelCounts()
    names = np.asarray(answers.labels)
    for own, decided in zip(right, seen, strict=True):
        counts.add(names[own].tolist(), names[decided].tolist())
    areas = [area(right[:, index], answers.probabilities[:, index]) for index in range(len(names))]
    return {
        "": share_of_texts((right == seen).all(1), answers.of),
        MICRO: counts.micro,
        MACRO: counts.macro,
        AUC: mean_area(areas),
        **{f"/f1{OF_LABEL}{label}": counts.f1(label) for label in answers.labels},
        **{f"{AUC}{OF_LABEL}{label}": one for label, one in zip(answers.labels, areas, strict=True)},
    }
