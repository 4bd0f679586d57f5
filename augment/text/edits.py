"""Make edits on a text, and find what to remove with a token so that the rest still reads as a text.

Replaying the edits of a sample on its source row gives the sample: that is the proof of where a sample came from.

    >>> replay("a very good film", None, [Edit(0, 7, 11, "good", "fine", 0.0), Edit(0, 2, 7, "very ", "", 0.0)])
    ('a fine film', None)
    >>> deletion("a very good film", 2, 6)
    (2, 7)
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import regex

from augment.text.align import Span

_CLOSING = regex.compile(r"[\p{Pe}\p{Pf}.,;:!?%…，。；：！？、]")
_OPENING = regex.compile(r"[\p{Ps}\p{Pi}]")
_STRAIGHT = "\"'"
_WORDLIKE = regex.compile(r"[[\p{L}\p{M}\p{N}]--\p{Han}]", regex.VERSION1)


class Edit(NamedTuple):
    """One replacement: code points start to end of a side held `old` and now hold `new`."""

    side: int
    start: int
    end: int
    old: str
    new: str
    score: float


def replay(text: str, text_pair: str | None, edits: Sequence[Edit]) -> tuple[str, str | None]:
    """Return both sides after edits, which may come in any order.

    ValueError if they overlap, if two insert at one place, or if a side does not hold what an edit calls `old`.
    """
    for edit in edits:
        if edit.side not in (0, 1) or (edit.side == 1 and text_pair is None):
            raise ValueError(f"an edit names side {edit.side}, which the row does not have")
    first = _replayed(text, [edit for edit in edits if edit.side == 0])
    if text_pair is None:
        return first, None
    return first, _replayed(text_pair, [edit for edit in edits if edit.side == 1])


def deletion(text: str, start: int, end: int) -> Span:
    """Return the span to remove with the token at start to end: it, and the space that would be left over.

    A token between two spaces, or between one and an end of the text, a closing mark or an opening bracket, takes
    the adjoining space along. So no space is doubled and none dangles; Chinese, written without, loses only the token.
    """
    left, right = _around(text, start, end)
    if right.isspace() and (not left or left.isspace() or _opens(text, start - 1)):
        # A line break outlives a space: it may end a paragraph.
        if left in (" ", "\t") and right in ("\n", "\r"):
            return start - 1, end
        if left.isspace():
            return start, end + (2 if text[end : end + 2] == "\r\n" else 1)
        return start, end + len(text[end:]) - len(text[end:].lstrip())
    if left.isspace() and (not right or _closes(text, end)):
        return len(text[:start].rstrip()), end
    return start, end


def deletions(text: str, spans: Sequence[Span]) -> list[tuple[Span, str]]:
    """Return for each of several tokens the span to remove and what to put there; neighbours share what is between.

    `spans` are ordered and disjoint, as are the removals. Tokens with only space between them are taken away together, so
    what is put where they were (`filling`) depends on what stays on both sides of them all.
    """
    removals: list[tuple[Span, str]] = []
    for first, last in _neighbours(text, spans):
        start, end = deletion(text, spans[first][0], spans[last][1])
        cuts = [start, *(spans[index][0] for index in range(first + 1, last + 1)), end]
        fillings = [*[""] * (last - first), filling(text, start, end)]
        removals += zip(pairwise(cuts), fillings, strict=True)
    return removals


def filling(text: str, start: int, end: int) -> str:
    """Return what to put where start to end is removed: a space if two Latin words would glue together, else nothing."""
    left, right = _around(text, start, end)
    return " " if _WORDLIKE.match(left) and _WORDLIKE.match(right) else ""


def insertion(text: str, at: int, new: str) -> str:
    """Return what to insert at an offset so that `new` is there: without a space that is already there, or at an end.

    A space is put where two Latin words would glue together.
    """
    left, right = _around(text, at, at)
    if not left or left.isspace() or _opens(text, at - 1):
        new = new.lstrip()
    if not right or right.isspace() or _closes(text, at):
        new = new.rstrip()
    return apart(left, new, right) if new else new


def apart(left: str, new: str, right: str) -> str:
    """Return what is put between two code points, with a space where two Latin words would glue together."""
    if not new:
        return " " if _WORDLIKE.match(left) and _WORDLIKE.match(right) else ""
    before = " " if _WORDLIKE.match(new[0]) and _WORDLIKE.match(left) else ""
    behind = " " if _WORDLIKE.match(new[-1]) and _WORDLIKE.match(right) else ""
    return f"{before}{new}{behind}"


def _around(text: str, start: int, end: int) -> tuple[str, str]:
    """Return the code points just before start and just after end, empty at an end of the text."""
    return text[max(start - 1, 0) : start], text[end : end + 1]


def _opens(text: str, at: int) -> bool:
    """Return whether a code point opens what follows: a bracket, or a straight quote before which nothing is written."""
    before = text[max(at - 1, 0) : at]
    quote = text[at] in _STRAIGHT and (not before or before.isspace() or bool(_OPENING.match(before)))
    return quote or bool(_OPENING.match(text[at]))


def _closes(text: str, at: int) -> bool:
    """Return whether a code point closes what precedes it: a mark, a bracket, or a straight quote that nothing follows."""
    behind = text[at + 1 : at + 2]
    quote = text[at] in _STRAIGHT and (not behind or behind.isspace() or bool(_CLOSING.match(behind)))
    return quote or bool(_CLOSING.match(text[at]))


def _replayed(text: str, edits: list[Edit]) -> str:
    """Return one side after its edits; ValueError if they do not fit it or each other."""
    parts: list[str] = []
    done = 0
    ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
    for number, edit in enumerate(ordered):
        if edit.start < done:
            raise ValueError(f"two edits overlap before code point {done}")
        if not edit.old and number and ordered[number - 1][1:3] == edit[1:3]:
            raise ValueError(f"two edits insert at code point {edit.start}; their order is not known")
        if edit.end > len(text) or edit.end < edit.start or text[edit.start : edit.end] != edit.old:
            raise ValueError(f"the text does not hold {edit.old!r} at code points {edit.start} to {edit.end}")
        parts += [text[done : edit.start], edit.new]
        done = edit.end
    return "".join([*parts, text[done:]])


def _neighbours(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return (first, last) indices of the longest groups of spans with nothing but space between them."""
    groups: list[Span] = []
    for index, (start, _) in enumerate(spans):
        between = text[spans[index - 1][1] : start] if index else "first"
        if groups and (not between or between.isspace()):
            groups[-1] = (groups[-1][0], index)
        else:
            groups.append((index, index))
    return groups
