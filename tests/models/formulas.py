"""A classifier that is a formula: one number a piece, and a known function of their sum as its only logit that moves.

classifier = formula(torch.tanh, 5.0)       # explains F(5) - F(0) = tanh(5), which one piece has alone
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from augment.attribution.path_integral import ModelInputs
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier
from tests.models.nets import word_pieces

Function = Callable[[Tensor], Tensor]
# A piece that is no special one.
PIECE = 7


class Formula(PreTrainedModel):
    """A function of the sum of its embeddings, and a logit that is always 0."""

    config_class = PretrainedConfig

    def __init__(self, function: Function, size: int, value: float) -> None:
        """Give every piece the embedding `value`."""
        super().__init__(PretrainedConfig())
        self.embedding = nn.Embedding(size, 1)
        nn.init.constant_(self.embedding.weight, value)
        self.function = function

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding module."""
        return self.embedding

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SequenceClassifierOutput:
        """Return the logits."""
        total = (self.embedding(input_ids)[..., 0] * attention_mask).sum(-1)
        result = self.function(total)
        return SequenceClassifierOutput(logits=torch.stack([result, torch.zeros_like(result)], dim=-1))


def formula(function: Function, value: float) -> Classifier:
    """Return a classifier whose logit of class 0 is a function of the sum of `value` over the pieces."""
    tokenizer = word_pieces("right")
    model = Formula(function, len(tokenizer), value)
    run = RunConfig(device="cpu", threads=1)
    return Classifier(model, tokenizer, ModelConfig(path="formula"), run, ("moves", "stays"))


def one_piece(classifier: Classifier) -> ModelInputs:
    """Return the row of one piece, explained for the class that moves."""
    logits = classifier.answer([[PIECE]], [[0]])
    return ModelInputs([[PIECE]], [[0]], logits, torch.zeros(1, dtype=torch.int64), [[0]])
