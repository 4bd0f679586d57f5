"""What an attack is after, as one number of the model's logits: below zero it has succeeded.

Untargeted: another class than the attacked one leads. Targeted: one named class leads. `ahead` asks for a lead of so much.

    Goal().distance(logits, own)            # [N]: the attacked class's lead over the best other class
    Goal(target=2).distance(logits, own)    # [N]: the best other class's lead over class 2
"""

from dataclasses import dataclass

import numpy as np

# Distances are compared after rounding, so that the last bits, which change with the batch a row was in, decide nothing.
DIGITS = 5


@dataclass(frozen=True)
class Goal:
    """The class to reach, None for any other class, and how far it must lead, in logits."""

    target: int | None = None
    ahead: float = 0.0

    def distance(self, logits: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return how far each row [N, C] is from the goal, [N] float64, rounded; own: the attacked class of each, [N].

        Without a lead to have it is below zero exactly where the answer, the first of the highest, is one that was wanted.
        """
        rows = np.arange(len(logits))
        ours = own if self.target is None else np.full(len(logits), self.target)
        lead = logits.astype(np.float64)
        mine = lead[rows, ours]
        lead[rows, ours] = -np.inf
        gap = mine - lead.max(1, initial=-np.inf)
        answer = logits.argmax(1)
        signed, reached = (gap, answer != own) if self.target is None else (-gap, answer == self.target)
        distance = np.round(signed + self.ahead, DIGITS)
        if self.ahead:
            return np.asarray(distance)
        return np.asarray(
            np.where(reached, np.minimum(distance, -(10.0**-DIGITS)), np.maximum(distance, 0.0))
        )

    def is_attacked(self, answer: int, own: int) -> bool:
        """Return whether a row is attacked: the model answers it with its own class, which is not the target."""
        return answer == own and own != self.target
