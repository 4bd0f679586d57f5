"""Locked words as marks in what is sent, and the words put back in what comes: each mark once, no other mark than the text has.

A mark has the next number that the text itself has in no brackets, so that a mark of the user's is never taken for one of ours.

>>> marked = marked_text("The room was not clean [1].", [(4, 8), (13, 16), (17, 22)])
>>> marked.text, marked.words
('The [2] was [3] [1].', {2: 'room', 3: 'not clean'})
>>> put_back(marked, "[1] Sadly [3] was the [2].")
'[1] Sadly not clean was the room.'
>>> put_back(marked, "A [2], [3] [9]."), put_back(marked, "A [2].")
(Problem(name='mark', words=('[9]',)), Problem(name='missing', words=('[3]',)))
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import regex

from augment.rewriting.checking import Problem
from augment.text.align import Span

# A number in brackets: ours, and what a model that writes Chinese makes of it.
_MARK = regex.compile(r"[\[［【]\s*(\p{Nd}{1,9})\s*[\]］】]")
_GAP = regex.compile(r"[^\S\n]*")
# What may come before the first word of a sentence.
_BEGINS = regex.compile(r"(?:^|[.!?。！？\n])[\s\"'“”‘’(（「*-]*$")
_CAPITAL = regex.compile(r"\p{Lu}[\p{Ll}'’-]+(?:\s|$)")


@dataclass(frozen=True)
class MarkedText:
    """A text with marks in place of words. words: what each number replaces; own: numbers that the text itself has in brackets.

    usual: numbers of words whose capital is that of the beginning of a sentence, or may become one.
    """

    text: str
    words: Mapping[int, str]
    own: Mapping[int, int]
    usual: frozenset[int] = frozenset()

    @property
    def shown(self) -> list[str]:
        """The marks with what each replaces, for a prompt."""
        return [f"[{number}] = {word}" for number, word in self.words.items()]


def marked_text(text: str, locked: Sequence[Span], exact: Collection[Span] = ()) -> MarkedText:
    """Return a text with a mark for each locked word; words that follow each other share one. exact: those that keep their capitals."""
    own = Counter(int(match[1]) for match in _MARK.finditer(text))
    numbers = (number for number in count(1) if number not in own)
    parts: list[str] = []
    words: dict[int, str] = {}
    usual: set[int] = set()
    # In a text all in small letters no sentence begins with a capital.
    cased = next((letter for letter in text if letter.isalpha()), "").isupper()
    done = 0
    for (start, end), kept in _runs(text, locked, set(exact)):
        number = next(numbers)
        words[number] = text[start:end]
        if cased and not kept and (not words[number][:1].isupper() or _is_first(text[:start], words[number])):
            usual.add(number)
        parts += [text[done:start], f"[{number}]"]
        done = end
    return MarkedText("".join([*parts, text[done:]]), words, own, frozenset(usual))


def put_back(marked: MarkedText, rewrite: str) -> str | Problem:
    """Return a rewrite with the words in place of their marks; a problem if a mark is missing, there twice, or of nothing."""
    numbers = Counter(int(match[1]) for match in _MARK.finditer(rewrite))
    strange = sorted(number for number in numbers if number not in marked.words and number not in marked.own)
    for name, wrong in (
        ("mark", strange),
        ("missing", [number for number in marked.words if not numbers[number]]),
        ("twice", [number for number in marked.words if numbers[number] > 1]),
    ):
        if wrong:
            return Problem(name, tuple(f"[{number}]" for number in wrong))
    parts: list[str] = []
    done = 0
    for match in _MARK.finditer(rewrite):
        number = int(match[1])
        if number in marked.words:
            parts.append(rewrite[done : match.start()])
            word = marked.words[number]
            parts.append(_cased(word, "".join(parts)) if number in marked.usual else word)
            done = match.end()
    return "".join([*parts, rewrite[done:]])


def _runs(text: str, locked: Sequence[Span], exact: set[Span]) -> Iterator[tuple[Span, bool]]:
    """Yield the spans of locked words, those with at most space between them as one, and whether the first keeps its capitals."""
    run: Span | None = None
    kept = False
    for start, end in sorted(locked):
        if run is not None and _GAP.fullmatch(text, run[1], start):
            run = (run[0], end)
            continue
        if run is not None:
            yield run, kept
        run, kept = (start, end), (start, end) in exact
    if run is not None:
        yield run, kept


def _is_first(before: str, word: str) -> bool:
    """Return whether a word has a capital because a sentence begins with it."""
    return bool(_BEGINS.search(before) and _CAPITAL.match(word))


def _cased(word: str, before: str) -> str:
    """Return a word with a capital where it begins a sentence, and without one where it does not."""
    first = word[0].upper() if _BEGINS.search(before) else word[0].lower()
    return first + word[1:]
