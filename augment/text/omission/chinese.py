"""Chinese phrases that may be left out: clauses, free adverbs, modifiers with 的, possessors, joined words, items of a list.

The dictionary gives a word one part of speech, whatever the sentence, so a rule proposes only what its words leave no doubt of.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex

from augment.text.negation import is_negation
from augment.text.omission.chinese_clauses import clauses, fronted
from augment.text.omission.chinese_words import BOTH, CARRIERS, DEGREE, FREE, HOLDERS, LIGHT, MODIFIERS, SHORT
from augment.text.omission.line import HAN, Line, Match
from augment.text.segment import tag

_JOINS = frozenset(("和", "与", "、", "以及", "及"))
_NUMBERED = regex.compile(r"(?:[0-9０-９]{1,2}|[一二三四五六七八九十]|[①-⑩])$")
_COUNT = regex.compile(r"(?:[两三四五六七八九十几]|[0-9]+)(?:个|大|种|样|点|项|方面|者|家|位|款)?$")
# An adverb after these carries the meaning.
_HOLDS_ADVERB = frozenset(
    ("的", "得", "地", "就", "却", "又", "才", "更", "最", "太", "是", "比", "再", "说", "多", "有点", "一样")
)


def chinese(line: Line) -> Iterator[Match]:
    """Yield the Chinese phrases of a line that may be left out."""
    tags = [tag(word) or "" for word in line.words]
    yield from clauses(line, tags)
    yield from fronted(line, tags)
    yield from _adverbs(line, tags)
    yield from _modifiers(line, tags)
    yield from _possessors(line, tags)
    yield from _joined(line, tags)
    yield from _items(line)


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adverbs before a predicate that needs none."""
    for index, word in enumerate(line.words):
        if (word in DEGREE and _leads_free(line, index) and _bare(line, index + 1, tags)) or (
            word in FREE and _leads_free(line, index) and _predicate(line, index + 1, tags)
        ):
            yield Match("adverb", index, index + 1)


def _leads_free(line: Line, index: int) -> bool:
    """Return whether what is before an adverb does not depend on it: no 的, no negation, no comparison."""
    before = line.word(index - 1)
    if before in _HOLDS_ADVERB or before in DEGREE or is_negation(before):
        return False
    clause = next((clause for clause in line.clauses if clause.first <= index < clause.last), None)
    if clause is None or "比" in line.words[clause.first : clause.last]:
        return False
    return not any(is_negation(word) for word in line.words[clause.first : index])


def _bare(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate reads well without a word of degree: of two syllables, and not just before 的 or 了 at the end."""
    word, behind = line.word(index), line.word(index + 1)
    at_end = index + 2 >= len(line) or line.is_mark(index + 2)
    if not HAN.match(word) or (behind in ("的", "了") and at_end):
        return False
    if is_negation(word):
        return len(word) > 1 or bool(HAN.match(behind))
    if word in SHORT:
        return bool(HAN.match(behind)) and behind not in ("的", "得")
    return len(word) > 1 and tags[index].startswith(("a", "v", "z", "i", "l")) and tags[index] != "vn"


def _predicate(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate that is whole without an adverb begins at an index."""
    word, behind = line.word(index), line.word(index + 1)
    if word in DEGREE or word in ("太", "最", "有点", "有些", "够"):
        return bool(HAN.match(behind))
    if word in ("是", "的", "地", "得", "了", "都", "就", "也"):
        return False
    one = (
        len(word) == 1
        and tags[index].startswith(("v", "p", "d"))
        and bool(HAN.match(behind))
        and behind != "的"
    )
    return one or _bare(line, index, tags)


def _modifiers(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adjective + 的 before a noun that means something without it, and is not all that the clause is about."""
    for index in range(len(line) - 2):
        word, head = line.words[index], line.words[index + 2]
        if line.words[index + 1] != "的" or not HAN.match(word) or is_negation(word):
            continue
        described = tags[index].startswith(("a", "z")) and not word.startswith("最")
        if len(word) < 2 or not (described or word in MODIFIERS) or head in LIGHT:
            continue
        if tags[index + 2][:1] != "n" or len(head) < 2:
            continue
        if _begins_phrase(line, index, tags) and not _carried(line, index):
            yield Match("modifier", index, index + 2)


def _begins_phrase(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether what is before a modifier is no part of it: a mark, a preposition, a measure word, a verb with its ending."""
    if not index or (line.is_mark(index - 1) and line.word(index - 1) != "、"):
        head = index + 3
        return head < len(line) and not line.is_mark(head) and line.word(head) not in ("和", "与", "及")
    before = line.word(index - 1)
    if before in DEGREE or before in CARRIERS or is_negation(before):
        return False
    first = next((clause.first for clause in line.clauses if clause.first <= index < clause.last), index)
    if not any(tags[at].startswith("v") for at in range(first, index)) and line.is_mark(
        min(index + 3, len(line) - 1)
    ):
        return False
    if before.endswith(("了", "着", "过", "到", "出", "上", "见")):
        return True
    return tags[index - 1].startswith(("p", "q", "m", "c")) or (tags[index - 1] == "v" and len(before) == 1)


def _carried(line: Line, index: int) -> bool:
    """Return whether the clause up to a modifier is one of being or having, which is empty without it."""
    first = index
    while first and not line.is_mark(first - 1):
        first -= 1
    return any(word in CARRIERS or is_negation(word) for word in line.words[first:index])


def _possessors(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield whose the subject is, at the beginning of a clause: 酒店的 早餐 …."""
    for clause in line.clauses:
        first = clause.first
        if clause.last - first < 4 or line.word(first) not in HOLDERS or line.word(first + 1) != "的":
            continue
        head = line.word(first + 2)
        if (
            tags[first + 2][:1] == "n"
            and len(head) > 1
            and head not in LIGHT
            and tags[first + 3][:1] in ("d", "a", "v", "z", "n")
        ):
            yield Match("possessor", first, first + 2)


def _joined(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield the second of two words that 和 or 、 joins: adjectives, or nouns of which the clause does not speak as two."""
    for clause in line.clauses:
        if BOTH & set(line.words[clause.first : clause.last]):
            continue
        for index in range(clause.first + 1, clause.last - 1):
            if line.word(index) in _JOINS and line.word(index - 2) not in _JOINS and _pair(line, tags, index):
                ends = index + 2 == clause.last or tags[index + 2] == "d"
                starts = index - 1 == clause.first or tags[index - 2].startswith(("v", "p", "c"))
                if ends and (starts or tags[index - 1].startswith("a")):
                    yield Match("coordination", index, index + 2)


def _pair(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether two adjectives or two nouns of two syllables or more are on both sides of a word."""
    pair = (line.word(index - 1), line.word(index + 1))
    if min(map(len, pair)) < 2 or not all(map(HAN.match, pair)) or _NUMBERED.match(pair[0]):
        return False
    left, right = tags[index - 1], tags[index + 1]
    return left == right == "n" or (left.startswith("a") and right.startswith("a"))


def _items(line: Line) -> Iterator[Match]:
    """Yield the items of a list that are between two list commas; none where the list is counted."""
    commas = [index for index, word in enumerate(line.words) if word == "、"]
    for left, right in pairwise(commas):
        inside = line.words[left + 1 : right]
        if not inside or len(inside) > 6 or any(line.is_mark(index) for index in range(left + 1, right)):
            continue
        if _NUMBERED.match(line.word(left - 1)) or _NUMBERED.match(line.word(right - 1)):
            continue
        near = line.words[max(0, left - 12) : left] + line.words[right + 1 : right + 8]
        if not any(_COUNT.match(word) for word in near) and HAN.search("".join(inside)):
            yield Match("item", left + 1, right + 1)
