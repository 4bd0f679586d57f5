"""Maps over the activations of a layer: Grad-CAM and HiResCAM, for the windows of a TextCNN and the hidden states of an encoder.

With A [T, K] the activations and g the gradient of F by them,

    Grad-CAM (Selvaraju et al. 2017, equations 1 and 2):      relu(sum_k (mean_t g_tk) A_tk)
    HiResCAM (Draelos and Carin 2020, equation 3):            sum_k g_tk A_tk

A window of a TextCNN gives each of its pieces the same part. There HiResCAM sums to the logit without its bias if windows are
pooled by maximum or average, because the logit is linear in what is pooled.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor
from transformers.modeling_layers import GradientCheckpointingLayer

from augment.attribution.layers import Cut
from augment.attribution.row_parts import RowPart, Shares
from augment.errors import RequestError
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN

MapName = Literal["grad_cam", "hires_cam"]
_LINEAR = ("max", "average")


def mapped(part: RowPart, name: MapName, cut: str | None) -> Shares:
    """Return the map of a batch. cut: the module of an encoder whose output is looked at, by default that before the last layer."""
    net = part.classifier.model
    if not isinstance(net, TextCNN):
        layer = Cut(part.classifier, cut or usual_layer(part.classifier))
        hidden = layer.embed(part.batch)
        gradient = _gradient(part, hidden, lambda here: layer.logits(part.batch, here))
        return Shares(_map(name, hidden, gradient, part.present))
    mask = part.batch["attention_mask"]
    with torch.no_grad():
        responses = net.responses(part.batch["input_ids"], mask).float()
    gradient = _gradient(part, responses, lambda here: net.of_responses(here, mask))
    pieces, first = torch.zeros(mask.shape, device=mask.device), 0
    for width in net.config.windows:
        some = slice(first, first + net.config.filters)
        window_scores = _map(name, responses[:, :, some], gradient[:, :, some], part.present)
        pieces += over_pieces(window_scores, part.present, width)
        first += net.config.filters
    adds_up = (
        name == "hires_cam"
        and net.config.pooling in _LINEAR
        and part.plan.quantity in ("logit", "difference")
    )
    with torch.no_grad():
        floor = part.value(net.of_responses(torch.zeros_like(responses), mask)) if adds_up else None
    return Shares(pieces, floor)


def over_pieces(window_scores: Tensor, present: Tensor, width: int) -> Tensor:
    """Return the score of each piece, [B, T]: each window that begins at t shares its score among its pieces in the text."""
    later = [_shifted(present, offset) for offset in range(width)]
    counts = torch.stack(later).sum(0).clamp_min(1)
    each = window_scores * present / counts
    pieces = torch.zeros_like(each)
    for offset in range(width):
        reached = each[:, : each.shape[1] - offset] * later[offset][:, : each.shape[1] - offset]
        pieces[:, offset:] += reached
    return pieces


def usual_layer(classifier: Classifier) -> str:
    """Return the name of the layer before the last, behind which pieces still meet; RequestError if the model has no layers."""
    names = [
        str(name)
        for name, part in classifier.model.named_modules()
        if isinstance(part, GradientCheckpointingLayer)
    ]
    if len(names) < 2:
        what = "the model has no two layers, of which the pieces still meet behind the first"
        raise RequestError("method: grad_cam", what, "name a module by `cut`, or use `method: gradient`")
    return names[-2]


def _shifted(present: Tensor, offset: int) -> Tensor:
    """Return whether the piece `offset` after each one is in the text, [B, T]."""
    return torch.nn.functional.pad(present[:, offset:], (0, min(offset, present.shape[1])), value=False)


def _map(name: MapName, activations: Tensor, gradient: Tensor, present: Tensor) -> Tensor:
    """Return the score of each position, [B, T]; 0 for padding."""
    inside = present[:, :, None]
    if name == "hires_cam":
        return (gradient * activations * inside).sum(-1)
    weights = (gradient * inside).sum(1, keepdim=True) / present.sum(1)[:, None, None]
    return torch.relu((weights * activations * inside).sum(-1))


def _gradient(part: RowPart, at: Tensor, logits: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the gradient of F by activations."""
    here = at.detach().requires_grad_(True)
    with torch.enable_grad():
        value = part.value(logits(here).float()).sum()
    (gradient,) = torch.autograd.grad(value, here)
    return gradient
