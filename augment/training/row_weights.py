"""The loss of a batch whose rows count differently: the mean of the losses of its rows, weighted.

With equal weights it is the loss of the Trainer, label smoothing and R-Drop included.

    loss = weighted_loss(model, {"input_ids": ..., "labels": ..., "row": ...}, weights, smoothing=0.1, r_drop=0.0)
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from augment.training.r_drop import disagreement, doubled


def weighted_loss(
    model: nn.Module, inputs: Mapping[str, Tensor], weights: Sequence[float], smoothing: float, r_drop: float
) -> Tensor:
    """Return the loss of a batch, a scalar; `row` in the inputs numbers its rows among those with weights."""
    given = doubled(inputs) if r_drop else dict(inputs)
    rows, labels = given.pop("row"), given.pop("labels")
    logits: Tensor = model(**given)["logits"].float()
    own = torch.tensor([weights[row] for row in rows.tolist()], device=logits.device)
    losses = cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    loss = (own * losses).sum() / own.sum()
    return loss + r_drop / 2 * disagreement(logits) if r_drop else loss
