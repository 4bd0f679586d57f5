"""A classifier whose answer is a known function of the sum of its words: what axioms are tried on.

classifier = toy(lambda total: torch.relu(total))        # logits [B, 2] of the sum [B, 2] over the words
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier
from tests.models.nets import word_pieces

Function = Callable[[Tensor], Tensor]
# Vectors of words; all other pieces are zero. `d` is never looked at.
VECTORS = {"a": (3.0, 0.0), "b": (0.0, 1.0), "c": (3.0, 0.0), "d": (5.0, -7.0)}
UNSEEN = "d"


class Toy(PreTrainedModel):
    """A function of the sum of the embeddings of all pieces but one."""

    config_class = PretrainedConfig

    def __init__(
        self, function: Function, vectors: dict[int, tuple[float, float]], size: int, unseen: int
    ) -> None:
        """Give words their vectors."""
        super().__init__(PretrainedConfig())
        self.embedding = nn.Embedding(size, 2)
        nn.init.zeros_(self.embedding.weight)
        with torch.no_grad():
            for piece, vector in vectors.items():
                self.embedding.weight[piece] = torch.tensor(vector)
        self.function, self.unseen = function, unseen

    def get_input_embeddings(self) -> nn.Module:
        """Return the embedding module."""
        return self.embedding

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SequenceClassifierOutput:
        """Return the logits."""
        seen = (attention_mask * (input_ids != self.unseen))[:, :, None]
        return SequenceClassifierOutput(logits=self.function((self.embedding(input_ids) * seen).sum(1)))


def toy(function: Function) -> Classifier:
    """Return a classifier with the logits that a function gives for the sum of the words."""
    tokenizer = word_pieces("right")
    ids = {word: int(tokenizer.convert_tokens_to_ids(word)) for word in VECTORS}
    vectors = {ids[word]: vector for word, vector in VECTORS.items()}
    model = Toy(function, vectors, len(tokenizer), ids[UNSEEN])
    run = RunConfig(device="cpu", threads=1)
    return Classifier(model, tokenizer, ModelConfig(path="toy"), run, ("first", "second"))
