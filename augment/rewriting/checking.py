"""Whether a rewrite may become a sample, decided by program, and the edits that it amounts to.

task = Rewriting("The room was clean.", spans, locked=(1,))
checked(task, "We had a clean room.")                # its edits: (start, end, replacement)
checked(task, "It was clean.")                       # Problem("missing", ("room",))
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import regex

from augment.rewriting.locks import LockedWord, in_order, spans_of
from augment.text.align import Span
from augment.text.differing import differences
from augment.text.editable import simplified
from augment.text.foreign import is_foreign
from augment.text.negation import negations
from augment.text.script import language
from augment.text.segment import segment

# A replacement: code points start to end of the text, and what is there instead.
TextChange = tuple[int, int, str]
# What an answer has to be.
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {"rewrites": {"type": "array", "items": {"type": "string"}}},
    "required": ["rewrites"],
    "additionalProperties": False,
}
# How much shorter or longer a rewrite may be, and the code points that it may be in any case.
_SHORTEST, _LONGEST, _SLACK = 0.4, 2.5, 20
# Share of Han that must be written otherwise in simplified script for a text to be traditional.
_TRADITIONAL = 0.1
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)
_WORDLIKE = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_DIGITS = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)*")
_HAN, _LATIN = regex.compile(r"\p{Han}"), regex.compile(r"\p{Latin}")
# Also halves of an emoji, which no file can hold, and what shows a text in another order than it has.
_CONTROL = regex.compile(r"[[\p{Cc}\p{Co}\p{Cs}\uFFFD\u202A-\u202E\u2066-\u2069]--[\n\t]]", regex.VERSION1)
_QUOTES = {'"': '"', "“": "”", "「": "」", "'": "'"}
# A word about the text before a text in quotes, as small models write: Original: "A film."
_ANNOUNCED = re.compile(r"[^\"“「:：]{1,80}[:：]\s*(?=[\"“「])")
_ARTICLES = ({"a", "an"}, {"A", "An"})


@dataclass(frozen=True)
class Problem:
    """Why a rewrite or an answer is not taken, and the words it is about."""

    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rewriting:
    """A text to be rewritten, by its tokens: which have to stay, and which alone may change, where it is not all others.

    exact: those of the locked tokens whose capitals stay too. gone: tokens whose words may not come back. negates: whether negations
    may be added, where the label is to be another one. ordered: whether the locked tokens have to stay in their order. placeholders:
    whether the model is given marks in their place.
    """

    text: str
    spans: tuple[Span, ...]
    locked: tuple[int, ...] = ()
    exact: frozenset[int] = frozenset()
    free: frozenset[int] | None = None
    gone: frozenset[int] = frozenset()
    negates: bool = False
    ordered: bool = False
    placeholders: bool = False

    def words(self, tokens: Sequence[int]) -> list[str]:
        """Return tokens as they are written."""
        return [self.text[slice(*self.spans[token])] for token in tokens]


def rewrites_in(answer: str) -> list[str] | None:
    """Return the rewrites that an answer holds; None if it is not what the schema requires."""
    plain = _THOUGHTS.sub("", answer)
    begin, end = plain.find("{"), plain.rfind("}")
    try:
        content = json.loads(plain[begin : end + 1]) if 0 <= begin < end else None
    except (ValueError, RecursionError):
        return None
    rewrites = content.get("rewrites") if isinstance(content, dict) else None
    if not isinstance(rewrites, list) or not all(isinstance(one, str) for one in rewrites):
        return None
    return rewrites


def tidy(task: Rewriting, rewrite: str) -> str:
    """Return a rewrite without quotes around it, a word about it before these, and control characters, with the space around it that the text has."""
    plain = _without_announcement(task.text, _CONTROL.sub("", rewrite).strip())
    if (
        plain[:1] in _QUOTES
        and len(plain) > 1
        and plain[-1] == _QUOTES[plain[0]]
        and task.text.strip()[:1] != plain[0]
    ):
        plain = plain[1:-1].strip()
    text = task.text
    before, behind = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{plain}{behind}"


def _without_announcement(text: str, rewrite: str) -> str:
    """Return a rewrite without a word about it before a text in quotes that is all of the rest, where the text has no colon of its own."""
    match = _ANNOUNCED.match(rewrite)
    if match is None or ":" in text or "：" in text:
        return rewrite
    quoted = rewrite[match.end() :]
    inner = quoted[1:-1]
    whole = len(quoted) > 1 and quoted[-1] == _QUOTES[quoted[0]] and not {quoted[0], quoted[-1]} & set(inner)
    return quoted if whole else rewrite


def folded_words(text: str) -> str:
    """Return the letters and digits of a text without regard to case: two texts of the same are copies."""
    return "".join(_WORDLIKE.findall(text.casefold()))


def checked(task: Rewriting, rewrite: str) -> tuple[TextChange, ...] | Problem:
    """Return the edits that give a rewrite, in order; the first problem if it may not be a sample."""
    problem = next(_general(task, rewrite), None)
    if problem is not None:
        return problem
    locks = [
        LockedWord(word, token in task.exact)
        for token, word in zip(task.locked, task.words(task.locked), strict=True)
    ]
    spans = spans_of(locks, rewrite)
    missing = tuple(lock.word for lock, span in zip(locks, spans, strict=True) if span is None)
    if missing:
        return Problem("missing", missing)
    if task.ordered and not in_order(spans):
        return Problem("order", tuple(lock.word for lock in locks))
    new_spans = _segmented(rewrite, [span for span in spans if span is not None])
    changed = tuple(differences(task.text, task.spans, rewrite, new_spans, set(task.locked)))
    if task.free is not None:
        outside = tuple(_shown(task, change) for change in changed if not _allowed(task, change))
        if outside:
            return Problem("outside", outside)
    kept = [LockedWord(word, False) for word in dict.fromkeys(task.words(sorted(task.gone)))]
    left = tuple(
        lock.word for lock, span in zip(kept, spans_of(kept, rewrite), strict=True) if span is not None
    )
    return Problem("kept", left) if left else changed


def _general(task: Rewriting, rewrite: str) -> Iterator[Problem]:
    """Yield what is wrong with a rewrite, whatever has to stay."""
    if folded_words(rewrite) == folded_words(task.text):
        yield Problem("copy")
    if _other_language(task.text, rewrite):
        yield Problem("language")
    size, new = len(task.text.strip()), len(rewrite.strip())
    if new < min(_SHORTEST * size, size - _SLACK) or new > max(_LONGEST * size, size + _SLACK) or not new:
        yield Problem("length")
    numbers = set(_DIGITS.findall(rewrite)) - set(_DIGITS.findall(task.text))
    if numbers:
        yield Problem("number", tuple(sorted(numbers)))
    if not task.negates and _negations(rewrite, segment(rewrite)) > _negations(task.text, task.spans):
        yield Problem("negation")


def _negations(text: str, spans: Sequence[Span]) -> int:
    """Return how many tokens of a text negate."""
    return len(negations([text[start:end] for start, end in spans]))


def _other_language(old: str, new: str) -> bool:
    """Return whether a text is in another language than one, or in another script of Chinese."""
    if bool(_HAN.search(old)) != bool(_HAN.search(new)):
        return True
    here, there = language(old), language(new)
    if there != here and "mixed" not in (here, there):
        return True
    if (here == "zh" and there != "zh") or (here == "mixed" and not _LATIN.search(new)):
        return True
    if is_foreign(new):
        return True
    was, becomes = _traditional(old), _traditional(new)
    return (not was and becomes > _TRADITIONAL) or (was > _TRADITIONAL and not becomes)


def _traditional(text: str) -> float:
    """Return the share of the Han of a text that is written otherwise in simplified script."""
    letters = _HAN.findall(text)
    return float(sum(one != simplified(one) for one in letters)) / max(len(letters), 1)


def _segmented(text: str, locked: Sequence[Span]) -> list[Span]:
    """Return the spans of the tokens of a text, of which those that are locked are none but themselves."""
    spans: list[Span] = []
    done = 0
    for start, end in [*sorted(locked), (len(text), len(text))]:
        spans += [(done + begin, done + behind) for begin, behind in segment(text[done:start])]
        if start < end:
            spans.append((start, end))
        done = end
    return spans


def _allowed(task: Rewriting, change: TextChange) -> bool:
    """Return whether an edit changes what may change: free tokens, what is put next to one, and the article before one."""
    start, end, new = change
    free = task.free or frozenset()
    touched = [token for token, (begin, behind) in enumerate(task.spans) if begin < end and behind > start]
    if touched:
        articles = any(task.text[start:end] in pair and new in pair for pair in _ARTICLES)
        return free.issuperset(touched) or (articles and touched[0] + 1 in free)
    return any(
        not task.text[behind:start].strip() if behind <= start else not task.text[end:begin].strip()
        for begin, behind in (task.spans[token] for token in free)
    )


def _shown(task: Rewriting, change: TextChange) -> str:
    """Return an edit for a message: what was there, or what was put in."""
    start, end, new = change
    return task.text[start:end].strip() or new.strip() or "a space"
