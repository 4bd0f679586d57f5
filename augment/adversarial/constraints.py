"""What a sample must be besides successful. Constraints see only edits that reach the goal: one to three a text.

constraints = (Similarity(encoder, 0.9), Naturalness(plausibility, 0.2))
allowed(constraints, [(row, {3: "fine"})])            # [True]
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from augment.adversarial.attempts import AttackedText, WordChoice

Pick = tuple[AttackedText, WordChoice]
# Vectors [N, W] of texts, of any length.
Vectors = Callable[[Sequence[str]], np.ndarray]
# How natural the edits of a row are, from 0 to 1.
Natural = Callable[[AttackedText, WordChoice], float]


class Constraint(Protocol):
    """A test of texts with edits in place."""

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether each text with its edits passes."""
        ...


class Similarity:
    """The cosine of the vectors that an encoder gives the text before and after is at least `least`."""

    def __init__(self, vectors: Vectors, least: float) -> None:
        """Keep what gives vectors."""
        self._vectors, self._least = vectors, least

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether each text stays similar; of a pair the sides that are edited."""
        before: list[str] = []
        after: list[str] = []
        owner: list[int] = []
        for number, (row, choice) in enumerate(picks):
            for old, new in zip((row.text, row.text_pair), row.texts(choice), strict=True):
                if old is not None and new is not None and old != new:
                    before.append(old)
                    after.append(new)
                    owner.append(number)
        lowest = [1.0] * len(picks)
        if before:
            vectors = self._vectors([*before, *after])
            unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
            for number, cosine in zip(owner, (unit[: len(before)] * unit[len(before) :]).sum(1), strict=True):
                lowest[number] = min(lowest[number], round(float(cosine), 5))
        return [cosine >= self._least for cosine in lowest]


class Naturalness:
    """The edits read well by what was counted of plain text, with a number of at least `least`."""

    def __init__(self, natural: Natural, least: float) -> None:
        """Keep what judges edits."""
        self._natural, self._least = natural, least

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether the edits of each text read well."""
        return [round(self._natural(row, choice), 5) >= self._least for row, choice in picks]


class NotBlank:
    """Something is left of the text, and it is another text."""

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether each text is another one with something in it."""
        passing = []
        for row, choice in picks:
            text, pair = row.texts(choice)
            blank = not text.strip() or (pair is not None and not pair.strip())
            passing.append(not blank and (text, pair) != (row.text, row.text_pair))
        return passing


def allowed(constraints: Sequence[Constraint], picks: Sequence[Pick]) -> list[bool]:
    """Return whether each pick passes all constraints; later ones see only what passed the earlier ones."""
    passing = [True] * len(picks)
    for constraint in constraints:
        left = [number for number, fine in enumerate(passing) if fine]
        if not left:
            break
        for number, fine in zip(left, constraint.passing([picks[number] for number in left]), strict=True):
            passing[number] = fine
    return passing
