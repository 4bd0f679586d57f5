"""Operations with one rule or several: what a model calls, made of the rules of `difference_rules`.

operations["matmul"](queries, keys)         # of two tensors that depend on the texts; RequestError where no rule fits
"""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeGuard

import torch
from torch import Tensor

from augment.attribution import difference_along as along
from augment.attribution import difference_rules as rules
from augment.attribution import difference_slopes as slopes
from augment.attribution.attention_mask import masked
from augment.attribution.difference_records import refuse_model

Number = Tensor | float
Sizes = int | Sequence[int]

CLOSED: dict[str, slopes.SecantSlope] = {
    "relu": slopes.of_relu,
    "square": slopes.of_square,
    "sqrt": slopes.of_root,
    "rsqrt": slopes.of_reciprocal_root,
    "reciprocal": slopes.of_reciprocal,
    "exp": slopes.of_exponential,
    "log": slopes.of_logarithm,
}


def refuse(name: str, why: str) -> NoReturn:
    """Raise RequestError for a call."""
    refuse_model(f"the operation `{name}` {why}")


def _depends(value: object) -> TypeGuard[Tensor]:
    """Return whether a value is a tensor that depends on the texts."""
    return isinstance(value, Tensor) and value.requires_grad


def not_lowered(result: Tensor, before: Tensor) -> Tensor:
    """Return what a change of type gives; of float64 the tensor itself, which a model would round to float32 inside."""
    return before if before.dtype == torch.float64 and result.dtype != torch.float64 else result


def _mul(a: Number, b: Number) -> Tensor:
    """Return a product; of a tensor with itself, its square."""
    if _depends(a) and _depends(b):
        if a is b:
            return _unary("square", a)
        return rules.applied(rules.Product(), *_aligned(a, b))
    return torch.as_tensor(a * b)


def _aligned(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return two factors with as many dimensions, rows first; RequestError if broadcasting would move the rows."""
    if a.dim() != b.dim() or a.shape[0] != b.shape[0]:
        refuse("mul", "is computed by this model on two tensors whose rows do not align")
    return a, b


def _unary(name: str, x: Tensor) -> Tensor:
    """Return a function with a closed rule."""
    return rules.applied(slopes.Unary(name, getattr(torch, name), CLOSED[name]), x)


def _div(a: Number, b: Number, rounding_mode: None = None) -> Tensor:
    """Return a quotient whose divisor depends on the texts."""
    if rounding_mode is not None:
        refuse("div", "with rounding has no rule")
    if not _depends(b):
        return torch.as_tensor(a / b)
    return _mul(a, _unary("reciprocal", b))


def _rdiv(a: Tensor, b: Number) -> Tensor:
    """Return b / a."""
    return _div(b, a)


def _pow(x: Number, exponent: Number) -> Tensor:
    """Return a power with a constant exponent."""
    if _depends(exponent) or not _depends(x):
        refuse("pow", "with an exponent that depends on the text has no rule")
    fixed = {2: "square", 0.5: "sqrt", -0.5: "rsqrt", -1: "reciprocal"}
    value = float(exponent)
    if value in fixed:
        return _unary(fixed[value], x)
    if value == int(value) and value > 0:
        power = int(value)
        # x^n - r^n = (x - r) (x^(n-1) + x^(n-2) r + ... + r^(n-1))
        return rules.applied(
            slopes.Unary(
                "pow",
                lambda y: y**power,
                lambda y, r, *_: torch.stack([y**k * r ** (power - 1 - k) for k in range(power)]).sum(0),
            ),
            x,
        )
    return rules.applied(slopes.Unary("pow", lambda y: y**value, slopes.kinked(lambda y: y**value)), x)


def _matmul(a: Tensor, b: Tensor) -> Tensor:
    """Return a matrix product."""
    if not (_depends(a) and _depends(b)):
        return a @ b
    if a.dim() != b.dim() or a.dim() < 3 or a.shape[0] != b.shape[0]:
        refuse("matmul", "is computed by this model on two tensors whose rows do not align")
    return rules.applied(rules.MatrixProduct(), a, b)


def _baddbmm(added: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return beta x added + alpha x a product."""
    return beta * added + alpha * _matmul(a, b)


def _einsum(equation: str, *operands: Tensor | Sequence[Tensor]) -> Tensor:
    """Return an einsum of one tensor that depends on the texts, or of two."""
    tensors = (
        list(operands[0]) if len(operands) == 1 and not isinstance(operands[0], Tensor) else list(operands)
    )
    number = sum(_depends(tensor) for tensor in tensors)
    if number == 1:
        return torch.einsum(equation, *tensors)
    if number != 2 or len(tensors) != 2:
        refuse("einsum", "of more than two tensors has no rule")
    return rules.applied(rules.Bilinear(lambda a, b: torch.einsum(equation, a, b)), *tensors)


def _softmax(
    x: Tensor, dim: int = -1, _stacklevel: int = 3, dtype: torch.dtype | None = None, **_: object
) -> Tensor:
    """Return a softmax."""
    return rules.applied(along.Softmax(_not_rows("softmax", dim, x)), _in_type(x, dtype))


def _in_type(x: Tensor, dtype: torch.dtype | None) -> Tensor:
    """Return a tensor in a type, float64 as it is."""
    return x if dtype is None else not_lowered(x.to(dtype), x)


def _log_softmax(
    x: Tensor, dim: int = -1, _stacklevel: int = 3, dtype: torch.dtype | None = None, **_: object
) -> Tensor:
    """Return the logarithm of a softmax."""
    typed = _in_type(x, dtype)
    return torch.as_tensor(typed - rules.applied(along.LogSumExp(_not_rows("log_softmax", dim, x)), typed))


def _logsumexp(x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """Return log sum exp along one dimension."""
    result = rules.applied(along.LogSumExp(_not_rows("logsumexp", dim, x)), x)
    return result if keepdim else result.squeeze(dim)


def _not_rows(name: str, dim: object, x: Tensor) -> int:
    """Return the one dimension of a call; RequestError if it is that of the rows, or if there are several."""
    if isinstance(dim, list | tuple) and len(dim) == 1:
        (dim,) = dim
    if not isinstance(dim, int) or dim % x.dim() == 0:
        refuse(name, "over the rows or over several dimensions has no rule")
    return dim % x.dim()


def _count(sizes: Sizes) -> int:
    """Return how many dimensions are named."""
    return 1 if isinstance(sizes, int) else len(sizes)


def _layer_norm(
    x: Tensor,
    shape: Sizes,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Return a layer norm of the last dimension."""
    if _count(shape) != 1:
        refuse("layer_norm", "over several dimensions has no rule")
    return rules.applied(along.LayerNorm(weight, bias, eps), x)


def _rms_norm(x: Tensor, shape: Sizes, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Return a norm by the root of the mean square."""
    dims = tuple(range(-_count(shape), 0))
    least = torch.finfo(x.dtype).eps if eps is None else eps
    scale = _unary("rsqrt", _unary("square", x).mean(dims, keepdim=True) + least)
    normed = _mul(x, scale)
    return normed if weight is None else normed * weight


def _amax(x: Tensor, dim: Sizes | None = None, keepdim: bool = False) -> Tensor:
    """Return the maximum along one dimension."""
    axis = _not_rows("amax", dim, x)
    largest = rules.applied(along.LargestAlong(axis), x)
    return largest.unsqueeze(axis) if keepdim else largest


def _max(x: Tensor, dim: Tensor | Sizes | None = None, keepdim: bool = False) -> object:
    """Return the larger of two tensors, or the maxima along a dimension with their indices."""
    if isinstance(dim, Tensor):
        return _maximum(x, dim)
    indices = x.detach().max(_not_rows("max", dim, x), keepdim=keepdim)[1]
    return torch.return_types.max((_amax(x, dim, keepdim), indices))


def _maximum(a: Tensor, b: Tensor) -> Tensor:
    """Return the larger of two tensors: b + relu(a - b)."""
    return b + _unary("relu", a - b)


def _minimum(a: Tensor, b: Tensor) -> Tensor:
    """Return the smaller of two tensors: a - relu(a - b)."""
    return a - _unary("relu", a - b)


def _first(sizes: Sizes) -> int:
    """Return the size along the one dimension."""
    return sizes if isinstance(sizes, int) else sizes[0]


def _max_pool(
    x: Tensor,
    kernel_size: Sizes,
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
    **_: object,
) -> Tensor:
    """Return the maxima of windows over the last dimension."""
    size, step, pad, apart = (
        _first(value) for value in (kernel_size, stride or kernel_size, padding, dilation)
    )
    if pad or apart != 1 or ceil_mode:
        refuse("max_pool1d", "with padding, dilation or ceil_mode has no rule")
    return _amax(x.unfold(-1, size, step), -1)


def _adaptive_max_pool(x: Tensor, output_size: Sizes, **_: object) -> Tensor:
    """Return the maximum over the last dimension."""
    if output_size not in (1, (1,), [1]):
        refuse("adaptive_max_pool1d", "to more than one value has no rule")
    return _amax(x, -1, keepdim=True)


def _where(condition: Tensor, a: Number, b: Number) -> Tensor:
    """Return one or the other by a condition that does not depend on the texts' numbers."""
    return torch.where(condition, a, b)


def _norm(
    x: Tensor, p: float | str | None = 2, dim: Sizes | None = None, keepdim: bool = False, **_: object
) -> Tensor:
    """Return the Euclidean norm along one dimension."""
    if p not in (2, "fro", None):
        refuse("norm", f"of order {p} has no rule")
    axis = _not_rows("norm", dim, x)
    return _unary("sqrt", _unary("square", x).sum(axis, keepdim=keepdim))


def _vector_norm(
    x: Tensor, ord: float | str | None = 2, dim: Sizes | None = None, keepdim: bool = False, **_: object
) -> Tensor:
    """Return the Euclidean norm along one dimension."""
    return _norm(x, ord, dim, keepdim)


def _normalize(x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    """Return vectors of length 1."""
    length = _norm(x, p, dim, keepdim=True)
    return _div(x, _maximum(length, torch.full_like(length, eps)).expand_as(x))


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return attention made of products and a softmax."""
    if dropout_p:
        refuse("scaled_dot_product_attention", "with dropout has no rule")
    if enable_gqa:
        key, value = (part.repeat_interleave(query.shape[-3] // part.shape[-3], -3) for part in (key, value))
    weights = _matmul(query * (query.shape[-1] ** -0.5 if scale is None else scale), key.mT)
    return _matmul(_softmax(masked(weights, attn_mask, is_causal), -1), value)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "mul": _mul,
    "div": _div,
    "divide": _div,
    "true_divide": _div,
    "__rdiv__": _rdiv,
    "__rtruediv__": _rdiv,
    "pow": _pow,
    "matmul": _matmul,
    "baddbmm": _baddbmm,
    "einsum": _einsum,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "logsumexp": _logsumexp,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "amax": _amax,
    "max": _max,
    "maximum": _maximum,
    "minimum": _minimum,
    "max_pool1d": _max_pool,
    "adaptive_max_pool1d": _adaptive_max_pool,
    "where": _where,
    "norm": _norm,
    "linalg_vector_norm": _vector_norm,
    "normalize": _normalize,
    "scaled_dot_product_attention": _attention,
}
