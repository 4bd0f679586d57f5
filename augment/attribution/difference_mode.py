"""Run a model that nobody rewrote with DeepLIFT's rules: every torch call of its forward pass is seen, and replaced or let pass.

Calls that are affine in what depends on the texts pass. Those with a rule are computed by `difference_rules`. Any other one
is an error that names it: a call without a rule would only show as a sum that is off.

    with Rules(records):                        # of `difference_records`
        logits = model(**batch).logits
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from augment.attribution import difference_rules as rules
from augment.attribution import difference_slopes as slopes
from augment.attribution.difference_operations import CLOSED, OPERATIONS, not_lowered, refuse
from augment.attribution.difference_records import ReferenceRecords

Arguments = tuple[Any, ...]
Named = dict[str, Any]

# Affine in the one tensor that depends on the texts, or linear in several at once.
_LINEAR_NAMES = """
    as_tensor add sub rsub neg positive sum mean cumsum cat concat concatenate stack hstack vstack pad clone
    contiguous view view_as reshape reshape_as flatten unflatten squeeze unsqueeze transpose permute movedim
    moveaxis swapaxes swapdims t expand expand_as broadcast_to repeat repeat_interleave tile roll flip chunk
    split split_with_sizes tensor_split unbind narrow select index_select gather take_along_dim unfold
    diagonal tril triu __getitem__ __setitem__ copy masked_fill index_copy masked_scatter
    requires_grad avg_pool1d adaptive_avg_pool1d zero
"""
# Changes of type.
_TYPE_NAMES = "to type type_as float double half bfloat16"
# Linear in one factor: with a second one that depends on the texts there is a rule, or none.
_CONSTANT_NAMES = "linear conv1d conv2d conv_transpose1d div divide true_divide addmm"
# Random, or of statistics of the batch, unless the model is set to evaluation.
_TRAINING_NAMES = "dropout batch_norm alpha_dropout feature_dropout"
# They look at a tensor, and what they return depends on its shape, type or validity alone.
_LOOK_NAMES = """
    size dim numel ndimension stride is_floating_point is_contiguous is_complex element_size storage_offset
    get_device zeros_like ones_like empty_like full_like new_zeros new_ones new_full new_empty new_tensor
    isnan isinf isfinite is_nonzero __len__ __repr__ is_inference __hash__ register_hook retain_grad
"""
# Functions of each element with three derivatives, and those with a kink or a jump in a derivative.
_SMOOTH_NAMES = """
    tanh sigmoid gelu silu erf mish logsigmoid sin cos tan atan asinh erfc
"""
_KINKED_NAMES = """
    leaky_relu elu selu celu relu6 hardtanh hardswish hardsigmoid hardshrink softshrink softplus softsign
    abs clamp clamp_min clamp_max clip threshold log1p expm1
"""
_LINEAR, _TYPED, _BY_CONSTANT, _IF_NOT_TRAINING, _LOOKS, _SMOOTH, _KINKED = (
    frozenset(names.split())
    for names in (
        _LINEAR_NAMES,
        _TYPE_NAMES,
        _CONSTANT_NAMES,
        _TRAINING_NAMES,
        _LOOK_NAMES,
        _SMOOTH_NAMES,
        _KINKED_NAMES,
    )
)
_PASSING = (_LINEAR | _LOOKS) - {"__setitem__"}
_OTHER_NAMES = {
    "__radd__": "add",
    "__rsub__": "rsub",
    "__rmul__": "mul",
    "multiply": "mul",
    "subtract": "sub",
    "bmm": "matmul",
    "mm": "matmul",
    "absolute": "abs",
    "special_expit": "sigmoid",
    "max_pool1d_with_indices": "max_pool1d",
    "_softmax": "softmax",
}


class Rules(TorchFunctionMode):
    """Within the block, every call on tensors that depend on the embeddings follows a rule."""

    def __init__(self, records: ReferenceRecords) -> None:
        """Keep the records, whose number of rows shows a layout without the rows in front."""
        super().__init__()
        self.records = records

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Arguments = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Return what a call gives, by its rule; RequestError if it has none."""
        name = _OTHER_NAMES.get(func.__name__, func.__name__)
        named = kwargs or {}
        # Most calls: what they give depends on the texts as what they are given does.
        if name in _PASSING:
            return func(*args, **named)
        depending = _depending((args, named))
        if not depending or not torch.is_grad_enabled():
            return func(*args, **named)
        if name == "__get__":
            return _checked(func(*args, **named), f"an attribute, by {func}")
        if _overwrites(name) or named.get("inplace"):
            self.records.protect(args[0])
            return self._overwriting(name, func, args, dict(named), depending)
        return self._calculated(name, func, args, dict(named), depending)

    def _overwriting(
        self, name: str, func: Callable[..., Any], args: Arguments, named: Named, depending: list[Tensor]
    ) -> object:
        """Return what a call gives that writes it into its first tensor."""
        plain = name if name == "__setitem__" else name.removesuffix("_")
        if plain in _LINEAR:
            return func(*args, **named)
        named.pop("inplace", None)
        copied = (args[0].clone(), *args[1:])
        function = func if plain == name else _that_writes_nothing(plain, func)
        return args[0].copy_(self._calculated(plain, function, copied, named, depending))

    def _calculated(
        self, name: str, func: Callable[..., Any], args: Arguments, named: Named, depending: list[Tensor]
    ) -> object:
        """Return what a call gives that writes nowhere."""
        if name in _TYPED:
            return not_lowered(func(*args, **named), args[0])
        if name in _BY_CONSTANT and len(depending) == 1 and _passes(name, args):
            return func(*args, **named)
        if name in _IF_NOT_TRAINING and not _training(name, args, named):
            return func(*args, **named)
        self._require_rows(name, depending)
        return self._by_rule(name, func, args, named)

    def _require_rows(self, name: str, depending: list[Tensor]) -> None:
        """Raise RequestError for a tensor whose first dimension is not texts, then references."""
        for tensor in depending:
            if tensor.dim() == 0 or tensor.shape[0] % self.records.rows:
                refuse(name, "is computed by this model on a tensor whose first dimension is not the rows")

    def _by_rule(self, name: str, func: Callable[..., Any], args: Arguments, named: Named) -> object:
        """Return what a call with a rule gives."""
        with rules.keeping(self.records):
            if name in CLOSED:
                return rules.applied(slopes.Unary(name, getattr(torch, name), CLOSED[name]), args[0])
            if name in _SMOOTH or name in _KINKED:
                function = partial(_rest_last, func, args[1:], named)
                rest = (*args[1:], *named.values())
                alike = not any(isinstance(one, Tensor) and one.dim() for one in rest)
                secant = (slopes.smooth if name in _SMOOTH else slopes.kinked)(function, alike)
                return rules.applied(slopes.Unary(name, function, secant), args[0])
            rule = OPERATIONS.get(name)
            if rule is None:
                refuse(name, "has no rule")
            return rule(*args, **named)


def _overwrites(name: str) -> bool:
    """Return whether a call writes its answer into its first tensor."""
    return name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))


def _that_writes_nothing(name: str, func: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that gives what a call writes into its first tensor."""
    return next((getattr(home, name) for home in (Tensor, functional, torch) if hasattr(home, name)), func)


def _depending(values: Iterable[object]) -> list[Tensor]:
    """Return the tensors in nested arguments that depend on the texts."""
    depending: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            if value.requires_grad:
                depending.append(value)
        elif isinstance(value, list | tuple):
            depending += _depending(value)
        elif isinstance(value, dict):
            depending += _depending(value.values())
    return depending


def _checked(result: object, name: str) -> object:
    """Return what an attribute of a tensor is; RequestError for the same numbers without their dependence."""
    if isinstance(result, Tensor) and not result.requires_grad:
        refuse(name, "has no rule")
    return result


def _passes(name: str, args: Arguments) -> bool:
    """Return whether the tensor that depends on the texts is where the call is linear in it."""
    return not name.endswith(("div", "divide")) or (isinstance(args[0], Tensor) and args[0].requires_grad)


def _training(name: str, args: Arguments, named: Named) -> bool:
    """Return whether a call behaves as in training."""
    index = 5 if name == "batch_norm" else 2
    given = args[index] if len(args) > index else named.get("training", name != "batch_norm")
    return bool(given)


def _rest_last(func: Callable[..., Any], rest: Arguments, named: Named, x: Tensor) -> Tensor:
    """Return a call's answer for another first argument."""
    return torch.as_tensor(func(x, *rest, **named))
