"""Try rules on paths whose integrals are known, to see what errors they leave and how well those are estimated.

Rules that were learned are tried on texts they have not seen: each fold of the texts under the chain that the other
folds teach.

    trial = held_out(traced, fold_chains(traced, False, effort(0.05)), corrected=True)
    trial.factor(0.05, PROMISE), trial.factor(0.05, USUAL)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from augment.ig.learn import learn
from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling
from augment.ig.residual import Integral, Paths, estimate, integrate
from augment.models.integrate import Traced

_FOLDS = 4
# Shares of the ratios of error to estimate, near the tolerance, that a factor covers. Most rows stop well within it, so
# that nine ratios in ten are enough for 95 rows in 100.
PROMISE, USUAL = 0.99, 0.9
# What is smaller than this part of the tolerance says nothing of rows near it.
_NEAR = 3
# What a quantile of so few texts may be short by, found by calibrating on other texts of the same corpus again and again.
_MARGIN = 1.15


@dataclass(frozen=True)
class Effort:
    """What a calibration takes: texts, traced at so many Gauss-Legendre nodes, for nested rules of `counts` nodes.

    free: whether the rules' nodes may lie between the traced ones; else the finest rule of the chain is all of those.
    """

    texts: int
    nodes: int
    counts: tuple[int, ...]
    free: bool


# About the same evaluations. Small rules gain most from nodes that lie anywhere, fine ones from paths that are not
# interpolated (benchmarks/ig_rules.md).
_COARSE = Effort(24, 64, (8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32, 40, 48), free=True)
_STRICT = Effort(32, 48, (8, 10, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 28, 32, 40), free=False)
_COARSE_TOLERANCE = 0.03
# For a model whose paths a dozen Gauss-Legendre nodes integrate well: less is dense enough, and rules may be smaller. (Of a
# path seen at 24 nodes a dozen would integrate every interpolation exactly, and show nothing.)
EASY = Effort(24, 32, (5, 7, 9, 12, 16, 20), free=True)


def effort(tolerance: float) -> Effort:
    """Return what a calibration for this tolerance takes."""
    return _COARSE if tolerance >= _COARSE_TOLERANCE else _STRICT


@dataclass(frozen=True)
class Trial:
    """How a chain does on some texts. errors, estimates, residuals: [N, levels].

    An error is the sum of |difference| over the sum of |score|, a residual that of `integrate`.
    """

    errors: np.ndarray
    estimates: np.ndarray
    residuals: np.ndarray

    @property
    def quality(self) -> float:
        """The mean logarithm of the error that nine texts in ten keep, over the levels: lower is better."""
        return float(np.log(np.quantile(self.errors, 0.9, axis=0) + 1e-5).mean())

    def factor(self, tolerance: float, share: float) -> float:
        """Return what the estimate must be multiplied with to bound the error of such a share of the texts."""
        near = self.errors > tolerance / _NEAR
        if not near.any():
            return 1.0
        ratios = self.errors[near] / np.maximum(self.estimates[near], 1e-12)
        return _MARGIN * float(np.quantile(ratios, share))


def tried(traced: Sequence[Traced], chains: Sequence[Chain]) -> Trial:
    """Return how each text does under its chain; the truth is the Gauss-Legendre rule of the traced nodes."""
    steps = len(traced[0].values) if traced else 0
    _, weights = gauss_legendre(steps)
    errors, estimates, residuals = [], [], []
    tables = {id(chain): resampling(steps, chain.nodes) for chain in chains}
    for path, chain in zip(traced, chains, strict=True):
        reference, sampled = weights @ path.along, seen(path, tables[id(chain)])
        found = [integrate(sampled, level) for level in chain.levels]
        size = max(float(np.abs(reference).sum()), 1e-12)
        errors.append([float(np.abs(one.scores[0].numpy() - reference).sum()) / size for one in found])
        estimates.append(_estimates(found))
        residuals.append([float(one.residual[0]) for one in found])
    return Trial(np.asarray(errors), np.asarray(estimates), np.asarray(residuals))


def learned(traced: Sequence[Traced], fitted: bool, takes: Effort) -> Chain:
    """Return the chain learned from some texts, `fitted` to what is left after the completeness correction or not."""
    along = [path.along for path in traced]
    if takes.free:
        return learn(along, takes.counts, fitted)
    nodes, weights = gauss_legendre(takes.nodes)
    found = learn(along, takes.counts, fitted, nodes)
    order = np.searchsorted(nodes, found.nodes)
    places = np.concatenate([order, np.setdiff1d(np.arange(takes.nodes), order)])
    return Chain(nodes[places], (*found.levels, Level(weights[places])))


def fold_chains(traced: Sequence[Traced], fitted: bool, takes: Effort) -> list[Chain]:
    """Return for each fold the chain learned from the texts of the others."""
    return [
        learned([path for place, path in enumerate(traced) if place % _FOLDS != fold], fitted, takes)
        for fold in range(_FOLDS)
    ]


def held_out(traced: Sequence[Traced], chains: Sequence[Chain], corrected: bool) -> Trial:
    """Return how the chains of `fold_chains` do on the texts they were not learned from, every text once."""
    kinds = [with_correction(chain, corrected) for chain in chains]
    return tried(traced, [kinds[place % _FOLDS] for place in range(len(traced))])


def with_correction(chain: Chain, corrected: bool) -> Chain:
    """Return the chain whose rules correct their scores, or do not."""
    return Chain(chain.nodes, tuple(Level(level.weights, corrected) for level in chain.levels))


def seen(path: Traced, table: np.ndarray | None = None) -> Paths:
    """Return one path as `integrate` takes it: at its nodes [S], or at those a resampling table [R, S] leads to."""
    along, values = (path.along, path.values) if table is None else (table @ path.along, table @ path.values)
    ends = (torch.tensor([end], dtype=torch.float64) for end in (path.start, path.end))
    return Paths(torch.from_numpy(along)[None], torch.from_numpy(values)[None], *ends)


def _estimates(found: Sequence[Integral]) -> list[float]:
    """Return the estimate of each rule, held against the one before."""
    before = [None, *(one.scores for one in found[:-1])]
    return [float(estimate(one, coarser)[0]) for one, coarser in zip(found, before, strict=True)]
