"""An easier data augmentation (Karimi, Rossi and Prati 2021): marks put at random between words. A peer to compare with.

As the authors' code does it: from one to a third of the number of words, each of six marks by chance, before words at random.
Chinese takes the marks in full width. Unlike there, no mark is put before a negation, between it and what it negates, or into
what `resources.protect` names.
"""

from typing import ClassVar, Literal

from pydantic import Field

from augment.seeding import Chance
from augment.stages.eda import before, first_words
from augment.stages.editing import Row
from augment.stages.editor import TRIES, USED_UP, Draw, Editor
from augment.text.editable import governed
from augment.text.edits import Edit
from augment.text.script import language

_MARKS = {"en": ".,!?;:", "zh": "。，！？；："}


class Aeda(Editor):
    """Samples with marks put between their words; no score is looked at."""

    redraws: ClassVar[bool] = False
    kind: Literal["aeda"] = "aeda"
    samples: int = Field(default=4, ge=1, description="samples requested for each row")
    ratio: float = Field(default=0.3, gt=0, le=1, description="of the row's words, marks at most")

    @property
    def shortfall_reason(self) -> str:
        """Why a row has no samples where every draw is empty."""
        return USED_UP

    def draw(self, row: Row, rng: Chance, number: int) -> Draw | None:
        """Return a row with marks; None when all tries are used."""
        return Draw(self.marked(row, rng)) if number < self.samples * TRIES else None

    def marked(self, row: Row, chance: Chance) -> tuple[Edit, ...]:
        """Return the insertion of marks; of a pair the first text is edited."""
        words = first_words(row)
        negated = governed(row.tokens, row.side)
        indices = [token for token in words if token not in negated]
        count = 1 + chance.below(int(self.ratio * len(words)) + 1)
        chosen = chance.sample(indices, count)
        marks = [_MARKS["zh" if language(row.tokens[token]) == "zh" else "en"] for token in chosen]
        new = {token: [some[chance.below(len(some))]] for token, some in zip(chosen, marks, strict=True)}
        return before(row, new)
