"""Chinese phrases that may be left out: clauses, free adverbs, modifiers with 的, items of a list, fronted phrases.

The dictionary gives a word one part of speech, whatever the sentence, so a rule proposes only what its words leave no doubt of.
"""

import itertools
from collections.abc import Iterator, Sequence

import regex

from augment.text.negation import is_negation
from augment.text.omission.chinese_words import (
    ALSO,
    CARRIERS,
    DANGLING,
    DEGREE,
    LIGHT,
    LINKS,
    MODAL,
    OPENERS,
    REFERS,
    SHORT,
    THIRD,
    TURNS,
)
from augment.text.omission.line import HAN, Clause, Line, Match
from augment.text.segment import tag

_FRONTED = regex.compile(
    r"(?:总的来说|总的来讲|总的说来|总体来说|总体来讲|总体而言|总体上来说|总体上|总体|整体来说|整体而言|整体上|一般来说|一般来讲|一般而言|说实话|老实说|说真的|实话说|说句实话|坦白说|坦率地说|坦白讲|"
    r"总之|总而言之|综上所述|综合来说|综合来看|(?:我)?个人认为|(?:我)?个人觉得|(?:我)?个人感觉|我觉得|我认为|我感觉|在我看来|个人而言|对我来说|相对来说|相对而言|比较而言|另外|此外|其实|当然|当然了|事实上|实际上|据说|听说|"
    r"看来|可见|怎么说呢|怎么说|众所周知|客观地说|客观来说|客观说|平心而论|简单来说|简单说|应该说|可以说|值得一提的是|需要说明的是|顺便说一下|顺便说一句|顺便提一下|还有就是|确实|的确|真的|同时|幸好|还好|好在|恩|嗯|呵呵|哈哈|唉|哎|哦)"
)
_NUMBERED = regex.compile(
    r"^(?:[0-9０-９]{1,2}|[一二三四五六七八九十]|[(（][0-9一二三四五六七八九十]+[)）]|[①-⑩]|第[一二三四五六七八九十](?:点|条|个)?)$"
)
_QUESTION = regex.compile(r"[？?]")
_COUNT = regex.compile(r"^(?:[两三四五六七八九十几]|[0-9]+)(?:个|大|种|样|点|项|方面|者|家|位|款)?$")


def chinese(line: Line) -> Iterator[Match]:
    """Yield the Chinese phrases of a line that may be left out."""
    tags = [tag(word) or "" for word in line.words]
    yield from _clauses(line, tags)
    yield from _adverbs(line, tags)
    yield from _modifiers(line, tags)
    yield from _items(line)
    yield from _fronted(line)


def _clauses(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield whole clauses and sentences on which none next to them depends."""
    clauses = line.clauses
    for number, clause in enumerate(clauses):
        if not _whole(line, clause, tags):
            continue
        before = clauses[number - 1] if number else None
        behind = clauses[number + 1] if number + 1 < len(clauses) else None
        if clause.begins and clause.ends:
            if _sentence_free(line, clause, before, behind):
                first = clause.first if behind or not before else before.after
                yield Match("sentence", first, clause.after)
        elif _free(line, clauses, number, tags):
            yield _with_mark(clause, before)


def _with_mark(clause: Clause, before: Clause | None) -> Match:
    """Return a clause of a longer sentence with the mark that goes: the one behind, of the last clause the one before."""
    if clause.ends and before is not None:
        return Match("clause", before.last, clause.last)
    return Match("clause", clause.first, clause.after)


def _whole(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause is a predication of its own that begins and ends with none of its neighbours' words."""
    words = line.words[clause.first : clause.last]
    if len(words) < 2 or sum(len(word) for word in words) < 4 or not _mostly_han(words):
        return False
    if words[0] in LINKS or words[0] in OPENERS or words[0] in REFERS or words[-1] in DANGLING:
        return False
    if any(word in TURNS or (word in LINKS and word in ALSO) for word in words[1:3]) or _ordinal(
        line, clause
    ):
        return False
    return any(tags[index][:1] in ("v", "a", "z", "i", "l") for index in range(clause.first, clause.last))


def _mostly_han(words: Sequence[str]) -> bool:
    """Return whether most of the letters of words are Chinese."""
    letters = "".join(words)
    return 2 * len(HAN.findall(letters)) > len(letters)


def _ordinal(line: Line, clause: Clause) -> bool:
    """Return whether a clause is, or begins with, the number of an item, or follows one."""
    before = line.word(clause.first - 2) if clause.first > 1 else ""
    return bool(_NUMBERED.match(line.word(clause.first)) or _NUMBERED.match(before))


def _sentence_free(line: Line, clause: Clause, before: Clause | None, behind: Clause | None) -> bool:
    """Return whether a sentence of one clause may go: nothing behind refers to it, and it answers no question."""
    if behind is not None and (
        _leans(line, behind) or ALSO & set(line.words[behind.first : behind.first + 3])
    ):
        return False
    if _asks(line, clause) and behind is not None:
        return False
    return before is None or not (_asks(line, before) or _announces(line, before))


def _free(line: Line, clauses: Sequence[Clause], number: int, tags: Sequence[str]) -> bool:
    """Return whether a clause within a sentence may go."""
    clause = clauses[number]
    first = number
    while not clauses[first].begins:
        first -= 1
    if any(_opens_pair(line, earlier) for earlier in clauses[first:number]) or (
        clause.ends and _asks(line, clause)
    ):
        return False
    before = clauses[number - 1] if number > first else None
    if before is not None and not (_complete(line, before, tags) and not _announces(line, before)):
        return False
    if _announces(line, clause):
        return False
    behind = clauses[number + 1] if number + 1 < len(clauses) else None
    return behind is None or _stays(line, clause, behind, number, tags)


def _stays(line: Line, clause: Clause, behind: Clause, number: int, tags: Sequence[str]) -> bool:
    """Return whether the clause behind does not need the one before it: no link, no reference, a subject of its own."""
    words = line.words[behind.first : behind.last]
    if _leans(line, behind) or TURNS & set(words[:4]):
        return False
    if not number and ALSO & set(words[:4]):
        return False
    if clause.ends:
        return True
    own = tags[behind.first][:1] in ("n", "r", "t", "s") or tags[behind.first][:2] in ("vn", "an")
    return own or tags[clause.first][:1] in ("v", "d", "a", "z", "i", "l")


def _leans(line: Line, clause: Clause) -> bool:
    """Return whether a clause leans on what is before it: it begins with a link, or has "it" or "that"."""
    words = line.words[clause.first : clause.last]
    head = words[0] if words else ""
    return head in LINKS or head in REFERS or bool(REFERS & set(words[:3])) or bool(THIRD & set(words))


def _opens_pair(line: Line, clause: Clause) -> bool:
    """Return whether a clause begins with what a later one must complete: 虽然, 因为, 除了."""
    words = line.words[clause.first : clause.last]
    opening = {*words[:3], *(["的话"] if words[-1] == "的话" else [])}
    return (
        bool((opening & OPENERS) - {"对", "在", "从", "以", "再", "最", "先", "和", "与", "跟", "比", "想"})
        or words[0] in OPENERS
    )


def _complete(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause can be the last before the gap: it predicates something and ends with no word that leads on."""
    if line.words[clause.last - 1] in DANGLING:
        return False
    return any(tags[index][:1] in ("v", "a", "z", "i", "l") for index in range(clause.first, clause.last))


def _announces(line: Line, clause: Clause) -> bool:
    """Return whether a colon or a dash is behind a clause."""
    return any(
        line.word(index)[:1] in ("：", ":", "—", "–", "-") for index in range(clause.last, clause.after)
    )


def _asks(line: Line, clause: Clause) -> bool:
    """Return whether a question mark is behind a clause."""
    return any(_QUESTION.search(line.word(index)) for index in range(clause.last, clause.after))


def _adverbs(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adverbs before a predicate that needs none."""
    for index, word in enumerate(line.words):
        if (word in DEGREE and _after_free(line, index) and _bare(line, index + 1, tags)) or (
            word in MODAL and _after_free(line, index) and _predicate(line, index + 1, tags)
        ):
            yield Match("adverb", index, index + 1)


def _after_free(line: Line, index: int) -> bool:
    """Return whether what is before an adverb does not rest on it."""
    before = line.word(index - 1)
    if before in (
        "的",
        "得",
        "地",
        "也",
        "都",
        "还",
        "就",
        "却",
        "又",
        "才",
        "更",
        "最",
        "太",
        "不",
        "没",
        "是",
        "比",
        "再",
    ) or is_negation(before):
        return False
    clause = next((clause for clause in line.clauses if clause.first <= index < clause.last), None)
    words = line.words[clause.first : clause.last] if clause else []
    return (
        not any(is_negation(word) for word in line.words[clause.first : index]) and "比" not in words
        if clause
        else False
    )


def _bare(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate reads well without a word of degree: of two syllables or more, and no 的 or 了 at its end alone."""
    word, behind = line.word(index), line.word(index + 1)
    if not HAN.match(word) or (
        behind in ("的", "了") and (index + 2 >= len(line) or line.is_mark(index + 2))
    ):
        return False
    if is_negation(word):
        return len(word) > 1 or bool(HAN.match(behind))
    if word in SHORT:
        return bool(HAN.match(behind))
    return len(word) > 1 and tags[index][:1] in ("a", "v", "z", "i", "l") and tags[index] != "vn"


def _predicate(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a predicate of its own begins at an index."""
    word = line.word(index)
    if word in DEGREE or word in ("太", "挺", "蛮", "最"):
        return True
    return word not in ("是", "的", "地", "得") and _bare(line, index, tags)


def _modifiers(line: Line, tags: Sequence[str]) -> Iterator[Match]:
    """Yield adjective + 的 before a noun that means something without it, and is not all that the clause is about."""
    for index in range(len(line) - 2):
        word, head = line.words[index], line.words[index + 2]
        if (
            line.words[index + 1] != "的"
            or len(word) < 2
            or tags[index][:1] not in ("a", "z")
            or not HAN.match(word)
        ):
            continue
        if tags[index + 2][:1] != "n" or len(head) < 2 or head in LIGHT or is_negation(word):
            continue
        if _begins_phrase(line, index, tags) and not _carried(line, index):
            yield Match("modifier", index, index + 2)


def _begins_phrase(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether what is before a modifier is no part of it: a mark, a verb, a preposition, a measure word."""
    if not index or line.is_mark(index - 1):
        return True
    before = line.word(index - 1)
    if before in DEGREE or before in CARRIERS or is_negation(before):
        return False
    return (tags[index - 1][:1] in ("v", "p", "q", "m", "c") and tags[index - 1] != "vn") or before in (
        "了",
        "着",
        "过",
        "的",
    )


def _carried(line: Line, index: int) -> bool:
    """Return whether the clause up to a modifier is one of being or having, which is empty without it."""
    first = index
    while first and not line.is_mark(first - 1):
        first -= 1
    words = line.words[first:index]
    return any(word in CARRIERS or is_negation(word) for word in words)


def _items(line: Line) -> Iterator[Match]:
    """Yield the items of a list that are between two list commas; none where the list is counted."""
    commas = [index for index, word in enumerate(line.words) if word == "、"]
    for left, right in itertools.pairwise(commas):
        inside = line.words[left + 1 : right]
        if not inside or len(inside) > 6 or any(line.is_mark(index) for index in range(left + 1, right)):
            continue
        if _NUMBERED.match(line.word(left - 1)) or _NUMBERED.match(line.word(right - 1)):
            continue
        near = line.words[max(0, left - 12) : left] + line.words[right + 1 : right + 8]
        if not any(_COUNT.match(word) for word in near) and HAN.search("".join(inside)):
            yield Match("item", left + 1, right + 1)


def _fronted(line: Line) -> Iterator[Match]:
    """Yield what a sentence is introduced by, up to its comma: 总的来说，."""
    for clause, behind in zip(line.clauses, line.clauses[1:], strict=False):
        text = "".join(line.words[clause.first : clause.last])
        if not clause.ends and _FRONTED.fullmatch(text) and not _leans(line, behind):
            yield Match("fronted", clause.first, clause.after)
