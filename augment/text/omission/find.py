"""Which phrases may be left out of a text so that what stays reads as if a person had written it.

Rules for Chinese and English propose what they are sure of; a proposal counts if at least 45 % of the letters stay, with a
content word among them, and marks, spaces and brackets are right where the phrase was. None goes across a line break.

    >>> [text[one.start : one.end] for one in omissions(text := "房间很大，而且非常干净。服务员很热情！")]
"""

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import regex

from augment.text.editable import is_content
from augment.text.omission.chinese import chinese
from augment.text.omission.cut import cut, enough
from augment.text.omission.english import english
from augment.text.omission.line import HAN, Line, Match, OmissionKind
from augment.text.segment import segment
from augment.text.tagger import WordParts, nothing_known

_LINES = regex.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_OPENING, _CLOSING = "(（[【", ")）]】"
_HOLDS_BRACKET = frozenset(
    [
        "than",
        "of",
        "like",
        "as",
        "with",
        "for",
        "to",
        "in",
        "on",
        "by",
        "from",
        "the",
        "a",
        "an",
        "and",
        "or",
        "is",
        "是",
        "的",
        "在",
        "和",
        "比",
        "像",
        "即",
        "为",
    ]
)
# Tokens between two brackets at most.
_LONGEST = 25


class Omission(NamedTuple):
    """A phrase that may be left out: code points start to end become `new`, which is empty but where a word changes its form.

    A word changes its form where it becomes the first of a sentence, and an article where the next word begins otherwise.
    """

    kind: OmissionKind
    start: int
    end: int
    new: str


def omissions(text: str, parts: WordParts = nothing_known) -> tuple[Omission, ...]:
    """Return the phrases that may be left out of a text, one at a time, in the order of the text; no two leave the same.

    parts: the parts of speech that a dictionary has an English word as.
    """
    omitted: dict[str, Omission] = {}
    for line in _LINES.finditer(text):
        for kind, start, end, new in _of_line(line[0], parts):
            whole = Omission(kind, line.start() + start, line.start() + end, new)
            after = text[: whole.start] + new + text[whole.end :]
            if after not in omitted and enough(text, after) and _has_content(after):
                omitted[after] = whole
    return tuple(sorted(omitted.values(), key=lambda one: one[1:]))


def _of_line(text: str, parts: WordParts) -> Iterator[tuple[OmissionKind, int, int, str]]:
    """Yield what may be left out of a line."""
    line = Line(text)
    if len(line) < 3:
        return
    rules = [_parentheses(line)]
    if HAN.search(text):
        rules.append(chinese(line))
    if regex.search(r"\p{Latin}", text):
        rules.append(english(line, parts))
    for match in chain.from_iterable(rules):
        made = cut(line, match)
        if made is not None:
            yield (match.kind, *made)


def _parentheses(line: Line) -> Iterator[Match]:
    """Yield what is in brackets, with them; not the number of an item."""
    for first, word in enumerate(line.words):
        if word not in ("(", "（"):
            continue
        last = next(
            (at for at in range(first + 1, min(first + _LONGEST, len(line))) if line.word(at) in (")", "）")),
            None,
        )
        if last is None or last - first < 2 or line.word(first - 1) in _HOLDS_BRACKET:
            continue
        inside = line.words[first + 1 : last]
        if any(len(part) > 1 for part in inside) and not all(part.isdigit() for part in inside):
            yield Match("parenthesis", first, last + 1)


def _has_content(text: str) -> bool:
    """Return whether a content word stays."""
    return any(is_content(text[start:end]) for start, end in segment(text))
