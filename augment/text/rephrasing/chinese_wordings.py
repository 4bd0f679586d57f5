"""Small Chinese words that mean the same as each other, or that may be there or not."""

from collections.abc import Iterator, Sequence
from functools import cache

from augment.text.negation import is_negation
from augment.text.omission.chinese_words import DEGREE, HOLDERS, LIGHT, OPENERS
from augment.text.omission.line import HAN, Clause, Line
from augment.text.rephrasing.proposal import Wording
from augment.text.rephrasing.words import (
    AFTER,
    ANYWHERE,
    CHINESE_ONE_WAY,
    DAYTIMES,
    DEEDS,
    DROPPED,
    HOURS,
    HOUSES,
    NEGATED,
    NOT_BEFORE,
    NOT_BEHIND,
    OPENING,
    PRAISED,
    SPOKEN,
    STATES,
    THINGS,
)
from augment.text.segment import tokens_of

_PARTICLES = ("哦", "啊")
# Before these a word opens a clause as well; with those a particle is needed.
_BEFORE_OPENING = frozenset(("我", "我们", "个人"))
_EXCLAIMS = frozenset(("这个", "那个", "叫", "多", "多么"))
_COMPARES = frozenset(("比", "离", "像", "如", "和", "跟"))
_STRONG = ("很", "挺", "非常", "十分", "蛮", "特别", "相当")
# Words of degree that an assurance goes badly with.
_WEAK = frozenset(("比较", "较", "稍", "较为", "真"))
# Before these a negation has no other form.
_BOUND = frozenset(("了", "吗", "的", "过", "什么", "啥"))
_SURE = ("真的", "确实", "的确")
_NUMERALS = tuple("0123456789一二两三四五六七八九十")


def chinese_wordings(line: Line, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield other words for the same in a Chinese line."""
    yield from _groups(line)
    yield from _negated(line)
    yield from _hours(line)
    for number, clause in enumerate(line.clauses):
        yield from _endings(line, clause, tags)
        yield from _degrees(line, clause, tags)
        yield from _possession(line, clause, tags)
        yield from _subjects(line, clause, tags)
        if not number:
            yield from _openers(line, clause, tags)


@cache
def _table() -> dict[str, tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool], ...]]:
    """Return by first token what can be replaced: its tokens, what by, and whether only where a clause begins."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool]]] = {}
    for text, opening, ways in ((OPENING, True, None), (ANYWHERE, False, None), (CHINESE_ONE_WAY, False, 1)):
        for group in text.strip().split("\n"):
            members = [tuple(tokens_of(word)) for word in group.split()]
            for member in members[:ways]:
                others = tuple(other for other in members if other != member)
                table.setdefault(member[0], []).append((member, others, opening))
    return {first: tuple(entries) for first, entries in table.items()}


def _groups(line: Line) -> Iterator[Wording]:
    """Yield words that mean the same as those of a line."""
    begins = {clause.first for clause in line.clauses}
    table, words = _table(), line.words
    for index, word in enumerate(words):
        before = line.word(index - 1)
        if word not in table or is_negation(before) or before in NOT_BEHIND.get(word, ()):
            continue
        opens = index in begins or before in _BEFORE_OPENING
        if index in begins and word in AFTER:
            continue
        for member, others, opening in table[word]:
            last = index + len(member)
            if tuple(words[index:last]) != member or line.word(last) in NOT_BEFORE.get(word, ()):
                continue
            # 晚上六点 is no night yet.
            if word in DAYTIMES and line.word(last)[:1] in _NUMERALS:
                continue
            # 瑞和300 is a name.
            if member in (("和",), ("与",), ("跟",)) and (
                len(before) < 2 and before not in ("我", "你", "他", "她", "")
            ):
                continue
            if opens or not opening:
                for other in others:
                    yield Wording("form", index, last, other, 0.93)


@cache
def _negations() -> dict[str, tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]]:
    """Return by first token the negations that mean the same as others: their tokens, and the others."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]]] = {}
    for group in NEGATED.strip().split("\n"):
        members = [tuple(tokens_of(word)) for word in group.split()]
        for member in members:
            others = tuple(other for other in members if other != member)
            table.setdefault(member[0], []).append((member, others))
    return {first: tuple(entries) for first, entries in table.items()}


def _negated(line: Line) -> Iterator[Wording]:
    """Yield other negations that mean the same: 没有送, 没送."""
    begins = {clause.first for clause in line.clauses}
    table = _negations()
    for index, word in enumerate(line.words):
        for member, others in table.get(word, ()):
            last = index + len(member)
            if tuple(line.words[index:last]) != member or not HAN.match(line.word(last)):
                continue
            orders = member in (("不要",), ("别",))
            if (orders and index not in begins) or line.word(last) in _BOUND:
                continue
            # 一个没注意 is an idiom.
            if line.word(index - 1) == "一个":
                continue
            for other in others:
                yield Wording("form", index, last, other, 0.93, negates=True)


def _hours(line: Line) -> Iterator[Wording]:
    """Yield how long in digits, in words, and without 个: 两个小时, 2个小时, 2小时."""
    for index in range(len(line) - 1):
        word, behind, further = line.word(index), line.word(index + 1), line.word(index + 2)
        if behind == "小时" and len(word) == 2 and word[1] == "个" and word[0] in HOURS:
            yield Wording("form", index, index + 1, (HOURS[word[0]], "个"), 0.93)
            yield Wording("form", index, index + 1, (word[0],), 0.93)
        if word in HOURS.values() and behind == "个" and further == "小时":
            letter = next(letter for letter, digit in HOURS.items() if digit == word)
            yield Wording("form", index, index + 2, (letter + "个",), 0.93)
            yield Wording("dropped", index + 1, index + 2, (), 0.93)
        if word == "半个" and behind == "小时":
            yield Wording("form", index, index + 2, ("半小时",), 0.93)
        if word == "半小时" and not line.word(index - 1).endswith(("个", "点", "天")):
            yield Wording("form", index, index + 1, ("半个", "小时"), 0.93)


def _is_thing(line: Line, index: int, tags: Sequence[str]) -> bool:
    """Return whether a word names something."""
    return tags[index] in ("n", "vn") or line.word(index) in THINGS


def _subjects(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield what the writer did with 我 or without, and 店 as 这家店, at the beginning of a clause."""
    first = clause.first
    word, behind = line.word(first), line.word(first + 1)
    if clause.last - first < 3:
        return
    if word == "我" and behind in DEEDS:
        yield Wording("dropped", first, first + 1, (), 0.93)
    if (
        word in DEEDS - {"觉得", "感觉", "要", "住", "去", "从"}
        and not first
        and behind in ("了", "的", "过")
    ):
        yield Wording("added", first, first, ("我",), 0.93)
    if word in HOUSES and tags[first + 1][:1] in ("n", "d", "a") and behind != "的":
        yield Wording("added", first, first, ("这家",), 0.93)
    if word == "这家" and behind in HOUSES:
        yield Wording("dropped", first, first + 1, (), 0.93)


def _endings(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield a particle at the end of a clause on how something is, or the clause without."""
    last = clause.last - 1
    marks = line.words[clause.last : clause.after]
    if last == clause.first or any(mark[:1] in "?？:：" for mark in marks):
        return
    yield from _without_particle(line, clause, tags)
    if not _quality(line.word(last), tags[last]) or not _graded(line, clause, last):
        return
    word, before = line.word(last), line.word(last - 1)
    reasons = not OPENERS.isdisjoint(line.words[clause.first : last])
    if not reasons and (before in ("挺", "蛮") or (word in PRAISED and before in SPOKEN)):
        yield Wording("added", clause.last, clause.last, ("的",), 0.93)
    if before not in ("还", "也", "较", "比较", "都"):
        for particle in _PARTICLES:
            yield Wording("added", clause.last, clause.last, (particle,), 0.9)


def _without_particle(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield a clause without the particle at its end, or with another."""
    last = clause.last - 1
    word, inside = line.word(last), set(line.words[clause.first : last])
    good = _quality(line.word(last - 1), tags[last - 1])
    if (
        word in DROPPED
        and HAN.match(line.word(last - 1))
        and not inside & _EXCLAIMS
        and line.words.count(word) == 1
    ):
        yield Wording("dropped", last, last + 1, (), 0.93)
        for other in _PARTICLES if good else ():
            if other != word:
                yield Wording("form", last, last + 1, (other,), 0.93)
    if word == "的" and good and _graded(line, clause, last - 1) and not inside & {"是", "算", "算是"}:
        yield Wording("dropped", last, last + 1, (), 0.93)


def _quality(word: str, tag: str) -> bool:
    """Return whether a word is one of how something is."""
    if len(word) > 1 and word[0] == word[1]:
        return False
    return word in STATES or (tag.startswith(("a", "z")) and len(word) > 1)


def _graded(line: Line, clause: Clause, index: int) -> bool:
    """Return whether a word of degree, or 还 or 都, is before a quality, and no negation or comparison in the clause."""
    before = line.word(index - 1)
    words = line.words[clause.first : index]
    return (
        index > clause.first
        and (before in DEGREE or before in ("还", "还是", "都", "也", "超"))
        and "比" not in words
        and not any(map(is_negation, words))
    )


def _degrees(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield words of degree before a quality that has none, and assurances before one that has."""
    for index in range(clause.first, clause.last):
        word, inside = line.word(index), line.words[clause.first : index]
        if not _COMPARES.isdisjoint(inside) or any(map(is_negation, [*inside, word])):
            return
        length = 1 + (word == "太")
        exclaims = word[:1] == "太" and line.words[index + length : clause.last] == ["了"]
        if exclaims and (not inside or tags[index - 1].startswith("n")):
            for sure in ("真的", "实在", "确实"):
                yield Wording("added", index, index, (sure,), 0.93)
        alone = not inside and word in PRAISED and clause.last - clause.first == 1
        subject = bool(inside) and _is_thing(line, index - 1, tags) and bool(HAN.match(inside[-1]))
        if alone or (
            subject and _quality(word, tags[index]) and _ends(line, clause, index + 1, ("啊", "哦"))
        ):
            for degree in _STRONG:
                yield Wording("added", index, index, (degree,), 0.9)
        graded = word in DEGREE - _WEAK and index + 1 < clause.last and (subject or not inside)
        if (
            graded
            and _quality(line.word(index + 1), tags[index + 1])
            and _ends(line, clause, index + 2, ("的", "了"))
        ):
            for sure in _SURE:
                yield Wording("added", index, index, (sure,), 0.9)


def _ends(line: Line, clause: Clause, index: int, particles: Sequence[str]) -> bool:
    """Return whether a clause ends at an index, or behind one of some particles that is there."""
    return index == clause.last or (index + 1 == clause.last and line.word(index) in particles)


def _possession(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield what is someone's or something's with 的 or without, at the beginning of a clause: 酒店(的)早餐 …."""
    first = clause.first
    if clause.last - first < 3 or line.word(first) not in HOLDERS:
        return
    marked = line.word(first + 1) == "的"
    head = first + 1 + marked
    if (
        head + 1 >= clause.last
        or not _is_thing(line, head, tags)
        or len(line.word(head)) < 2
        or line.word(head) in LIGHT
    ):
        return
    if tags[head + 1][:1] in ("d", "a", "v", "z"):
        if marked:
            yield Wording("dropped", first + 1, first + 2, (), 0.93)
        else:
            yield Wording("added", first + 1, first + 1, ("的",), 0.93)


def _openers(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 感觉 before a text that begins with how something is."""
    if clause.first or clause.last < 3 or not tags[0].startswith(("n", "vn")) or "感觉" in line.words:
        return
    if _quality(line.word(clause.last - 1), tags[clause.last - 1]):
        yield Wording("added", 0, 0, ("感觉",), 0.9)
