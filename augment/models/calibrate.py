"""Learn, from a few texts of a corpus, the rules that integrate this model's paths with the fewest evaluations.

The texts are traced densely; rules are learned on some and tried on the others, in turn (cross-validation). What is
kept: a chain of nested rules, the factor by which their residual bounds the error of the scores of 99 texts in 100, and
the smallest rule whose error is within the tolerance for 95 in 100. A calibrated rule is still a rule for the same
integral: it changes how many evaluations that takes, not what comes out.

    found = calibrate(classifier, rows, Plan(tolerance=0.05))
    plan = found.plan(Plan(tolerance=0.05))
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch

from augment.ig.baseline import FillerName
from augment.ig.learn import learn
from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling, single
from augment.ig.residual import Paths, integrate
from augment.models.classifier import Classifier
from augment.models.integrate import UNCALIBRATED, Plan, Rows, Scores, Traced, trace, uncalibrated

Shape = Literal["smooth", "rough", "jump"]

# A corpus smaller than this is done before its calibration has paid for itself.
LEAST_ROWS = 200
TEXTS = 24
DENSE = 64

COUNTS = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48)
_FEW = 8
_EASY = 12
_FOLDS = 4
_PROMISE = 0.99
# What is smaller than this part of the tolerance says nothing of rows near it.
_NEAR = 3
# What a quantile of so few texts may be short by, found by calibrating on other texts of the same corpus again and again.
_FACTOR_MARGIN, _RULE_MARGIN = 1.3, 1.25
_JUMP = 0.1
_ROUGH_MEDIAN, _ROUGH_TAIL = 0.12, 0.4


@dataclass(frozen=True)
class Trial:
    """A chain tried on texts it was not learned from. errors, residuals: [N, levels]."""

    errors: np.ndarray
    residuals: np.ndarray


@dataclass(frozen=True)
class Calibration:
    """What was learned of a model's paths. `chain`: nested rules, learned ones or Patterson's where those do as well.

    tolerance: what it was made for; factor: error of 99 texts in 100 over residual; within: number of the first level
    whose error is within the tolerance for 95 texts in 100, None if none is; baseline: what the paths start from; shape: smooth, rough (the residual stays
    large at 12 nodes) or jump (F leaves F(x') in the first hundredth of the path); jump: the median share of that;
    texts: how many were traced.
    """

    chain: Chain
    tolerance: float
    factor: float
    within: int | None
    baseline: FillerName
    shape: Shape
    jump: float
    roughness: float
    texts: int

    def plan(self, plan: Plan) -> Plan:
        """Return a plan that uses the calibration: its rules and its factor."""
        plan = replace(plan, baseline=self.baseline, factor=self.factor)
        if plan.mode == "p95" and self.within is not None:
            level = self.chain.levels[self.within]
            return replace(plan, chains=(Chain(self.chain.nodes[: level.count], (level,)),))
        if plan.mode == "p95":
            # No rule of the chain is good enough for 95 texts in 100, so each row is settled by itself.
            plan = replace(plan, mode="tolerance")
        rest = tuple(single(gauss_legendre(steps)) for steps in (64, 128))
        return replace(plan, chains=(self.chain, *rest))


def choose(predicted: Sequence[int], count: int = TEXTS) -> list[int]:
    """Return the places of `count` texts, the predicted classes in turn, each class in the order given."""
    turn: dict[int, int] = {}
    keys = []
    for place, label in enumerate(predicted):
        turn[label] = turn.get(label, 0) + 1
        keys.append((turn[label], label, place))
    return [place for _, _, place in sorted(keys)[:count]]


def calibrate(classifier: Classifier, rows: Rows, plan: Plan) -> tuple[Calibration, Scores]:
    """Return the calibration of a model by the paths of these rows, and the scores of those that were traced.

    Traced are the first rows where they show that plain rules do, else all; their scores are thereby done. Rows whose
    gradients are not finite teach nothing, and their scores are not finite either.
    """
    nodes, weights = gauss_legendre(DENSE)
    few = rows.take(range(min(_FEW, len(rows.pieces))))
    first = trace(classifier, few, plan, nodes)
    jump = _jump(classifier, few, plan, first)
    twelve = [single(gauss_legendre(_EASY))]
    easy = (
        _errors(sound, twelve * len(sound)).errors.max() <= plan.tolerance / 2
        if (sound := _sound(first))
        else False
    )
    traced = (
        first if easy else [*first, *trace(classifier, rows.take(range(_FEW, len(rows.pieces))), plan, nodes)]
    )
    sound = _sound(traced)
    found = _plain(sound, plan, jump) if easy or len(sound) < _FEW else _learned(sound, plan, jump)
    return found, _scores(traced, weights, found.factor, plan)


def _sound(traced: Sequence[Traced]) -> list[Traced]:
    """Return the paths on which everything is finite."""
    return [
        path
        for path in traced
        if np.isfinite(path.along).all() and np.isfinite([*path.values, path.start, path.end]).all()
    ]


def _plain(traced: Sequence[Traced], plan: Plan, jump: float) -> Calibration:
    """Return the calibration of a model for which Gauss-Legendre rules are as good as any, or nothing is known."""
    chain = uncalibrated()[0]
    if len(traced) < _FEW:
        return Calibration(
            chain, plan.tolerance, UNCALIBRATED, None, plan.baseline, "smooth", jump, 0.0, len(traced)
        )
    trial = _errors(traced, [chain] * len(traced))
    factor = max(_factor(trial, plan.tolerance), 1.0)
    within = _within(trial, plan.tolerance)
    shape: Shape = "jump" if jump >= _JUMP else "smooth"
    rough = float(np.median(trial.residuals[:, 1]))
    return Calibration(chain, plan.tolerance, factor, within, plan.baseline, shape, jump, rough, len(traced))


def _learned(traced: Sequence[Traced], plan: Plan, jump: float) -> Calibration:
    """Return the calibration with the kind of rules that does best on texts they were not learned from."""
    trials = {}
    for fitted in (False, True):
        chains = _fold_chains(traced, fitted)
        for corrected in (False, True):
            trials[fitted, corrected] = _held_out(traced, chains, corrected)
    best = min(trials, key=lambda kind: _quality(trials[kind]))
    trial = trials[best]
    chain = _with_correction(learn([path.along for path in traced], COUNTS, best[0]), best[1])
    at_twelve = trial.residuals[:, COUNTS.index(_EASY)]
    rough = np.median(at_twelve) > _ROUGH_MEDIAN or np.quantile(at_twelve, 0.9) > _ROUGH_TAIL
    shape: Shape = "jump" if jump >= _JUMP else "rough" if rough else "smooth"
    return Calibration(
        chain,
        plan.tolerance,
        _factor(trial, plan.tolerance),
        _within(trial, plan.tolerance),
        plan.baseline,
        shape,
        jump,
        float(np.median(at_twelve)),
        len(traced),
    )


def _fold_chains(traced: Sequence[Traced], fitted: bool) -> list[Chain]:
    """Return for each fold the chain learned from the texts of the others."""
    return [
        learn([path.along for place, path in enumerate(traced) if place % _FOLDS != fold], COUNTS, fitted)
        for fold in range(_FOLDS)
    ]


def _held_out(traced: Sequence[Traced], chains: Sequence[Chain], corrected: bool) -> Trial:
    """Return how chains do on the texts they were not learned from, every text once."""
    kinds = [_with_correction(chain, corrected) for chain in chains]
    return _errors(traced, [kinds[place % _FOLDS] for place in range(len(traced))])


def _with_correction(chain: Chain, corrected: bool) -> Chain:
    """Return the chain whose rules correct their scores, or do not."""
    return Chain(chain.nodes, tuple(Level(level.weights, corrected) for level in chain.levels))


def _quality(trial: Trial) -> float:
    """Return the mean logarithm of the error that nine texts in ten keep, over the levels."""
    return float(np.log(np.quantile(trial.errors, 0.9, axis=0) + 1e-5).mean())


def _errors(traced: Sequence[Traced], chains: Sequence[Chain]) -> Trial:
    """Return errors (sum of |difference| over sum of |score|) and residuals of each text under its chain."""
    _, weights = gauss_legendre(DENSE)
    errors, residuals = [], []
    tables = {id(chain): resampling(DENSE, chain.nodes) for chain in chains}
    for path, chain in zip(traced, chains, strict=True):
        table, reference = tables[id(chain)], weights @ path.along
        sampled = _paths(path, table @ path.along, table @ path.values)
        results = [integrate(sampled, level) for level in chain.levels]
        size = max(float(np.abs(reference).sum()), 1e-12)
        errors.append([float(np.abs(found.scores[0].numpy() - reference).sum()) / size for found in results])
        residuals.append([float(found.residual[0]) for found in results])
    return Trial(np.asarray(errors), np.asarray(residuals))


def _paths(path: Traced, along: np.ndarray, values: np.ndarray) -> Paths:
    """Return one path as `integrate` takes it, seen at some nodes. along: [S, T]; values: [S]."""
    ends = (torch.tensor([end], dtype=torch.float64) for end in (path.start, path.end))
    return Paths(torch.from_numpy(along)[None], torch.from_numpy(values)[None], *ends)


def _factor(trial: Trial, tolerance: float) -> float:
    """Return what the residual must be multiplied with to bound the error of 99 texts in 100."""
    near = trial.errors > tolerance / _NEAR
    if not near.any():
        return 1.0
    ratios = trial.errors[near] / np.maximum(trial.residuals[near], 1e-12)
    return _FACTOR_MARGIN * float(np.quantile(ratios, _PROMISE))


def _within(trial: Trial, tolerance: float) -> int | None:
    """Return the first level whose error is within the tolerance for 95 texts in 100, with all later ones."""
    good = _RULE_MARGIN * np.quantile(trial.errors, 0.95, axis=0, method="higher") <= tolerance
    level = len(good)
    while level and good[level - 1]:
        level -= 1
    return level if level < len(good) else None


def _jump(classifier: Classifier, rows: Rows, plan: Plan, traced: Sequence[Traced]) -> float:
    """Return the median share of F's range that is left behind in the first hundredth of the path."""
    early = trace(classifier, rows, plan, np.asarray([0.01]))
    shares = []
    for path, begin in zip(traced, early, strict=True):
        reached = np.abs(np.append(path.values, path.end) - path.start).max()
        shares.append(abs(float(begin.values[0]) - path.start) / max(float(reached), 1e-12))
    return float(np.median([share for share in shares if np.isfinite(share)] or [0.0]))


def _scores(traced: Sequence[Traced], weights: np.ndarray, factor: float, plan: Plan) -> Scores:
    """Return the scores of the traced texts by the dense rule."""
    level = Level(weights)
    found = [integrate(_paths(path, path.along, path.values), level) for path in traced]
    errors = np.asarray([factor * float(one.residual[0]) for one in found])
    late = "not_converged" if plan.mode == "tolerance" else plan.mode
    return Scores(
        [one.scores[0].numpy() for one in found],
        np.asarray([path.end for path in traced]),
        np.asarray([path.start for path in traced]),
        np.asarray([float(one.gap[0]) for one in found]),
        errors,
        np.full(len(found), DENSE, dtype=np.int16),
        ["converged" if error <= plan.tolerance else late for error in errors],
    )
