"""The loss of models that do not choose one class: of several labels each, and of a number.

loss = head_loss(logits, labels, "multi", smoothing=0.1)     # a scalar
"""

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss

from augment.models.kind import Kind


def head_loss(logits: Tensor, labels: Tensor, kind: Kind, smoothing: float) -> Tensor:
    """Return the loss of a batch: cross entropy of each label, [N, C] of 0 and 1; the squared error of numbers, [N]."""
    if kind == "regression":
        return mse_loss(logits[:, 0].float(), labels.float())
    wanted = labels.float() * (1 - smoothing) + smoothing / 2
    return binary_cross_entropy_with_logits(logits.float(), wanted)
