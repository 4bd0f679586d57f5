"""Decide which tokens may be ranked and which may be edited; no model is needed.

Content words may be ranked. Of these, negations and what the user protects are never edited: a negation turns the
label, and a user's word (a brand, a shortcut under study) must stay. Intensifiers and opinion words are content.

    >>> tokens = ["这", "手机", "不", "好用", "，", "iPhone6", "👍"]
    >>> list(zip(tokens, editable(tokens, Protection(words=frozenset({"手机"})))))[1:4]
    [('手机', False), ('不', False), ('好用', True)]
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import accumulate
from unicodedata import normalize

import regex

from augment.errors import RequestError
from augment.text.negation import NEGATIONS, is_negation, negations, simpler
from augment.text.segment import CODE, MARKUP

PATTERN_SECONDS = 1.0
# Content words that a negation speaks of.
_GOVERNED = 2

_LETTER = regex.compile(r"\p{L}")
_HAN = regex.compile(r"\p{Han}")
_LATIN_OR_DIGIT = regex.compile(r"[\p{L}\p{N}]")
# 分 and 点 are not among the measures: 十分, 万分 and 一点 are adverbs of degree, not counts.
_NUMERIC = regex.compile(
    r"\p{N}|^(?:第|百分之|约|近)?(?:[〇零一二两三四五六七八九十百千万亿半几]|数(?=[十百千万亿]))+(?:[点又][〇零一二三四五六七八九]+)?"
    r"(?:[多余来几])?(?:[个次年月日天元块秒位名件条张只本部间层号岁倍种家套台辆双]|号线|小时|分钟)?$"
)
# What a sentence may begin after.
_BREAK = regex.compile(r"[.!?。！？…:：;；\n\"“”‘'(\[（【*•—-]+")
_APOSTROPHE = regex.compile(r"[’‘‛´ʼ′＇]")
_LINK = regex.compile(
    r"(?i)://|^www\.|^@.|.@.|^#.|(?:^[a-z0-9-]+|\.[a-z0-9-]+)\.(?:com|cn|net|org)(?![a-z0-9-])"
)
_CLITIC = regex.compile(r"^(.*?)['’](?:s|t|m|d|ve|ll|re)$")

# Articles, pronouns, auxiliaries, prepositions, conjunctions, question words, number words.
_ENGLISH_STOP_WORDS = """
a an the this that these those i me my mine myself we us our ours ourselves you your yours yourself
yourselves he him his himself she her hers herself it its itself they them their theirs themselves
one ones oneself someone somebody something anyone anybody anything everyone everybody everything
each every either both all any some such other others another same own who whom whose which what
when where why how whoever whatever whichever am is are was were be been being do does did doing
done have has had having will would shall should can could may might must ought let 's 'm 'd 've 'll
're s t m d ve ll re about above across after against along among around as at before behind below
beneath beside besides between beyond by despite down during except for from in inside into near of
off on onto out outside over past per since through throughout till to toward towards under until up
upon via with within and but or if because although though while whereas whether than then there
here unless once however therefore thus hence also again yet im ive id youre youve theyre theyve
thats whats lets ca wo sha dr mr mrs ms vs etc zero two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty
seventy eighty ninety hundred thousand million billion dozen first second third half quarter
many much few little than even just only still ever get gets getting got gotten like co
"""
# Particles, pronouns, copula, auxiliaries, prepositions, conjunctions, connecting adverbs, directions, measure words.
_CHINESE_STOP_WORDS = """
的 地 得 之 了 着 過 过 吗 嗎 呢 吧 啊 呀 哦 噢 哈 嘛 啦 么 麼 哇 嗯 唉 哎 哟 呦 喔 咯 呗 罢了 而已 似的 一样 般 们 所 者 我 你 您 他 她 它 牠 我们 你们
他们 她们 它们 咱 咱们 俺 俺们 自己 本人 人家 大家 别人 他人 彼此 这 那 这个 那个 这些 那些 这里 那里 这儿 那儿 这边 那边 这样 那样 这么 那么 这种 那种 这是 那是 这次
那次 此 该 本 其 这家 那家 这款 那款 这本 那本 这部 那部 哪 哪个 哪里 哪儿 哪些 什么 谁 怎么 怎样 怎么样 如何 为什么 为何 多少 几 几个 啥 咋 是 有 在 会 能 能够
可以 可 可能 要 应 应该 应当 须 必须 将 将要 让 使 被 把 给 叫 令 由 以 为 为了 于 按 按照 依 对 对于 关于 至于 向 往 朝 从 自 自从 到 至 比 跟 和 与 及 以及
同 或 或者 还是 而 而且 并 并且 且 但 但是 可是 不过 然而 只是 虽 虽然 虽说 尽管 因 因为 由于 所以 因此 因而 于是 如 如果 若 要是 假如 倘若 的话 只要 只有 除了 除非
无论 不论 不管 不仅 不但 不光 即使 即便 哪怕 就算 既 既然 当 当然 比如 例如 譬如 就 才 也 都 又 再 还 则 却 便 即 曾 曾经 已 已经 正 正在 刚 刚刚 上 下 里 中 内
外 前 后 间 旁 边 上面 下面 里面 外面 前面 后面 之间 之后 之前 以后 以前 之中 其中 时 时候 当时 期间 来 去 来说 来讲 看来 等 等等 之类 及其 其他 其它 其余 另 另外
某 某些 各 各个 每 每个 每次 有些 有的 有人 一些 一下 一直 就是 也是 都是 还有 还会 还要 只能 个 位 次 件 条 张 只 部 家 款 种 些 点 块 元 号 份 套 台 名 遍 回 趟 顿 年 月 日 天
"""
_QUESTIONS = frozenset(
    [
        "who",
        "whom",
        "whose",
        "what",
        "which",
        "when",
        "where",
        "why",
        "how",
        "谁",
        "哪",
        "哪个",
        "哪里",
        "哪儿",
        "哪些",
        "什么",
        "怎么",
        "怎样",
        "怎么样",
        "如何",
        "为什么",
        "为何",
        "多少",
        "几",
        "几个",
        "啥",
        "咋",
    ]
)
# Words of degree that can be ranked but have no substitute: dictionaries take them for thus, or for penetrating.
COMPARING = frozenset({"so", "too", "more", "most", "less", "least"})
# Stop words that have synonyms as other words do: they weigh, count, compare or join, but name nothing.
_JOINING_WORDS = """
many much few little even just only still ever get gets getting got gotten like first second third half quarter again yet
once however thus hence therefore although though whereas such same own another every each whatever near across past
so too more most less least besides despite almost
罢了 而已 似的 一样 一般 大家 别人 他人 彼此 这样 那样 这么 那么 如何 为什么 为何 能够 可以 应该 应当 必须 将要 为了 按照 对于 关于 至于
自从 以及 或者 还是 而且 并且 但是 可是 不过 然而 只是 虽然 虽说 尽管 因为 由于 所以 因此 因而 于是 如果 要是 假如 倘若 只要 只有 除了
除非 无论 不论 不管 不仅 不但 不光 即使 即便 哪怕 就算 既然 当然 比如 例如 譬如 曾经 已经 正在 刚刚 之后 之前 以后 以前 其中 时候 当时
期间 来说 来讲 看来 等等 及其 另外 各个 每个 每次 有些 有的 一些 一下 一直 就是 也是 都是 还有 还会 还要 只能
"""
# Further stop words that others can replace: numbers, and words of relation that WordNet has.
_LOOSE_WORDS = """
also among anybody anyone anything around behind beneath beside beyond could everybody everyone everything except inside
might must others ought outside per shall since somebody someone something throughout till toward towards unless upon us via
would within whether
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion dozen zero
"""
_JOINING = frozenset(_JOINING_WORDS.split())
STOP_WORDS = frozenset((_ENGLISH_STOP_WORDS + _CHINESE_STOP_WORDS).split()) - NEGATIONS
# Stop words that only bind others: articles, pronouns, auxiliaries, prepositions, particles.
_BINDING = STOP_WORDS - _JOINING - frozenset(_LOOSE_WORDS.split())


@dataclass(frozen=True)
class Protection:
    """What a user wants left alone: words or phrases, and regular expressions for single tokens; case is ignored.

    language_given: the user names the language of the texts, so that none is left alone for being in another.
    """

    words: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    language_given: bool = False


def editable(tokens: Sequence[str], protection: Protection) -> list[bool]:
    """Return for each token whether it may be edited: content, no negation, and not protected.

    A capitalised word inside a sentence is a name and stays. A protected word is found across token borders (花呗 in 花 + 呗, "battery life"), a Latin one only as whole
    tokens. RequestError if a pattern is not a regular expression or takes too long.
    """
    kept = locked(tokens, protection) | names(tokens)
    return [_free(token) and index not in kept for index, token in enumerate(tokens)]


def locked(tokens: Sequence[str], protection: Protection) -> frozenset[int]:
    """Return the tokens that no stage may edit, whatever else it edits: negations, and what the user protects.

    RequestError if a pattern takes too long.
    """
    return negations(tokens) | _protected(tokens, protection)


def names(tokens: Sequence[str]) -> set[int]:
    """Return the capitalised Latin words that do not begin a sentence; none where most words are capitalised."""
    words = [index for index, token in enumerate(tokens) if token[:1].isalpha() and not _HAN.match(token)]
    capital = [
        index for index in words if tokens[index][0].isupper() and tokens[index].casefold() not in STOP_WORDS
    ]
    if 2 * len(capital) > len(words):
        return set()
    return {index for index in capital if index and not _BREAK.fullmatch(tokens[index - 1])}


def is_content(token: str) -> bool:
    """Return whether a token may be ranked: a negation, or a word that is no stop word, number, link or lone letter."""
    word = token.casefold()
    if is_negation(word):
        return True
    if not is_word(word) or is_number(word) or is_link(word) or word in STOP_WORDS:
        return False
    stem = _CLITIC.match(word)
    if stem and (not stem[1] or stem[1] in STOP_WORDS):
        return False
    return len(word) > 1 or bool(_HAN.match(word))


def is_connective(token: str) -> bool:
    """Return whether a token is a stop word that has synonyms: one that weighs, counts or joins; no article, pronoun or particle."""
    return token.casefold() in _JOINING


def is_replaceable(token: str) -> bool:
    """Return whether a token can have substitutes of its kind: content, a number, a name, or a stop word that is a connective."""
    word = token.casefold()
    return (is_word(word) or is_number(word)) and not is_link(word) and word not in _BINDING


def is_question(token: str) -> bool:
    """Return whether a token asks for something: who, where, how; 谁, 哪里, 怎么. What it asks for can be a class."""
    return token.casefold() in _QUESTIONS


def is_word(token: str) -> bool:
    """Return whether a token has a letter, so is not mere punctuation, symbols, digits or emoji; markup and codes are no words."""
    return bool(_LETTER.search(token)) and not is_markup(token) and not is_code(token)


def is_number(token: str) -> bool:
    """Return whether a token is a number, holds a digit (3d, iPhone6) or is a Chinese numeral or count (三十, 两个)."""
    return bool(_NUMERIC.search(token))


def is_markup(token: str) -> bool:
    """Return whether a token is a tag or an entity of HTML: <br />, </b>, &nbsp;."""
    return token[:1] in ("<", "&") and bool(MARKUP.fullmatch(token))


def is_code(token: str) -> bool:
    """Return whether a token is the code of an emoticon: [泪], 【哈哈】, :smile:."""
    return token[:1] in ("[", "［", "【", ":") and len(token) > 2 and bool(CODE.fullmatch(token))


def is_link(token: str) -> bool:
    """Return whether a token is a web or mail address, an @name or a #tag."""
    return bool(_LINK.search(token))


def governed(tokens: Sequence[str], side: Sequence[int]) -> frozenset[int]:
    """Return the tokens that a negation before them speaks of: up to the second content word, or a mark.

    Left out, they leave a negation that negates nothing, or something else: 太不方便了 would be 太不了.

        >>> sorted(governed(["没有", "任何", "压抑", "的", "感觉"], [0] * 5))
        [1, 2]
    """
    indices: set[int] = set()
    for index in sorted(negations(tokens)):
        left = _GOVERNED
        for behind in range(index + 1, len(tokens)):
            if not left or side[behind] != side[index] or not is_word(tokens[behind]):
                break
            indices.add(behind)
            left -= is_content(tokens[behind])
    return frozenset(indices)


# Words repeat, so remembering them spares most of the work.
@lru_cache(maxsize=1 << 16)
def _free(token: str) -> bool:
    """Return whether nothing but a user's protection can forbid to edit a token."""
    return is_content(token) and not is_negation(token) and token.casefold() not in COMPARING


def _protected(tokens: Sequence[str], protection: Protection) -> set[int]:
    """Return the indices of tokens that the user's words or patterns meet."""
    patterns = protection.patterns
    indices = (
        {index for index, token in enumerate(tokens) if _matches(token, patterns)} if patterns else set()
    )
    if not protection.words:
        return indices
    folded = [_folded(token) for token in tokens]
    joined = "".join(folded)
    starts = list(accumulate(map(len, folded), initial=0))
    for word in _sorted(protection.words):
        if word in joined:
            indices.update(_overlapping(joined, starts, word))
    return indices


def _overlapping(joined: str, starts: list[int], word: str) -> Iterator[int]:
    """Yield the tokens that an occurrence of a word touches; where it begins or ends with a letter, a token must as well.

    A word with Han may be a part of tokens. So may a mark: C++ is in C + ++,.
    """
    within = bool(_HAN.search(word))
    begins, ends = within or not _LATIN_OR_DIGIT.match(word[0]), within or not _LATIN_OR_DIGIT.match(word[-1])
    at = joined.find(word)
    while at >= 0:
        end = at + len(word)
        first, after = bisect_right(starts, at) - 1, bisect_left(starts, end)
        if (begins or starts[first] == at) and (ends or starts[after] == end):
            yield from range(first, after)
        at = joined.find(word, at + 1)


@lru_cache(maxsize=8)
def _sorted(words: frozenset[str]) -> tuple[str, ...]:
    """Return words as they are in joined tokens, in a fixed order."""
    return tuple(sorted({_folded(word) for word in words} - {""}))


def _folded(word: str) -> str:
    """Return a word without case, width, space, kind of apostrophe and, where OpenCC is installed, Chinese script."""
    plain = word if word.isascii() else _APOSTROPHE.sub("'", normalize("NFKC", _APOSTROPHE.sub("'", word)))
    return "".join(simplified(plain).casefold().split())


def simplified(text: str) -> str:
    """Return a text with each of its traditional characters in simplified form, few of them without OpenCC."""
    return "".join(map(_simplified_letter, text)) if _HAN.search(text) else text


@cache
def _simplified_letter(letter: str) -> str:
    """Return the simplified form of a character."""
    return _converter()(letter)


def in_script_of(text: str, words: str) -> str | None:
    """Return simplified words in the script of a text; None for a traditional one without OpenCC."""
    if not _HAN.search(words) or simplified(text) == text:
        return words
    converter = _traditional()
    return None if converter is None else converter(words)


@cache
def _traditional() -> Callable[[str], str] | None:
    """Return what puts words into the traditional script of Taiwan, made once in a process; None without OpenCC."""
    if find_spec("opencc") is None:
        return None
    from opencc import OpenCC

    return OpenCC("s2tw").convert


@cache
def _converter() -> Callable[[str], str]:
    """Return what simplifies Chinese, made once in a process."""
    if find_spec("opencc") is None:
        return simpler
    from opencc import OpenCC

    return OpenCC("t2s").convert


def _matches(token: str, patterns: tuple[str, ...]) -> bool:
    """Return whether any pattern is found in a token; RequestError if one takes too long."""
    for source, pattern in zip(patterns, compiled(patterns), strict=True):
        try:
            if pattern.search(token, timeout=PATTERN_SECONDS):
                return True
        except TimeoutError:
            raise RequestError(
                "resources.protect_patterns",
                f"`{source}` took over {PATTERN_SECONDS:g} s on one token",
                "simplify it",
            ) from None
    return False


@lru_cache(maxsize=8)
def compiled(patterns: tuple[str, ...]) -> "tuple[regex.Pattern[str], ...]":
    """Return patterns compiled without regard to case; RequestError naming the one that is wrong."""
    result = []
    for source in patterns:
        try:
            result.append(regex.compile(source, regex.IGNORECASE))
        except (regex.error, RecursionError, OverflowError, ValueError) as error:
            raise RequestError(
                "resources.protect_patterns",
                f"`{source}` is not a regular expression: {error}",
                "correct or remove it",
            ) from None
    return tuple(result)
