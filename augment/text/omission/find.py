"""Which phrases may be left out of a text so that what stays reads as if a person had written it.

Rules for Chinese and English propose what they are sure of; a proposal counts if at least 45 % of the letters stay, with a
content word among them, and marks, spaces and brackets are right where the phrase was. None goes across a line break.

    >>> [text[one.start : one.end] for one in omissions(text := "房间很大，而且非常干净。服务员很热情！")]
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

import regex

from augment.text.editable import is_content
from augment.text.omission.chinese import chinese
from augment.text.omission.cut import LEAST, Replacement, cut, letters
from augment.text.omission.english import english
from augment.text.omission.line import HAN, Line, Match, OmissionKind, lines_of
from augment.text.tagger import WordParts, nothing_known

RuleSet = Literal["zh", "en"]
_LATIN = regex.compile(r"\p{Latin}")
_HOLDS_BRACKET = frozenset(
    (
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
    )
)
# Tokens of a line at least, and between two brackets at most.
_SHORTEST, _LONGEST = 3, 25

# How many of a hundred phrases of a kind left a text that a person could have written, read one by one; see docs/pipelines.md.
PLAUSIBLE: dict[RuleSet, dict[OmissionKind, float]] = {
    "zh": {
        "sentence": 0.97,
        "clause": 0.88,
        "addition": 0.9,
        "fronted": 0.96,
        "parenthesis": 0.95,
        "adverb": 0.97,
        "modifier": 0.9,
        "possessor": 0.92,
        "coordination": 0.92,
        "item": 0.95,
    },
    "en": {
        "sentence": 0.88,
        "clause": 0.95,
        "addition": 0.88,
        "fronted": 0.95,
        "trailing": 0.91,
        "adjunct": 0.87,
        "parenthesis": 0.92,
        "adverb": 0.97,
        "modifier": 0.94,
        "coordination": 0.92,
        "item": 0.94,
    },
}


class Omission(NamedTuple):
    """A phrase that may be left out: code points start to end become `new`, which is empty but where a word changes its form.

    A word changes its form where it becomes the first of a sentence, and an article where the next word begins otherwise.
    plausibility: the probability that a phrase of its kind leaves a text that a person could have written, by reading.
    """

    kind: OmissionKind
    start: int
    end: int
    new: str
    plausibility: float


def omissions(text: str, parts: WordParts = nothing_known) -> tuple[Omission, ...]:
    """Return the phrases that may be left out of a text, one at a time, in the order of the text; no two leave the same.

    parts: the parts of speech that a dictionary has an English word as.
    """
    lines = lines_of(text)
    content = [
        (offset + start, offset + end)
        for offset, line in lines
        for start, end in line.spans
        if is_content(line.text[start:end])
    ]
    omitted, total = dict[str, Omission](), letters(text)
    for offset, line in lines:
        for kind, plausibility, (start, end, new) in _of_line(line, parts):
            whole = Omission(kind, offset + start, offset + end, new, plausibility)
            after = text[: whole.start] + new + text[whole.end :]
            stays = any(last <= whole.start or first >= whole.end for first, last in content)
            enough = total - letters(text[whole.start : whole.end]) + letters(new) >= LEAST * total
            if stays and enough and after not in omitted:
                omitted[after] = whole
    return tuple(sorted(omitted.values(), key=lambda one: one[1:]))


def _of_line(line: Line, parts: WordParts) -> Iterator[tuple[OmissionKind, float, Replacement]]:
    """Yield the kind, plausibility and replacement of what may be left out of a line."""
    if len(line) < _SHORTEST:
        return
    rules: list[tuple[RuleSet, Iterable[Match]]] = []
    if HAN.search(line.text):
        rules.append(("zh", chain(_parentheses(line), chinese(line))))
    else:
        rules.append(("en", _parentheses(line)))
    if _LATIN.search(line.text):
        rules.append(("en", english(line, parts)))
    for rule_set, matches in rules:
        for match in matches:
            replacement = cut(line, match)
            if replacement is not None:
                yield match.kind, PLAUSIBLE[rule_set][match.kind], replacement


def _parentheses(line: Line) -> Iterator[Match]:
    """Yield what is in brackets, with them; not the number of an item."""
    for first, word in enumerate(line.words):
        if word not in ("(", "（"):
            continue
        end = min(first + _LONGEST, len(line))
        last = next((index for index in range(first + 1, end) if line.word(index) in (")", "）")), None)
        if last is None or last - first < 2 or not first or line.word(first - 1) in _HOLDS_BRACKET:
            continue
        inside = line.words[first + 1 : last]
        if any(len(part) > 1 for part in inside) and not all(part.isdigit() for part in inside):
            yield Match("parenthesis", first, last + 1)
