"""DeepLIFT's rules of operations along a dimension: softmax, log sum exp, layer norm and the maximum.

applied(Softmax(-1), scores)
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from augment.attribution.difference_rules import KeptParts
from augment.attribution.difference_slopes import difference, logarithmic_mean, narrowing, of_reciprocal_root


@dataclass(frozen=True)
class LogSumExp:
    """log sum exp along a dimension, which stays: exponentials and the logarithm by logarithmic means."""

    dim: int
    name: str = "logsumexp"

    def value(self, x: Tensor) -> tuple[Tensor, KeptParts]:
        """Return log sum exp."""
        total = x.logsumexp(self.dim, keepdim=True)
        return total, (x, total)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers."""
        (x, above), (r, below) = text, reference
        chances = [(x - above).exp_(), (r - below).exp_()]
        return (gradient * _weights(chances, difference(x, r), above, below),)


@dataclass(frozen=True)
class Softmax:
    """The softmax along a dimension, as exp(x - log sum exp x)."""

    dim: int
    name: str = "softmax"

    def value(self, x: Tensor) -> tuple[Tensor, KeptParts]:
        """Return the softmax."""
        chances = x.softmax(self.dim)
        # At the largest x the chance is exp(x - log sum exp x): no other exponential is needed.
        total = x.amax(self.dim, keepdim=True) - chances.amax(self.dim, keepdim=True).log()
        return chances, (x, chances, total)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers."""
        (x, chances, above), (r, others, below) = text, reference
        apart = difference(x, r)
        own = gradient * logarithmic_mean(chances, others, apart - (above - below))
        weights = _weights([chances, others], apart, above, below)
        return (own - weights * own.sum(self.dim, keepdim=True),)


def _weights(chances: Sequence[Tensor], apart: Tensor, above: Tensor, below: Tensor) -> Tensor:
    """Return the weight of each element in the change of log sum exp; times the differences they sum to it.

    chances: the softmax of texts and references; apart: x - r; above, below: their log sum exp. A weight is the logarithmic
    mean of exp x and exp r over that of their sums.
    """
    # Both are at most 1, so that nothing overflows, however far text and reference are apart.
    largest = torch.maximum(above, below)
    larger = torch.maximum(chances[0] * (above - largest).exp(), chances[1] * (below - largest).exp())
    return larger * narrowing(apart) / narrowing(above - below)


@dataclass(frozen=True)
class LayerNorm:
    """The norm over the last dimension: (x - mean) times the reciprocal root of the mean square, by the rule of products."""

    weight: Tensor | None
    bias: Tensor | None
    eps: float
    name: str = "layer_norm"

    def value(self, x: Tensor) -> tuple[Tensor, KeptParts]:
        """Return the normed vectors."""
        normed, mean, scale = torch.native_layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)
        return normed, (x, mean, scale)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers."""
        (x, mean, u), (r, other, v) = text, reference
        own = gradient if self.weight is None else gradient * self.weight
        both = (x + r).sub_(mean + other)
        slope = of_reciprocal_root(x, r, u, v) / (2 * x.shape[-1])
        across = slope * (own * both).sum(-1, keepdim=True)
        along = own * ((u + v) / 2)
        return (along.sub_(along.mean(-1, keepdim=True)).addcmul_(across, both),)


@dataclass(frozen=True)
class LargestAlong:
    """The maximum along a dimension, which goes away.

    Where text and reference reach it in one place, that place has all. Else the change of the maximum is between the
    differences at both places, and each gets the part that makes their sum exact: on the straight line from reference to
    text, the part of the way on which it is the larger of the two. Ties share alike.
    """

    dim: int
    name: str = "amax"

    def value(self, x: Tensor) -> tuple[Tensor, KeptParts]:
        """Return the maxima."""
        largest = x.amax(self.dim)
        return largest, (x, largest)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers."""
        return (gradient.unsqueeze(self.dim) * shares_of_maximum(text, reference, self.dim),)


def shares_of_maximum(text: KeptParts, reference: KeptParts, dim: int) -> Tensor:
    """Return the share of each element in the change of the maximum along a dimension; both come with their maxima."""
    (x, of_text), (r, of_reference) = text, reference
    of_text, of_reference = of_text.unsqueeze(dim), of_reference.unsqueeze(dim)
    apart, change = difference(x, r), difference(of_text, of_reference)
    at_text, at_reference = x == of_text, r == of_reference
    both = at_text & at_reference
    one, other, common = (_alike(mask, dim) for mask in (at_text, at_reference, both))
    far, near = (apart * one).sum(dim, keepdim=True), (apart * other).sum(dim, keepdim=True)
    span = torch.where(far == near, torch.ones_like(far), far - near)
    part = torch.where(far == near, torch.ones_like(far), (change - near) / span)
    return torch.where(both.any(dim, keepdim=True), common, part * one + (1 - part) * other)


def _alike(mask: Tensor, dim: int) -> Tensor:
    """Return weights that sum to 1 over the elements of a mask; zeros where it is empty."""
    return mask / mask.sum(dim, keepdim=True).clamp_min(1)
