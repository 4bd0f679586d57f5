"""What a model must do to be used: answer texts (`Predictor`), and for gradients give its embeddings (`Differentiable`).

predictor = open_predictor(ModelConfig(path="models/hotel-zh"), RunConfig())
predictor.ask(["很好"], [None])                 # probabilities [1, C] float32
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from augment.config.in_memory import FunctionModel
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.baseline import FillerName
from augment.ig.gradients import Batch, Network
from augment.models.classifier import Classifier, Encoding, open_classifier
from augment.models.function import Function
from augment.models.kind import Kind


class Predictor(Protocol):
    """A model that answers texts. classes: its labels, in the order of its probabilities."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The labels, in the order of the probabilities."""
        ...

    @property
    def kind(self) -> Kind:
        """What the classes mean to each other."""
        ...

    def ask(self, texts: Sequence[str], pairs: Sequence[str | None]) -> np.ndarray:
        """Return the probability of each class, [N, C] float32, for any number of texts or pairs."""
        ...


class Differentiable(Predictor, Network, Protocol):
    """A predictor with pieces, whose embeddings can be read, replaced and differentiated."""

    def encode(self, texts: Sequence[str], pairs: Sequence[str | None]) -> list[Encoding]:
        """Return the pieces of each text, or pair of texts."""
        ...

    def batch(self, pieces: Sequence[Sequence[int]], segments: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """Return padded tensors [B, T]."""
        ...

    def answer(self, pieces: Sequence[Sequence[int]], segments: Sequence[Sequence[int]]) -> Tensor:
        """Return logits [N, C] float32 on the CPU."""
        ...

    def baseline(self, name: FillerName, batch: Batch, embeddings: Tensor) -> Tensor:
        """Return what the paths of a batch start from, [B, T, D]."""
        ...


def open_predictor(config: ModelConfig, run: RunConfig) -> Classifier | Function:
    """Return the predictor of a model folder, of a loaded transformers model or of a Python function.

    ModelError if the model cannot or must not be loaded.
    """
    return Function(config) if isinstance(config, FunctionModel) else open_classifier(config, run)


def logits_of_texts(predictor: Predictor, texts: Sequence[str], pairs: Sequence[str | None]) -> Tensor:
    """Return logits [N, C] float32 on the CPU; of a model that gives probabilities only, their logarithm."""
    if isinstance(predictor, Classifier):
        encodings = predictor.encode(texts, pairs)
        return predictor.answer([row.pieces for row in encodings], [row.segments for row in encodings])
    chances = torch.from_numpy(predictor.ask(texts, pairs))
    return chances.clamp_min(torch.finfo(torch.float32).tiny).log()


def logits_of(
    predictor: Predictor,
    texts: Sequence[str],
    pairs: Sequence[str | None],
    fed: tuple[Sequence[Sequence[int]] | None, Sequence[Sequence[int]] | None],
) -> Tensor:
    """Return logits [N, C] as `logits_of_texts` does. fed: pieces and segments, where the model has any."""
    pieces, segments = fed
    if isinstance(predictor, Classifier) and pieces is not None and segments is not None:
        return predictor.answer(pieces, segments)
    return logits_of_texts(predictor, texts, pairs)
