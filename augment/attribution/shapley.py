"""Shapley values: what a word adds to the answer, averaged over every order in which words could join the text.

Shapley 1953; Lundberg and Lee 2017. The game is the answer to the words that are left, so that any model can be explained,
and the scores sum to F(x) - F(no words). Up to twelve words are enumerated. Longer texts are sampled in pairs of an order
and its reverse (Mitchell et al. 2022), or by KernelSHAP, a regression over weighted coalitions that has the sum built in.
`partition` averages over the orders in which clauses, their phrases and their words join one by one: Owen's values (1977) of
the tree of `word_groups`, so that what words do together in a phrase stays there. `banzhaf` averages over sets of words in place of orders: the marginal influence of Datta, Sen and Zick (2016), whose sum is
free.

    Shapley(estimator="kernel").attribute(predictor, rows)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, Field

from augment.attribution.coalitions import Coalitions, SamplingSettings
from augment.attribution.method import Explained, TokenScores
from augment.attribution.occlusion import AblationMethod
from augment.attribution.word_groups import groups

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

# 4,096 coalitions.
_ENUMERATED = 12
_TINY = 1e-12

Order = Callable[[np.random.Generator], np.ndarray]


class ShapleySettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of Shapley values."""

    estimator: Literal["auto", "permutations", "kernel", "partition", "banzhaf"] = Field(
        default="auto",
        description="of `shapley`: auto enumerates up to twelve words and samples permutations of more; partition keeps clauses and phrases together",
    )


@dataclass(frozen=True)
class Estimate:
    """The values of the words of one row, [n], and the standard error of each, which is 0 where all sets were tried."""

    values: np.ndarray
    spread: np.ndarray
    exact: bool = False


class Shapley(ShapleySettings, SamplingSettings, AblationMethod):
    """Average what each word adds to the answer."""

    costs: ClassVar[str] = "which is some hundred evaluations of each row"
    means: ClassVar[str] = "scores with a standard error of {}"
    method: Literal["shapley"] = "shapley"

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the values of every row. error: the sum of the standard errors over the sum of |scores|."""
        game = Coalitions(predictor, rows, self.replace_by)
        estimates = [self.estimate(game, row) for row in range(len(rows.ids))]
        values = [one.values for one in estimates]
        change = game.whole - game.empty
        gap = [float(one.sum() - change[row]) if game.players[row] else 0.0 for row, one in enumerate(values)]
        error = [float(one.spread.sum() / max(np.abs(one.values).sum(), _TINY)) for one in estimates]
        status = ["exact" if one.exact else "fixed" for one in estimates]
        return game.scores(values, None if self.estimator == "banzhaf" else gap, error, status)

    def estimate(self, game: Coalitions, row: int) -> Estimate:
        """Return the values of the words of a row with their standard errors."""
        count = len(game.players[row])
        if count == 0:
            return Estimate(np.zeros(0), np.zeros(0), exact=True)
        if self.estimator == "partition":
            return _over_orders(game, row, self.evaluations, _nested(groups(game.words(row))))
        if count <= _ENUMERATED and (self.estimator == "auto" or 1 << count <= self.evaluations):
            return _enumerated(game, row, self.estimator == "banzhaf")
        if self.estimator == "kernel":
            return _regressed(game, row, self.evaluations)
        if self.estimator == "banzhaf":
            return _over_sets(game, row, self.evaluations)
        return _over_orders(game, row, self.evaluations, lambda rng: rng.permutation(count))


def _enumerated(game: Coalitions, row: int, alike: bool) -> Estimate:
    """Return the values from all coalitions; alike: each weighs the same, in place of each size."""
    count = len(game.players[row])
    masks = np.arange(1 << count)[:, None] >> np.arange(count) & 1 == 1
    answers = game.values([(row, kept) for kept in masks])
    sizes = masks.sum(1)
    numbers = np.arange(1 << count)
    values = np.zeros(count)
    for word in range(count):
        without = numbers[~masks[:, word]]
        added = answers[without + (1 << word)] - answers[without]
        weights = [
            1 / 2 ** (count - 1) if alike else 1 / (count * comb(count - 1, size)) for size in sizes[without]
        ]
        values[word] = np.dot(weights, added)
    return Estimate(values, np.zeros(count), exact=True)


def _nested(clauses: Sequence[Sequence[Sequence[int]]]) -> Order:
    """Return what draws an order in which clauses, the phrases of each and the words of each are shuffled, but stay together."""

    def draw(rng: np.random.Generator) -> np.ndarray:
        """Return an order."""
        words: list[int] = []
        for clause in rng.permutation(len(clauses)):
            phrases = clauses[clause]
            for phrase in rng.permutation(len(phrases)):
                words += rng.permutation(phrases[phrase]).tolist()
        return np.asarray(words)

    return draw


def _over_orders(game: Coalitions, row: int, evaluations: int, draw: Order) -> Estimate:
    """Return the mean over random orders and their reverses; what the words of one order add sums to the change."""
    count, rng = len(game.players[row]), game.rng(row, "permutations")
    pairs = max(2, evaluations // (2 * max(count - 1, 1)))
    orders = [order for _ in range(pairs) for one in [draw(rng)] for order in (one, one[::-1])]
    # In step k of an order its first k words are there.
    coalitions = [
        (row, np.isin(np.arange(count), order[:step])) for order in orders for step in range(1, count)
    ]
    answers = game.values(coalitions).reshape(len(orders), count - 1)
    ends = np.full((len(orders), 1), game.empty[row]), np.full((len(orders), 1), game.whole[row])
    added = np.diff(np.hstack([ends[0], answers, ends[1]]), axis=1)
    each = np.zeros((len(orders), count))
    np.put_along_axis(each, np.stack(orders), added, axis=1)
    means = each.reshape(pairs, 2, count).mean(1)
    return Estimate(means.mean(0), means.std(0, ddof=1) / np.sqrt(pairs))


def _over_sets(game: Coalitions, row: int, evaluations: int) -> Estimate:
    """Return what each word adds to random sets, each other word in them with probability 1/2."""
    count, rng = len(game.players[row]), game.rng(row, "sets")
    draws = max(2, evaluations // (2 * count))
    kept = rng.random((draws, count, count)) < 0.5
    words = np.arange(count)
    kept[:, words, words] = True
    less = kept.copy()
    less[:, words, words] = False
    flat = [(row, mask) for masks in (kept, less) for mask in masks.reshape(-1, count)]
    with_word, without_word = game.values(flat).reshape(2, draws, count)
    added = with_word - without_word
    return Estimate(added.mean(0), added.std(0, ddof=1) / np.sqrt(draws))


def _regressed(game: Coalitions, row: int, evaluations: int) -> Estimate:
    """Return the solution of KernelSHAP: sets drawn by their weight with their complements, the sum as a constraint.

    The spread is that of the solutions on ten parts of the draws, over the square root of ten.
    """
    count, rng = len(game.players[row]), game.rng(row, "kernel")
    sizes = np.arange(1, count)
    weights = 1 / (sizes * (count - sizes))
    pairs = max(evaluations // 2, 2 * count)
    drawn = rng.choice(sizes, size=pairs, p=weights / weights.sum())
    kept = np.argsort(rng.random((pairs, count)), axis=1).argsort(axis=1) < drawn[:, None]
    masks = np.stack([kept, ~kept], axis=1).reshape(-1, count)
    answers = game.values([(row, mask) for mask in masks]) - game.empty[row]
    change = float(game.whole[row] - game.empty[row])
    parts = [part for part in np.array_split(np.arange(len(masks)), 10) if len(part)]
    solutions = np.stack([_constrained(masks[part], answers[part], change) for part in parts])
    spread = solutions.std(0, ddof=1) / np.sqrt(len(parts))
    return Estimate(_constrained(masks, answers, change), spread)


def _constrained(masks: np.ndarray, answers: np.ndarray, change: float) -> np.ndarray:
    """Return the least-squares values that sum to `change` exactly."""
    design = masks.astype(float)
    count = masks.shape[1]
    gram = design.T @ design / len(masks) + 1e-9 * np.eye(count)
    target = design.T @ answers / len(masks)
    free, ones = np.linalg.solve(gram, target), np.linalg.solve(gram, np.ones(count))
    values = free - ones * (free.sum() - change) / ones.sum()
    return np.asarray(values + (change - values.sum()) / count)


def set_influence(predictor: "Predictor", rows: Explained, tokens: Sequence[Sequence[int]]) -> np.ndarray:
    """Return F(x) - F(x without some tokens together) of each row, [N]: the set influence of Datta, Sen and Zick (2016)."""
    game = Coalitions(predictor, rows, "nothing")
    kept = [(row, ~np.isin(players, list(tokens[row]))) for row, players in enumerate(game.players)]
    lost: np.ndarray = game.whole - game.values(kept)
    return lost
