"""R-Drop (Liang et al. 2021): run the model twice, each time with other activations dropped, and penalise their disagreement.

The paper adds the losses of both passes and `weight` times the mean of the two divergences between them (equation 4).
Here all of it is halved, so that a learning rate means the same with and without.

    loss = model(**doubled(inputs)).loss + weight / 2 * disagreement(logits)
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax


def doubled(inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a batch with every row twice: all of them, then all of them again."""
    return {name: torch.cat([value, value]) for name, value in inputs.items()}


def disagreement(logits: Tensor) -> Tensor:
    """Return the symmetric Kullback-Leibler divergence (scalar, nats a row) between both halves of logits [2B, C]."""
    first, second = log_softmax(logits.float(), dim=-1).chunk(2)
    there = kl_div(second, first, reduction="batchmean", log_target=True)
    back = kl_div(first, second, reduction="batchmean", log_target=True)
    return (there + back) / 2
