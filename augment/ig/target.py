"""The quantity explained: one number F per row, made of the row's logits.

A logit adds no coupling between classes; a probability saturates near 0 and 1, where its gradient vanishes; the
difference of two classes asks "why this and not that" (the comparative quantity of interest of TruLens).

    value = quantity("logit", logits, target, against)
"""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from augment.ig.quantities import QuantityFunction, QuantityName

Quantity = QuantityName | QuantityFunction


def quantity(name: Quantity, logits: Tensor, target: Tensor, against: Tensor) -> Tensor:
    """Return F [B] for logits [B, C] and class indices `target` [B] and `against` [B] int64.

    logit: logits[target]; probability and log_probability: of the softmax; difference: logits[target] -
    logits[against]. `against` is used by the difference only. A function is called with the three tensors.
    ValueError for another name.
    """
    if callable(name):
        return name(logits, target, against)
    if name == "logit":
        return _pick(logits, target)
    if name == "difference":
        return _pick(logits, target) - _pick(logits, against)
    if name == "log_probability":
        return _pick(logits.log_softmax(-1), target)
    if name == "probability":
        return _pick(logits.softmax(-1), target)
    raise ValueError(f"unknown quantity {name!r}")


def runner_up(logits: Tensor, target: Tensor) -> Tensor:
    """Return the class [B] with the highest logit that is not the target; the target itself if it is the only class."""
    if logits.shape[-1] == 1:
        return target
    others = logits.clone()
    others.scatter_(-1, target[:, None], -torch.inf)
    return others.argmax(-1)


def label_probability(logits: Tensor, target: Tensor, against: Tensor) -> Tensor:
    """Return the probability [B] of one label of several that may be right, the sigmoid of its logit."""
    return _pick(logits, target).sigmoid()


def label_log_probability(logits: Tensor, target: Tensor, against: Tensor) -> Tensor:
    """Return the logarithm of the probability [B] of one label of several that may be right."""
    return logsigmoid(_pick(logits, target))


def _pick(values: Tensor, classes: Tensor) -> Tensor:
    """Return one column of each row of [B, C]."""
    return values.gather(-1, classes[:, None])[:, 0]
