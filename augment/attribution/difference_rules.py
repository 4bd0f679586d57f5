"""DeepLIFT's rules: what each operation gives, and the multipliers that times the differences sum to its change.

Shrikumar, Greenside and Kundaje 2017. A rule is computed for references first and then for texts; `difference_records` brings
both together. Affine operations need no rule. Each rule is exact, and where text and reference meet it is the derivative: a
quotient of two rounded differences is nowhere taken.

    with keeping(records):
        applied(Unary("relu", torch.relu, of_relu), x)      # (f(x) - f(r)) / (x - r)
        applied(Product(), a, b)                            # each factor times the mean of the other
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from augment.attribution.difference_records import ReferenceRecords, TextAndReference

ElementFunction = Callable[[Tensor], Tensor]
# The slope from r to x of a function with f(x) = u and f(r) = v, given x, r, u and v.
SecantSlope = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
KeptParts = Sequence[Tensor]

_RECORDS: ContextVar[ReferenceRecords] = ContextVar("records")


class DifferenceRule(Protocol):
    """An operation on tensors that depend on the texts."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def value(self) -> Callable[..., tuple[Tensor, KeptParts]]:
        """What the operation gives of its inputs, and what the multipliers are made of."""
        ...

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of each input, from those of what the operation gives."""
        ...


class _RuleContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    rule: DifferenceRule
    pair: TextAndReference


class _RuleCall(torch.autograd.Function):
    """A rule as torch knows it."""

    @staticmethod
    def forward(
        ctx: _RuleContext, rule: DifferenceRule, records: ReferenceRecords, *inputs: Tensor
    ) -> Tensor:
        """Return what the operation gives."""
        result, kept = rule.value(*inputs)
        ctx.rule, ctx.pair = rule, records.met(rule.name, kept)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the multipliers."""
        pair = ctx.pair
        return None, None, *ctx.rule.multipliers(gradient, pair.texts(), pair.references())


@contextmanager
def keeping(records: ReferenceRecords) -> Iterator[None]:
    """Apply rules to references or texts within the block."""
    token = _RECORDS.set(records)
    try:
        yield
    finally:
        _RECORDS.reset(token)


def applied(rule: DifferenceRule, *inputs: Tensor) -> Tensor:
    """Return what a rule gives."""
    apply: Callable[..., Tensor] = _RuleCall.apply
    return apply(rule, _RECORDS.get(), *inputs)


def difference(first: Tensor, second: Tensor) -> Tensor:
    """Return first - second, 0 where that is not finite: both are masked there."""
    return torch.nan_to_num_(first - second, nan=0.0, posinf=0.0, neginf=0.0)


def logarithmic_mean(first: Tensor, second: Tensor, log_ratio: Tensor) -> Tensor:
    """Return (p - q) / (log p - log q) of positive p and q whose logarithms differ by `log_ratio`."""
    return torch.maximum(first, second) * _narrowing(log_ratio)


def _narrowing(log_ratio: Tensor) -> Tensor:
    """Return the logarithmic mean of two numbers as a share of the larger: (1 - exp(-d)) / d, 1 where they are equal."""
    negative = log_ratio.abs().neg_()
    meets = negative == 0
    return (torch.expm1(negative) / negative).masked_fill_(meets, 1.0)


@dataclass(frozen=True)
class Unary:
    """A function of each element by the Rescale rule. secant: (f(x) - f(r)) / (x - r)."""

    name: str
    function: ElementFunction
    secant: SecantSlope

    def value(self, x: Tensor) -> tuple[Tensor, KeptParts]:
        """Return f(x)."""
        result = self.function(x)
        return result, (x, result)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers."""
        (x, u), (r, v) = text, reference
        return (gradient * self.secant(x, r, u, v),)


def smooth(function: ElementFunction, alike: bool = True) -> SecantSlope:
    """Return the secant of a function with three derivatives: where x and r are near, the derivative between them.

    The quotient's rounding is eps / |x - r|, and the derivative's error (x - r)^2 / 24: they meet at the cube root of eps.
    alike: the function is the same at every place, so that a few elements may be computed alone.
    """
    return lambda x, r, u, v: _secant(function, x, r, u - v, torch.finfo(x.dtype).eps ** (1 / 3), alike)


def kinked(function: ElementFunction, alike: bool = True) -> SecantSlope:
    """Return the secant of a function with kinks: the derivative is taken only where x and r are equal."""
    return lambda x, r, u, v: _secant(function, x, r, u - v, 0.0, alike)


def _secant(
    function: ElementFunction, x: Tensor, r: Tensor, change: Tensor, near: float, alike: bool
) -> Tensor:
    """Return change / (x - r), and the derivative in the middle where they differ by `near` or less."""
    apart = x - r
    near_ones = (apart.abs() <= near).flatten().nonzero()[:, 0]
    quotient = (change / apart).flatten()
    if len(near_ones) and alike:
        slopes = _slopes(function, torch.lerp(x.flatten()[near_ones], r.flatten()[near_ones], 0.5))
        quotient.index_copy_(0, near_ones, slopes)
    elif len(near_ones):
        quotient.index_copy_(0, near_ones, _slopes(function, torch.lerp(x, r, 0.5)).flatten()[near_ones])
    return quotient.view(x.shape)


def _slopes(function: ElementFunction, points: Tensor) -> Tensor:
    """Return the derivative of a function of each element."""
    with torch.enable_grad():
        here = points.detach().requires_grad_(True)
        (slopes,) = torch.autograd.grad(function(here).sum(), here)
    return slopes


def of_relu(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of the ReLU: 1, 0, or the positive share of the way."""
    return torch.where(x == r, (x > 0).to(x), (u - v) / (x - r))


def of_square(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of x^2."""
    return x + r


def of_root(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of the square root."""
    return 1 / (u + v)


def of_reciprocal(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of 1 / x."""
    return -u * v


def of_reciprocal_root(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of 1 / sqrt(x): -u^2 v^2 / (u + v)."""
    return -((u * v) ** 2) / (u + v)


def of_exponential(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of exp: the logarithmic mean of its values."""
    return logarithmic_mean(u, v, difference(x, r))


def of_logarithm(x: Tensor, r: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Return the secant of the logarithm."""
    return 1 / logarithmic_mean(x, r, u - v)


@dataclass(frozen=True)
class Product:
    """Two factors of each element, broadcast: each gets the mean of the other over text and reference."""

    name: str = "mul"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return a * b."""
        return a * b, (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = _middles(text, reference)
        return (gradient * b).sum_to_size(a.shape), (gradient * a).sum_to_size(b.shape)


@dataclass(frozen=True)
class MatrixProduct:
    """Two factors of a matrix product: each gets the mean of the other over text and reference."""

    name: str = "matmul"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return a @ b."""
        return a @ b, (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = _middles(text, reference)
        return (gradient @ b.mT).sum_to_size(a.shape), (a.mT @ gradient).sum_to_size(b.shape)


@dataclass(frozen=True)
class Bilinear:
    """Any function that is linear in each of two tensors, such as an einsum, by the rule of products."""

    function: Callable[[Tensor, Tensor], Tensor]
    name: str = "einsum"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return f(a, b)."""
        return self.function(a, b), (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = (tensor.detach().requires_grad_(True) for tensor in _middles(text, reference))
        with torch.enable_grad():
            return torch.autograd.grad(self.function(a, b), (a, b), gradient)


def _middles(text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
    """Return the means of text and reference."""
    return [torch.lerp(x, r, 0.5) for x, r in zip(text, reference, strict=True)]


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
    return larger * _narrowing(apart) / _narrowing(above - below)


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
