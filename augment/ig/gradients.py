"""Gradients of a quantity with respect to the input embeddings, at points of a path.

The network is fed its real ids, mask and positions; only the output of its embedding module is replaced. So
position ids, pooled index and padding are the same at every point of the path, and F(x) is the model's own answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from augment.ig.path import point
from augment.ig.target import Quantity, quantity

Batch = Mapping[str, Tensor]


class Network(Protocol):
    """A classifier whose embedding output can be read and replaced."""

    def embed(self, batch: Batch) -> Tensor:
        """Return the output of the input-embedding module, [B, T, D] float32."""
        ...

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return logits [B, C] float32, with `embeddings` [B, T, D] in place of the embedding output if given."""
        ...


@dataclass(frozen=True)
class Question:
    """What is explained for each row of a batch: a quantity, its class `target` [B] and the class `against` [B]."""

    quantity: Quantity
    target: Tensor
    against: Tensor


@dataclass(frozen=True)
class Gradients:
    """One gradient evaluation of a batch.

    along: [B, T] float32, gradient . (x - x'), in the unit of F. steepness: [B, T] float32, L2 norm of the gradient,
    in the unit of F per unit of embedding. value: [B] float32, F at the point.
    """

    along: Tensor
    steepness: Tensor
    value: Tensor


def evaluate(
    network: Network, batch: Batch, inputs: Tensor, baseline: Tensor, alphas: Tensor, question: Question
) -> Gradients:
    """Return the gradient of F at baseline + a (x - baseline), reduced to one number a piece.

    inputs, baseline: [B, T, D]; alphas: [B]. Padding contributes exactly zero, because the model gives it no gradient.
    """
    with torch.no_grad():
        direction = inputs - baseline
        here = point(baseline, inputs, alphas)
    here.requires_grad_(True)
    with torch.enable_grad():
        value = quantity(question.quantity, network.logits(batch, here), question.target, question.against)
        (gradient,) = torch.autograd.grad(value.sum(), here)
    along = (gradient * direction).sum(-1)
    return Gradients(along, gradient.norm(dim=-1), value.detach())
