"""What a model answers to texts of which some words are taken away: left out, masked, or replaced by others that fit.

A text without words, or with masks, is unlike those that the model has learned from, and its answer may be about that. What
holds under all three ways is about the words.

    answers = ReducedAnswers(predictor, rows, instead)
    answers.values("deleted", [(0, frozenset({2, 5}))])         # probability of the explained class, [1] float64
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from augment.attribution.method import Explained
from augment.attribution.occlusion import answers_of, answers_without, remaining, replacement, seen_tokens
from augment.models.heads import probabilities

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

Removal = Literal["deleted", "masked", "replaced"]
# A row, and which of its words are taken away.
Reduction = tuple[int, frozenset[int]]
# Texts that are answered at once.
_WINDOW = 4096


class ReducedAnswers:
    """The probability of the explained class for rows without some of their words; each state is computed once."""

    def __init__(self, predictor: "Predictor", rows: Explained, instead: Sequence[Sequence[str]]) -> None:
        """Keep the rows, and the word that replaces each token of a row."""
        from augment.models.classifier import Classifier

        self._predictor, self.rows, self._instead = predictor, rows, instead
        self.players = [seen_tokens(rows, row) for row in range(len(rows.ids))]
        self._mask: tuple[Classifier, int] | None = None
        if isinstance(predictor, Classifier):
            self._mask = replacement(predictor, "mask" if predictor.has_mask else "unk")
        self._known: dict[tuple[Removal, Reduction], float] = {}
        self.whole = [float(value) for value in self._of(rows.logits, range(len(rows.ids)))]

    @property
    def ways(self) -> tuple[Removal, ...]:
        """The ways of taking words away; a function has no piece that masks."""
        return tuple(way for way in get_args(Removal) if way != "masked" or self._mask is not None)

    def values(self, way: Removal, states: Sequence[Reduction]) -> np.ndarray:
        """Return the probability of the explained class in each state, [M] float64."""
        new = list(dict.fromkeys(state for state in states if state[1] and (way, state) not in self._known))
        for begin in range(0, len(new), _WINDOW):
            some = new[begin : begin + _WINDOW]
            for state, value in zip(some, self._answered(way, some), strict=True):
                self._known[way, state] = float(value)
        return np.asarray([self._known[way, state] if state[1] else self.whole[state[0]] for state in states])

    def _answered(self, way: Removal, states: Sequence[Reduction]) -> np.ndarray:
        """Return the values of states that are not known yet."""
        if way == "masked":
            logits = answers_without(self._predictor, self.rows, states, self._mask)
        elif way == "deleted":
            logits = answers_of(self._predictor, [remaining(self.rows, *state) for state in states])
        else:
            logits = answers_of(self._predictor, [self._rewritten(*state) for state in states])
        return self._of(logits, [row for row, _ in states])

    def _of(self, logits: object, rows: Sequence[int]) -> np.ndarray:
        """Return the probability of the class of each row."""
        import torch

        target = self.rows.target[list(rows)]
        chances = probabilities(torch.as_tensor(logits).double(), self._predictor.kind)
        return np.asarray(chances.gather(-1, target[:, None])[:, 0].numpy())

    def _rewritten(self, row: int, replaced: frozenset[int]) -> tuple[str, str | None]:
        """Return both texts of a row with some tokens replaced."""
        rows = self.rows
        sides = [rows.texts[row], rows.pairs[row]]
        # From the end, so that the spans of tokens in front stay where they are.
        for token in sorted(replaced, key=lambda token: rows.spans[row][token], reverse=True):
            (start, end), side = rows.spans[row][token], rows.sides[row][token]
            text = sides[side] or ""
            sides[side] = text[:start] + self._instead[row][token] + text[end:]
        return sides[0] or "", sides[1]
