"""Means of gradients over random points: SmoothGrad and its two kin around a text, expected gradients on the way to it.

smoothed(part, noise=0.15, samples=16, moment="mean")        # Shares of a batch
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from augment.attribution.row_parts import RowPart, Shares

Moment = Literal["mean", "square", "variance"]
_TINY = 1e-12


def smoothed(part: RowPart, noise: float, samples: int, moment: Moment) -> Shares:
    """Return the scores of a batch from gradients g at the text with Gaussian noise added to its embeddings.

    The standard deviation is `noise` times the range of the embeddings of the row, as the paper has it. mean: the length of the
    mean of g (SmoothGrad, Smilkov et al. 2017, equation 2); square: the mean of |g|^2 (SmoothGrad-squared, Hooker et al. 2019);
    variance: the sum over dimensions of the variance of g (VarGrad, Adebayo et al. 2018). square = mean^2 + variance.
    """
    first, second = torch.zeros_like(part.inputs), torch.zeros_like(part.inputs)
    for embeddings in around(part, noise, samples, "smooth"):
        gradient = part.gradient(embeddings)
        first += gradient / samples
        second += gradient.square() / samples
    if moment == "mean":
        return Shares(first.norm(dim=-1))
    spread = second if moment == "square" else (second - first.square()).clamp_min(0)
    return Shares(spread.sum(-1))


def around(part: RowPart, noise: float, samples: int, purpose: str) -> Iterator[Tensor]:
    """Yield the embeddings of a batch with Gaussian noise, a share of the range of each row's embeddings."""
    sizes = noise * _ranges(part)
    draws = [part.rng(index, purpose) for index in range(len(part.indices))]
    for _ in range(samples):
        yield part.inputs + sizes[:, None, None] * _noise(part, draws)


def _ranges(part: RowPart) -> Tensor:
    """Return the largest minus the smallest number in the embeddings of each row, [B]."""
    absent = ~part.present[:, :, None]
    largest = part.inputs.masked_fill(absent, -torch.inf).amax((1, 2))
    return largest - part.inputs.masked_fill(absent, torch.inf).amin((1, 2))


def _noise(part: RowPart, draws: Sequence[np.random.Generator]) -> Tensor:
    """Return standard normal numbers like the embeddings of a batch, 0 where rows are padded."""
    result = torch.zeros_like(part.inputs)
    for row, (length, rng) in enumerate(zip(part.lengths, draws, strict=True)):
        result[row, :length] = torch.from_numpy(rng.standard_normal((length, result.shape[2]))).to(result)
    return result


def expected(part: RowPart, starts: Sequence[Tensor], samples: int) -> Shares:
    """Return the expected gradients of a batch: the mean of (x - x') . gradient at x' + a (x - x') over starts and a.

    Erion et al. 2021, equation 3. starts: several baselines [B, T, D], taken in turn; a is drawn once from each of as many
    equal parts of [0, 1] as there are samples, in random order. floor: the mean of F over the starts; error: the sum of the
    standard errors over the sum of |scores|.
    """
    ways = [part.rng(index, "expected") for index in range(len(part.indices))]
    positions = np.stack([(rng.permutation(samples) + rng.random(samples)) / samples for rng in ways])
    along = []
    for sample in range(samples):
        start = starts[sample % len(starts)]
        share = torch.from_numpy(positions[:, sample]).to(part.inputs)[:, None, None]
        gradient = part.gradient(torch.lerp(start, part.inputs, share))
        along.append((gradient * (part.inputs - start)).sum(-1).double())
    each = torch.stack(along)
    scores = each.mean(0)
    spread = each.std(0) / samples**0.5
    with torch.no_grad():
        floor = torch.stack([part.value(part.classifier.logits(part.batch, start)) for start in starts])
    error = spread.sum(-1) / scores.abs().sum(-1).clamp_min(_TINY)
    return Shares(scores, floor.double().mean(0), error)
