"""The names of what can be explained; without torch, so that settings can be read before any model is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor

QuantityName = Literal["logit", "probability", "log_probability", "difference"]

# Or, from Python, any differentiable function of logits [B, C], target [B] and the class against [B], to F [B].
QuantityFunction: TypeAlias = "Callable[[Tensor, Tensor, Tensor], Tensor]"
