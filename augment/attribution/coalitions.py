"""What a model answers when only some words of a text are left: the game that LIME and Shapley values explain.

game = Coalitions(predictor, rows, replace_by="nothing")
game.values([(0, kept)])             # F of row 0 with the words where `kept` is true; [1] float64
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, Field

from augment.attribution.method import MOST_EVALUATIONS, Explained, TokenScores
from augment.attribution.occlusion import ReplaceBy, answers_without, replacement, seen_tokens
from augment.seeding import array_rng, key_of

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

# Variants that are answered at once, which bounds the memory for their texts.
_WINDOW = 4096

Coalition = tuple[int, np.ndarray]


class SamplingSettings(BaseModel, frozen=True, extra="forbid"):
    """How many variants of a text are tried."""

    evaluations: int = Field(
        default=512,
        ge=16,
        le=1 << 20,
        description="of `shapley` and `lime`: about how many variants of a text are answered",
    )


class Coalitions:
    """The answers to rows of which some words are left out, or replaced. Only words that the model sees take part."""

    def __init__(self, predictor: "Predictor", rows: Explained, replace_by: ReplaceBy) -> None:
        """Find the words of each row, and what its whole text and the text without any of them are answered."""
        from augment.ig.target import quantity, runner_up

        self._predictor, self._rows = predictor, rows
        self._replacement = replacement(predictor, replace_by)
        self._against = runner_up(rows.logits, rows.target)
        self.players = [seen_tokens(rows, row) for row in range(len(rows.ids))]
        value = quantity(rows.quantity, rows.logits, rows.target, self._against)
        self.whole: np.ndarray = value.double().numpy()
        self.cost = np.zeros(len(rows.ids), dtype=np.int64)
        self.empty = self.values(
            [(row, np.zeros(len(self.players[row]), bool)) for row in range(len(rows.ids))]
        )

    def words(self, row: int) -> list[str]:
        """Return the words of a row that take part."""
        rows = self._rows
        sides = (rows.texts[row], rows.pairs[row] or "")
        spans = ((sides[rows.sides[row][token]], rows.spans[row][token]) for token in self.players[row])
        return [side[start:end] for side, (start, end) in spans]

    def values(self, coalitions: Sequence[Coalition]) -> np.ndarray:
        """Return F [M] float64 of M pairs of a row and the words that it keeps, [players of the row] bool."""
        from augment.ig.target import quantity

        result = np.zeros(len(coalitions))
        for begin in range(0, len(coalitions), _WINDOW):
            some = coalitions[begin : begin + _WINDOW]
            rows = [row for row, _ in some]
            absent = [
                (row, {token for token, stays in zip(self.players[row], kept, strict=True) if not stays})
                for row, kept in some
            ]
            logits = answers_without(self._predictor, self._rows, absent, self._replacement)
            target, against = self._rows.target[rows], self._against[rows]
            changed = quantity(self._rows.quantity, logits, target, against).double().numpy()
            # A text with all its words is the text itself, to the last bit.
            intact = np.asarray([bool(kept.all()) for _, kept in some])
            result[begin : begin + len(some)] = np.where(intact, self.whole[rows], changed)
            np.add.at(self.cost, rows, 1)
        return result

    def scores(
        self,
        values: Sequence[np.ndarray],
        gap: Sequence[float] | None,
        error: Sequence[float],
        status: Sequence[str],
    ) -> TokenScores:
        """Return the scores of tokens for the scores of the words that take part; 0 for the others."""
        rows = self._rows
        tokens = [np.zeros(len(spans)) for spans in rows.spans]
        for row, players in enumerate(self.players):
            tokens[row][players] = values[row]
        broken = frozenset(row for row, scores in enumerate(tokens) if not np.isfinite(scores).all())
        facts: dict[str, Sequence[object]] = {
            "status": status,
            "rest": [0.0] * len(tokens),
            "error": error,
        }
        if gap is not None:
            facts["gap"] = gap
        cost = self.cost.clip(max=MOST_EVALUATIONS).tolist()
        return TokenScores([scores.tolist() for scores in tokens], self.whole, cost, facts, broken)

    def rng(self, row: int, method: str) -> np.random.Generator:
        """Return the generator of a row, which depends on its texts alone."""
        text, pair = self._rows.texts[row], self._rows.pairs[row]
        return array_rng(key_of(method, text, pair or ""))
