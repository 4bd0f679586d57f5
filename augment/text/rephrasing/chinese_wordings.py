"""Small Chinese words that stand for each other, or that may be there or not."""

from collections.abc import Iterator, Sequence
from functools import cache

from augment.text.negation import is_negation
from augment.text.omission.chinese_words import DEGREE, HOLDERS, LIGHT
from augment.text.omission.line import HAN, Clause, Line
from augment.text.rephrasing.proposal import Wording
from augment.text.segment import tokens_of

# Words of one line can be put for each other; of the first list only where a clause begins.
_OPENING = """
但是 但 不过 可是
而且 并且
所以 因此
因为 由于
如果 要是 假如
虽然 尽管 虽说
另外 此外
其实 实际上 事实上
总之 总的来说 总体来说 总体来讲 总的来讲 总体上 整体来说 总体而言
特别是 尤其是
感觉 觉得
即使 就算 即便
无论 不管
不仅 不但 不光
"""
_ANYWHERE = """
有点 有些
居然 竟然
终于 总算
总是 老是
经常 常常 时常
偶尔 有时 有时候
很多 许多 好多
大概 大约
好像 似乎 貌似
马上 立刻 立即 立马
一直 始终
刚 刚刚
每次 每回
这次 这回
上次 上回
下次 下回
以后 今后
里面 里边
外面 外边
旁边 边上
晚上 夜里
早上 早晨
现在 目前 如今
什么 啥
怎么 咋
为什么 为啥
应该 应当
我们 咱们
一起 一块
其他 其它
更 更加
确实 的确
绝对 肯定
稍微 略微
仅 仅仅
已经 已
买 购买
用 使用
住 入住
孩子 小孩 小朋友
父母 爸妈
或者 或
来说 来讲 而言
和 跟
和 与
时候 时
店家 商家
一点 一点儿
整体 总体
以前 之前
之后 以后
也许 可能 或许
本来 原本
正好 刚好 恰好
赶紧 赶快
随便 随意
互相 相互
忽然 突然
仿佛 好似
没想到 想不到
"""
_PARTICLES = ("哦", "啊")
_DROPPED = frozenset(("哦", "啊", "呀", "哈", "啦", "噢", "哟", "呐", "喔"))
_STRONG = ("很", "挺", "非常", "十分", "蛮", "特别", "相当")
_SURE = ("真的", "确实", "的确")
# Words of degree that 的 can follow whatever they are before, and qualities that it can follow behind others.
_SPOKEN = frozenset(("挺", "蛮", "还", "还是", "都"))
_PRAISED = frozenset("不错 好 方便 满意 舒服 到位 快 棒 好吃 干净 热情 周到 大 实惠 划算 好用 漂亮 清楚 安静".split())
# What a group does not mean the same in: before, or behind, one of these.
_NOT_BEHIND = {"可能": frozenset("有 不 最 很 尽".split()), "有点": frozenset("还 没".split()), "时候": frozenset("有 小 什么".split())}
_NOT_BEFORE = {"用": frozenset("了 来 得 完 过 的 来看".split()), "住": frozenset("了 得 的 在 进 下 满 不 房 处 店".split()), "和": frozenset(("一样", "。"))}
_STATES = frozenset("好吃 难吃 给力 到位 周到 满意 棒 超值 划算 实惠 值得 适中 不错 一流 好听 好看 好用 耐用 齐全 热心 准时 及时 迅速 快 慢 好 差 贵 便宜 大 小 多 少 高 低 旧 新 远 近".split())


def chinese_wordings(line: Line, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield other words for the same in a Chinese line."""
    yield from _groups(line)
    for number, clause in enumerate(line.clauses):
        yield from _endings(line, clause, tags)
        yield from _degrees(line, clause, tags)
        yield from _possession(line, clause, tags)
        if not number:
            yield from _openers(line, clause, tags)


@cache
def _table() -> dict[str, tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool], ...]]:
    """Return by first token what can be replaced: its tokens, what by, and whether only where a clause begins."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[tuple[str, ...], ...], bool]]] = {}
    for text, opening in ((_OPENING, True), (_ANYWHERE, False)):
        for group in text.strip().split("\n"):
            members = [tuple(tokens_of(word)) for word in group.split()]
            for member in members:
                others = tuple(other for other in members if other != member)
                table.setdefault(member[0], []).append((member, others, opening))
    return {first: tuple(entries) for first, entries in table.items()}


def _groups(line: Line) -> Iterator[Wording]:
    """Yield words that mean the same as those of a line."""
    begins = {clause.first for clause in line.clauses}
    table, words = _table(), line.words
    for index, word in enumerate(words):
        for member, others, opening in table.get(word, ()):
            last = index + len(member)
            if tuple(words[index:last]) != member or (opening and index not in begins and words[index - 1] not in ("我", "我们", "个人")):
                continue
            apart = line.word(index - 1) in _NOT_BEHIND.get(word, ()) or line.word(last) in _NOT_BEFORE.get(word, ())
            if not is_negation(line.word(index - 1)) and not apart:
                for other in others:
                    yield Wording("form", index, last, other, 0.93)


def _endings(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield a particle at the end of a clause that says how something is, or the clause without."""
    last = clause.last - 1
    if last - clause.first < 1 or any(mark[:1] in "?？:：" for mark in line.words[clause.last : clause.after]):
        return
    word, before = line.word(last), line.word(last - 1)
    inside = set(line.words[clause.first : last])
    if word in _DROPPED and HAN.match(before) and not inside & {"这个", "那个", "叫", "多", "多么"}:
        yield Wording("dropped", last, last + 1, (), 0.93)
        if _quality(before, tags[last - 1]):
            for other in _PARTICLES:
                if other != word:
                    yield Wording("form", last, last + 1, (other,), 0.93)
    if word == "的" and _quality(before, tags[last - 1]) and _graded(line, clause, last - 1) and not inside & {"是", "算", "算是"}:
        yield Wording("dropped", last, last + 1, (), 0.93)
    if _quality(word, tags[last]) and _graded(line, clause, last):
        if before in _SPOKEN or (word in _PRAISED and before in ("很", "非常")):
            yield Wording("added", clause.last, clause.last, ("的",), 0.93)
        if before not in ("还", "也", "较", "比较", "都"):
            for particle in _PARTICLES:
                yield Wording("added", clause.last, clause.last, (particle,), 0.9)


def _quality(word: str, tag: str) -> bool:
    """Return whether a word says how something is."""
    return word in _STATES or (tag.startswith(("a", "z")) and len(word) > 1)


def _graded(line: Line, clause: Clause, index: int) -> bool:
    """Return whether a word of degree, or 还 or 都, is before a quality, and no negation or comparison in the clause."""
    before = line.word(index - 1)
    words = line.words[clause.first : index]
    return index > clause.first and (before in DEGREE or before in ("还", "还是", "都", "也", "超")) and "比" not in words and not any(map(is_negation, words))


def _degrees(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield words of degree before a quality that has none, and assurances before one that has."""
    for index in range(clause.first, clause.last):
        word, before = line.word(index), line.word(index - 1) if index > clause.first else ""
        inside = line.words[clause.first : index]
        if {"比", "离", "像", "如", "和", "跟"} & set(inside) or any(map(is_negation, inside)) or is_negation(word):
            return
        subject = index > clause.first and tags[index - 1].startswith(("n", "vn")) and bool(HAN.match(before))
        at_end = index + 1 == clause.last or line.word(index + 1) in ("啊", "哦")
        if at_end and subject and _quality(word, tags[index]):
            for degree in _STRONG:
                yield Wording("added", index, index, (degree,), 0.9)
        more = line.word(index + 1)
        ends = index + 2 == clause.last or (line.word(index + 2) in ("的", "了") and index + 3 == clause.last)
        if word in DEGREE - {"比较", "较", "稍", "较为", "真"} and (subject or index == clause.first) and ends and _quality(more, tags[min(index + 1, len(tags) - 1)]):
            for sure in _SURE:
                yield Wording("added", index, index, (sure,), 0.9)


def _possession(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield what is someone's or something's with 的 or without, at the beginning of a clause: 酒店(的)早餐 …."""
    first = clause.first
    if clause.last - first < 3 or line.word(first) not in HOLDERS:
        return
    marked = line.word(first + 1) == "的"
    head = first + 1 + marked
    if head + 1 >= clause.last or tags[head] != "n" or len(line.word(head)) < 2 or line.word(head) in LIGHT:
        return
    if tags[head + 1][:1] in ("d", "a", "v", "z"):
        if marked:
            yield Wording("dropped", first + 1, first + 2, (), 0.93)
        else:
            yield Wording("added", first + 1, first + 1, ("的",), 0.93)


def _openers(line: Line, clause: Clause, tags: Sequence[str]) -> Iterator[Wording]:
    """Yield 感觉 before a text that begins by saying how something is."""
    if clause.first or clause.last < 3 or not tags[0].startswith(("n", "vn")) or "感觉" in line.words:
        return
    if _quality(line.word(clause.last - 1), tags[clause.last - 1]):
        yield Wording("added", 0, 0, ("感觉",), 0.9)
