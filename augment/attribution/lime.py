"""LIME: a linear model of the words that are kept, fitted to the answers around a text (Ribeiro, Singh and Guestrin 2016).

Words are those of the corpus columns, jieba's for Chinese. The error is 1 - R2, what the surrogate leaves unexplained, and a
row whose surrogate explains less than half is marked.

    Lime(evaluations=256).attribute(predictor, rows)
"""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from augment.attribution.coalitions import Coalitions, SamplingSettings
from augment.attribution.method import Explained, TokenScores
from augment.attribution.occlusion import AblationMethod

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

# The width of the kernel over cosine distances, and the ridge, as in the authors' package.
_WIDTH, _RIDGE = 0.25, 1.0
_LEAST = 0.5


class Lime(SamplingSettings, AblationMethod):
    """Fit a weighted linear model to the answers to parts of a text."""

    costs: ClassVar[str] = "which is some hundred evaluations of each row"
    method: Literal["lime"] = "lime"

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the weights of the surrogate of every row. error: 1 - R2; not_converged: R2 is below 0.5."""
        game = Coalitions(predictor, rows, self.replace_by)
        values, error = [], []
        for row, players in enumerate(game.players):
            weights, unexplained = _fitted(game, row, self.evaluations) if players else (np.zeros(0), 0.0)
            values.append(weights)
            error.append(unexplained)
        status = ["fixed" if one <= 1 - _LEAST else "not_converged" for one in error]
        return game.scores(values, None, error, status)


def _fitted(game: Coalitions, row: int, evaluations: int) -> tuple[np.ndarray, float]:
    """Return the weight of each word, and 1 - R2 on the variants by their weight."""
    count, rng = len(game.players[row]), game.rng(row, "lime")
    absent = rng.integers(1, count + 1, size=evaluations - 1)
    kept = np.argsort(rng.random((evaluations - 1, count)), axis=1).argsort(axis=1) >= absent[:, None]
    masks = np.vstack([np.ones((1, count), bool), kept])
    answers = game.values([(row, mask) for mask in masks])
    distance = 1 - np.sqrt(masks.mean(1))
    weights = np.exp(-((distance / _WIDTH) ** 2) / 2)
    design = masks - np.average(masks, axis=0, weights=weights)
    centred = answers - np.average(answers, weights=weights)
    gram = (design * weights[:, None]).T @ design + _RIDGE * np.eye(count)
    slopes = np.linalg.solve(gram, (design * weights[:, None]).T @ centred)
    rest = np.average((centred - design @ slopes) ** 2, weights=weights)
    spread = np.average(centred**2, weights=weights)
    return slopes, float(rest / spread) if spread > 0 else 0.0
