"""Gradients with another rule at ReLUs: guided backpropagation and DeconvNet.

    DeconvNet (Zeiler and Fergus 2014, section 2.1):                    R_in = max(R_out, 0)
    Guided backpropagation (Springenberg et al. 2015, section 3.4):     R_in = 1{x > 0} max(R_out, 0)

Both are for nets whose only nonlinearities are ReLUs and maxima. Both recover the input rather than what decides (Nie, Zhang and
Patel 2018), and keep their scores when the layers above are randomised (Adebayo et al. 2018): see them, do not rank by them.

    with ReluRule("guided") as rule:
        logits = model(**batch).logits
    rule.require_fit("guided_backprop")
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

from augment.attribution.row_parts import RowPart
from augment.errors import RequestError

ReluRuleName = Literal["guided", "deconvnet"]
# What a net has whose answer is no matter of ReLUs alone.
_OTHER = frozenset(
    [
        "gelu",
        "silu",
        "tanh",
        "sigmoid",
        "softmax",
        "scaled_dot_product_attention",
        "layer_norm",
        "rms_norm",
        "elu",
        "selu",
        "mish",
        "softplus",
    ]
)


class _RuleOf(Protocol):
    """What torch carries from the forward to the backward pass."""

    saved_tensors: tuple[Tensor, ...]
    guided: bool

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


class _Relu(torch.autograd.Function):
    """A ReLU whose backward pass lets what is positive through."""

    @staticmethod
    def forward(ctx: _RuleOf, x: Tensor, guided: bool) -> Tensor:
        """Return max(x, 0)."""
        ctx.save_for_backward(x)
        ctx.guided = guided
        return x.clamp_min(0)

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleOf, gradient: Tensor) -> tuple[Tensor, None]:
        """Return what of the gradient is positive; guided: and only where the ReLU was open."""
        (x,) = ctx.saved_tensors
        passed = gradient.clamp_min(0)
        return (passed * (x > 0) if ctx.guided else passed), None


class ReluRule(TorchFunctionMode):
    """Within the block every ReLU has the rule."""

    def __init__(self, name: ReluRuleName) -> None:
        """Begin without any ReLU."""
        super().__init__()
        self._name = name
        self._used = False
        self._foreign: str | None = None

    def require_fit(self, method: str) -> None:
        """Raise RequestError for a method if the net has no ReLU, or another nonlinearity."""
        if self._used and self._foreign is None:
            return
        what = "has no ReLU" if self._foreign is None else f"computes `{self._foreign}`"
        why = f"it is defined for nets of ReLUs and maxima, and this model {what}"
        raise RequestError(
            f"method: {method}", why, "use a textcnn, or `method: gradient`, which fits every model"
        )

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Return what a call gives, ReLUs by the rule."""
        name = func.__name__.removesuffix("_")
        first = args[0] if args else None
        if isinstance(first, Tensor) and first.requires_grad:
            if name == "relu":
                self._used = True
                apply: Callable[..., Tensor] = _Relu.apply
                return apply(first, self._name == "guided")
            if name in _OTHER and self._foreign is None:
                self._foreign = name
        return func(*args, **dict(kwargs or {}))


def modified_gradient(part: RowPart, name: ReluRuleName, method: str) -> Tensor:
    """Return the gradient of F at the text of each row by a rule, [B, T, D]; RequestError for a net that does not fit."""
    here = part.inputs.detach().requires_grad_(True)
    with torch.enable_grad(), ReluRule(name) as rule:
        value = part.at(here).sum()
    rule.require_fit(method)
    (gradient,) = torch.autograd.grad(value, here)
    return gradient
