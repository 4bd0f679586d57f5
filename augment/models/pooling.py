"""How a TextCNN makes one vector of the responses to all windows of a text: by weights of windows, which can be looked at.

pooled = (pooling_weights("average", responses, present) * responses).sum(1)      # responses [B, T, F], not negative

max: the window with the largest response, for each filter (Kim 2014); average: every window alike; attention: softmax over
windows of o . tanh(K h) (Yang et al. 2016, equations 5 to 7); minimum_variance: in inverse proportion to the variance of the
responses of a window, the weights of the mean of least variance of independent estimates (Cochran 1937).
"""

from typing import Literal

import torch
from torch import Tensor, nn

PoolingName = Literal["max", "average", "attention", "minimum_variance"]
# Windows whose filters all respond alike have a variance of 0.
_LEAST = 1e-3


class Attention(nn.Module):
    """The energy of each window: o . tanh(K h)."""

    def __init__(self, filters: int) -> None:
        """Make a key map and a context vector."""
        super().__init__()
        self.key = nn.Linear(filters, filters)
        self.context = nn.Linear(filters, 1, bias=False)

    def forward(self, responses: Tensor) -> Tensor:
        """Return the energies [B, T] of responses [B, T, F]."""
        energy: Tensor = self.context(torch.tanh(self.key(responses)))
        return energy.squeeze(-1)


def pooling_weights(
    name: PoolingName, responses: Tensor, present: Tensor, attention: Attention | None = None
) -> Tensor:
    """Return the weight of each window, [B, T, F] or [B, T, 1], which sum to 1 over the windows of a text.

    responses: [B, T, F], not negative, 0 where no window begins; present: [B, T] bool, where one does.
    """
    if name == "max":
        reached = (responses == responses.amax(1, keepdim=True)) & present[:, :, None]
        return reached / reached.sum(1, keepdim=True).clamp_min(1)
    if name == "average":
        return present[:, :, None] / present.sum(1)[:, None, None].clamp_min(1)
    if name == "attention":
        if attention is None:
            raise TypeError("attention pooling needs its layer")
        # Not -inf: a text without any window has equal weights then, of responses that are 0.
        energy = attention(responses).masked_fill(~present, torch.finfo(responses.dtype).min)
        shares: Tensor = energy.softmax(1)
        return shares.unsqueeze(-1)
    centred = responses - responses.mean(-1, keepdim=True)
    precision = present / (centred.square().mean(-1) + _LEAST)
    return (precision / precision.sum(1, keepdim=True).clamp_min(_LEAST)).unsqueeze(-1)
