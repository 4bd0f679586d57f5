"""Integrate paths whose gradients are known at the nodes of a rule, and estimate how far off the result may be.

F at the nodes comes free with the gradients, and for every k the integral of F'(a) F(a)^k over the path is known
exactly: (F(x)^(k+1) - F(x')^(k+1)) / (k+1). What a rule misses of the first three of these moments is its residual.
The moment k = 0 alone is completeness (Sundararajan et al. 2017, proposition 1), which a rule can meet by chance; of 99 in
100 texts the error of the scores is within a few times the residual, and within up to 50 times the completeness gap.
How far the scores moved since a coarser rule shows the rest: the geometric mean of both goes with the error more closely
than either.

    integral = integrate(paths, level)       # integral.scores [N, T], integral.gap [N], integral.residual [N]
    estimate(integral, coarser.scores)         # [N], for errors of sum |difference| over sum |score|
    incomplete(integral.gap, paths.start, paths.end, integral.scores.abs().sum(-1), 0.05)         # [N], the axiom itself

Where all nodes are on flat parts of a path, scores neither move nor add up: the mean of both is 0 and shows nothing. There
completeness does, so a row whose gap is over the tolerance is not settled whatever its estimate. (Of 600 ordinary rows none.)
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from augment.ig.quadrature import Level

# Where F hardly changes, the scores themselves are the measure: a tenth of their sum.
_FLOOR = 0.1
_MOMENTS = 3
_TINY = 1e-12
# Float32 knows F and the scores to a few units of 1e-7; a gap within this share of their size is rounding.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Paths:
    """What is known of N paths.

    along: [N, S, T] float32, gradient . (x - x') per node and piece; values: [N, S] float64, F at the nodes; start,
    end: [N] float64, F(x') and F(x).
    """

    along: Tensor
    values: Tensor
    start: Tensor
    end: Tensor


@dataclass(frozen=True)
class Integral:
    """The result of a rule.

    scores: [N, T] float64; gap: [N] float64, sum of scores - (F(x) - F(x')) before any correction, in the unit of F;
    residual: [N] float64, what the rule misses of the moments, relative to the larger of |F(x) - F(x')| and a tenth of
    the sum of |scores|.
    """

    scores: Tensor
    gap: Tensor
    residual: Tensor


def integrate(paths: Paths, level: Level) -> Integral:
    """Return the integral of the first `level.count` nodes of each path."""
    count = level.count
    along = paths.along[:, :count].double()
    weights = torch.as_tensor(level.weights, dtype=torch.float64, device=along.device)
    sums = along.sum(-1)
    change = paths.end - paths.start
    scores = torch.einsum("s,nst->nt", weights, along)
    gap = scores.sum(-1) - change
    if level.corrected:
        scores = scores - gap[:, None] * _shares(along, sums, weights)
    missed = _missed(sums * weights, paths.values[:, :count], paths.start, paths.end)
    return Integral(scores, gap, missed / measure(paths, scores))


def estimate(integral: Integral, before: Tensor | None) -> Tensor:
    """Return what the error goes with, [N]: the residual alone where no coarser rule's scores `before` [N, T] are known."""
    if before is None:
        return integral.residual
    moved = (integral.scores - before).abs().sum(-1) / integral.scores.abs().sum(-1).clamp_min(_TINY)
    return (integral.residual * moved).sqrt()


def incomplete(gap: Tensor, start: Tensor, end: Tensor, size: Tensor, tolerance: float) -> Tensor:
    """Return where the scores miss F(x) - F(x') by more than such a share of it, [N] bool.

    gap, start, end: [N] float64, F(x') and F(x) the last two; size: [N], the sum of |scores|.
    """
    rounding = _ROUNDING * (start.abs() + end.abs() + size)
    return gap.abs() > tolerance * (end - start).abs() + rounding


def measure(paths: Paths, scores: Tensor) -> Tensor:
    """Return what errors are relative to, [N]: the change of F, or a tenth of the sum of |scores| [N, T] if larger."""
    change = paths.end - paths.start
    return torch.maximum(change.abs(), _FLOOR * scores.abs().sum(-1)).clamp_min(_TINY)


def _shares(along: Tensor, sums: Tensor, weights: Tensor) -> Tensor:
    """Return each token's share of what a rule misses, [N, T]: its regression on the sum of all tokens."""
    weighted = weights * sums
    energy = (weighted * sums).sum(-1, keepdim=True)
    shares = torch.einsum("ns,nst->nt", weighted, along) / energy.clamp_min(_TINY)
    # A path on which nothing moves has nothing to share out.
    return torch.where(energy > _TINY, shares, torch.zeros_like(shares))


def _missed(weighted: Tensor, values: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Return the length [N] of what the rule misses of the moments, F scaled to [-1, 1] over the path."""
    seen = torch.cat([values, start[:, None], end[:, None]], dim=-1)
    low, high = seen.amin(-1), seen.amax(-1)
    centre, half = (low + high) / 2, ((high - low) / 2).clamp_min(_TINY)
    inner = (values - centre[:, None]) / half[:, None]
    first, last = (start - centre) / half, (end - centre) / half
    missed = [
        (weighted * inner**k).sum(-1) - half * (last ** (k + 1) - first ** (k + 1)) / (k + 1)
        for k in range(_MOMENTS)
    ]
    return torch.stack(missed).square().sum(0).sqrt()
