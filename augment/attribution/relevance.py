"""Relevance propagation through a model that nobody rewrote: every torch call of its forward pass has a rule, or its gradient.

Affine maps share out relevance by `relevance_rules`. Activations and maxima pass it as it is; a norm counts its scale as constant
(Ali et al. 2022). So does attention with its weights, unless `attention`: then relevance goes through the softmax by its
derivative, and half to each factor of a product (AttnLRP, Achtibat et al. 2024), which does not conserve it.

    with Relevance(LrpRule("gamma", gamma=0.25)):
        logits = model(**batch).logits
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from augment.attribution.attention_mask import masked
from augment.attribution.linear_maps import affine_call
from augment.attribution.relevance_rules import AffineRule, LrpRule, Through, applied
from augment.attribution.row_parts import RowPart, Shares
from augment.errors import RequestError

_ACTIVATIONS = frozenset(
    ["relu", "gelu", "silu", "tanh", "elu", "selu", "mish", "leaky_relu", "relu6", "hardtanh", "hardswish"]
)
_OF_SCALE = frozenset(["rsqrt", "std", "var", "norm", "linalg_vector_norm"])
_PRODUCTS = frozenset(
    ["mul", "__mul__", "__rmul__", "multiply", "matmul", "__matmul__", "bmm", "einsum", "baddbmm"]
)


class Relevance(TorchFunctionMode):
    """Within the block every call on tensors that depend on the embeddings passes relevance by a rule."""

    def __init__(self, rule: LrpRule) -> None:
        """Keep the rule."""
        super().__init__()
        self._rule = rule

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Return what a call gives."""
        named: dict[str, Any] = dict(kwargs or {})
        depending = [one for one in (*args, *named.values()) if isinstance(one, Tensor) and one.requires_grad]
        if not depending or not torch.is_grad_enabled():
            return func(*args, **named)
        name = func.__name__.removesuffix("_") if not func.__name__.startswith("__") else func.__name__
        call = affine_call(func, args, named)
        if call is not None and len(depending) == 1:
            return applied(AffineRule, call.inputs, call.weight, call.bias, call.map, self._rule)
        if name in _ACTIVATIONS:
            named.pop("inplace", None)
            return applied(Through, args[0], lambda x: func(x, *args[1:], **named))
        if name in ("layer_norm", "rms_norm"):
            return _normed(name, *args, **named)
        if name in _OF_SCALE:
            return func(*args, **named).detach()
        if name == "softmax":
            weights = func(*args, **named)
            return weights if self._rule.attention else weights.detach()
        if name == "scaled_dot_product_attention":
            return self._attention(*args, **named)
        if name in _PRODUCTS and len(depending) > 1:
            return _halved(func(*args, **named))
        return func(*args, **named)

    def _attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Return attention, its weights constant or by the rule for products."""
        del dropout_p
        if enable_gqa:
            times = query.shape[-3] // key.shape[-3]
            key, value = (part.repeat_interleave(times, -3) for part in (key, value))
        sizes = query @ key.mT
        energy = _halved(sizes) * (query.shape[-1] ** -0.5 if scale is None else scale)
        weights = masked(energy, attn_mask, is_causal).softmax(-1)
        if not self._rule.attention:
            return weights.detach() @ value
        return _halved(weights @ value)


def _halved(product: Tensor) -> Tensor:
    """Return a product as it is, with half of its gradient: half of the relevance to either factor, where both pass it."""
    return product.detach() + (product - product.detach()) / 2


def _normed(
    name: str,
    x: Tensor,
    shape: int | tuple[int, ...],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Return a norm of the last dimensions whose scale is a constant."""
    dims = tuple(range(-(1 if isinstance(shape, int) else len(shape)), 0))
    if name == "rms_norm" and eps is None and isinstance(bias, float):
        eps, bias = bias, None
    centred = x if name == "rms_norm" else x - x.mean(dims, keepdim=True)
    least = torch.finfo(x.dtype).eps if eps is None else eps
    normed = centred * (centred.square().mean(dims, keepdim=True) + least).rsqrt().detach()
    normed = normed if weight is None else normed * weight
    return normed if bias is None else normed + bias


def relevance(part: RowPart, rule: LrpRule) -> Shares:
    """Return the relevance of each piece of a batch; RequestError for a quantity that is no sum of logits."""
    if part.plan.quantity not in ("logit", "difference"):
        what = f"relevance starts from a logit, and `quantity: {part.plan.quantity}` is none"
        raise RequestError("method: lrp", what, "use `quantity: logit` or `difference`")
    here = part.inputs.detach().requires_grad_(True)
    with torch.enable_grad(), Relevance(rule):
        value = part.at(here).sum()
    (each,) = torch.autograd.grad(value, here)
    return Shares((here.detach() * each).sum(-1))
