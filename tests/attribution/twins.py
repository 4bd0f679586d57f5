"""A TextCNN in modules that Captum and zennit know, with its maximum where they need it.

Captum(Twin(net)).attribute(embeddings)
Captum(Twin(net, "maps"))               # ReLUs before the maximum, whose outputs are maps of the text
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from augment.models.textcnn import TextCNN

Maximum = Literal["amax", "maps", "pool"]


class Twin(nn.Module):
    """The same net on embeddings. amax: a ReLU behind the maximum, which has no module; maps: before it; pool: behind nn.MaxPool1d."""

    def __init__(self, net: TextCNN, maximum: Maximum = "amax") -> None:
        """Share the layers; each activation is used once, as Captum needs."""
        super().__init__()
        self.convolutions, self.last = net.convolutions, net.classifier
        self.activations = nn.ModuleList(nn.ReLU() for _ in net.convolutions)
        self.pools = nn.ModuleList()
        self._maximum = maximum

    def forward(self, embeddings: Tensor) -> Tensor:
        """Return logits of embeddings [B, T, D]."""
        rows = embeddings.transpose(1, 2)
        if self._maximum == "pool" and not self.pools:
            self.pools.extend(nn.MaxPool1d(rows.shape[-1]) for _ in self.convolutions)
        peaks = [self._peak(number, rows) for number in range(len(self.convolutions))]
        return torch.as_tensor(self.last(torch.cat(peaks, dim=1)))

    def _peak(self, number: int, rows: Tensor) -> Tensor:
        """Return the largest response of each filter of one width, [B, filters]."""
        layer, activation = self.convolutions[number], self.activations[number]
        answers = layer(pad(rows, (0, torch.as_tensor(layer.weight).shape[2] - 1)))
        if self._maximum == "maps":
            return torch.as_tensor(activation(answers).amax(-1))
        pooled = self.pools[number](answers).squeeze(-1) if self._maximum == "pool" else answers.amax(-1)
        return torch.as_tensor(activation(pooled))
