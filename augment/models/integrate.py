"""Attribute a prediction to the pieces of each row: integrated gradients and the plain gradients beside it.

All rows and all nodes of the path go into the same batches, sorted by length within a piece budget. Each row is first
integrated with `steps` nodes. Completeness (Sundararajan et al. 2017, proposition 1) says that the scores sum to
F(x) - F(x'); a row whose scores miss that by more than `tolerance` is integrated again with twice the nodes, up to
`most_steps`, and marked not_converged if it still misses. A TextCNN needs no nodes: its integral has a closed form.
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


@dataclass(frozen=True)
class Rows:
    """What is explained. pieces, segments: N rows of input and token type ids; logits: [N, C] float32 at x.

    target: [N] int64, the class explained in each row. Both tensors on the CPU.
    """

    pieces: Sequence[Sequence[int]]
    segments: Sequence[Sequence[int]]
    logits: torch.Tensor
    target: torch.Tensor


@dataclass(frozen=True)
class Plan:
    """How to attribute: the method, its quantity, and for integrated gradients the nodes and the tolerance."""

    method: Method = "integrated_gradients"
    quantity: QuantityName = "logit"
    baseline: BaselineName = "zero"
    steps: int = 16
    tolerance: float | None = 0.05
    most_steps: int = 128

    @property
    def allows_closed_form(self) -> bool:
        """Whether a net that has a closed form may use it: the quantity is linear in the logits, no rule is asked for."""
        linear = self.quantity in ("logit", "difference") and self.baseline == "zero"
        return self.method == "integrated_gradients" and linear and self.tolerance is not None


@dataclass
class Scores:
    """Scores of N rows. pieces: one float64 array [T] a row. The rest are arrays [N].

    value, floor: F(x) and F(baseline); gap: sum of scores - (value - floor); error: gap relative to the larger of
    |value - floor| and a tenth of the sum of |scores|; evals: gradient evaluations; status: converged,
    not_converged, exact (closed form) or fixed.
    """

    pieces: list[np.ndarray]
    value: np.ndarray
    floor: np.ndarray
    gap: np.ndarray
    error: np.ndarray
    evals: np.ndarray
    status: list[str]


def attribute(classifier: Classifier, rows: Rows, plan: Plan) -> Scores:
    """Return the scores of every row for its target class."""
    return _Attribution(classifier, rows, plan).run()


class _Attribution:
    """The scores of some rows, brought up to date rule by rule."""

    def __init__(self, classifier: Classifier, rows: Rows, plan: Plan) -> None:
        """Evaluate F at both ends of every row's path."""
        self._classifier, self._rows, self._plan = classifier, rows, plan
        self._closed_form = classifier.has_closed_form and plan.allows_closed_form
        self._against = runner_up(rows.logits, rows.target)
        start = classifier.answer(rows.pieces, rows.segments, scale=0.0)
        count = len(rows.pieces)
        self._scores = Scores(
            [np.zeros(len(row)) for row in rows.pieces],
            self._quantity(rows.logits),
            self._quantity(start),
            np.zeros(count),
            np.zeros(count),
            np.zeros(count, dtype=np.int16),
            ["fixed"] * count,
        )

    def run(self) -> Scores:
        """Apply the first rule to all rows, and finer ones to those that do not close."""
        plan, scores = self._plan, self._scores
        rows = list(range(len(self._rows.pieces)))
        if plan.method != "integrated_gradients" or self._closed_form:
            self._apply(rows, np.ones(1), np.ones(1))
            scores.status = ["exact" if self._closed_form else "fixed"] * len(rows)
            return scores
        steps = plan.steps
        while rows:
            self._apply(rows, *gauss_legendre(steps))
            if plan.tolerance is None:
                break
            late = [row for row in rows if not scores.error[row] <= plan.tolerance]
            for row in rows:
                scores.status[row] = "converged"
            for row in late:
                scores.status[row] = "not_converged"
            steps *= 2
            rows = late if steps <= plan.most_steps else []
        return scores

    def _apply(self, rows: list[int], nodes: np.ndarray, weights: np.ndarray) -> None:
        """Replace the scores of `rows` by those of a rule, and bring gap and error up to date."""
        scores, pieces = self._scores, self._rows.pieces
        for row in rows:
            scores.pieces[row] = np.zeros(len(pieces[row]))
            scores.evals[row] += len(nodes)
        work = [(row, node) for row in rows for node in range(len(nodes))]
        for items in pack([len(pieces[row]) for row, _ in work], self._classifier.budget):
            here = [work[item][0] for item in items]
            at = [work[item][1] for item in items]
            shares = self._evaluate(here, nodes[at])
            for share, row, node in zip(shares, here, at, strict=True):
                scores.pieces[row] += weights[node] * share[: len(pieces[row])]
        for row in rows:
            change = scores.value[row] - scores.floor[row]
            scores.gap[row] = scores.pieces[row].sum() - change
            # Where F hardly changes, the scores themselves are the measure (a tenth of their sum).
            measure = max(abs(change), 0.1 * np.abs(scores.pieces[row]).sum(), 1e-12)
            scores.error[row] = abs(scores.gap[row]) / measure

    def _evaluate(self, here: list[int], alphas: np.ndarray) -> np.ndarray:
        """Return one number a piece, [B, T] float64, for a batch of rows at positions `alphas` [B] of their paths."""
        rows, device = self._rows, self._classifier.device
        batch = self._classifier.batch(
            [rows.pieces[row] for row in here], [rows.segments[row] for row in here]
        )
        asked = Question(self._plan.quantity, rows.target[here].to(device), self._against[here].to(device))
        positions = torch.tensor(alphas, dtype=torch.float32, device=device)
        network = self._classifier.secant if self._closed_form else self._classifier
        found = evaluate(network, batch, zero(self._classifier.embed(batch)), positions, asked)
        shares = found.steepness if self._plan.method == "gradient" else found.along
        return np.asarray(shares.double().cpu().numpy())

    def _quantity(self, logits: torch.Tensor) -> np.ndarray:
        """Return F [N] float64 for logits [N, C]."""
        value = quantity(self._plan.quantity, logits, self._rows.target, self._against)
        return np.asarray(value.double().numpy())
