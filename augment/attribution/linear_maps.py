"""The affine maps of a forward pass as torch calls them: input, weight, bias, and the map for other inputs and weights.

seen = affine_call(torch.nn.functional.linear, (x, weight, bias), {})       # None for what is no affine map
seen.map(x.clamp_min(0), weight.clamp_min(0))                               # without the bias
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

LinearMap = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class AffineCall:
    """What is computed: map(inputs, weight) + bias, the bias in the form in which it is added."""

    inputs: Tensor
    weight: Tensor
    bias: Tensor | None
    map: LinearMap

    @property
    def output(self) -> Tensor:
        """What the call gives."""
        linear = self.map(self.inputs, self.weight)
        return linear if self.bias is None else linear + self.bias


def affine_call(func: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]) -> AffineCall | None:
    """Return an affine map of the one tensor that depends on the texts; None for another call."""
    name = func.__name__
    if name in ("linear", "conv1d"):
        rest = {key: value for key, value in named.items() if key not in ("input", "weight", "bias")}
        given = dict(zip(("input", "weight", "bias"), args, strict=False)) | named
        bias = given.get("bias")
        options = args[3:]

        def apply(inputs: Tensor, weight: Tensor) -> Tensor:
            """Return the map without its bias."""
            return torch.as_tensor(func(inputs, weight, None, *options, **rest))

        shaped = bias if bias is None or name == "linear" else bias[:, None]
        return AffineCall(given["input"], given["weight"], shaped, apply)
    if name == "addmm" and not named and len(args) == 3 and not args[2].requires_grad:
        return AffineCall(args[1], args[2], args[0], torch.matmul)
    return None


def transposed(linear_map: LinearMap, like: Tensor, weight: Tensor, gradient: Tensor) -> Tensor:
    """Return the transpose of a linear map, applied to a gradient."""
    here = torch.zeros_like(like).requires_grad_(True)
    with torch.enable_grad():
        (result,) = torch.autograd.grad(linear_map(here, weight), here, gradient)
    return result
