"""The Rescale rule of functions of each element: the slope from reference to text.

Where text and reference meet it is the derivative, and near there it is not a quotient of two rounded differences.

    applied(Unary("relu", torch.relu, of_relu), x)      # (f(x) - f(r)) / (x - r)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from augment.attribution.difference_rules import KeptParts

ElementFunction = Callable[[Tensor], Tensor]
# The slope from r to x of a function with f(x) = u and f(r) = v, given x, r, u and v.
SecantSlope = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


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


def difference(first: Tensor, second: Tensor) -> Tensor:
    """Return first - second, 0 where that is not finite: both are masked there."""
    return torch.nan_to_num_(first - second, nan=0.0, posinf=0.0, neginf=0.0)


def logarithmic_mean(first: Tensor, second: Tensor, log_ratio: Tensor) -> Tensor:
    """Return (p - q) / (log p - log q) of positive p and q whose logarithms differ by `log_ratio`."""
    return torch.maximum(first, second) * narrowing(log_ratio)


def narrowing(log_ratio: Tensor) -> Tensor:
    """Return the logarithmic mean of two numbers as a share of the larger: (1 - exp(-d)) / d, 1 where they are equal."""
    negative = log_ratio.abs().neg_()
    meets = negative == 0
    return (torch.expm1(negative) / negative).masked_fill_(meets, 1.0)
