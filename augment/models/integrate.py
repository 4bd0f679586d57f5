"""Attribute a prediction to the pieces of each row: integrated gradients and the plain gradients beside it.

All rows and all nodes of the path go into the same batches, sorted by length within a piece budget. Each row is first
integrated with `steps` nodes. Completeness (Sundararajan et al. 2017, proposition 1) says that the scores sum to
F(x) - F(x'); a row whose scores miss that by more than `tolerance` is integrated again with twice the nodes, up to
`most_steps`, and marked not_converged if it still misses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from augment.ig.baseline import BaselineName, zero
from augment.ig.gradients import Question, evaluate
from augment.ig.path import gauss_legendre
from augment.ig.target import QuantityName, quantity, runner_up
from augment.models.classifier import Classifier
from augment.models.packing import pack

Method = Literal["integrated_gradients", "gradient", "gradient_x_input"]
Pieces = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Plan:
    """How to attribute: the method, its quantity, and for integrated gradients the nodes and the tolerance."""

    method: Method = "integrated_gradients"
    quantity: QuantityName = "logit"
    baseline: BaselineName = "zero"
    steps: int = 16
    tolerance: float | None = 0.05
    most_steps: int = 128


@dataclass
class Scores:
    """Scores of N rows. pieces: one float64 array [T] a row. The rest are arrays [N].

    value, floor: F(x) and F(baseline); gap: sum of scores - (value - floor); error: gap relative to the larger of
    |value - floor| and a tenth of the sum of |scores|; evals: gradient evaluations; status: converged,
    not_converged or fixed.
    """

    pieces: list[np.ndarray]
    value: np.ndarray
    floor: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    evals: np.ndarray
    status: list[str]


def attribute(
    classifier: Classifier, pieces: Pieces, segments: Pieces, logits: torch.Tensor, target: torch.Tensor, plan: Plan
) -> Scores:
    """Return the scores of every row for its class `target` [N] int64, given its logits [N, C] at x."""
    against = runner_up(logits, target)
    value = quantity(plan.quantity, logits, target, against).double().numpy()
    floor = quantity(plan.quantity, classifier.answer(pieces, segments, scale=0.0), target, against).double().numpy()
    count = len(pieces)
    scores = Scores(
        [np.zeros(len(row)) for row in pieces],
        value,
        floor,
        np.zeros(count),
        np.zeros(count),
        np.zeros(count, dtype=np.int16),
        ["fixed"] * count,
    )
    steps = plan.steps if plan.method == "integrated_gradients" else 1
    rows = list(range(count))
    while rows:
        _integrate(classifier, pieces, segments, target, against, plan, steps, rows, scores)
        if plan.tolerance is None or plan.method != "integrated_gradients":
            break
        late = [row for row in rows if scores.error[row] > plan.tolerance]
        for row in rows:
            scores.status[row] = "converged"
        for row in late:
            scores.status[row] = "not_converged"
        steps *= 2
        rows = late if steps <= plan.most_steps else []
    return scores


def _integrate(
    classifier: Classifier,
    pieces: Pieces,
    segments: Pieces,
    target: torch.Tensor,
    against: torch.Tensor,
    plan: Plan,
    steps: int,
    rows: list[int],
    scores: Scores,
) -> None:
    """Replace the scores of `rows` by those of a rule with `steps` nodes, and bring their gap up to date."""
    nodes, weights = gauss_legendre(steps) if plan.method == "integrated_gradients" else (np.ones(1), np.ones(1))
    for row in rows:
        scores.pieces[row] = np.zeros(len(pieces[row]))
        scores.evals[row] += steps
    work = [(row, node) for row in rows for node in range(len(nodes))]
    for items in pack([len(pieces[row]) for row, _ in work], classifier.budget):
        chosen = [work[item] for item in items]
        here = [row for row, _ in chosen]
        batch = classifier.batch([pieces[row] for row in here], [segments[row] for row in here])
        alphas = torch.tensor([nodes[node] for _, node in chosen], dtype=torch.float32, device=classifier.device)
        asked = Question(plan.quantity, target[here].to(classifier.device), against[here].to(classifier.device))
        found = evaluate(classifier, batch, zero(classifier.embed(batch)), alphas, asked)
        shares = (found.steepness if plan.method == "gradient" else found.along).double().cpu().numpy()
        longest = shares.shape[1]
        for share, (row, node) in zip(shares, chosen, strict=True):
            scores.pieces[row] += weights[node] * share[classifier.place(len(pieces[row]), longest)]
    for row in rows:
        change = scores.value[row] - scores.floor[row]
        total = scores.pieces[row].sum()
        scores.gap[row] = total - change
        scores.error[row] = abs(scores.gap[row]) / max(abs(change), 0.1 * np.abs(scores.pieces[row]).sum(), 1e-12)
