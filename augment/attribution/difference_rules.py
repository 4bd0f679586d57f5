"""DeepLIFT's rules: what each operation gives, and the multipliers that times the differences sum to its change.

Shrikumar, Greenside and Kundaje 2017. A rule is computed for references first and then for texts; `difference_records` brings
both together. Affine operations need no rule. Each rule is exact, and where text and reference meet it is the derivative: a
quotient of two rounded differences is nowhere taken.

    with keeping(records):
        applied(Product(), a, b)        # each factor times the mean of the other
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from augment.attribution.difference_records import ReferenceRecords, TextAndReference

KeptParts = Sequence[Tensor]

_RECORDS: ContextVar[ReferenceRecords] = ContextVar("records")


class DifferenceRule(Protocol):
    """An operation on tensors that depend on the texts."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def value(self) -> Callable[..., tuple[Tensor, KeptParts]]:
        """What the operation gives of its inputs, and what the multipliers are made of."""
        ...

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of each input, from those of what the operation gives."""
        ...


class _RuleContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    rule: DifferenceRule
    pair: TextAndReference


class _RuleCall(torch.autograd.Function):
    """A rule as torch knows it."""

    @staticmethod
    def forward(
        ctx: _RuleContext, rule: DifferenceRule, records: ReferenceRecords, *inputs: Tensor
    ) -> Tensor:
        """Return what the operation gives."""
        result, kept = rule.value(*inputs)
        ctx.rule, ctx.pair = rule, records.met(rule.name, kept)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: _RuleContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the multipliers."""
        pair = ctx.pair
        return None, None, *ctx.rule.multipliers(gradient, pair.texts(), pair.references())


@contextmanager
def keeping(records: ReferenceRecords) -> Iterator[None]:
    """Apply rules to references or texts within the block."""
    token = _RECORDS.set(records)
    try:
        yield
    finally:
        _RECORDS.reset(token)


def applied(rule: DifferenceRule, *inputs: Tensor) -> Tensor:
    """Return what a rule gives."""
    apply: Callable[..., Tensor] = _RuleCall.apply
    return apply(rule, _RECORDS.get(), *inputs)


@dataclass(frozen=True)
class Product:
    """Two factors of each element, broadcast: each gets the mean of the other over text and reference."""

    name: str = "mul"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return a * b."""
        return a * b, (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = _middles(text, reference)
        return (gradient * b).sum_to_size(a.shape), (gradient * a).sum_to_size(b.shape)


@dataclass(frozen=True)
class MatrixProduct:
    """Two factors of a matrix product: each gets the mean of the other over text and reference."""

    name: str = "matmul"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return a @ b."""
        return a @ b, (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = _middles(text, reference)
        return (gradient @ b.mT).sum_to_size(a.shape), (a.mT @ gradient).sum_to_size(b.shape)


@dataclass(frozen=True)
class Bilinear:
    """Any function that is linear in each of two tensors, such as an einsum, by the rule of products."""

    function: Callable[[Tensor, Tensor], Tensor]
    name: str = "einsum"

    def value(self, a: Tensor, b: Tensor) -> tuple[Tensor, KeptParts]:
        """Return f(a, b)."""
        return self.function(a, b), (a, b)

    def multipliers(self, gradient: Tensor, text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
        """Return the multipliers of both factors."""
        a, b = (tensor.detach().requires_grad_(True) for tensor in _middles(text, reference))
        with torch.enable_grad():
            return torch.autograd.grad(self.function(a, b), (a, b), gradient)


def _middles(text: KeptParts, reference: KeptParts) -> Sequence[Tensor]:
    """Return the means of text and reference."""
    return [torch.lerp(x, r, 0.5) for x, r in zip(text, reference, strict=True)]
