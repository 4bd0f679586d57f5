"""Other wordings of a text, each with the changes that make it.

Rules propose what they are sure of; whether people write the words in that order next to their new neighbours, the caller
asks (`wordings`). None goes across a line break.

    >>> [way for one in rephrasings("味道不错，送餐很快") for way in one.ways][:1]
    [((0, 0, '送餐很快，'), (4, 9, ''))]
"""

from collections.abc import Iterator
from typing import NamedTuple

import regex

from augment.text.editable import in_script_of
from augment.text.omission.cut import Replacement
from augment.text.omission.english import english_tags
from augment.text.omission.english_sentence import english_sentences
from augment.text.omission.line import HAN, Line, lines_of
from augment.text.quoted import is_quoted
from augment.text.rephrasing.chinese_order import chinese_order
from augment.text.rephrasing.chinese_variants import chinese_pairs, chinese_variants
from augment.text.rephrasing.chinese_wordings import chinese_wordings
from augment.text.rephrasing.english_joining import english_joining
from augment.text.rephrasing.english_order import english_order
from augment.text.rephrasing.english_wordings import english_wordings
from augment.text.rephrasing.proposal import Exchange, RephrasingKind, Wording
from augment.text.segment import tag
from augment.text.tagger import WordParts, nothing_known

Way = tuple[Replacement, ...]
_SPACED = regex.compile(r"[\p{L}\p{N}']")


class Rephrasing(NamedTuple):
    """One other wording of a text.

    ways: the changes that make it, ordered; more than one where either of two parts can be what moves. wordings: what
    people have to write for it to be one: what is before, what was there, what is there now, and what is behind. negates: a negation gives way to another form of it.
    """

    kind: RephrasingKind
    ways: tuple[Way, ...]
    wordings: tuple[tuple[str, tuple[str, ...], tuple[str, ...], str], ...]
    plausibility: float
    negates: bool = False

    @property
    def start(self) -> int:
        """The first code point that it touches."""
        return min(start for way in self.ways for start, _, _ in way)

    @property
    def end(self) -> int:
        """The code point behind all that it touches."""
        return max(end for way in self.ways for _, end, _ in way)


def rephrasings(text: str, parts: WordParts = nothing_known) -> tuple[Rephrasing, ...]:
    """Return the other wordings of a text, one at a time.

    parts: the parts of speech that a dictionary has an English word as.
    """
    every = (one for offset, line in lines_of(text) for one in _of_line(line, offset, parts))
    return tuple(one for one in every if not is_quoted(text, one.start, one.end))


def _of_line(line: Line, offset: int, parts: WordParts) -> Iterator[Rephrasing]:
    """Yield the other wordings of a line."""
    if HAN.search(line.text):
        tags = [tag(word) or "" for word in line.words]
        for exchange in (*chinese_order(line, tags), *chinese_pairs(line, tags)):
            yield _exchanged(line, exchange, offset)
        for wording in (*chinese_wordings(line, tags), *chinese_variants(line, tags)):
            yield from _worded(line, wording, offset)
    english = english_tags(line, parts)
    if english is None:
        return
    for sentence in english_sentences(line, english):
        for exchange in english_order(sentence):
            yield _exchanged(line, exchange, offset)
        for wording in (*english_wordings(sentence), *english_joining(sentence)):
            yield from _worded(line, wording, offset)


def _exchanged(line: Line, exchange: Exchange, offset: int) -> Rephrasing:
    """Return two parts in the other order; either of them can be what moves."""
    text, (first, last, other_first, other_last, plausibility, tested) = line.text, exchange
    begin, end = line.spans[first][0], line.spans[last - 1][1]
    other_begin, other_end = line.spans[other_first][0], line.spans[other_last - 1][1]
    between = text[end:other_begin]
    back = ((begin, begin, text[other_begin:other_end] + between), (end, other_end, ""))
    ahead = ((begin, other_begin, ""), (other_end, other_end, between + text[begin:end]))
    ways = tuple(
        tuple((start + offset, stop + offset, new) for start, stop, new in way) for way in (back, ahead)
    )
    words = line.words
    old = tuple(words[first:other_last])
    new = tuple(words[other_first:other_last] + words[last:other_first] + words[first:last])
    wordings = ((line.word(first - 1), old, new, line.word(other_last)),) if tested else ()
    return Rephrasing("order", ways, wordings, plausibility)


def _worded(line: Line, wording: Wording, offset: int) -> Iterator[Rephrasing]:
    """Yield a line with other words in place of some, in its script; nothing where that cannot be written."""
    kind, first, last, new, plausibility, tested, negates = wording
    spaced = not any(map(HAN.search, new or line.words[first:last]))
    start = line.spans[first][0] if first < len(line) else line.spans[-1][1]
    end = line.spans[last - 1][1] if last > first else start
    put = in_script_of(line.text, (" " if spaced else "").join(new))
    if put is None:
        return
    if first == last:
        # What is added goes before the token there, or behind the last one.
        behind = first == len(line) or (not spaced and first and line.is_mark(first))
        start = end = line.spans[first - 1][1] if behind else start
        put = (f" {put}" if behind else f"{put} ") if spaced else put
    elif not new:
        # One of the spaces around goes with what is dropped.
        if (last < len(line) and not line.is_mark(last)) or not first:
            end = line.spans[last][0] if last < len(line) else end
        else:
            start = line.spans[first - 1][1]
    elif line.token(first)[:1].isupper() and spaced:
        put = put[:1].upper() + put[1:]
    words = line.words
    wordings = ((line.word(first - 1), tuple(words[first:last]), new, line.word(last)),) if tested else ()
    yield Rephrasing(kind, (((start + offset, end + offset, put),),), wordings, plausibility, negates)
