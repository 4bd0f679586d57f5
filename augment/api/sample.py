"""A text that was made from another one."""

from collections.abc import Hashable
from dataclasses import dataclass

from augment.text.edits import Edit


@dataclass(frozen=True)
class Sample:
    """An augmented text, with what it was made from.

    source: the number of its source text among those given. label: that of the source text, as it was given, unless the
    method gives another (`moves_label`). edits: replacements which, made on the source text, give it. verdict: keep,
    adversarial or contrast, None where the pipeline decides nothing. probability: of the source's label, by the model.
    """

    id: str
    text: str
    text_pair: str | None
    label: Hashable
    source: int
    method: str
    edits: tuple[Edit, ...]
    verdict: str | None
    probability: float | None
    moves_label: bool = False

    def __str__(self) -> str:
        """Return the text."""
        return self.text if self.text_pair is None else f"{self.text} ⫽ {self.text_pair}"
