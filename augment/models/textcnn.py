"""The convolutional classifier of Kim (2014): embedding, convolutions, ReLU, max over time, one linear layer.

In place of the maximum it can pool by averages, attention or minimum variance (`models.pooling`).

A `PreTrainedModel`, so it saves, loads and is explained like any other. Padding cannot change its answer: padded
positions are zeroed and no window that begins on one takes part in the maximum.
"""

from collections.abc import Callable
from typing import get_args

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from augment.models.model_folder import TEXTCNN
from augment.models.pooling import Attention, PoolingName, pooling_weights
from augment.models.textcnn_max import largest_responses


class TextCNNConfig(PretrainedConfig):
    """Sizes of a TextCNN. `windows` are the widths of its convolutions in pieces; `pooling`: how windows become one vector."""

    model_type = TEXTCNN

    vocab_size: int = 8000
    hidden_size: int = 128
    filters: int = 100
    windows: tuple[int, ...] | list[int] = (1, 2, 3, 4)
    dropout: float = 0.5
    pooling: PoolingName = "max"
    pad_token_id: int = 0


class TextCNN(PreTrainedModel):
    """A sequence classifier whose logits are linear in the largest response of each filter, or the pooled one."""

    config_class = TextCNNConfig
    base_model_prefix = "textcnn"

    def __init__(self, config: TextCNNConfig) -> None:
        """Build the layers that `config` describes."""
        super().__init__(config)
        if config.pooling not in get_args(PoolingName):
            raise ValueError(f"pooling {config.pooling!r} is none of {', '.join(get_args(PoolingName))}")
        self.num_labels = config.num_labels
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.hidden_size, config.filters, window) for window in config.windows
        )
        self.dropout = nn.Dropout(config.dropout)
        filters = config.filters * len(config.windows)
        self.attention = Attention(filters) if config.pooling == "attention" else None
        self.classifier = nn.Linear(filters, config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding module, whose output is what a path replaces."""
        return self.embedding

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, labels: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Return logits [B, C] for ids [B, T] and mask [B, T], and the cross entropy if labels [B] are given."""
        if self.config.pooling == "max":
            logits = self._logits(input_ids, attention_mask, _peak)
        else:
            logits = self.plain_logits(input_ids, attention_mask)
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)

    def secant_logits(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return logits [B, C] of the same net with each ReLU and maximum replaced by its secant from the zero embedding.

        On the line from zero the place of each maximum stays, so every filter contributes the mean of its slopes: the
        gradient of these logits is the path integral of the gradient of the true ones, in one evaluation. The same
        as DeepLIFT's Rescale rule (Shrikumar et al. 2017) on this net.
        """
        return self._logits(input_ids, attention_mask, _secant)

    def plain_logits(self, input_ids: Tensor, attention_mask: Tensor | None = None) -> Tensor:
        """Return the logits [B, C] of the same net, made of torch's own operations alone, of which each can be replaced."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        if self.config.pooling != "max":
            return self.of_responses(self.responses(input_ids, mask), mask)
        behind = (mask == 0)[:, None, :]
        peaks = [
            torch.relu(answers.masked_fill(behind, -torch.inf).amax(-1))
            for answers in self._convolved(input_ids, mask)
        ]
        logits: Tensor = self.classifier(self.dropout(torch.cat(peaks, dim=-1)))
        return logits

    def responses(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Return what each filter answers to the window that begins at each piece, after ReLU, [B, T, filters]; padding has 0."""
        behind = (attention_mask == 0)[:, None, :]
        answers = [
            torch.relu(one.masked_fill(behind, 0.0)) for one in self._convolved(input_ids, attention_mask)
        ]
        # The bias alone would answer to padding.
        return torch.cat(answers, dim=1).transpose(1, 2) * attention_mask[:, :, None]

    def of_responses(self, responses: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the logits [B, C] for responses [B, T, filters]."""
        if self.config.pooling == "max":
            pooled = responses.amax(1)
        else:
            pooled = (self.window_weights(responses, attention_mask) * responses).sum(1)
        logits: Tensor = self.classifier(self.dropout(pooled))
        return logits

    def window_weights(self, responses: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the weight of each window in the vector that is classified, [B, T, filters] or [B, T, 1]."""
        return pooling_weights(self.config.pooling, responses, attention_mask == 1, self.attention)

    def _convolved(self, input_ids: Tensor, attention_mask: Tensor) -> list[Tensor]:
        """Return the response of each filter to each window, [B, filters, T] for each width."""
        rows = (self.embedding(input_ids) * attention_mask[:, :, None]).transpose(1, 2)
        widths = [torch.as_tensor(layer.weight).shape[2] for layer in self.convolutions]
        return [
            layer(nn.functional.pad(rows, (0, width - 1)))
            for layer, width in zip(self.convolutions, widths, strict=True)
        ]

    def _logits(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        peak: Callable[[Tensor, Tensor], Tensor],
    ) -> Tensor:
        """Return logits [B, C], the responses of each filter reduced to one number by `peak`."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        embedded = self.embedding(input_ids) * mask[:, :, None]
        behind = max(self.config.windows) - 1
        signal = nn.functional.pad(embedded, (0, 0, 0, behind))
        layers = list(self.convolutions)
        kinds = nn.functional.pad(torch.where(mask == 0, -1, input_ids), (0, behind), value=-1)
        weights = [torch.as_tensor(layer.weight) for layer in layers]
        largest = largest_responses(signal, mask == 0, weights, kinds)
        peaks = peak(largest, torch.cat([torch.as_tensor(layer.bias) for layer in layers]))
        logits: Tensor = self.classifier(self.dropout(peaks))
        return logits


def _peak(largest: Tensor, bias: Tensor) -> Tensor:
    """Return the largest response after ReLU, [B, filters], of largest responses without bias."""
    return torch.relu(largest + bias)


def _secant(largest: Tensor, bias: Tensor) -> Tensor:
    """Return relu(bias) plus the largest response times the mean slope of the ReLU over the path, [B, filters]."""
    reached, floor = largest.detach(), torch.relu(bias)
    slope = torch.where(reached == 0, (bias > 0).to(reached), (torch.relu(bias + reached) - floor) / reached)
    return floor + largest * slope
