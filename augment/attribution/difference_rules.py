"""DeepLIFT's rules as autograd functions: backward gives multipliers, which times the differences sum to the change.

Shrikumar, Greenside and Kundaje 2017. A tensor holds the texts in the first half of its rows and their references, in the
same order, in the second; only the first half gets multipliers. Affine operations need no rule. Each rule is exact, and
where text and reference meet it is the derivative: a quotient of two rounded differences is nowhere taken.

    applied(Unary, x, torch.relu, of_relu)     # (f(x) - f(r)) / (x - r)
    applied(Product, a, b)                     # each factor times the mean of the other
"""

from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

Halves = tuple[Tensor, Tensor]


class _RuleContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    saved_tensors: tuple[Tensor, ...]
    function: Callable[..., Any]
    secant: Callable[[Tensor, Tensor], Tensor]
    dim: int
    eps: float

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


def halves(tensor: Tensor) -> Halves:
    """Return the rows of the texts and those of their references."""
    count = tensor.shape[0] // 2
    return tensor[:count], tensor[count:]


def for_texts(multipliers: Tensor) -> Tensor:
    """Return multipliers of the texts with zeros for the references after them."""
    return torch.cat([multipliers, torch.zeros_like(multipliers)])


def difference(first: Tensor, second: Tensor) -> Tensor:
    """Return first - second, 0 where that is not finite: both are masked there."""
    return torch.nan_to_num(first - second, nan=0.0, posinf=0.0, neginf=0.0)


def logarithmic_mean(first: Tensor, second: Tensor, log_ratio: Tensor) -> Tensor:
    """Return (p - q) / (log p - log q) of positive p and q whose logarithms differ by `log_ratio`."""
    return torch.maximum(first, second) * _narrowing(log_ratio)


def _narrowing(log_ratio: Tensor) -> Tensor:
    """Return the logarithmic mean of two numbers as a share of the larger: (1 - exp(-d)) / d, 1 where they are equal."""
    apart = log_ratio.abs()
    meets = apart == 0
    return torch.where(meets, 1.0, -torch.expm1(-apart) / torch.where(meets, 1.0, apart))


def applied(rule: type[torch.autograd.Function], *given: object) -> Tensor:
    """Return what a rule gives."""
    apply: Callable[..., Tensor] = rule.apply
    return apply(*given)


class Unary(torch.autograd.Function):
    """A function of each element by the Rescale rule. secant: (f(x) - f(r)) / (x - r) for x and r."""

    @staticmethod
    def forward(
        ctx: _RuleContext,
        x: Tensor,
        function: Callable[[Tensor], Tensor],
        secant: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """Return f(x)."""
        ctx.save_for_backward(x)
        ctx.secant = secant
        return function(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, None, None]:
        """Return the multipliers."""
        (x,) = ctx.saved_tensors
        return for_texts(halves(gradient)[0] * ctx.secant(*halves(x))), None, None


def smooth(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the secant of a function with three derivatives: where x and r are near, the derivative between them.

    The quotient's rounding is eps / |x - r|, and the derivative's error (x - r)^2 / 24: they meet at the cube root of eps.
    """
    return lambda x, r: _secant(function, x, r, torch.finfo(x.dtype).eps ** (1 / 3))


def kinked(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the secant of a function with kinks: the derivative is taken only where x and r are equal."""
    return lambda x, r: _secant(function, x, r, 0.0)


def _secant(function: Callable[[Tensor], Tensor], x: Tensor, r: Tensor, near: float) -> Tensor:
    """Return (f(x) - f(r)) / (x - r), and the derivative in the middle where they differ by `near` or less."""
    apart = x - r
    meets = apart.abs() <= near
    with torch.enable_grad():
        middle = torch.lerp(x, r, 0.5).detach().requires_grad_(True)
        (slope,) = torch.autograd.grad(function(middle).sum(), middle)
    quotient = (function(x) - function(r)) / torch.where(meets, torch.ones_like(apart), apart)
    return torch.where(meets, slope, quotient)


def of_relu(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of the ReLU: 1, 0, or the positive share of the way."""
    apart = torch.where(x == r, torch.ones_like(x), x - r)
    return torch.where(x == r, (x > 0).to(x), (torch.relu(x) - torch.relu(r)) / apart)


def of_square(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of x^2."""
    return x + r


def of_root(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of the square root."""
    return 1 / (x.sqrt() + r.sqrt())


def of_reciprocal(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of 1 / x."""
    return -1 / (x * r)


def of_reciprocal_root(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of 1 / sqrt(x): with u and v at x and r, -u^2 v^2 / (u + v)."""
    u, v = x.rsqrt(), r.rsqrt()
    return -((u * v) ** 2) / (u + v)


def of_exponential(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of exp: the logarithmic mean of its values."""
    return logarithmic_mean(x.exp(), r.exp(), difference(x, r))


def of_logarithm(x: Tensor, r: Tensor) -> Tensor:
    """Return the secant of the logarithm."""
    return 1 / logarithmic_mean(x, r, x.log() - r.log())


class Product(torch.autograd.Function):
    """Two factors of each element, broadcast: each gets the mean of the other over text and reference."""

    @staticmethod
    def forward(ctx: _RuleContext, a: Tensor, b: Tensor) -> Tensor:
        """Return a * b."""
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> Halves:
        """Return the multipliers of both factors."""
        a, b = ctx.saved_tensors
        own = halves(gradient)[0]
        return _summed(own * _middle(b), a), _summed(own * _middle(a), b)


class MatrixProduct(torch.autograd.Function):
    """Two factors of a matrix product: each gets the mean of the other over text and reference."""

    @staticmethod
    def forward(ctx: _RuleContext, a: Tensor, b: Tensor) -> Tensor:
        """Return a @ b."""
        ctx.save_for_backward(a, b)
        return a @ b

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> Halves:
        """Return the multipliers of both factors."""
        a, b = ctx.saved_tensors
        own = halves(gradient)[0]
        return _summed(own @ _middle(b).mT, a), _summed(_middle(a).mT @ own, b)


class Bilinear(torch.autograd.Function):
    """Any function that is linear in each of two tensors, such as an einsum, by the rule of products."""

    @staticmethod
    def forward(
        ctx: _RuleContext, a: Tensor, b: Tensor, function: Callable[[Tensor, Tensor], Tensor]
    ) -> Tensor:
        """Return f(a, b)."""
        ctx.save_for_backward(a, b)
        ctx.function = function
        return function(a, b)

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        """Return the multipliers of both factors."""
        a, b = (_middle(tensor).detach().requires_grad_(True) for tensor in ctx.saved_tensors)
        with torch.enable_grad():
            of_a, of_b = torch.autograd.grad(ctx.function(a, b), (a, b), halves(gradient)[0])
        return for_texts(of_a), for_texts(of_b), None


def _middle(tensor: Tensor) -> Tensor:
    """Return the mean of text and reference."""
    text, reference = halves(tensor)
    return torch.lerp(text, reference, 0.5)


def _summed(multipliers: Tensor, factor: Tensor) -> Tensor:
    """Return multipliers in the shape of a factor that was broadcast."""
    return for_texts(multipliers.sum_to_size((factor.shape[0] // 2, *factor.shape[1:])))


class LogSumExp(torch.autograd.Function):
    """log sum exp along a dimension, which stays: exponentials and the logarithm by logarithmic means."""

    @staticmethod
    def forward(ctx: _RuleContext, x: Tensor, dim: int) -> Tensor:
        """Return log sum exp."""
        ctx.save_for_backward(x)
        ctx.dim = dim
        return x.logsumexp(dim, keepdim=True)

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the multipliers."""
        (x,) = ctx.saved_tensors
        return for_texts(halves(gradient)[0] * _weights(x, ctx.dim)), None


class Softmax(torch.autograd.Function):
    """The softmax along a dimension, as exp(x - log sum exp x)."""

    @staticmethod
    def forward(ctx: _RuleContext, x: Tensor, dim: int) -> Tensor:
        """Return the softmax."""
        chances = x.softmax(dim)
        ctx.save_for_backward(x, chances)
        ctx.dim = dim
        return chances

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the multipliers."""
        x, chances = ctx.saved_tensors
        text, reference = halves(x - x.logsumexp(ctx.dim, keepdim=True))
        means = logarithmic_mean(*halves(chances), difference(text, reference))
        own = halves(gradient)[0] * means
        return for_texts(own - _weights(x, ctx.dim) * own.sum(ctx.dim, keepdim=True)), None


def _weights(x: Tensor, dim: int) -> Tensor:
    """Return the weight of each element in the change of log sum exp; times the differences they sum to it."""
    sums = x.logsumexp(dim, keepdim=True)
    (text, reference), (above, below) = halves(x), halves(sums)
    # Both are at most 0, so that no exponential overflows, however far text and reference are apart.
    larger = torch.maximum(text, reference) - torch.maximum(above, below)
    return larger.exp() * _narrowing(difference(text, reference)) / _narrowing(above - below)


class LayerNorm(torch.autograd.Function):
    """The norm over the last dimension: (x - mean) times the reciprocal root of the mean square, by the rule of products."""

    @staticmethod
    def forward(ctx: _RuleContext, x: Tensor, eps: float) -> Tensor:
        """Return the normed vectors, without weight and bias."""
        ctx.save_for_backward(x)
        ctx.eps = eps
        return torch.nn.functional.layer_norm(x, x.shape[-1:], eps=eps)

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the multipliers."""
        (x,) = ctx.saved_tensors
        centred = x - x.mean(-1, keepdim=True)
        squares = centred.square().mean(-1, keepdim=True) + ctx.eps
        own, both = halves(gradient)[0], sum(halves(centred))
        scales = halves(squares.rsqrt())
        along = own * (scales[0] + scales[1]) / 2
        slope = of_reciprocal_root(*halves(squares)) / (2 * x.shape[-1])
        across = slope * both * (own * both).sum(-1, keepdim=True)
        return for_texts(along - along.mean(-1, keepdim=True) + across), None


class LargestAlong(torch.autograd.Function):
    """The maximum along a dimension, which goes away.

    Where text and reference reach it in one place, that place has all. Else the change of the maximum is between the
    differences at both places, and each gets the part that makes their sum exact: on the straight line from reference to
    text, the part of the way on which it is the larger of the two. Ties share alike.
    """

    @staticmethod
    def forward(ctx: _RuleContext, x: Tensor, dim: int) -> Tensor:
        """Return the maxima."""
        largest = x.amax(dim)
        ctx.save_for_backward(x, largest)
        ctx.dim = dim
        return largest

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the multipliers."""
        x, largest = ctx.saved_tensors
        own = halves(gradient)[0].unsqueeze(ctx.dim)
        return for_texts(own * shares_of_maximum(x, largest.unsqueeze(ctx.dim), ctx.dim)), None


def shares_of_maximum(x: Tensor, largest: Tensor, dim: int) -> Tensor:
    """Return the share of each element in the change of the maximum along a dimension, for the texts alone."""
    apart = difference(*halves(x))
    change = difference(*halves(largest))
    at_text, at_reference = halves(x == largest)
    both = at_text & at_reference
    one, other, common = (_alike(mask, dim) for mask in (at_text, at_reference, both))
    far, near = (apart * one).sum(dim, keepdim=True), (apart * other).sum(dim, keepdim=True)
    span = torch.where(far == near, torch.ones_like(far), far - near)
    part = torch.where(far == near, torch.ones_like(far), (change - near) / span)
    return torch.where(both.any(dim, keepdim=True), common, part * one + (1 - part) * other)


def _alike(mask: Tensor, dim: int) -> Tensor:
    """Return weights that sum to 1 over the elements of a mask; zeros where it is empty."""
    return mask / mask.sum(dim, keepdim=True).clamp_min(1)
