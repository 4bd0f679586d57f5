"""Chinese that people write in two ways: 送的很快 and 送得很快, 两份 and 2份, 一点也没有 and 一点都没有."""

from collections.abc import Iterator, Sequence

import regex

from augment.text.negation import is_negation
from augment.text.omission.chinese_words import DEGREE
from augment.text.omission.line import HAN, Clause, Line
from augment.text.rephrasing.proposal import Exchange, Wording
from augment.text.rephrasing.words import COUNTED, COUNTS, EXTREMES, HOURS, STATES, SWAPPED

_DIGITS = {digit: word for word, digit in COUNTS.items()}
# The most words of how well something was done.
_SHORT, _TWO = 4, 2
_DEGREES = frozenset("很挺超好太真巨")
_TASTES = frozenset("辣咸淡酸甜快慢早晚大小多少高低轻重贵好远近")
_ONES = ("", *"一二三四五六七八九")
_AMOUNTS = ("分钟", "块", "元")
_SPELLED = regex.compile(rf"([二三四五六七八九]?十[一二三四五六七八九]?)({'|'.join(_AMOUNTS)})")
_TWO_DIGITS = regex.compile("[1-9][0-9]")
_MONEY = {"元": "块", "块": "元"}
# Before an amount these are a part of it, or of what it is of: 3.5元, 7点50分, 第一小时.
_PARTS = tuple("0123456789.:：点百千万半个第每时-~至")
_BEFORE = frozenset(("太", "好", "真", "有点", "有些", "不", "也", "都", "还"))


def chinese_variants(line: Line, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield other ways to write the same in a Chinese line."""
    for number, clause in enumerate(line.clauses):
        yield from _complement(line, clause, tags)
        yield from _counts(line, clause)
        yield from _amounts(line, clause)
        yield from _not_even(line, clause, tags)
        yield from _inside(line, clause, tags)
        yield from _twice(line, clause, tags)
        if number:
            yield from _only(line, clause, tags)


def _complement(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 得 for 的, and the other way round, between a verb and how well it was done at the end of a clause."""
    for index in range(clause.first + 1, clause.last - 1):
        word = line.word(index)
        if (
            word not in ("的", "得")
            or not tags[index - 1].startswith("v")
            or len(line.word(index - 1)) > 2
            or line.word(index - 1).endswith(("来", "去"))
        ):
            continue
        rest = line.words[index + 1 : clause.last]
        while rest and rest[-1] in ("了", "啊", "哦", "呀", "啦"):
            rest = rest[:-1]
        if 0 < len(rest) <= _SHORT and _how_well(rest, tags[index + len(rest)]):
            yield Wording("form", index, index + 1, (SWAPPED[word],), 0.93)


def chinese_pairs(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield the two parts of 又 … 又 …, of one part of speech, at the end of a clause: 又慢又贵."""
    for clause in line.clauses:
        also = [index for index in range(clause.first, clause.last) if line.word(index) == "又"]
        if (
            len(also) != 2
            or not also[0] + 1 < also[1] <= also[0] + 3
            or not also[1] + 1 < clause.last <= also[1] + 3
        ):
            continue
        heads = tags[also[1] - 1][:1], tags[clause.last - 1][:1]
        if heads[0] == heads[1] and heads[0] in ("a", "z"):
            yield Exchange(also[0] + 1, also[1], also[1] + 1, clause.last, 0.93, tested=False)


def _how_well(words: Sequence[str], tag: str) -> bool:
    """Return whether words are one of degree and how something is, which can be one word. tag: of the last."""
    last = words[-1]
    if len(words) == 1:
        return len(last) == _TWO and last[0] in _DEGREES and last[1] in STATES
    return (words[0] in DEGREE or words[0] in _BEFORE) and (last in STATES or tag.startswith(("a", "z")))


def _counts(line: Line, clause: Clause) -> Iterator[Wording]:
    """Yield how many in digits or in words, before what is counted with: 两份, 2份."""
    for index in range(clause.first, clause.last):
        word, behind = line.word(index), line.word(index + 1)
        if line.word(index - 1) in ("第", "每", "这", "那", "星期", "周") or line.word(index - 1).isdigit():
            continue
        counted = len(word) == 2 and word[0] in COUNTS and word[1] in COUNTED
        # How many hours there are is written in more ways, by `chinese_wordings`.
        if "小时" in (behind, line.word(index + 2)) and "个" in (word[-1:], behind):
            continue
        if counted and not behind.startswith(word[0]):
            yield Wording("form", index, index + 1, (COUNTS[word[0]], word[1]), 0.93)
        if word in _DIGITS and behind in COUNTED:
            yield Wording("form", index, index + 2, (_DIGITS[word] + behind,), 0.93)


def _amounts(line: Line, clause: Clause) -> Iterator[Wording]:
    """Yield minutes and money in digits or in words, money in 元 or 块, and whole hours with 个: 20分钟, 二十分钟; 10元, 10块; 一小时, 一个小时."""
    for index in range(clause.first, clause.last):
        word, behind, before = line.word(index), line.word(index + 1), line.word(index - 1)
        if before[-1:] in _PARTS or before.isdigit():
            continue
        spelled = _SPELLED.fullmatch(word)
        if spelled is not None:
            yield Wording("form", index, index + 1, (str(_number(spelled[1])), spelled[2]), 0.93)
        if _TWO_DIGITS.fullmatch(word) and behind in _AMOUNTS and index + 1 < clause.last:
            yield Wording("form", index, index + 2, (_spelled(int(word)) + behind,), 0.93)
        if word.isdecimal() and behind in _MONEY and line.word(index + 2) != "钱":
            yield Wording("form", index + 1, index + 2, (_MONEY[behind],), 0.92)
        if behind == "小时" and word in HOURS:
            yield Wording("form", index, index + 1, (word + "个",), 0.93)
        if behind == "小时" and word in HOURS.values():
            yield Wording("form", index, index + 1, (word, "个"), 0.93)


def _number(word: str) -> int:
    """Return the number that Chinese words from 十 to 九十九 are."""
    tens, _, ones = word.partition("十")
    return 10 * (_ONES.index(tens) if tens else 1) + (_ONES.index(ones) if ones else 0)


def _spelled(number: int) -> str:
    """Return a number from 10 to 99 in Chinese words."""
    tens, ones = divmod(number, 10)
    return f"{_ONES[tens] if tens > 1 else ''}十{_ONES[ones]}"


def _inside(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 里面 for 里, and the other way round, behind a thing: 盒子里全是水."""
    for index in range(clause.first + 1, clause.last):
        word = line.word(index)
        if word in ("里", "里面") and tags[index - 1] == "n" and len(line.word(index - 1)) > 1:
            yield Wording("form", index, index + 1, (SWAPPED[word],), 0.93)


def _twice(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield a word once that is there twice: 非常非常好."""
    for index in range(clause.first, clause.last - 1):
        word = line.word(index)
        graded = word in STATES or tags[index].startswith(("a", "d", "z", "i"))
        if word == line.word(index + 1) and len(word) > 1 and graded and line.words.count(word) == 2:
            yield Wording("dropped", index, index + 1, (), 0.93, tested=False)


def _not_even(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 都 for 也, and the other way round, between 一点 or 连 and a negation: 一点味道也没有."""
    words = line.words[clause.first : clause.last]
    for index in range(1, len(words) - 1):
        if words[index] not in ("也", "都") or not is_negation(words[index + 1]):
            continue
        at = clause.first + index
        extremes = [
            before for before in range(max(clause.first, at - 4), at) if line.word(before) in EXTREMES
        ]
        # 要辣一点，也没加 is of degree.
        if extremes and line.word(extremes[-1] - 1)[-1:] not in _TASTES:
            yield Wording("form", at, at + 1, (SWAPPED[words[index]],), 0.93)


def _only(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 只是 for 就是, and the other way round, where a clause takes something back: 味道不错，就是肉不多."""
    word, behind = line.word(clause.first), clause.first + 1
    if word not in ("就是", "只是") or clause.last - clause.first < 3 or "话" in line.word(clause.first - 2):
        return
    takes_back = tags[behind].startswith(("n", "vn", "a")) or line.word(behind) in (
        "有点",
        "有些",
        "太",
        "稍微",
    )
    if takes_back and HAN.match(line.word(behind)):
        yield Wording("form", clause.first, behind, (SWAPPED[word],), 0.93)
