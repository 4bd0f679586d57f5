"""A slot: a token of a row, in its text, that a substitute may fill."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Slot:
    """A token to be replaced: its row and number, both texts, its side and span, and the token before it."""

    row: str
    token: int
    text: str
    text_pair: str | None
    side: int
    start: int
    end: int
    before: str | None

    @property
    def whole(self) -> str:
        """The text the token is in."""
        return self.text_pair if self.side and self.text_pair is not None else self.text

    @property
    def word(self) -> str:
        """The token itself."""
        return self.whole[self.start : self.end]


@dataclass(frozen=True)
class Proposed:
    """Words that mean the same as a token in its main sense, and in another sense."""

    synonyms: tuple[str, ...] = ()
    senses: tuple[str, ...] = ()
