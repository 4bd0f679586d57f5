"""Rows whose own label is doubtful: confident learning (Northcutt, Jiang, Chuang 2021) on probabilities out of fold.

The threshold of a class is the mean probability that rows with its label get for it (equation 2). A row counts for the
class, among those whose threshold it reaches, that is most probable; where that is not its label, it is off the diagonal
of the confident joint (equation 1), and doubtful. The list is ranked by the margin, the probability of the label less
that of the most probable other class.

    doubts(np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05]]), np.array([0, 1, 1]))     # [Doubt(row=2, better=0, ...)]
"""

from dataclasses import dataclass

import numpy as np

# Margins are compared after rounding: probabilities in float32 are sure to about 1e-7.
_DIGITS = 6


@dataclass(frozen=True)
class Doubt:
    """A row whose label is doubtful: its index, the class it counts for, the probabilities of its label and of that class."""

    row: int
    better: int
    own: float
    other: float


def thresholds(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class over the rows with its label: [C]; infinite for a class without rows."""
    classes = range(probabilities.shape[1])
    return np.array(
        [probabilities[labels == one, one].mean() if (labels == one).any() else np.inf for one in classes]
    )


def margins(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return for each row the probability of its label less that of the most probable other class: [N], -1 to 1."""
    rows = np.arange(len(labels))
    others = probabilities.copy()
    others[rows, labels] = -np.inf
    margin: np.ndarray = probabilities[rows, labels] - others.max(1)
    return margin


def doubts(probabilities: np.ndarray, labels: np.ndarray) -> list[Doubt]:
    """Return the rows off the diagonal of the confident joint, the lowest margin first, then in their order.

    probabilities: [N, C], out of fold; labels: [N], the class of each row's own label.
    """
    if not len(labels):
        return []
    exact = probabilities.astype(np.float64)
    reached = np.where(exact >= thresholds(exact, labels) - 1e-9, exact, -np.inf)
    counted = np.where(np.isfinite(reached.max(1)), reached.argmax(1), labels)
    rows = np.flatnonzero(counted != labels)
    order = np.lexsort((rows, np.round(margins(exact, labels)[rows], _DIGITS)))
    return [
        Doubt(row, int(counted[row]), float(exact[row, labels[row]]), float(exact[row, counted[row]]))
        for row in rows[order].tolist()
    ]
