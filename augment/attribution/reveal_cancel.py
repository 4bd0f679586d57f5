"""DeepLIFT's RevealCancel: what raises the input of a ReLU and what lowers it are shared out apart.

Shrikumar, Greenside and Kundaje 2017, section 3.5.2. An affine map gives, next to its output, the part of its change that is
positive and the part that is negative, sums over its inputs. A ReLU behind it, or a maximum over time and then a ReLU, has

    dy+ = 1/2 (f(r + dx+) - f(r)) + 1/2 (f(r + dx+ + dx-) - f(r + dx-)),        m+ = dy+ / dx+

and the same with the signs exchanged; inputs that raise it get m+, those that lower it m-. So both words of min(a, b) have
half of it where Rescale gives one all. Every other operation has the Rescale rule.

    with RevealingRules(rows=8) as rules:
        logits = model(**batch).logits          # 8 texts, then their 8 references
    rules.require_use()                         # RequestError for a model without such a ReLU
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from augment.attribution.difference_mode import Rules
from augment.attribution.difference_rules import for_texts, halves, shares_of_maximum
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
    """The positive (sign 1) or negative part of the change of a linear map's output; zeros for the references."""

    @staticmethod
    def forward(ctx: _SignContext, x: Tensor, weight: Tensor, linear_map: LinearMap, sign: int) -> Tensor:
        """Return the sum of the products of change and weight that have the sign."""
        ctx.save_for_backward(x, weight)
        ctx.map, ctx.sign = linear_map, sign
        change = torch.sub(*halves(x))
        up, down = change.clamp_min(0), change.clamp_max(0)
        rising, falling = weight.clamp_min(0), weight.clamp_max(0)
        first, second = (rising, falling) if sign > 0 else (falling, rising)
        return for_texts(linear_map(up, first) + linear_map(down, second))

    @staticmethod
    @once_differentiable
    def backward(ctx: _SignContext, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        """Return the multipliers: of each input from the weights whose product with its change has the sign."""
        x, weight = ctx.saved_tensors
        change = torch.sub(*halves(x))
        own = halves(gradient)[0]
        rising, falling = weight.clamp_min(0), weight.clamp_max(0)
        first, second = (rising, falling) if ctx.sign > 0 else (falling, rising)
        # An input that does not change has no part in either, and gets half of both.
        of_up, of_down = (transposed(ctx.map, change, part, own) for part in (first, second))
        middle = (of_up + of_down) / 2
        multipliers = torch.where(change > 0, of_up, torch.where(change < 0, of_down, middle))
        return for_texts(multipliers), None, None, None


class RevealingRules(Rules):
    """The rules of DeepLIFT with RevealCancel where a ReLU follows an affine map."""

    def __init__(self, rows: int) -> None:
        """Begin without any use."""
        super().__init__(rows)
        self._signs: dict[int, tuple[Tensor, Signs]] = {}
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
        x, weight = call.inputs, call.weight
        return self._joined(
            call.output.detach(), (_part(x, weight, call.map, 1), _part(x, weight, call.map, -1))
        )

    def _joined(self, plain: Tensor, signs: Signs) -> Tensor:
        """Return values that depend on both parts of their change, and remember these."""
        change = signs[0] + signs[1]
        result = plain + (change - change.detach())
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
            apart = torch.stack([x, other], -1)
            signs = (_part(apart, weight, torch.matmul, 1), _part(apart, weight, torch.matmul, -1))
            larger = self._cancelled((x - other).detach(), signs)
            return other + larger if name == "maximum" else x - larger
        known = self._signs.get(id(x))
        if known is None:
            return None
        signs = known[1]
        if name == "relu":
            return self._cancelled(x.detach(), signs)
        if name == "masked_fill":
            mask, filler = args[1:]
            kept = signs[0].masked_fill(mask, 0.0), signs[1].masked_fill(mask, 0.0)
            return self._joined(x.detach().masked_fill(mask, filler), kept)
        dim = args[1] if len(args) > 1 else named.get("dim")
        if not isinstance(dim, int) or named.get("keepdim") or dim % x.dim() == 0:
            return None
        largest = x.detach().amax(dim)
        shares = shares_of_maximum(x.detach(), largest.unsqueeze(dim), dim)
        weighted = [
            torch.cat([(halves(sign)[0] * shares).sum(dim), largest[len(shares) :] * 0]) for sign in signs
        ]
        return self._joined(largest, (weighted[0], weighted[1]))

    def _cancelled(self, x: Tensor, signs: Signs) -> Tensor:
        """Return the ReLU of x, whose change is that of both parts by RevealCancel."""
        self._used = True
        (text, reference), (plus, minus) = halves(x), (halves(sign)[0].detach() for sign in signs)
        slopes = [_mean_slope(reference, mine, other) for mine, other in ((plus, minus), (minus, plus))]
        change = halves(signs[0])[0] * slopes[0] + halves(signs[1])[0] * slopes[1]
        change = torch.cat([change, torch.zeros_like(reference)])
        plain = torch.cat([torch.relu(text), torch.relu(reference)])
        return torch.as_tensor(plain + (change - change.detach()))


def _mean_slope(reference: Tensor, mine: Tensor, other: Tensor) -> Tensor:
    """Return what a ReLU rises for one part of its change, the mean of before and after the other part, as a share of it."""
    before = torch.relu(reference + mine) - torch.relu(reference)
    after = torch.relu(reference + other + mine) - torch.relu(reference + other)
    return torch.where(
        mine == 0, torch.zeros_like(mine), (before + after) / 2 / torch.where(mine == 0, 1.0, mine)
    )


def _part(x: Tensor, weight: Tensor, linear_map: LinearMap, sign: int) -> Tensor:
    """Return one part of the change of a map's output."""
    apply: Callable[..., Tensor] = _OneSign.apply
    return apply(x, weight, linear_map, sign)
