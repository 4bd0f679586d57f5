"""A slot: a token of a row, in its text, that a substitute may fill."""

from dataclasses import dataclass

from augment.text.align import Span
from augment.text.script import language

# Code points that are seen on either side of a word: some twenty words.
_REACH = {"zh": 40, "en": 100}


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


def around(slot: Slot, word: str) -> tuple[str, Span]:
    """Return the text around a place with a word in it, and the span of the word."""
    reach = _REACH[spoken_at(slot)]
    before = slot.whole[max(slot.start - reach, 0) : slot.start]
    after = slot.whole[slot.end : slot.end + reach]
    return f"{before}{word}{after}", (len(before), len(before) + len(word))


def spoken_at(slot: Slot) -> str:
    """Return the language of the word of a place, of the two whose dictionaries are known."""
    return "en" if language(slot.word) == "en" else "zh"
