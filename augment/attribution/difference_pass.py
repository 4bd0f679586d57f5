"""DeepLIFT's pass: texts and their baselines in one batch, a forward pass by the rules, and one backward for the multipliers.

changes = changes_of(forward, inputs, baseline, value)       # forward: embeddings [2B, T, D] to logits [2B, C]
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from augment.attribution.difference_mode import Rules
from augment.attribution.path_integral import ModelInputs, Plan, Scores
from augment.attribution.reveal_cancel import RevealingRules
from augment.attribution.row_parts import RowPart, Shares, plain_logits, scored
from augment.ig.baseline import FillerName
from augment.models.classifier import Classifier

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
    revealing: bool = False,
) -> Changes:
    """Return the share of each piece in the change of F from the baseline to the inputs, both [B, T, D].

    forward: embeddings [2B, T, D], texts first, to logits [2B, C]; value: logits [2B, C] to F [2B]. revealing: by
    RevealCancel where a ReLU or maximum follows an affine map; RequestError if none does.
    """
    rows = len(inputs)
    embeddings = torch.cat([inputs, baseline]).detach().requires_grad_(True)
    rules = RevealingRules(rows) if revealing else Rules(rows)
    with torch.enable_grad(), rules:
        values = value(forward(embeddings))
    if isinstance(rules, RevealingRules):
        rules.require_use()
    (multipliers,) = torch.autograd.grad(values[:rows].sum(), embeddings)
    pieces = ((inputs - baseline).double() * multipliers[:rows].double()).sum(-1)
    return Changes(pieces, values[:rows].detach(), values[rows:].detach())


def attribute(classifier: Classifier, rows: ModelInputs, plan: Plan, revealing: bool = False) -> Scores:
    """Return the scores of every row. error: |gap| as a share of the change of F. revealing: by RevealCancel where it applies."""

    def score(part: RowPart) -> Shares:
        """Score one batch."""
        explained = _explained(part)
        twice = {name: torch.cat([tensor, tensor]) for name, tensor in part.batch.items()}
        changes = changes_of(
            lambda both: plain_logits(classifier, twice, both),
            part.inputs,
            part.start(),
            explained,
            revealing,
        )
        return Shares(changes.pieces, changes.floor, value=changes.value)

    return scored(classifier, rows, plan, _EVALUATIONS, score, together=_EVALUATIONS)


def try_rules(classifier: Classifier, revealing: bool = False) -> None:
    """Raise RequestError if the model has an operation without a rule, or none for RevealCancel where that is requested."""
    attribute(classifier, few_pieces(classifier), Plan(baseline="mean"), revealing)


def usual_baseline(classifier: Classifier) -> FillerName:
    """Return zero, or the mask or mean piece for a model whose first norm undoes the scale of its embeddings.

    For such a model F is constant but for the last bit of the way to zero, and multipliers there have no limit.
    """
    scores = attribute(classifier, few_pieces(classifier), Plan())
    size = np.abs(scores.pieces[0]).sum()
    if np.isfinite(size) and size <= _EXPLODED * max(abs(scores.value[0] - scores.floor[0]), 1e-3):
        return "zero"
    return "mask" if classifier.has_mask else "mean"


def few_pieces(classifier: Classifier) -> ModelInputs:
    """Return one row of a few pieces, to try the model on."""
    pieces = classifier.some_pieces()
    segments = [0] * len(pieces)
    logits = classifier.answer([pieces], [segments])
    return ModelInputs([pieces], [segments], logits, logits.argmax(-1))


def _explained(part: RowPart) -> Callable[[Tensor], Tensor]:
    """Return F of logits. Before a softmax they are centred over the classes, as the paper advises in section 3.6.

    It changes no value: what is common to all classes cancels, and so gets no share.
    """
    if part.plan.quantity in ("probability", "log_probability"):
        return lambda logits: part.value(logits - logits.mean(-1, keepdim=True))
    return part.value
