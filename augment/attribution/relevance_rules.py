"""The rules by which affine maps and activations share out relevance, as autograd functions.

With z_ij what input i adds to output j of an affine map, and s(z) = z + epsilon sign(z),

    epsilon:     R_i = sum_j z_ij / s(sum_i z_ij) R_j                               Bach et al. 2015, equation 58
    gamma:       the same with w + gamma w+ in place of w                           Montavon et al. 2019, equation 10.9
    z_plus:      R_i = sum_j z+_ij / sum_i z+_ij R_j                                Montavon et al. 2017, section 5
    alpha_beta:  R_i = sum_j (a z+_ij / sum z+ - b z-_ij / sum z-) R_j, a - b = 1   Bach et al. 2015, equation 60

The bias takes its part. gamma is for positive inputs; of others the signs of z_ij decide (Andeol et al. 2021). A rule is a
gradient with other factors: relevances are activations times what a backward pass gives.

    applied(AffineRule, x, weight, bias, torch.matmul, LrpRule("z_plus"))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from augment.attribution.linear_maps import AffineCall, LinearMap, transposed

LrpRuleName = Literal["epsilon", "gamma", "z_plus", "alpha_beta"]


@dataclass(frozen=True)
class LrpRule:
    """How affine maps share out relevance. attention: whether it goes through attention weights."""

    name: LrpRuleName = "epsilon"
    epsilon: float = 1e-6
    gamma: float = 0.25
    alpha: float = 2.0
    attention: bool = False


def applied(rule: type[torch.autograd.Function], *given: object) -> Tensor:
    """Return what a rule gives."""
    apply: Callable[..., Tensor] = rule.apply
    return apply(*given)


class _RelevanceContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    saved_tensors: tuple[Tensor, ...]
    map: LinearMap
    rule: LrpRule
    bias: Tensor | None

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


class AffineRule(torch.autograd.Function):
    """An affine map with a rule. What arrives and leaves backwards is relevance per unit of activation."""

    @staticmethod
    def forward(
        ctx: _RelevanceContext,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        linear_map: LinearMap,
        rule: LrpRule,
    ) -> Tensor:
        """Return the output."""
        plain = linear_map(x, weight)
        output = plain if bias is None else plain + bias
        ctx.save_for_backward(x, weight, output)
        ctx.map, ctx.rule, ctx.bias = linear_map, rule, bias
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: _RelevanceContext, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        """Return the relevance of each input per unit of it."""
        x, weight, output = ctx.saved_tensors
        call = AffineCall(x, weight, ctx.bias, ctx.map)
        return _shared(call, output, output * gradient, ctx.rule), None, None, None, None


def _shared(call: AffineCall, output: Tensor, relevance: Tensor, rule: LrpRule) -> Tensor:
    """Return the relevance of each input of an affine map, per unit of the input."""
    x, weight = call.inputs, call.weight
    if rule.name == "epsilon":
        return transposed(call.map, x, weight, relevance / _stable(output, rule.epsilon))
    if rule.name == "gamma":
        rising = weight + rule.gamma * weight.clamp_min(0)
        falling = weight + rule.gamma * weight.clamp_max(0)
        up = torch.where(
            output > 0, relevance / _stable(_signed(call, rising, falling, rule, True), rule.epsilon), 0.0
        )
        down = torch.where(
            output < 0, relevance / _stable(_signed(call, falling, rising, rule, False), rule.epsilon), 0.0
        )
        positive = transposed(call.map, x, rising, up) + transposed(call.map, x, falling, down)
        negative = transposed(call.map, x, falling, up) + transposed(call.map, x, rising, down)
        return torch.where(x > 0, positive, negative)
    rising, falling = weight.clamp_min(0), weight.clamp_max(0)
    alpha = 1.0 if rule.name == "z_plus" else rule.alpha
    up = alpha * relevance / _stable(_one_sign(call, rising, falling, True), rule.epsilon)
    positive, negative = transposed(call.map, x, rising, up), transposed(call.map, x, falling, up)
    if alpha != 1.0:
        down = (1 - alpha) * relevance / _stable(_one_sign(call, falling, rising, False), rule.epsilon)
        positive = positive + transposed(call.map, x, falling, down)
        negative = negative + transposed(call.map, x, rising, down)
    return torch.where(x > 0, positive, negative)


def _one_sign(call: AffineCall, for_positive: Tensor, for_negative: Tensor, up: bool) -> Tensor:
    """Return the sum of the positive (`up`) or negative parts of what inputs and bias add."""
    x = call.inputs
    total = call.map(x.clamp_min(0), for_positive) + call.map(x.clamp_max(0), for_negative)
    if call.bias is None:
        return total
    return total + (call.bias.clamp_min(0) if up else call.bias.clamp_max(0))


def _signed(call: AffineCall, for_positive: Tensor, for_negative: Tensor, rule: LrpRule, up: bool) -> Tensor:
    """Return the sums of the gamma rule, in which what has the sign of the output counts for more."""
    x = call.inputs
    total = call.map(x.clamp_min(0), for_positive) + call.map(x.clamp_max(0), for_negative)
    if call.bias is None:
        return total
    return total + call.bias + rule.gamma * (call.bias.clamp_min(0) if up else call.bias.clamp_max(0))


def _stable(total: Tensor, epsilon: float) -> Tensor:
    """Return a divisor that is not 0."""
    return total + torch.where(total < 0, -epsilon, epsilon)


class Through(torch.autograd.Function):
    """An activation that passes relevance as it is: f(x) / x per unit, and the derivative at 0."""

    @staticmethod
    def forward(ctx: _RelevanceContext, x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
        """Return f(x)."""
        result = function(x)
        ctx.save_for_backward(x, result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: _RelevanceContext, gradient: Tensor) -> tuple[Tensor, None]:
        """Return the relevance per unit of x."""
        x, result = ctx.saved_tensors
        return gradient * torch.where(x == 0, 0.0, result / torch.where(x == 0, 1.0, x)), None
