"""DeepLIFT's pass: texts and their baselines in one batch, a forward pass by the rules, and one backward for the multipliers.

changes = changes_of(forward, inputs, baseline, value)       # forward: embeddings [2B, T, D] to logits [2B, C]
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from augment.attribution.difference_mode import Rules
from augment.attribution.path_integral import ModelInputs, Plan, Scores, starts_of
from augment.ig.baseline import FillerName
from augment.ig.gradients import Batch
from augment.ig.residual import incomplete
from augment.ig.target import Quantity, quantity, runner_up
from augment.models.classifier import Classifier
from augment.models.textcnn import TextCNN

# Float32 sums of scores are this near to the change of F, as a share of it; what is further off is no rounding.
_TOLERANCE = 1e-3
# Where the scores of a few pieces are this many times larger than the change they add up to, they cancel each other.
_EXPLODED = 1e3
# A text and its baseline: two rows forward.
_EVALUATIONS = 2


@dataclass(frozen=True)
class Changes:
    """Scores of B rows. pieces: [B, T] float64, which sum to value - floor; value, floor: [B], F at text and baseline."""

    pieces: Tensor
    value: Tensor
    floor: Tensor


def changes_of(
    forward: Callable[[Tensor], Tensor],
    inputs: Tensor,
    baseline: Tensor,
    value: Callable[[Tensor], Tensor],
) -> Changes:
    """Return the share of each piece in the change of F from the baseline to the inputs, both [B, T, D].

    forward: embeddings [2B, T, D], texts first, to logits [2B, C]; value: logits [2B, C] to F [2B].
    """
    rows = len(inputs)
    embeddings = torch.cat([inputs, baseline]).detach().requires_grad_(True)
    with torch.enable_grad(), Rules(rows):
        values = value(forward(embeddings))
    (multipliers,) = torch.autograd.grad(values[:rows].sum(), embeddings)
    pieces = ((inputs - baseline).double() * multipliers[:rows].double()).sum(-1)
    return Changes(pieces, values[:rows].detach(), values[rows:].detach())


def attribute(classifier: Classifier, rows: ModelInputs, plan: Plan) -> Scores:
    """Return the scores of every row. error: |gap| as a share of the change of F."""
    count = len(rows.pieces)
    against = runner_up(rows.logits, rows.target)
    pieces: list[np.ndarray] = [np.zeros(0)] * count
    value, floor = np.zeros(count), np.zeros(count)

    def enter(here: list[int]) -> None:
        """Score one batch."""
        batch = classifier.batch([rows.pieces[row] for row in here], [rows.segments[row] for row in here])
        inputs = classifier.embed(batch)
        start = starts_of(classifier, rows, here, batch, plan.baseline)
        classes = (torch.cat([classes[here]] * 2).to(classifier.device) for classes in (rows.target, against))
        explained = _explained(plan.quantity, *classes)
        twice = {name: torch.cat([tensor, tensor]) for name, tensor in batch.items()}
        changes = changes_of(lambda both: _logits(classifier, twice, both), inputs, start, explained)
        for index, row in enumerate(here):
            pieces[row] = changes.pieces[index, : len(rows.pieces[row])].cpu().numpy()
        value[here], floor[here] = changes.value.cpu().numpy(), changes.floor.cpu().numpy()

    with classifier.in_float32():
        classifier.in_batches([_EVALUATIONS * len(row) for row in rows.pieces], enter)
    return settled(pieces, value, floor, _EVALUATIONS)


def settled(pieces: list[np.ndarray], value: np.ndarray, floor: np.ndarray, evaluations: int) -> Scores:
    """Return scores that have to add up to value - floor: exact where they do, not_converged where they do not."""
    sums = np.asarray([row.sum() for row in pieces])
    sizes = np.asarray([np.abs(row).sum() for row in pieces])
    gap = sums - (value - floor)
    far, start, end, size = (
        torch.from_numpy(np.asarray(each, dtype=np.float64)) for each in (gap, floor, value, sizes)
    )
    off = np.asarray(incomplete(far, start, end, size, _TOLERANCE).numpy()) | ~np.isfinite(gap)
    error = np.abs(gap) / np.maximum(np.abs(value - floor), 1e-12)
    evals = np.full(len(pieces), evaluations, dtype=np.int32)
    status = ["not_converged" if row else "exact" for row in off]
    return Scores(pieces, value, floor, gap, error, evals, status)


def try_rules(classifier: Classifier) -> None:
    """Raise RequestError if the model has an operation without a rule."""
    attribute(classifier, _few(classifier), Plan(baseline="mean"))


def usual_baseline(classifier: Classifier) -> FillerName:
    """Return zero, or the mask or mean piece for a model whose first norm undoes the scale of its embeddings.

    For such a model F is constant but for the last bit of the way to zero, and multipliers there have no limit.
    """
    scores = attribute(classifier, _few(classifier), Plan())
    size = np.abs(scores.pieces[0]).sum()
    if np.isfinite(size) and size <= _EXPLODED * max(abs(scores.value[0] - scores.floor[0]), 1e-3):
        return "zero"
    return "mask" if classifier.has_mask else "mean"


def _few(classifier: Classifier) -> ModelInputs:
    """Return one row of a few pieces, to try the model on."""
    pieces = classifier.some_pieces()
    segments = [0] * len(pieces)
    logits = classifier.answer([pieces], [segments])
    return ModelInputs([pieces], [segments], logits, logits.argmax(-1))


def _explained(name: Quantity, target: Tensor, against: Tensor) -> Callable[[Tensor], Tensor]:
    """Return F of logits. Before a softmax they are centred over the classes, as the paper advises in section 3.6.

    It changes no value: what is common to all classes cancels, and so gets no share.
    """
    centred = name in ("probability", "log_probability")
    return lambda logits: quantity(
        name, logits - logits.mean(-1, keepdim=True) if centred else logits, target, against
    )


def _logits(classifier: Classifier, batch: Batch, embeddings: Tensor) -> Tensor:
    """Return logits at embeddings; of a TextCNN by plain operations, which have rules."""
    net = classifier.model
    if isinstance(net, TextCNN):
        return classifier.run(lambda: net.plain_logits(**batch), embeddings)
    return classifier.logits(batch, embeddings)
