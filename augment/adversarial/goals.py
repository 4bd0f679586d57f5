"""What an attack is after, as one number of the model's logits: below zero it has succeeded.

One class of several: another class leads, or one named class. Several labels: one of them, or a named one, is on the other
side of 0.5. A number: it moves by more than an amount. `ahead` asks for more than that, in logits.

    ClassGoal().distance(logits, own)       # [N]: the attacked class's lead over the best other class
    LabelsGoal().distance(logits, own)      # [N]: the least lead of a label on its side
    NumberGoal(0.5).distance(logits, own)   # [N]: how much is missing to a move of 0.5
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

# Distances are compared after rounding, so that the last bits, which change with the batch a row was in, decide nothing.
DIGITS = 5
# Why a text is not attacked: the model is wrong on it, or answers what is to be reached.
NotAttacked = Literal["skipped", "exempt"]
# The estimated change of a distance, and the token and word that make it.
CandidateEstimate = tuple[float, int, str]
# Estimates that decide where a number is moved to: edits are few.
_STRONGEST = 4


class Goal(Protocol):
    """What an attack is after. own: the answer it is to change, [C]: 1 for a class that is right, else 0; of a number itself."""

    def answered(self, logits: np.ndarray) -> np.ndarray:
        """Return what the model answers, as `own` has it, [N, C] float64, for logits [N, C]."""
        ...

    def not_attacked(self, logits: np.ndarray, own: np.ndarray) -> NotAttacked | None:
        """Return why a text with logits [C] is not attacked; None for one that is."""
        ...

    def distance(self, logits: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return how far each row [N, C] is from the goal, [N] float64, rounded; own: [N, C]."""
        ...

    def margin(self, logits: "Tensor", own: "Tensor") -> "Tensor":
        """Return what an attack is to take away, [B], to be differentiated; own: [B, C]."""
        ...

    def aimed(
        self, estimates: list[CandidateEstimate], logits: np.ndarray, own: np.ndarray
    ) -> list[CandidateEstimate]:
        """Return what candidates do to the distance, for what they do to the margin of a text with logits [C]."""
        ...


def owns(goal: Goal, known: Sequence[np.ndarray | None], logits: np.ndarray) -> np.ndarray:
    """Return the answers to change, [N, C]: what is known of a text, else what the model answers."""
    answers = goal.answered(logits)
    return np.stack([answer if own is None else own for own, answer in zip(known, answers, strict=True)])


@dataclass(frozen=True)
class _LabelGoal:
    """A label, or None for any, and a lead in logits: what is to be taken away is the distance itself."""

    target: int | None = None
    ahead: float = 0.0

    def aimed(
        self, estimates: list[CandidateEstimate], logits: np.ndarray, own: np.ndarray
    ) -> list[CandidateEstimate]:
        """Return the estimates: the margin is the distance."""
        return estimates


class ClassGoal(_LabelGoal):
    """The class to reach, None for any other class, and how far it must lead, in logits."""

    def answered(self, logits: np.ndarray) -> np.ndarray:
        """Return 1 for the first of the highest classes, [N, C]."""
        return np.asarray(np.eye(logits.shape[1])[logits.argmax(1)])

    def not_attacked(self, logits: np.ndarray, own: np.ndarray) -> NotAttacked | None:
        """Return why a text is not attacked: it is not answered with its own class, or that is the target."""
        if logits.argmax() != own.argmax():
            return "skipped"
        return "exempt" if own.argmax() == self.target else None

    def distance(self, logits: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return how far each row is from the goal.

        Without a lead to have it is below zero exactly where the answer, the first of the highest, is one that was wanted.
        """
        rows = np.arange(len(logits))
        ours = own.argmax(1) if self.target is None else np.full(len(logits), self.target)
        lead = logits.astype(np.float64)
        mine = lead[rows, ours]
        lead[rows, ours] = -np.inf
        gap = mine - lead.max(1, initial=-np.inf)
        reached = (logits.argmax(1) == ours) != (self.target is None)
        return _distance(gap if self.target is None else -gap, reached, self.ahead)

    def margin(self, logits: "Tensor", own: "Tensor") -> "Tensor":
        """Return the lead of the own class, or of the best class over the target."""
        ours = own.argmax(1)
        if self.target is not None:
            ours = ours.fill_(self.target)
        mine = logits.gather(1, ours[:, None])[:, 0]
        best = logits.scatter(1, ours[:, None], -float("inf")).max(1).values
        return mine - best if self.target is None else best - mine


class LabelsGoal(_LabelGoal):
    """The label whose decision is to change, None for any label's, and how far beyond 0.5 it must be, in logits."""

    def answered(self, logits: np.ndarray) -> np.ndarray:
        """Return 1 for each label with a probability of 0.5 or more, [N, C]."""
        return (logits >= 0).astype(np.float64)

    def not_attacked(self, logits: np.ndarray, own: np.ndarray) -> NotAttacked | None:
        """Return that a text is skipped if a label is not decided as it should be."""
        return None if ((logits >= 0) == (own > 0)).all() else "skipped"

    def distance(self, logits: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return the least lead of a label on its own side; without a lead to have below zero exactly where one changed."""
        looked = slice(None) if self.target is None else slice(self.target, self.target + 1)
        leads = (np.where(own > 0, 1.0, -1.0) * logits.astype(np.float64))[:, looked]
        changed = ((logits >= 0) != (own > 0))[:, looked].any(1)
        return _distance(leads.min(1), changed, self.ahead)

    def margin(self, logits: "Tensor", own: "Tensor") -> "Tensor":
        """Return the least lead of a label on its own side, or that of the target."""
        leads = (own.to(logits.dtype) * 2 - 1) * logits
        return leads.min(1).values if self.target is None else leads[:, self.target]


@dataclass(frozen=True)
class NumberGoal:
    """By more than which amount a number is to move: up (1), down (-1) or either way (0).

    tolerance: how far the answer may be from the label for a text to be attacked.
    """

    amount: float
    tolerance: float = float("inf")
    direction: Literal[-1, 0, 1] = 0

    def answered(self, logits: np.ndarray) -> np.ndarray:
        """Return the numbers, [N, 1]."""
        return logits.astype(np.float64)

    def not_attacked(self, logits: np.ndarray, own: np.ndarray) -> NotAttacked | None:
        """Return that a text is skipped if the number is further from its own than the tolerance."""
        return "skipped" if abs(float(logits[0]) - float(own[0])) > self.tolerance else None

    def distance(self, logits: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return how much is missing to a move of more than the amount."""
        moved = logits[:, 0].astype(np.float64) - own[:, 0]
        way = np.abs(moved) if self.direction == 0 else self.direction * moved
        return _distance(self.amount - way, way > self.amount, 0.0)

    def margin(self, logits: "Tensor", own: "Tensor") -> "Tensor":
        """Return what falls as the number moves up, or down where it is to go there."""
        return -(self.direction or 1) * logits[:, 0]

    def aimed(
        self, estimates: list[CandidateEstimate], logits: np.ndarray, own: np.ndarray
    ) -> list[CandidateEstimate]:
        """Return the estimates; where either way will do, for the one that the strongest of them and the edits so far go."""
        if self.direction:
            return estimates
        changes = sorted(change for change, _, _ in estimates)
        up = -sum(change for change in changes[:_STRONGEST] if change < 0)
        down = sum(change for change in changes[-_STRONGEST:] if change > 0)
        moved = float(logits[0]) - float(own[0])
        if up + moved >= down - moved:
            return estimates
        return [(-change, token, word) for change, token, word in estimates]


def _distance(gap: np.ndarray, reached: np.ndarray, ahead: float) -> np.ndarray:
    """Return distances, [N], rounded; without a lead to have below zero exactly where the goal is reached."""
    distance = np.round(gap + ahead, DIGITS)
    if ahead:
        return np.asarray(distance)
    return np.asarray(np.where(reached, np.minimum(distance, -(10.0**-DIGITS)), np.maximum(distance, 0.0)))
