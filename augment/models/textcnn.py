"""The convolutional classifier of Kim (2014): embedding, convolutions, ReLU, max over time, one linear layer.

A `PreTrainedModel`, so it saves, loads and is explained like any other. Padding cannot change its answer: padded
positions are zeroed and no window that begins on one takes part in the maximum.
"""

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

KIND = "augment-textcnn"


class TextCNNConfig(PretrainedConfig):
    """Sizes of a TextCNN. `windows` are the widths of its convolutions in pieces."""

    model_type = KIND

    vocab_size: int = 8000
    hidden_size: int = 128
    filters: int = 100
    windows: tuple[int, ...] | list[int] = (1, 2, 3, 4)
    dropout: float = 0.5
    pad_token_id: int = 0


class TextCNN(PreTrainedModel):
    """A sequence classifier whose logits are linear in the largest response of each filter."""

    config_class = TextCNNConfig
    base_model_prefix = "textcnn"

    def __init__(self, config: TextCNNConfig) -> None:
        """Build the layers that `config` describes."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.embedding = nn.Embedding(config.vocab_size, config.hidden_size, padding_idx=config.pad_token_id)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.hidden_size, config.filters, window) for window in config.windows
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(config.filters * len(config.windows), config.num_labels)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding module, whose output is what a path replaces."""
        return self.embedding

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, labels: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Return logits [B, C] for ids [B, T] and mask [B, T], and the cross entropy if labels [B] are given."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        embedded = self.embedding(input_ids) * mask[:, :, None]
        longest = max(self.config.windows)
        signal = nn.functional.pad(embedded, (0, 0, 0, longest - 1)).transpose(1, 2)
        absent = mask[:, None, :] == 0
        # amax, not max: repeated n-grams tie, and amax shares the gradient among them as the path integral does.
        peaks = [
            torch.relu(convolution(signal)[:, :, : mask.shape[1]]).masked_fill(absent, 0.0).amax(-1)
            for convolution in self.convolutions
        ]
        logits = self.classifier(self.dropout(torch.cat(peaks, dim=-1)))
        loss = None if labels is None else nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)
