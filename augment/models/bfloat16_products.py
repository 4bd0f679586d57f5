"""The matrix products of a net in bfloat16 on processors with instructions for them, the rest of it in float32.

Both factors of a product are rounded to bfloat16 (8 bits), the processor adds in float32, and what it gives is rounded once; all
else is float32. With `forward=False` only the products of the backward pass are so: the answer is that of float32 to the bit. torch's
autocast computes attention in bfloat16 too, and hands it on between products. What is saved: benchmarks/attribution/bfloat16_products.md.
Only products with a weight change (`linear`, and `addmm` of GPT-2); attention, convolutions and small heads do not.

    with Bfloat16Products(forward=False):
        value = net(x).sum()
    torch.autograd.grad(value, x)
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear
from torch.overrides import TorchFunctionMode

# A product with fewer inputs or outputs costs next to nothing: the logits of a head keep all digits.
_LEAST = 32
# What processors call instructions that multiply bfloat16: x86, x86 with tiles, AArch64.
_INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16")


def multiplies_bfloat16() -> bool:
    """Return whether this processor has instructions that multiply bfloat16, and torch a library that uses them."""
    known: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    library: Callable[[], bool] = torch.backends.mkldnn.is_available
    return library() and any(known().get(name) for name in _INSTRUCTIONS)


class Bfloat16Products(TorchFunctionMode):
    """Within the block of this thread products with a float32 weight are in bfloat16, and in the backward pass of what is computed.

    forward: whether those of the forward pass are too.
    """

    def __init__(self, forward: bool) -> None:
        """Keep which passes are meant."""
        super().__init__()
        self.forward = forward

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Return what a call gives."""
        named = dict(kwargs or {})
        name = func.__name__
        if name == "linear":
            given = dict(zip(("input", "weight", "bias"), args, strict=False)) | named
            inputs, weight, bias = given["input"], given["weight"], given.get("bias")
        elif name == "addmm" and not named and len(args) == 3 and args[0].dim() == 1:
            bias, inputs, weight = args[0], args[1], args[2].t()
        else:
            return func(*args, **named)
        if not _fits(inputs, weight):
            return func(*args, **named)
        apply: Callable[..., Tensor] = _RoundedProduct.apply
        return apply(inputs, weight, bias, self.forward)


def _fits(inputs: Tensor, weight: Tensor) -> bool:
    """Return whether a product is one of float32 numbers on the CPU, of a size that counts."""
    whole = inputs.dtype == weight.dtype == torch.float32 and inputs.device.type == "cpu"
    return whole and weight.dim() == 2 and min(weight.shape) >= _LEAST


class _RoundedContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


class _RoundedProduct(torch.autograd.Function):
    """inputs [..., n, k] times the transpose of weight [m, k], and a bias [m]: [..., n, m] float32."""

    @staticmethod
    def forward(
        ctx: _RoundedContext, inputs: Tensor, weight: Tensor, bias: Tensor | None, in_forward: bool
    ) -> Tensor:
        """Return the product, of bfloat16 factors if that is meant, and keep the factors that the gradient needs."""
        of_inputs, of_weight = ctx.needs_input_grad[:2]
        short = weight.bfloat16() if in_forward or of_inputs else weight
        rounded = inputs.bfloat16() if in_forward or of_weight else inputs
        nothing = weight.new_empty(0)
        ctx.save_for_backward(short if of_inputs else nothing, rounded if of_weight else nothing)
        if not in_forward:
            return linear(inputs, weight, bias)
        return linear(rounded, short, None if bias is None else bias.bfloat16()).float()

    @staticmethod
    @once_differentiable
    def backward(ctx: _RoundedContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of inputs, weight and bias: products of bfloat16 factors."""
        weight, inputs = ctx.saved_tensors
        of_inputs, of_weight, of_bias = ctx.needs_input_grad[:3]
        short = gradient.bfloat16()
        flat = short.flatten(0, -2)
        return (
            (short @ weight).float() if of_inputs else None,
            (flat.t() @ inputs.flatten(0, -2)).float() if of_weight else None,
            gradient.flatten(0, -2).sum(0) if of_bias else None,
            None,
        )
