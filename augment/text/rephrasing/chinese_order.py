"""Parts of a Chinese sentence that may change places."""

from collections.abc import Iterator, Sequence

from augment.text.negation import is_negation
from augment.text.omission.chinese_clauses import independent, stands_alone
from augment.text.omission.chinese_words import ALSO, REFERS, THIRD, TURNS
from augment.text.omission.line import HAN, Clause, Line
from augment.text.rephrasing.proposal import Exchange

_JOINS = frozenset(("和", "与", "、", "及"))
_ENDINGS = frozenset(("的", "了", "啊", "哦", "呢", "吧", "哈", "呀", "啦", "滴", "噢", "嘛"))
_SUBJECTS = ("n", "vn", "s")
_QUALITIES = ("a", "z", "i", "l")
# Of qualities what dictionaries have as something else.
_STATES = frozenset(
    "好吃 难吃 给力 到位 周到 满意 喜欢 棒 超值 划算 实惠 值得 适中 还行 足 不错 一流 下饭 合口味 足够 好听 好看 好用 耐用 齐全 热心 准时 及时 迅速 神速 快速".split()
)
# A clause with these says when something was, or sums up: its place means something.
_PLACED = frozenset(
    "总体 总的来说 整体 总之 下次 以后 希望 建议 推荐 一般 其他 其它 首先 最后 结果 后来 然后 现在 目前 原来 之前 刚 先 再 第一次 这次 上次 唯一 尤其 特别是 比 最 更 同样 相比 除了".split()
)
_TIMES = frozenset("今天 昨天 前天 今晚 昨晚 这次 上次 这回 当时 后来 平时 周末 最近 现在 今年 去年 晚上 早上 中午 下午 第二天 当天 每次 每天 以前 有时 有时候 之前".split())
_PERSONS = frozenset("我 我们 咱们 本人 我家 俺 老公 老婆 朋友 同事 孩子 妈妈 爸爸 家人 大家".split())


def chinese_order(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield the parts of a Chinese line that may change places."""
    yield from _descriptions(line, tags)
    yield from _joined(line, tags)
    yield from _times(line, tags)


def _descriptions(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield two clauses next to each other that each describe a thing of its own: 味道不错，送餐很快."""
    every = line.clauses
    for number in range(len(every) - 1):
        one, other = every[number], every[number + 1]
        if not (_describes(line, one, tags) and _describes(line, other, tags)):
            continue
        if line.words[one.first] == line.words[other.first] or not _commas(line, one, other):
            continue
        before = every[number - 1] if number else None
        behind = every[number + 2] if number + 2 < len(every) else None
        if before is not None and not one.begins and not _describes(line, before, tags) and not stands_alone(line, before, tags):
            continue
        if behind is None or other.ends or _own(line, behind, tags):
            if behind is None or independent(line, behind):
                yield Exchange(one.first, one.last, other.first, other.last, 0.93, tested=False)


def _commas(line: Line, one: Clause, other: Clause) -> bool:
    """Return whether marks, and no colon or question mark, are behind two clauses; a space alone is none."""
    marks = "".join(line.words[one.last : one.after] + line.words[other.last : other.after])
    return one.after > one.last and not set(marks) & set(":：?？—–-…(（)）\"“”")


def _own(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause begins with a subject of its own."""
    return tags[clause.first].startswith((*_SUBJECTS, "r"))


def _describes(line: Line, clause: Clause, tags: Sequence[str]) -> bool:
    """Return whether a clause is a short one that says how something is: a subject, and a quality at its end."""
    words = line.words[clause.first : clause.last]
    if not 2 <= len(words) <= 8 or len("".join(words)) > 14 or not stands_alone(line, clause, tags):
        return False
    if not tags[clause.first].startswith(_SUBJECTS) and not (
        tags[clause.first] == "v" and clause.last - clause.first > 2 and tags[clause.first + 1][:1] in "nv"
    ):
        return False
    if (_PLACED | ALSO | TURNS | THIRD | REFERS) & set(words) - {"都"}:
        return False
    last = clause.last - 1
    while last > clause.first and line.words[last] in _ENDINGS:
        last -= 1
    quality = tags[last].startswith(_QUALITIES) or line.words[last] in _STATES
    between = tags[clause.first + 1 : last]
    return last > clause.first and quality and not any(each.startswith(("p", "c", "r", "t")) for each in between)


def _joined(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield two words that 和 or 、 joins: nouns or qualities of two syllables and more."""
    for clause in line.clauses:
        for index in range(clause.first + 1, clause.last - 1):
            if line.word(index) not in _JOINS or not _pair(line, tags, index):
                continue
            listed = line.word(index) == "、" or "、" in (line.word(index - 2), line.word(index + 2))
            starts = index - 1 == clause.first or listed or tags[index - 2].startswith(("v", "p", "c", "d"))
            ends = index + 2 == clause.last or listed or tags[index + 2].startswith(("d", "a", "v", "zg"))
            if starts and ends and line.word(index + 2) != "的" or (tags[index - 1].startswith("a") and starts):
                yield Exchange(index - 1, index, index + 1, index + 2, 0.93, tested=False)


def _pair(line: Line, tags: Sequence[str], index: int) -> bool:
    """Return whether two nouns or two qualities are on both sides of a word."""
    pair = (line.word(index - 1), line.word(index + 1))
    if min(map(len, pair)) < 2 or not all(map(HAN.match, pair)) or any(map(is_negation, pair)) or pair[0] == pair[1]:
        return False
    left, right = tags[index - 1], tags[index + 1]
    return left == right == "n" or (left.startswith("a") and right.startswith("a"))


def _times(line: Line, tags: Sequence[str]) -> Iterator[Exchange]:
    """Yield when and who, at the beginning of a clause: 今天我…, 我今天…."""
    for clause in line.clauses:
        first = clause.first
        if clause.last - first < 4:
            continue
        pair = {line.word(first), line.word(first + 1)}
        if len(pair & _TIMES) == 1 == len(pair & _PERSONS) and tags[first + 2][:1] in ("v", "p", "d"):
            yield Exchange(first, first + 1, first + 1, first + 2, 0.93, tested=False)


