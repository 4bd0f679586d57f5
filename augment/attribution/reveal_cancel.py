"""DeepLIFT's RevealCancel: what raises the input of a ReLU and what lowers it are shared out apart.

Shrikumar, Greenside and Kundaje 2017, section 3.5.2. An affine map gives, next to its output, the part of its change that is
positive and the part that is negative, sums over its inputs. A ReLU behind it, or a maximum over time and then a ReLU, has

    dy+ = 1/2 (f(r + dx+) - f(r)) + 1/2 (f(r + dx+ + dx-) - f(r + dx-)),        m+ = dy+ / dx+

and the same with the signs exchanged; inputs that raise it get m+, those that lower it m-. So both words of min(a, b) have
half of it where Rescale gives one all. Every other operation has the Rescale rule.

    with RevealingRules(records) as rules:      # of `difference_records`
        logits = model(**batch).logits
    rules.require_use()                         # RequestError for a model without such a ReLU
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from augment.attribution.difference_along import shares_of_maximum
from augment.attribution.difference_mode import Rules
from augment.attribution.difference_records import ReferenceRecords
from augment.attribution.linear_maps import AffineCall, LinearMap, affine_call, transposed
from augment.errors import RequestError

Signs = tuple[Tensor, Tensor]


class _SignContext:
    """What torch carries from the forward to the backward pass."""

    saved_tensors: tuple[Tensor, ...]
    map: LinearMap
    sign: int

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


class _OneSign(torch.autograd.Function):
    """The positive (sign 1) or negative part of the change of a linear map's output."""

    @staticmethod
    def forward(
        ctx: _SignContext, x: Tensor, change: Tensor, weight: Tensor, linear_map: LinearMap, sign: int
    ) -> Tensor:
        """Return the sum of the products of change and weight that have the sign."""
        ctx.save_for_backward(change, weight)
        ctx.map, ctx.sign = linear_map, sign
        up, down = change.clamp_min(0), change.clamp_max(0)
        first, second = _by_sign(weight, sign)
        return linear_map(up, first) + linear_map(down, second)

    @staticmethod
    @once_differentiable
    def backward(ctx: _SignContext, gradient: Tensor) -> tuple[Tensor, None, None, None, None]:
        """Return the multipliers: of each input from the weights whose product with its change has the sign."""
        change, weight = ctx.saved_tensors
        # An input that does not change has no part in either, and gets half of both.
        of_up, of_down = (transposed(ctx.map, change, part, gradient) for part in _by_sign(weight, ctx.sign))
        middle = (of_up + of_down) / 2
        multipliers = torch.where(change > 0, of_up, torch.where(change < 0, of_down, middle))
        return multipliers, None, None, None, None


def _by_sign(weight: Tensor, sign: int) -> tuple[Tensor, Tensor]:
    """Return the weights that give a part of this sign with a change upwards, and with one downwards."""
    rising, falling = weight.clamp_min(0), weight.clamp_max(0)
    return (rising, falling) if sign > 0 else (falling, rising)


class RevealingRules(Rules):
    """The rules of DeepLIFT with RevealCancel where a ReLU follows an affine map."""

    def __init__(self, records: ReferenceRecords) -> None:
        """Begin without any use."""
        super().__init__(records)
        # What comes from an affine map, with both parts of its change; references have none.
        self._signs: dict[int, tuple[Tensor, Signs | None]] = {}
        self._used = False

    def require_use(self) -> None:
        """Raise RequestError if the rule was used nowhere."""
        if not self._used:
            what = "no ReLU of this model follows an affine map, so the rule applies nowhere"
            raise RequestError(
                "rule: reveal_cancel", what, "leave it out for `rescale`, which fits every model"
            )

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        """Return what a call gives, by RevealCancel where it applies, else by Rescale."""
        name, named = func.__name__, dict(kwargs or {})
        first = args[0] if args else None
        if not isinstance(first, Tensor) or not first.requires_grad or not torch.is_grad_enabled():
            return super().__torch_function__(func, types, args, kwargs)
        call = affine_call(func, args, named)
        if call is not None:
            return self._affine(call)
        if name in ("minimum", "maximum", "relu", "amax", "masked_fill"):
            done = self._behind(name, args, named)
            if done is not None:
                return done
        return super().__torch_function__(func, types, args, kwargs)

    def _affine(self, call: AffineCall) -> Tensor:
        """Return the output of an affine map, and remember both parts of its change."""
        return self._joined(call.output, self._parts(call.inputs, call.weight, call.map))

    def _parts(self, x: Tensor, weight: Tensor, linear_map: LinearMap) -> Signs | None:
        """Return the positive and the negative part of the change of a map's output; None for references."""
        (reference,) = self.records.met("affine", [x]).references()
        if not self.records.on_texts:
            return None
        apply: Callable[..., Tensor] = _OneSign.apply
        change = x.detach() - reference
        return apply(x, change, weight, linear_map, 1), apply(x, change, weight, linear_map, -1)

    def _joined(self, plain: Tensor, signs: Signs | None) -> Tensor:
        """Return values that depend on both parts of their change, and remember these."""
        result = plain if signs is None else _moving(plain, signs[0] + signs[1])
        self._signs[id(result)] = result, signs
        return result

    def _behind(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Tensor | None:
        """Return what an operation behind an affine map gives; None if what it is given comes from none."""
        x = args[0]
        if name in ("minimum", "maximum"):
            other = args[1]
            if not isinstance(other, Tensor) or not other.requires_grad or x.shape != other.shape:
                return None
            weight = torch.tensor([1.0, -1.0], dtype=x.dtype, device=x.device)
            signs = self._parts(torch.stack([x, other], -1), weight, torch.matmul)
            larger = self._cancelled(x - other, signs)
            return other + larger if name == "maximum" else x - larger
        known = self._signs.get(id(x))
        if known is None:
            return None
        signs = known[1]
        if name == "relu":
            return self._cancelled(x, signs)
        if name == "masked_fill":
            mask, filler = args[1:]
            kept = None if signs is None else _each(signs, lambda sign: sign.masked_fill(mask, 0.0))
            return self._joined(x.masked_fill(mask, filler), kept)
        dim = args[1] if len(args) > 1 else named.get("dim")
        if not isinstance(dim, int) or named.get("keepdim") or dim % x.dim() == 0:
            return None
        return self._largest(x, dim, signs)

    def _largest(self, x: Tensor, dim: int, signs: Signs | None) -> Tensor:
        """Return the maximum along a dimension, whose change is that at the places where it is reached."""
        largest = x.amax(dim)
        pair = self.records.met("amax", [x, largest])
        if signs is None:
            return self._joined(largest, None)
        shares = shares_of_maximum(pair.texts(), pair.references(), dim)
        return self._joined(largest, _each(signs, lambda sign: (sign * shares).sum(dim)))

    def _cancelled(self, x: Tensor, signs: Signs | None) -> Tensor:
        """Return the ReLU of x, whose change is that of both parts by RevealCancel."""
        self._used = True
        (reference,) = self.records.met("relu", [x]).references()
        if signs is None:
            return torch.relu(x)
        plus, minus = _each(signs, torch.Tensor.detach)
        change = signs[0] * _mean_slope(reference, plus, minus) + signs[1] * _mean_slope(
            reference, minus, plus
        )
        return _moving(torch.relu(x), change)


def _each(signs: Signs, function: Callable[[Tensor], Tensor]) -> Signs:
    """Return a function of both parts of a change."""
    return function(signs[0]), function(signs[1])


def _moving(plain: Tensor, change: Tensor) -> Tensor:
    """Return values that depend on what their change depends on, and on nothing else."""
    return plain.detach() + (change - change.detach())


def _mean_slope(reference: Tensor, mine: Tensor, other: Tensor) -> Tensor:
    """Return what a ReLU rises for one part of its change, the mean of before and after the other part, as a share of it."""
    before = torch.relu(reference + mine) - torch.relu(reference)
    after = torch.relu(reference + other + mine) - torch.relu(reference + other)
    return torch.where(
        mine == 0, torch.zeros_like(mine), (before + after) / 2 / torch.where(mine == 0, 1.0, mine)
    )
