"""Words of degree, praise and blame that mean the same where they are: dictionaries have none of these, or bury them among other senses.

A classifier of opinions depends on 很, 好, 不错 and `very`, `great`, `bad`: dictionaries have dozens of senses for these, or none. Here
each group has words that replace each other, and a rule where they do: a word of degree before a word that has degrees, 好 and 差 only
where they end a clause.

    [*appraisals(["服务", "很", "好", "。"])]        # [(1, 2, ("挺", "蛮", ...)), (2, 3, ("不错", "棒"))]
"""

from collections.abc import Iterator, Mapping, Sequence

from augment.text.inflect import match_case
from augment.text.negation import is_negation
from augment.text.script import language
from augment.text.segment import tag

# Words of which each replaces the others of its line.
_CHINESE = """
好吃 美味 可口
难吃 不好吃
干净 整洁 洁净
脏 不干净
舒服 舒适
便宜 实惠 划算
漂亮 好看
喜欢 喜爱
失望 扫兴
热情 热心
方便 便利 便捷
糟糕 差劲
糟 糟糕
安静 清静
吵 吵闹 嘈杂
慢 缓慢
快 迅速
旧 陈旧
一般 普通 一般般
简陋 寒酸
恶劣 很差
酒店 宾馆
房间 客房
早餐 早饭 早点
服务员 服务生
味道 口味
送餐 配送
总体 整体
非常 十分 特别 相当
有点 有些 有点儿
比较 较为
实在 真的 确实
确实 的确 真的
根本 完全 压根
居然 竟然
但是 但 可是 不过
而且 并且
因为 由于
如果 要是
以后 今后
觉得 感觉
知道 晓得
告诉 告知
推荐 力荐
值得 很值得
无聊 乏味 枯燥
精彩 出彩
感动 动人
垃圾 烂
差劲 糟糕 很差
"""
_ENGLISH = """
very really extremely
really truly
great excellent terrific superb wonderful
excellent outstanding superb terrific
wonderful marvelous terrific fantastic
good fine solid
bad poor lousy
awful terrible dreadful horrible
worst poorest
best finest
boring dull tedious
dull boring tedious
funny amusing humorous
hilarious uproarious hysterical
stupid dumb idiotic
silly goofy foolish
moving touching affecting
touching moving affecting
beautiful gorgeous lovely
beautifully gorgeously
clever ingenious smart
smart intelligent clever
charming delightful enchanting
delightful charming enjoyable
engaging absorbing engrossing
compelling gripping absorbing
gripping riveting engrossing
entertaining enjoyable fun
enjoyable entertaining pleasant
fascinating intriguing absorbing
interesting intriguing
powerful potent forceful
brilliant superb masterful
perfect flawless
impressive remarkable striking
remarkable extraordinary striking
memorable unforgettable
original inventive fresh
fresh original
predictable unsurprising
mediocre middling unremarkable
lame feeble weak
weak feeble
tired stale hackneyed
stale tired
flat lifeless
pointless meaningless
annoying irritating
messy sloppy
ugly unsightly hideous
sad sorrowful
heartfelt sincere
honest sincere candid
sweet endearing
witty clever amusing
slow sluggish
unfunny humorless
movie film picture
movies films pictures
film movie picture
films movies pictures
performance acting
story tale
plot storyline
director filmmaker
audience viewers
kids youngsters
fails flops
mess shambles
nothing naught
enough sufficiently
although though
however nevertheless
often frequently
too overly
"""
_DEGREES: Mapping[str, tuple[str, ...]] = {
    "很": ("挺", "蛮", "非常", "十分", "相当"),
    "挺": ("蛮", "很"),
    "蛮": ("挺", "很"),
    "非常": ("十分", "特别", "相当", "很"),
    "十分": ("非常", "特别", "很"),
    "特别": ("非常", "格外", "十分"),
    "太": ("实在太", "真是太"),
    "真": ("真的很", "确实"),
    "超": ("超级", "非常"),
    "超级": ("非常", "特别"),
}
# Of the words that a degree word is put before, or that end a clause.
_CLAUSE_ENDS = frozenset("，。！？；,.!?;~～、 \n…")
_LAST = frozenset(["的", "了", "啊", "呀", "哦", "吧", "呢", "滴", "哈"])
_AFTER_DEGREE: Mapping[str, tuple[str, ...]] = {
    "好": ("不错", "棒", "赞"),
    "不错": ("好", "棒"),
    "差": ("糟糕", "差劲"),
    "棒": ("好", "赞"),
}
_ALONE: Mapping[str, tuple[str, ...]] = {
    "好": ("不错", "挺好", "很好"),
    "不错": ("挺好", "很好", "蛮好"),
    "差": ("很差", "糟糕", "差劲"),
    "不好": ("不怎么样", "很一般", "不太好"),
    "很好": ("很不错", "挺好", "非常好"),
    "很差": ("太差", "非常差", "很糟糕"),
    "太差": ("很差", "太糟糕", "非常差"),
    "还好": ("还行", "还可以"),
    "还可以": ("还行", "还不错"),
    "可以": ("还行", "还可以"),
}
_GRADED = frozenset("avzil")


def _table(lines: str) -> dict[str, tuple[str, ...]]:
    """Return what may replace the first word of each line, and the other words of a line too where they have no line of their own."""
    groups = [line.split() for line in lines.strip().splitlines()]
    table = {first: tuple(others) for first, *others in groups}
    for group in groups:
        for word in group[1:]:
            table.setdefault(word, tuple(other for other in group if other != word))
    return table


_WORDS = _table(_CHINESE) | _table(_ENGLISH)


def appraisals(tokens: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the index of each token that has such words, and the words, the usual ones first. Negated words have none."""
    for index, token in enumerate(tokens):
        before, behind = (
            tokens[index - 1] if index else "",
            tokens[index + 1] if index + 1 < len(tokens) else "",
        )
        if is_negation(before):
            continue
        words = _fitting(token, before, behind)
        if words:
            yield index, tuple(dict.fromkeys(match_case(token, word) for word in words))


def _fitting(token: str, before: str, behind: str) -> tuple[str, ...]:
    """Return the words for a token between its neighbours."""
    word = token.casefold()
    if language(token) != "zh":
        if word in ("very", "really", "too") and not behind.isalpha():
            return ()
        return _WORDS.get(word, ())
    if token in _DEGREES and (tag(behind) or "x")[:1] in _GRADED and behind not in ("是", "有", "多", "少"):
        return _DEGREES[token]
    if not behind or behind[0] in _CLAUSE_ENDS or behind in _LAST:
        if before in _DEGREES:
            return _AFTER_DEGREE.get(token, ()) or _WORDS.get(token, ())
        ends = not behind or behind[0] in _CLAUSE_ENDS
        if token in _ALONE and ends and (tag(before) or "x")[:1] in ("n", "v", "r", "d"):
            return _ALONE[token]
    return _WORDS.get(token, ())
