"""Rows in batches for the methods that score pieces: what each batch holds, and where what it gives is collected.

scored(classifier, rows, plan, 1, lambda part: Shares((part.gradient(part.inputs) * part.inputs).sum(-1)))
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from augment.attribution.path_integral import ModelInputs, Plan, Scores, starts_of
from augment.ig.gradients import Batch
from augment.ig.residual import incomplete
from augment.ig.target import quantity
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN
from augment.seeding import array_rng, key_of

# Float32 sums of scores are this near to the change of F, as a share of it; what is further off is no rounding.
_TOLERANCE = 1e-3
_TINY = 1e-12


@dataclass(frozen=True)
class RowPart:
    """Some rows as one batch. inputs: [B, T, D], their embeddings; target, against: [B], the classes of the quantity."""

    classifier: Classifier
    rows: ModelInputs
    plan: Plan
    indices: Sequence[int]
    batch: Batch
    inputs: Tensor
    target: Tensor
    against: Tensor

    @property
    def present(self) -> Tensor:
        """Where a row has a piece and no padding, [B, T] bool."""
        return self.batch["attention_mask"] == 1

    @property
    def lengths(self) -> list[int]:
        """The number of pieces of each row."""
        return [len(self.rows.pieces[row]) for row in self.indices]

    def start(self) -> Tensor:
        """Return the embeddings of the baseline, [B, T, D]."""
        return starts_of(self.classifier, self.rows, self.indices, self.batch, self.plan.baseline)

    def value(self, logits: Tensor) -> Tensor:
        """Return F [kB] of logits [kB, C]: the rows once, or several times one after the other."""
        times = len(logits) // len(self.target)
        return quantity(self.plan.quantity, logits, self.target.repeat(times), self.against.repeat(times))

    def at(self, embeddings: Tensor) -> Tensor:
        """Return F [kB] at embeddings [kB, T, D], of a TextCNN by plain operations, each of which a rule can replace."""
        times = len(embeddings) // len(self.inputs)
        batch = self.batch
        if times != 1:
            batch = {name: tensor.repeat(times, *[1] * (tensor.dim() - 1)) for name, tensor in batch.items()}
        return self.value(plain_logits(self.classifier, batch, embeddings))

    def gradient(self, embeddings: Tensor) -> Tensor:
        """Return the gradient of F at embeddings [B, T, D]."""
        here = embeddings.detach().requires_grad_(True)
        with torch.enable_grad():
            value = self.value(self.classifier.logits(self.batch, here))
        (gradient,) = torch.autograd.grad(value.sum(), here)
        return gradient

    def rng(self, index: int, purpose: str) -> np.random.Generator:
        """Return the generator of a row of the batch, which depends on its pieces alone, not on its company."""
        return array_rng(key_of(purpose, *map(str, self.rows.pieces[self.indices[index]])))


@dataclass(frozen=True)
class Shares:
    """What a batch of B rows gives. pieces: [B, T]; floor: [B], what F is without what is shared out, None if nothing adds up.

    error: [B], of a method that knows its own; value: [B], F as the method computed it, where that is more exact.
    """

    pieces: Tensor
    floor: Tensor | None = None
    error: Tensor | None = None
    value: Tensor | None = None


def plain_logits(classifier: Classifier, batch: Batch, embeddings: Tensor) -> Tensor:
    """Return logits at embeddings; of a TextCNN by plain operations, which modes of torch see one by one."""
    net = classifier.model
    if isinstance(net, TextCNN):
        return classifier.run(lambda: net.plain_logits(**batch), embeddings)
    return classifier.logits(batch, embeddings)


def scored(
    classifier: Classifier,
    rows: ModelInputs,
    plan: Plan,
    evaluations: int,
    score: Callable[[RowPart], Shares],
    together: int = 1,
) -> Scores:
    """Return the scores of every row, in float32, from those of each batch. together: how many copies of a row meet in one.

    status: `fixed`; where scores have to add up, `exact`, or `not_converged` if they do not.
    """
    count = len(rows.pieces)
    against = rows.strongest_other
    pieces: list[np.ndarray] = [np.zeros(0)] * count
    floor, error = np.full(count, np.nan), np.full(count, np.nan)
    value = quantity(plan.quantity, rows.logits, rows.target, against).double().numpy()

    def enter(here: list[int]) -> None:
        """Score one batch."""
        batch = classifier.batch([rows.pieces[row] for row in here], [rows.segments[row] for row in here])
        inputs = classifier.embed(batch).detach()
        device = classifier.device
        part = RowPart(
            classifier,
            rows,
            plan,
            here,
            batch,
            inputs,
            rows.target[here].to(device),
            against[here].to(device),
        )
        shares = score(part)
        table = shares.pieces.detach().double().cpu().numpy()
        for index, row in enumerate(here):
            pieces[row] = table[index, : len(rows.pieces[row])]
        for values, given in ((floor, shares.floor), (error, shares.error), (value, shares.value)):
            if given is not None:
                values[here] = given.detach().double().cpu().numpy()

    with classifier.in_float32():
        classifier.in_batches([together * len(row) for row in rows.pieces], enter)
    return settled(pieces, value, floor, evaluations, error)


def settled(
    pieces: list[np.ndarray],
    value: np.ndarray,
    floor: np.ndarray,
    evaluations: int,
    error: np.ndarray | None = None,
) -> Scores:
    """Return scores; where `floor` is known they have to add up to value - floor, unless they come with their own error."""
    sums = np.asarray([row.sum() for row in pieces])
    sizes = np.asarray([np.abs(row).sum() for row in pieces])
    gap = sums - (value - floor)
    far, start, end, size = (
        torch.from_numpy(np.asarray(each, dtype=np.float64)) for each in (gap, floor, value, sizes)
    )
    known = np.full(len(pieces), np.nan) if error is None else error
    claims = ~np.isnan(floor) & np.isnan(known)
    off = claims & (np.asarray(incomplete(far, start, end, size, _TOLERANCE).numpy()) | ~np.isfinite(gap))
    shortfall = np.abs(gap) / np.maximum(np.abs(value - floor), _TINY)
    status = [
        "not_converged" if wrong else "exact" if claim else "fixed"
        for wrong, claim in zip(off, claims, strict=True)
    ]
    evals = np.full(len(pieces), evaluations, dtype=np.int32)
    return Scores(pieces, value, floor, gap, np.where(np.isnan(known), shortfall, known), evals, status)
