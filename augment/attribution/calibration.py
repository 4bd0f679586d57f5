"""Learn, from a few texts of a corpus, the rules that integrate this model's paths with the fewest evaluations.

The texts are traced densely; rules are learned on some and tried on the others, in turn (cross-validation). What is
kept: a chain of nested rules, and the factors by which their estimate bounds the error of the scores of 99 texts in 100
and of 95. A calibrated rule is still a rule for the same integral: it changes how many evaluations that takes, not what
comes out.

    calibration, scores = calibrate(classifier, rows, Plan(tolerance=0.05))
    plan = calibration.plan(Plan(tolerance=0.05))
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from augment.attribution.path_integral import (
    UNCALIBRATED,
    Estimates,
    ModelInputs,
    Plan,
    Scores,
    Traced,
    bounded,
    trace,
    uncalibrated,
)
from augment.attribution.rule_trials import (
    CAUTIOUS,
    EASY,
    EASY_COST,
    LARGER,
    LEAST_ENTRIES,
    NEAR,
    POWER,
    PROMISE,
    USUAL,
    Effort,
    Trial,
    effort,
    fold_chains,
    held_out,
    learned,
    sampled,
    seen,
    tried,
    with_correction,
)
from augment.ig.baseline import FillerName
from augment.ig.nested import extended
from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling, single
from augment.ig.residual import estimate, integrate
from augment.models.classifier import Classifier

PathShape = Literal["smooth", "rough", "jump"]
# By whether rules were fitted to what a correction leaves, and whether they correct.
Trials = dict[tuple[bool, bool], Trial]

# A corpus smaller than this is done before its calibration has paid for itself.
LEAST_ROWS = 200

# The nodes of the rules behind the learned ones, for rows that those do not settle.
FURTHER = (32, 48, 64, 96, 136, 192)
_PROBED, _FEW = 4, 8
_TWELVE = 12
# How far within the tolerance a dozen nodes are where paths are easy. (At half of it a net of which texts take 16 nodes in the
# mean passed for easy in three draws of five.)
_EASILY = 4
_JUMP = 0.1
_ROUGH_MEDIAN, _ROUGH_TAIL = 0.12, 0.4
# Where a dozen nodes leave a median residual of no more than this share of the tolerance, 32 miss no text by a thousandth (on
# three of the four nets of benchmarks/attribution/untuned_nets.md; on the other one they miss one by 1.6 %).
_SMOOTH = 0.05
_MISSED = 0.75
# Share of the errors near the tolerance that may be over their bounds on other texts.
_OVER = 0.05


@dataclass(frozen=True)
class Calibration:
    """What was learned of a model's paths. `chain`: nested rules, learned ones or Patterson's where those do as well.

    tolerance: what it was made for; factor, usual: what bounds the error of 99 and of 95 texts in 100, over its estimate;
    baseline: what the paths start from; shape: smooth, rough (the residual stays large at 12 nodes, or in a quarter of the
    texts above the tolerance at all nodes that were traced) or jump (F leaves F(x') in the first hundredth of the path);
    jump: the median share of that; roughness: the median residual at 12 nodes; texts: how many were traced.
    """

    chain: Chain
    tolerance: float
    factor: float
    usual: float
    baseline: FillerName
    shape: PathShape
    jump: float
    roughness: float
    texts: int
    power: float = POWER

    def plan(self, plan: Plan) -> Plan:
        """Return a plan that uses the calibration: its rules and its factor."""
        factor = self.usual if plan.mode == "p95" else self.factor
        chains = (extended(self.chain, FURTHER),)
        return replace(
            plan, baseline=self.baseline, factor=factor, power=self.power, alone=1.0, chains=chains
        )

    def bounds(self, estimates: Estimates) -> Estimates:
        """Return what bounds the errors of 99 texts in 100, for their estimates."""
        return bounded(estimates, self.factor, self.power, self.tolerance)


def choose(predicted: Sequence[int], count: int) -> list[int]:
    """Return the places of `count` texts, the predicted classes in turn, each class in the order given."""
    turn: dict[int, int] = {}
    keys = []
    for index, label in enumerate(predicted):
        turn[label] = turn.get(label, 0) + 1
        keys.append((turn[label], label, index))
    return [index for _, _, index in sorted(keys)[:count]]


def calibrate(classifier: Classifier, rows: ModelInputs, plan: Plan) -> tuple[Calibration, Scores]:
    """Return the calibration of a model by the paths of these rows, and the scores of those that were traced.

    The first of them show whether the paths are easy, and how many are traced, at how many nodes; the scores of those
    are thereby done. Rows whose gradients are not finite teach nothing, and their scores are not finite either.
    """
    takes, twelve = effort(plan.tolerance), single(gauss_legendre(_TWELVE))
    first = trace(
        classifier, rows.take(range(min(_PROBED, len(rows.pieces)))), plan, gauss_legendre(takes.nodes)[0]
    )
    sound = _sound(first)
    if sound and tried(sound, [twelve] * len(sound)).errors.max() <= plan.tolerance / _EASILY:
        # Half as many nodes integrate what the paths were interpolated by.
        table, takes = resampling(takes.nodes, gauss_legendre(EASY.nodes)[0]), EASY
        first = [sampled(path, table) for path in first]
    nodes = gauss_legendre(takes.nodes)[0]
    rest = rows.take(range(len(first), min(takes.texts, len(rows.pieces))))
    traced = [*first, *trace(classifier, rest, plan, nodes)]
    jump = _jump(classifier, rows.take(range(min(_FEW, len(traced)))), plan, traced[:_FEW])
    sound = _sound(traced)
    calibration = _unknown(plan, jump, len(sound))
    if len(sound) >= _FEW:
        trials = _trials(sound, takes)
        if takes is EASY and _best(trials)[1].cost(plan.tolerance, takes.counts) > EASY_COST:
            takes = LARGER
            trials = _trials(sound, takes)
        while takes.nodes > EASY.nodes and _best(trials)[1].entries(plan.tolerance) < LEAST_ENTRIES:
            # Too few errors near the tolerance to learn a factor from: more texts, as long as there are any.
            more = rows.take(range(len(traced), min(len(traced) + takes.texts, len(rows.pieces))))
            if not more.pieces:
                break
            traced += trace(classifier, more, plan, nodes)
            sound = _sound(traced)
            trials = _trials(sound, takes)
        calibration = _learned(sound, plan, jump, takes, trials)
    scores = _scores(traced, calibration, plan)
    scores.evals[: len(first)] = effort(plan.tolerance).nodes
    return calibration, scores


def trial(classifier: Classifier, rows: ModelInputs, calibration: Calibration, plan: Plan) -> Scores | None:
    """Return the scores of a few texts that a calibration was not made on; None if it does not hold there.

    It holds where no text counts as within the tolerance that is not, hardly any error is over its bound, and the paths
    can be followed at the nodes that are traced.
    """
    positions, weights = gauss_legendre(trial_nodes(calibration, plan.tolerance))
    traced = trace(classifier, rows, plan, positions)
    sound = _sound(traced)
    if not sound:
        return None
    result = tried(sound, [calibration.chain] * len(sound))
    bounds = calibration.bounds(result.estimates)
    wrong = (bounds <= plan.tolerance) & (result.errors > plan.tolerance)
    near = result.errors > plan.tolerance / NEAR
    over = int((near & (result.errors > bounds)).sum())
    densest = integrate(seen(sound), Level(weights)).residual.numpy()
    rough = np.quantile(densest, _MISSED) > plan.tolerance
    if wrong.any() or over > 1 + _OVER * int(near.sum()) or rough:
        return None
    return _scores(traced, calibration, plan)


def trial_nodes(calibration: Calibration, tolerance: float) -> int:
    """Return how many nodes texts are traced at to try a calibration: fewer where a dozen nearly do."""
    smooth = calibration.roughness <= tolerance * _SMOOTH
    easy = calibration.chain.levels[-1].count <= EASY.counts[-1]
    return EASY.nodes if smooth or easy else effort(tolerance).nodes


def cautious(calibration: Calibration) -> Calibration:
    """Return a calibration with factors that are no smaller than without one."""
    least = UNCALIBRATED**calibration.power
    factors = (max(each, least) for each in (calibration.factor, calibration.usual))
    return replace(calibration, **dict(zip(("factor", "usual"), factors, strict=True)))


def _sound(traced: Sequence[Traced]) -> list[Traced]:
    """Return the paths on which everything is finite."""
    return [
        path
        for path in traced
        if np.isfinite(path.along).all() and np.isfinite([*path.values, path.start, path.end]).all()
    ]


def _unknown(plan: Plan, jump: float, texts: int) -> Calibration:
    """Return the calibration of a model of whose paths too few could be traced."""
    factors = (CAUTIOUS, CAUTIOUS)
    return Calibration(uncalibrated()[0], plan.tolerance, *factors, plan.baseline, "smooth", jump, 0.0, texts)


def _trials(traced: Sequence[Traced], takes: Effort) -> Trials:
    """Return how each kind of rules does on texts it was not learned from: fitted to what a correction leaves, corrected."""
    trials = {}
    for fitted in (False, True):
        chains = fold_chains(traced, fitted, takes)
        for corrected in (False, True):
            trials[fitted, corrected] = held_out(traced, chains, corrected)
    return trials


def _best(trials: Trials) -> tuple[tuple[bool, bool], Trial]:
    """Return the kind of rules that does best, and how it does."""
    return min(trials.items(), key=lambda item: item[1].quality)


def _learned(traced: Sequence[Traced], plan: Plan, jump: float, takes: Effort, trials: Trials) -> Calibration:
    """Return the calibration with the kind of rules that does best on texts they were not learned from."""
    best, trial = _best(trials)
    chain = with_correction(learned(traced, best[0], takes), best[1])
    at_twelve = trial.residuals[:, takes.counts.index(_TWELVE)]
    # Errors are held against the traced nodes. If those themselves miss the tolerance, no factor can be learned from them.
    densest = integrate(seen(traced), Level(gauss_legendre(takes.nodes)[1])).residual.numpy()
    rough = (
        np.median(at_twelve) > _ROUGH_MEDIAN
        or np.quantile(at_twelve, 0.9) > _ROUGH_TAIL
        or np.quantile(densest, _MISSED) > plan.tolerance
    )
    shape: PathShape = "jump" if jump >= _JUMP else "rough" if rough else "smooth"
    return Calibration(
        chain,
        plan.tolerance,
        trial.factor(plan.tolerance, PROMISE),
        trial.factor(plan.tolerance, USUAL),
        plan.baseline,
        shape,
        jump,
        float(np.median(at_twelve)),
        len(traced),
    )


def _jump(classifier: Classifier, rows: ModelInputs, plan: Plan, traced: Sequence[Traced]) -> float:
    """Return the median share of F's range that is left behind in the first hundredth of the path."""
    early = trace(classifier, rows, plan, np.asarray([0.01]))
    shares = []
    for path, begin in zip(traced, early, strict=True):
        reached = np.abs(np.append(path.values, path.end) - path.start).max()
        shares.append(abs(float(begin.values[0]) - path.start) / max(float(reached), 1e-12))
    return float(np.median([share for share in shares if np.isfinite(share)] or [0.0]))


def _scores(traced: Sequence[Traced], calibration: Calibration, plan: Plan) -> Scores:
    """Return the scores of the traced texts by the dense rule, held against the finest rule of the chain."""
    steps = len(traced[0].values)
    chain, level = calibration.chain, Level(gauss_legendre(steps)[1])
    # The finest rule may be the dense one itself, and is no check of it then.
    coarser_level = chain.levels[-1 if chain.levels[-1].count < steps else -2]
    coarser = integrate(seen(traced, resampling(steps, chain.nodes)), coarser_level)
    integral = integrate(seen(traced), level)
    errors = calibration.bounds(estimate(integral, coarser.scores)).numpy()
    done = Scores(
        [scores[: path.along.shape[1]] for scores, path in zip(integral.scores.numpy(), traced, strict=True)],
        np.asarray([path.end for path in traced]),
        np.asarray([path.start for path in traced]),
        integral.gap.numpy(),
        errors,
        np.full(len(traced), steps, dtype=np.int16),
        ["converged"] * len(traced),
    )
    late = "not_converged" if plan.mode == "tolerance" else plan.mode
    kept = (errors <= plan.tolerance) & ~done.incomplete(plan.tolerance)
    done.status = ["converged" if within else late for within in kept]
    return done
