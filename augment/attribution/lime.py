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
    means: ClassVar[str] = "weights of a linear model that leaves {} of the answers unexplained"
    method: Literal["lime"] = "lime"

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the weights of the surrogate of every row. error: 1 - R2; not_converged: R2 is below 0.5."""
        game = Coalitions(predictor, rows, self.replace_by)
        masks = [_variants(game, row, self.evaluations) for row in range(len(game.players))]
        # All rows at once: the variants of one would not fill batches.
        answers = game.values([(row, mask) for row, some in enumerate(masks) for mask in some])
        ends = np.cumsum([len(some) for some in masks])[:-1]
        fits = [_fitted(*pair) for pair in zip(masks, np.split(answers, ends), strict=True)]
        values, error = [weights for weights, _ in fits], [unexplained for _, unexplained in fits]
        status = ["fixed" if one <= 1 - _LEAST else "not_converged" for one in error]
        return game.scores(values, None, error, status)


def _variants(game: Coalitions, row: int, evaluations: int) -> np.ndarray:
    """Return which words each variant of a row keeps, [evaluations, words] bool; the first one is the text itself."""
    count, rng = len(game.players[row]), game.rng(row, "lime")
    if count == 0:
        return np.ones((0, 0), bool)
    absent = rng.integers(1, count + 1, size=evaluations - 1)
    kept = np.argsort(rng.random((evaluations - 1, count)), axis=1).argsort(axis=1) >= absent[:, None]
    return np.vstack([np.ones((1, count), bool), kept])


def _fitted(masks: np.ndarray, answers: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the weight of each word, and 1 - R2 on the variants by their weight."""
    count = masks.shape[1]
    if count == 0:
        return np.zeros(0), 0.0
    distance = 1 - np.sqrt(masks.mean(1))
    weights = np.exp(-((distance / _WIDTH) ** 2) / 2)
    design = masks - np.average(masks, axis=0, weights=weights)
    centred = answers - np.average(answers, weights=weights)
    gram = (design * weights[:, None]).T @ design + _RIDGE * np.eye(count)
    slopes = np.linalg.solve(gram, (design * weights[:, None]).T @ centred)
    rest = np.average((centred - design @ slopes) ** 2, weights=weights)
    spread = np.average(centred**2, weights=weights)
    return slopes, float(rest / spread) if spread > 0 else 0.0
