"""DeepLIFT's pass: a forward pass by the rules of baselines and then of texts, and one backward of texts for the multipliers.

changes = changes_of(forward, inputs, baseline, value)       # forward: embeddings [B, T, D] to logits [B, C]
"""

from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from augment.attribution.difference_mode import Rules
from augment.attribution.difference_records import ReferenceRecords
from augment.attribution.path_integral import ModelInputs, Plan, Scores
from augment.attribution.reveal_cancel import RevealingRules
from augment.attribution.row_parts import RowPart, Shares, plain_logits, scored
from augment.ig.baseline import FillerName
from augment.models.classifier import Classifier

# Where the scores of a few pieces are this many times larger than the change they add up to, they cancel each other.
_EXPLODED = 1e3
# A text and its baseline: two rows forward.
_EVALUATIONS = 2
# What is known of each model: which rules it was tried with, and its usual baseline.
_TRIED: WeakKeyDictionary[Classifier, set[bool]] = WeakKeyDictionary()
_USUAL: WeakKeyDictionary[Classifier, FillerName] = WeakKeyDictionary()


@dataclass(frozen=True)
class Changes:
    """Scores of B rows. pieces: [B, T] float64, which sum to value - floor; value, floor: [B], F at text and baseline."""

    pieces: Tensor
    value: Tensor
    floor: Tensor


@dataclass(frozen=True)
class SharedBaselines:
    """Baselines that several of B texts have. first: the first text with each; owner: [B], the place of each text's in `first`.

    forward: embeddings of those alone to their logits. None for owner: each text has its own.
    """

    first: list[int]
    owner: Tensor | None
    forward: Callable[[Tensor], Tensor]


def changes_of(
    forward: Callable[[Tensor], Tensor],
    inputs: Tensor,
    baseline: Tensor,
    value: Callable[[Tensor], Tensor],
    revealing: bool = False,
    shared: SharedBaselines | None = None,
) -> Changes:
    """Return the share of each piece in the change of F from the baseline to the inputs, both [B, T, D].

    forward: embeddings [B, T, D] to logits [B, C]; value: logits [B, C] to F [B]. revealing: by RevealCancel where a ReLU or
    maximum follows an affine map; RequestError if none does. shared: how baselines that several texts have are computed once.
    """
    once = shared or SharedBaselines(list(range(len(inputs))), None, forward)
    records = ReferenceRecords(len(once.first), once.owner)
    rules = (RevealingRules if revealing else Rules)(records)
    with torch.enable_grad():
        with rules:
            floor = value(records.shared(once.forward(_followed(baseline[once.first]))))
        records.begin_texts(len(inputs))
        here = _followed(inputs)
        with rules:
            values = value(forward(here))
    if isinstance(rules, RevealingRules):
        rules.require_use()
    (multipliers,) = torch.autograd.grad(values.sum(), here)
    pieces = ((inputs - baseline).double() * multipliers.double()).sum(-1)
    return Changes(pieces, values.detach(), floor.detach())


def _followed(embeddings: Tensor) -> Tensor:
    """Return embeddings as what the rest of a forward pass depends on."""
    return embeddings.detach().requires_grad_(True)


def attribute(classifier: Classifier, rows: ModelInputs, plan: Plan, revealing: bool = False) -> Scores:
    """Return the scores of every row. error: |gap| as a share of the change of F. revealing: by RevealCancel where it applies."""

    def score(part: RowPart) -> Shares:
        """Score one batch."""
        changes = changes_of(
            lambda embeddings: plain_logits(classifier, part.batch, embeddings),
            part.inputs,
            part.start(),
            _explained(part),
            revealing,
            _shared(part),
        )
        return Shares(changes.pieces, changes.floor, value=changes.value)

    return scored(classifier, rows, plan, _EVALUATIONS, score, together=_EVALUATIONS)


def _shared(part: RowPart) -> SharedBaselines | None:
    """Return the baselines of a batch, each once; None if no two texts have the same."""
    here = part.rows.layouts(part.classifier, part.plan.baseline, part.indices)
    first = {layout: index for index, layout in reversed(list(enumerate(here)))}
    if len(first) == len(here):
        return None
    chosen = sorted(first.values())
    number_of = {here[index]: number for number, index in enumerate(chosen)}
    batch = {name: tensor[chosen] for name, tensor in part.batch.items()}
    owner = torch.tensor([number_of[layout] for layout in here], device=part.inputs.device)
    return SharedBaselines(chosen, owner, lambda embeddings: plain_logits(part.classifier, batch, embeddings))


def try_rules(classifier: Classifier, revealing: bool = False) -> None:
    """Raise RequestError if the model has an operation without a rule, or none for RevealCancel where that is requested."""
    tried = _TRIED.setdefault(classifier, set())
    if revealing not in tried:
        # Three rows: of one alone nobody sees where the rows of a tensor are.
        attribute(classifier, few_pieces(classifier).take([0, 0, 0]), Plan(baseline="mean"), revealing)
        tried.add(revealing)


def usual_baseline(classifier: Classifier) -> FillerName:
    """Return zero, or the mask or mean piece for a model whose first norm undoes the scale of its embeddings.

    For such a model F is constant but for the last bit of the way to zero, and multipliers there have no limit.
    """
    if classifier not in _USUAL:
        scores = attribute(classifier, few_pieces(classifier), Plan())
        size, change = np.abs(scores.pieces[0]).sum(), abs(scores.value[0] - scores.floor[0])
        limited = np.isfinite(size) and size <= _EXPLODED * max(change, 1e-3)
        _USUAL[classifier] = "zero" if limited else "mask" if classifier.has_mask else "mean"
    return _USUAL[classifier]


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
