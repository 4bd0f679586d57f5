"""Which tokens negate: in simplified and traditional script, in Cantonese, and in English with any apostrophe or none.

A negation turns the label, so no edit may take it away. Where a list cannot hold all compounds (不推荐, 沒什麼, 唔好食), a rule
decides, and the words that only look like one (不错, 无聊, 未来) are listed. When in doubt a word is a negation: it then stays.

    >>> [is_negation(word) for word in ("don´t", "ＤＩＤＮＴ", "沒什麼", "唔好", "不错", "別墅", "important")]
    [True, True, True, True, False, False, False]
    >>> sorted(negations(["買", "票", "難", "以", "退", "。", "couldn", "t"]))
    [2, 3, 6, 7]
"""

from collections.abc import Sequence
from functools import lru_cache
from unicodedata import normalize

import regex

from augment.text.segment import frequency

_HAN = regex.compile(r"\p{Han}")
# Marks that people type for an apostrophe; the full-width one is folded by NFKC.
_APOSTROPHES = regex.compile(r"['’‘‛`´ʼʹ′ˈ]")

_ENGLISH = """
not no never none nobody nothing nowhere noone neither nor cannot without hardly barely scarcely rarely seldom nope nah nay
noway nowise naught nought nothin nuthin nuffin dunno unable canot cannt nt dnt dint didint dident dosnt dosent doesent
cudnt wudnt shudnt n't 't
"""
_AUXILIARIES = (
    "do does did ca could wo would is are was were have has had sha should ai must need might may dare ought"
)
# What is left of n't where a space replaces the apostrophe; `won`, `don` and `haven` are words as well.
_STUMPS = "doesn didn couldn wouldn isn aren wasn weren hasn hadn shouldn mustn needn mightn ain shan"
_STUMPS_BEFORE_T = frozenset({*_STUMPS.split(), "don", "won", "haven", "can"})

_CHINESE = """
不 没 没有 别 无 未 非 勿 莫 甭 否 毋 弗 休 木有 米有 并非 并未 并无 并不 绝非 绝不 决不 决非 从未 从不 从没 从来不 从来没有 未必 未曾 未能 未尝
未有 未及 未经 绝无 毫无 毫不 永不 无法 无需 无须 无从 无人 无效 无力 无用 无益 无能 无缘 无意 无关 几乎不 几乎没有 难以 难于 甚少 鲜有 鲜少 极少 绝少
很少 缺乏 缺少 休想 禁止 拒绝 切勿 切莫 请勿 别再 别去 别买 别来 别想 别用 别看 别吃 别信 别让 别给 别把 别被 别太 别老 别提 别怪 非也 皆非 绝无仅有
也没 还没 都没 就没 又没 真没 并没 并没有 再没 从没有 莫要 莫再 不怎么样 不见得
"""
# Words that hold a negation, and negate nothing: a part of another meaning, a question, or two negations.
_OTHER_WORDS = """
不错 不满 不过 不断 不仅 不但 不管 不论 不光 不禁 不料 不妨 不时 不免 不久 不由 不由得 不已 不惜 不朽 不愧 不凡 不幸 不安 不良 不止 不少 不屑 不甘
不得不 不能不 不可不 不得了 不得已 不仅仅 不仅如此 不论是 不久前 不好意思 不知不觉 不可思议 不由自主 不约而同 不然 不如 不同 不同于 不等 不等式 不锈钢
是不是 忍不住 差不多 只不过 说不定 对不起 对不住 了不起 了不得 恨不得 巴不得 怪不得 好不好 要不是 要不 要不然 动不动 时不时 殊不知 大不了 莫不是
且不说 且不论 冷不防 冷不丁 忙不迭 禁不住 止不住 由不得 好不 无不 无非 莫不 莫非 莫大 莫名 莫名其妙 莫过于 莫斯科 莫桑比克 能不能 会不会 要不要
可不可以 行不行 有没有 没错 没收 没落 没准 没准儿 没药 没入 没命 没食子酸 淹没 沉没 出没 埋没 吞没 覆没 湮没 泯没 没完没了 没日没夜 没头没脑
没精打采 没心没肺 无论 无论是 无论如何 无数 无数次 无线 无线电 无聊 无奈 无比 无限 无疑 无穷 无辜 无情 无耻 无知 无赖 无锡 无所谓 无可奈何 无异 无形
无尘 无机 无色 无偿 无敌 无双 无边 无常 无量 无礼 无心 无产阶级 无人机 无霜期 无与伦比 未来 未免 未婚 未婚妻 未婚夫 未遂 未知数 未成年 未成年人
别墅 别人 别的 别扭 别致 别名 别处 别国 别称 别样 别具一格 别有风味 非常 非洲 非法 非凡 非但 非得 非线性 非同小可 唔该 唔該 休息 休闲 休假
"""
# 没 in a word of the dictionary can be a part of it (淹没); 无, 未 and 唔 come before what they negate.
_BEGINNINGS = ("不", "没", "无", "未", "勿", "毋", "甭", "弗", "唔", "冇", "咪唔")
_ENDS = ("不", "没", "没有", "冇")
# In what no dictionary knows, as jieba cuts unknown words, any of these negates; 别 and 非 only at the beginning.
_ANYWHERE = regex.compile("[不没无未勿毋甭弗唔冇]|^[别莫非咪]|^(?:并非|绝非|决非)")
_SURE = regex.compile("[唔冇甭]")
_INSIDE = regex.compile("^..?不.$|^..?不..$")
# The traditional letters of negations, which dictionaries of simplified words do not know.
_SIMPLER = str.maketrans(
    "沒無別會並絕決應該從來見願讓夠難於極鮮幾還買請給嘗經過斷僅論聊斉處國識樣緻麼裡銹鏽鋼鄰壞對說時數線奇窮現實隻爾屬關係單滿錯凡覺",
    "没无别会并绝决应该从来见愿让够难于极鲜几还买请给尝经过断仅论聊齐处国识样致么里锈锈钢邻坏对说时数线奇穷现实只尔属关系单满错凡觉",
)
_CANTONESE = "咪 唔 冇 唔係 唔好 唔會 唔使 咪住 咪再"
# A negation that is cut in two has at most this many letters behind the cut.
_LONGEST = 3
_NEGATED_PREFIX = regex.compile(r"^(?:not|never|non|no)[-‐‑]\p{L}")


def simpler(word: str) -> str:
    """Return a Chinese word with the traditional letters that negations are written with in simplified form."""
    return word.translate(_SIMPLER)


def _forms(word: str) -> frozenset[str]:
    """Return a negated auxiliary as it is written: without the apostrophe, and with `ve` behind."""
    return frozenset({f"{word}nt", f"{word}ntve"})


NEGATIONS = frozenset(
    {*(_ENGLISH + _CHINESE).split(), *_STUMPS.split(), *_CANTONESE.split()}.union(
        *map(_forms, _AUXILIARIES.split())
    )
)

_NO_NEGATIONS = frozenset(_OTHER_WORDS.split())


# Words repeat, so remembering them spares most of the work.
@lru_cache(maxsize=1 << 16)
def is_negation(token: str) -> bool:
    """Return whether a token negates: not, don't, dont, don´t, cannot; 不, 没有, 沒什麼, 並非, 唔好."""
    word = _plain(token)
    if word in NEGATIONS or simpler(word) in NEGATIONS:
        return True
    return _chinese(simpler(word)) if _HAN.search(word) else _english(word)


def negations(tokens: Sequence[str]) -> frozenset[int]:
    """Return the tokens that negate, also those that do so only with a neighbour: 難 + 以, `couldn` + `t`, `n` + `'` + `t`."""
    indices = {index for index, token in enumerate(tokens) if is_negation(token)}
    for index in range(len(tokens) - 1):
        if _is_pair(tokens[index], tokens[index + 1]):
            indices |= {index, index + 1}
    for index in range(1, len(tokens)):
        if _plain(tokens[index]) in ("t", "'t"):
            apart = index > 1 and bool(_APOSTROPHES.fullmatch(_plain(tokens[index - 1])))
            first = index - 2 if apart else index - 1
            before = _plain(tokens[first])
            if before in _STUMPS_BEFORE_T or (before == "n" and (apart or tokens[index] != "t")):
                indices |= {first, index}
    return frozenset(indices)


@lru_cache(maxsize=1 << 16)
def _is_pair(one: str, other: str) -> bool:
    """Return whether the beginning of a token makes a negation with the end of the one before it: 難 + 以下, 我絕 + 不.

    What a dictionary knows ends where it is cut: 特別 + 提示 holds no 別提. What negates alone needs nobody.
    """
    if not (_HAN.match(one[-1:]) and _HAN.match(other)):
        return False
    first, second = simpler(one), simpler(other)
    known = len(first) > 1 and frequency(first)
    ends = (first,) if known else {first[-1:], first[-2:]}
    rest = range(1, _LONGEST + 1) if not is_negation(other) else (len(second),)
    return any(end + second[:more] in NEGATIONS for end in ends for more in rest)


def _plain(token: str) -> str:
    """Return a token in one width and case, with one kind of apostrophe."""
    if token.isascii():
        return token.casefold().replace("`", "'")
    # Apostrophes first: NFKC makes a space and a combining mark of an acute accent.
    return normalize("NFKC", _APOSTROPHES.sub("'", token)).casefold()


def _english(word: str) -> bool:
    """Return whether a word without Han, in one width and case, negates."""
    return "n't" in word or bool(_NEGATED_PREFIX.match(word)) or word.replace("'", "") in NEGATIONS


def _chinese(word: str) -> bool:
    """Return whether a word of simplified Han negates, by the lists and the rules."""
    if word in _NO_NEGATIONS:
        return False
    if _SURE.search(word):
        return True
    if not frequency(word):
        return bool(_ANYWHERE.search(word))
    # Idioms hold a negation as a part of their image: 名不虚传, 不可思议.
    if len(word) > 3:
        return word.startswith("没有") or word.endswith(_ENDS)
    return word.startswith(_BEGINNINGS) or word.endswith(_ENDS) or bool(_INSIDE.match(word))
