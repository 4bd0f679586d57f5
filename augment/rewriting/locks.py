"""The words of a text that a rewrite has to keep, and where a rewrite has them: each as often as the text, whole, in any order or in theirs.

>>> locks = [LockedWord("room", False), LockedWord("not", False), LockedWord("Paris", True)]
>>> spans_of(locks, "Not in Paris was the room good.")
[(21, 25), (0, 3), (7, 12)]
>>> spans_of(locks, "A room in paris, not good.")[2] is None
True
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import regex

from augment.text.align import Span

_HAN = regex.compile(r"\p{Han}")
_APOSTROPHES = regex.compile(r"[’‘‛´ʼ′＇`]")
# A letter that Latin words are made of, or one of another script with words of letters.
_LATIN = r"[[\p{L}\p{M}\p{N}]--\p{Han}]"
_BEGINS, _ENDS = regex.compile(r"^[\p{L}\p{M}\p{N}]"), regex.compile(r"[\p{L}\p{M}\p{N}]$")


@dataclass(frozen=True)
class LockedWord:
    """A word that has to stay. exact: also its capitals, as those of a name; all other words may begin a sentence or not."""

    word: str
    exact: bool


def spans_of(locks: Sequence[LockedWord], text: str) -> list[Span | None]:
    """Return where a text has each lock, None for a missing one; no two at one place. In the order of the locks where that is possible."""
    plain = _APOSTROPHES.sub("'", text)
    ordered = _in_order(locks, plain)
    return ordered if None not in ordered else _anywhere(locks, plain)


def in_order(spans: Sequence[Span | None]) -> bool:
    """Return whether all locks that are there come in their order."""
    starts = [span[0] for span in spans if span is not None]
    return starts == sorted(starts)


def _in_order(locks: Sequence[LockedWord], text: str) -> list[Span | None]:
    """Return where a text has each lock behind the one before it, as early as possible."""
    spans: list[Span | None] = []
    done = 0
    for lock in locks:
        match = _pattern(lock).search(text, done)
        spans.append(match.span() if match else None)
        done = match.end() if match else done
    return spans


def _anywhere(locks: Sequence[LockedWord], text: str) -> list[Span | None]:
    """Return where a text has each lock, the longest first, so that 好 is not taken out of 好吃."""
    spans: list[Span | None] = [None] * len(locks)
    taken: list[Span] = []
    for index in sorted(range(len(locks)), key=lambda index: (-len(locks[index].word), index)):
        for match in _pattern(locks[index]).finditer(text):
            start, end = match.span()
            if all(end <= begin or behind <= start for begin, behind in taken):
                spans[index] = (start, end)
                taken.append((start, end))
                break
    return spans


@lru_cache(maxsize=1 << 14)
def _pattern(lock: LockedWord) -> "regex.Pattern[str]":
    """Return what matches a lock: a Latin word only whole, Han anywhere, as Chinese has no borders of words."""
    word = _APOSTROPHES.sub("'", lock.word)
    whole = not _HAN.search(word)
    begin = rf"(?<!{_LATIN})" if whole and _BEGINS.search(word) else ""
    end = rf"(?!{_LATIN})" if whole and _ENDS.search(word) else ""
    return regex.compile(
        begin + regex.escape(word, literal_spaces=True) + end,
        regex.VERSION1 | (0 if lock.exact else regex.IGNORECASE),
    )
