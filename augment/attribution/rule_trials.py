"""Try rules on paths whose integrals are known, to see what errors they leave and how well those are estimated.

Rules that were learned are tried on texts they have not seen: each fold of the texts under the chain that the other
folds teach.

    trial = held_out(traced, fold_chains(traced, False, effort(0.05)), corrected=True)
    trial.factor(0.05, PROMISE), trial.factor(0.05, USUAL)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from augment.attribution.path_integral import UNCALIBRATED, Traced, bounded
from augment.ig.learn import learn
from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling
from augment.ig.residual import Paths, estimate, integrate

_FOLDS = 4
# Shares of the ratios of error to estimate, near the tolerance, that a factor covers. Most rows stop well within it, so
# that nine ratios in ten are enough for 95 rows in 100.
PROMISE, USUAL = 0.99, 0.9
# Errors below this part of the tolerance are no evidence on rows near it.
NEAR = 3
# What a quantile of so few texts may be short by, found by calibrating on other texts of the same corpus again and again: with
# 1.15 in place of 1.7 three draws of five broke the promise of 99 rows in 100 (benchmarks/attribution/rule_choices.md).
# A factor beyond 4 is from a tail that is wide already, and takes more nodes than no calibration at all: there 1.15 does.
_MARGIN, _WIDE_MARGIN, _WIDEST = 1.15, 1.7, 4.0
# Errors near the tolerance that a factor is learned from at minimum: the 0.99 quantile of 9 was 0.36 where 1.8 was needed. And
# the least factor of as many and more.
LEAST_ENTRIES, LEAST_FACTOR = 40, 0.85


# Errors go with their estimates less than in proportion (the logarithms correlate by 0.3 to 0.6): a bound learned at this power
# takes 14 % fewer evaluations for the same promise than one in proportion.
POWER = 0.6
# The factor where too little was learned: what it is without a calibration, for errors at the tolerance.
CAUTIOUS: float = UNCALIBRATED**POWER


@dataclass(frozen=True)
class Effort:
    """What a calibration uses: `texts` traced at `nodes` Gauss-Legendre nodes, for nested rules of `counts` nodes.

    free: whether the rules' nodes may be between the traced ones; else the finest rule of the chain is all of those.
    """

    texts: int
    nodes: int
    counts: tuple[int, ...]
    free: bool


_TINY = 1e-12

# About the same evaluations. Small rules gain most from nodes anywhere, fine ones from paths that are not
# interpolated (benchmarks/attribution/ig_rules.md).
_COARSE = Effort(24, 64, (8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 32, 40, 48), free=True)
_STRICT = Effort(32, 48, (8, 10, 12, 13, 14, 15, 16, 17, 18, 20, 22, 24, 28, 32, 40), free=False)
_COARSE_TOLERANCE = 0.03
# For a model whose paths a dozen Gauss-Legendre nodes integrate well less is dense enough. (Of a path seen at 24 nodes a dozen
# would integrate every interpolation exactly, and show nothing.) Smaller rules are tried first, and taken where most rows stop
# at them: else they only spoil the larger ones, which have to keep their nodes (untuned_nets.md).
EASY = Effort(24, 32, (5, 7, 9, 12, 16, 20), free=True)
LARGER = Effort(24, 32, (8, 9, 10, 11, 12, 13, 14, 16, 18, 20), free=True)
# Nodes a row at most, in the mean, for the smaller ones to be taken.
EASY_COST = 6.5


def effort(tolerance: float) -> Effort:
    """Return what a calibration for this tolerance takes."""
    return _COARSE if tolerance >= _COARSE_TOLERANCE else _STRICT


@dataclass(frozen=True)
class Trial:
    """How a chain does on some texts. errors, estimates, residuals, gaps: [N, levels].

    An error is the sum of |difference| over the sum of |score|, a residual that of `integrate`, a gap relative to the change of F.
    """

    errors: np.ndarray
    estimates: np.ndarray
    residuals: np.ndarray
    gaps: np.ndarray

    @property
    def quality(self) -> float:
        """The mean logarithm of the error that nine texts in ten keep, over the levels: lower is better."""
        return float(np.log(np.quantile(self.errors, 0.9, axis=0) + 1e-5).mean())

    def entries(self, tolerance: float) -> int:
        """Return how many errors are near the tolerance or over it, so that they are evidence."""
        return int((self.errors > tolerance / NEAR).sum())

    def factor(self, tolerance: float, share: float) -> float:
        """Return the factor at which estimates, at POWER, bound the errors of such a share of the texts.

        It is never below a floor, and of fewer errors than are evidence no smaller than without a calibration.
        """
        few = self.entries(tolerance) < LEAST_ENTRIES
        least = CAUTIOUS if few else LEAST_FACTOR
        near = self.errors > tolerance / NEAR
        if not near.any():
            return least
        ratios = self.errors[near] / bounded(np.maximum(self.estimates[near], 1e-12), 1.0, POWER, tolerance)
        learned = float(np.quantile(ratios, share))
        wide = min(_WIDE_MARGIN * learned, _WIDEST) if share == PROMISE else 0.0
        return max(_MARGIN * learned, wide, least)

    def cost(self, tolerance: float, counts: Sequence[int]) -> float:
        """Return how many nodes the texts take in the mean, by rules of these numbers of them, where their promise ends a row."""
        bounds = bounded(self.estimates, self.factor(tolerance, PROMISE), POWER, tolerance)
        done = (bounds <= tolerance) & (self.gaps <= tolerance)
        done[:, -1] = True
        return float(np.asarray(counts)[done.argmax(1)].mean())


def tried(traced: Sequence[Traced], chains: Sequence[Chain]) -> Trial:
    """Return how each text does under its chain; the truth is the Gauss-Legendre rule of the traced nodes."""
    steps = len(traced[0].values) if traced else 0
    exact = Level(gauss_legendre(steps)[1])
    under: dict[int, list[int]] = {}
    for path_number, chain in enumerate(chains):
        under.setdefault(id(chain), []).append(path_number)
    errors, estimates, residuals, gaps = (np.zeros((len(traced), len(chains[0].levels))) for _ in range(4))
    for members in under.values():
        chain, some = chains[members[0]], [traced[path_number] for path_number in members]
        reference = integrate(seen(some), exact).scores
        size = reference.abs().sum(-1).clamp_min(1e-12)
        paths, before = seen(some, resampling(steps, chain.nodes)), None
        for number, level in enumerate(chain.levels):
            integral = integrate(paths, level)
            errors[members, number] = ((integral.scores - reference).abs().sum(-1) / size).numpy()
            estimates[members, number] = estimate(integral, before).numpy()
            residuals[members, number] = integral.residual.numpy()
            change = (paths.end - paths.start).abs().clamp_min(_TINY)
            gaps[members, number] = (integral.gap.abs() / change).numpy()
            before = integral.scores
    return Trial(errors, estimates, residuals, gaps)


def learned(traced: Sequence[Traced], fitted: bool, takes: Effort) -> Chain:
    """Return the chain learned from some texts, `fitted` to what is left after the completeness correction or not."""
    along = [path.along for path in traced]
    if takes.free:
        return learn(along, takes.counts, fitted)
    nodes, weights = gauss_legendre(takes.nodes)
    rule = learn(along, takes.counts, fitted, nodes)
    order = np.searchsorted(nodes, rule.nodes)
    node_order = np.concatenate([order, np.setdiff1d(np.arange(takes.nodes), order)])
    return Chain(nodes[node_order], (*rule.levels, Level(weights[node_order])))


def fold_chains(traced: Sequence[Traced], fitted: bool, takes: Effort) -> list[Chain]:
    """Return for each fold the chain learned from the texts of the others."""
    return [
        learned([path for index, path in enumerate(traced) if index % _FOLDS != fold], fitted, takes)
        for fold in range(_FOLDS)
    ]


def held_out(traced: Sequence[Traced], chains: Sequence[Chain], corrected: bool) -> Trial:
    """Return how the chains of `fold_chains` do on the texts they were not learned from, every text once."""
    kinds = [with_correction(chain, corrected) for chain in chains]
    return tried(traced, [kinds[index % _FOLDS] for index in range(len(traced))])


def with_correction(chain: Chain, corrected: bool) -> Chain:
    """Return the chain whose rules correct their scores, or do not."""
    return Chain(chain.nodes, tuple(Level(level.weights, corrected) for level in chain.levels))


def seen(traced: Sequence[Traced], table: np.ndarray | None = None) -> Paths:
    """Return paths as `integrate` takes them: at their nodes [S], or at those a resampling table [R, S] leads to.

    Shorter rows are filled up with zeros.
    """
    there = traced if table is None else [sampled(path, table) for path in traced]
    values = np.stack([path.values for path in there])
    along = np.zeros((*values.shape, max(path.along.shape[1] for path in there)))
    for row, path in enumerate(there):
        along[row, :, : path.along.shape[1]] = path.along
    start, end = torch.tensor([[path.start, path.end] for path in there], dtype=torch.float64).T
    return Paths(torch.from_numpy(along), torch.from_numpy(values), start, end)


def sampled(path: Traced, table: np.ndarray) -> Traced:
    """Return a path as it is seen at the nodes that a resampling table [R, S] leads to."""
    return replace(path, along=table @ path.along, values=table @ path.values)
