"""What a sample must be besides successful. Constraints see only edits that reach the goal: one to three a text.

constraints = (Similarity(encoder, 0.9), Naturalness(plausibility, 0.2))
allowed(constraints, [(row, {3: "fine"})])            # [True]
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from augment.adversarial.attempts import AttackedText, WordChoice

Pick = tuple[AttackedText, WordChoice]
# Vectors [N, W] of texts, of any length.
Vectors = Callable[[Sequence[str]], np.ndarray]
# The perplexity [N] of texts, NaN where it cannot be measured.
Perplexities = Callable[[Sequence[str]], np.ndarray]
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
        return [cosine >= self._least for cosine in similarities(self._vectors, picks)]


def similarities(vectors: Vectors, picks: Sequence[Pick]) -> list[float]:
    """Return the cosine of each text before and after its edits, to five digits; of a pair the lower of its edited sides."""
    before: list[str] = []
    after: list[str] = []
    owner: list[int] = []
    for number, old, new in _edited(picks):
        before.append(old)
        after.append(new)
        owner.append(number)
    lowest = [1.0] * len(picks)
    if before:
        both = vectors([*before, *after])
        unit = both / np.maximum(np.linalg.norm(both, axis=1, keepdims=True), 1e-12)
        for number, cosine in zip(owner, (unit[: len(before)] * unit[len(before) :]).sum(1), strict=True):
            lowest[number] = min(lowest[number], round(float(cosine), 5))
    return lowest


class Fluent:
    """The perplexity of a text after its edits is at most `most` times that before."""

    def __init__(self, perplexity: Perplexities, most: float) -> None:
        """Keep what measures perplexity."""
        self._perplexity, self._most = perplexity, most

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether each text stays as fluent; one too short to be measured does."""
        pairs = perplexities(self._perplexity, picks)
        return [not after > self._most * before for before, after in pairs]


def perplexities(perplexity: Perplexities, picks: Sequence[Pick]) -> list[tuple[float, float]]:
    """Return the perplexity of each text before and after its edits; of a pair the geometric mean over its edited sides."""
    changed = list(_edited(picks))
    if not changed:
        return [(float("nan"), float("nan"))] * len(picks)
    both = np.log(perplexity([old for _, old, _ in changed] + [new for *_, new in changed]))
    logs: list[list[tuple[float, float]]] = [[] for _ in picks]
    for (number, _, _), old, new in zip(changed, both[: len(changed)], both[len(changed) :], strict=True):
        logs[number].append((float(old), float(new)))
    means = [np.mean(each, axis=0) if each else np.full(2, np.nan) for each in logs]
    return [(round(float(np.exp(old)), 4), round(float(np.exp(new)), 4)) for old, new in means]


def _edited(picks: Sequence[Pick]) -> Iterator[tuple[int, str, str]]:
    """Yield the number of each pick, and each of its texts that is edited, before and after."""
    for number, (row, choice) in enumerate(picks):
        for old, new in zip((row.text, row.text_pair), row.texts(choice), strict=True):
            if old is not None and new is not None and old != new:
                yield number, old, new


class NearText:
    """The edits of a text add, leave out and replace at most `most` characters together (Levenshtein 1966)."""

    def __init__(self, most: int) -> None:
        """Keep the limit."""
        self._most = most

    def passing(self, picks: Sequence[Pick]) -> list[bool]:
        """Return whether each text is as near as that."""
        return [
            sum(distance(edit.old, edit.new) for edit in row.edits(choice)) <= self._most
            for row, choice in picks
        ]


def distance(old: str, new: str) -> int:
    """Return how many characters must be added, left out or replaced to make one string another.

    >>> distance("kitten", "sitting")
    3
    """
    line = list(range(len(new) + 1))
    for row, mark in enumerate(old, 1):
        diagonal, line[0] = line[0], row
        for column, other in enumerate(new, 1):
            diagonal, line[column] = (
                line[column],
                min(line[column] + 1, line[column - 1] + 1, diagonal + (mark != other)),
            )
    return line[-1]


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
