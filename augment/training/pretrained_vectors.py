"""A `textcnn` whose pieces and word vectors come from a pretrained encoder, so that it knows words that its few rows do not have.

model, tokenizer = on_vectors(Path("models/e5-small"), TextCNNConfig(num_labels=2))
"""

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from augment.errors import ModelError
from augment.models.encoder import load_encoder
from augment.models.textcnn import TextCNN, TextCNNConfig


def on_vectors(folder: Path, config: TextCNNConfig) -> tuple[TextCNN, PreTrainedTokenizerBase]:
    """Return an untrained net over the word embeddings of an encoder, which stay as they are, and its tokenizer.

    The embeddings are reduced to `hidden_size` principal components and scaled to a mean square of 1. Static vectors
    are what Kim (2014) calls them. ModelError if the folder holds no encoder with as many dimensions.
    """
    state = tuple((file.name, file.stat().st_mtime_ns) for file in sorted(folder.iterdir()))
    vectors, tokenizer = _reduced(folder, config.hidden_size, state)
    config.vocab_size, config.pad_token_id = len(vectors), int(tokenizer.pad_token_id or 0)
    model = TextCNN(config)
    with torch.no_grad():
        model.embedding.weight.copy_(vectors)
        model.embedding.weight[config.pad_token_id] = 0
    model.embedding.requires_grad_(False)
    return model, tokenizer


@lru_cache(maxsize=1)
def _reduced(
    folder: Path, size: int, state: tuple[tuple[str, int], ...]
) -> tuple[Tensor, PreTrainedTokenizerBase]:
    """Return the principal components of an encoder's vectors, [V, size], with a mean square of 1, and its tokenizer.

    Kept for the next model, as an experiment trains many; `state` is what a change of the folder is known by.
    """
    encoder, tokenizer = load_encoder(folder, "train.vectors")
    vectors = torch.as_tensor(encoder.get_input_embeddings().weight).detach()
    if vectors.shape[1] < size:
        raise ModelError(
            f"train.vectors: {folder}",
            f"its vectors have {vectors.shape[1]} numbers, a textcnn wants {size}",
            "name another encoder",
        )
    centred = vectors.double() - vectors.double().mean(0)
    _, axes = torch.linalg.eigh(centred.T @ centred)
    reduced = centred @ axes[:, -size:]
    return (reduced / reduced.square().mean().sqrt()).float(), tokenizer
