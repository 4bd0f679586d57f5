r"""Cut a text into the tokens people see, as code-point spans, without ever cutting a grapheme cluster.

The script of each run decides how it is cut, so one function serves Chinese, English and mixed text. Every cut is a
proposal; what must stay whole (numbers and Latin words in a Chinese run, links, markup, clusters such as an emoji family)
is laid over the proposals, and whatever overlaps becomes one token. So no rule needs to know of another.

    >>> text = "T恤很好看，isn't it?"
    >>> [text[start:end] for start, end in segment(text)]
    ['T恤', '很', '好看', '，', "isn't", 'it', '?']
"""

import heapq
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Literal

import regex

from augment.text.align import Span

if TYPE_CHECKING:
    from jieba import Tokenizer

Granularity = Literal["word", "char"]

# jieba's hidden Markov model copies its path at every character; a run without punctuation is cut in such chunks.
LONGEST_RUN = 1000

_SPACE = r"\s\x1c-\x1f"  # `str.isspace` also counts the four separators that regex's \s leaves out
_LETTER = r"[[\p{L}\p{M}\p{N}]--\p{Han}]"
# Marks that people type for an apostrophe, which join a word only before an ending that follows one.
_TYPED = r"[‘‛`´＇′](?=(?i:[tｔsｓdｄmｍ]|[vｖrｒ][eｅ]|[lｌ][lｌ])(?![\p{L}\p{N}]))"
_JOIN = (
    rf"(?:['’](?=\p{{L}})|{_TYPED}|"
    r"[-‐‑](?!(?<=\p{Nd}.)\p{Nd})|_"  # don't, well-made, b-52, but 2010 - 2011
    r"|[.．](?<=\p{Nd}.)(?=\p{Nd})|,(?<=\p{Nd}.)(?=\p{Nd}{3}(?!\p{Nd})))"  # 3.14, 1,000
)
_WORD = rf"{_LETTER}++(?:{_JOIN}{_LETTER}++)*+"
_ABBREVIATION = r"(?<![\p{L}\p{N}.])(?:[A-Za-z]\.){2,}+(?![\p{L}\p{N}])"  # U.S., e.g.
_CLITIC = r"(?<![\p{L}\p{N}])['’](?i:s|t|m|d|ve|ll|re)(?![\p{L}\p{N}])"  # the 've of a corpus cut beforehand
_MARK = r"(?P<mark>[\p{P}\p{Sm}\p{Sc}\p{Sk}])(?P=mark)*+"
_OTHER = rf"{_ABBREVIATION}|{_WORD}|{_CLITIC}|{_MARK}|[^{_SPACE}]"

# Codes of emoticons: [泪], [笑cry], ［哈哈］, 【泪】, :smile:. A long one, a number or a phrase in brackets is none.
_SHORT = r"(?!\p{N}++[\]］])[\p{Han}\p{Latin}\p{N}]{1,8}+"
_CODE = (
    r":(?<![\p{Latin}\p{N}]:)(?:[a-z][a-z0-9_+-]{1,40}+|[+-]1):(?![\p{Latin}\p{N}])"
    rf"|\[{_SHORT}\]|［{_SHORT}］|【[\p{{Han}}\p{{Latin}}]{{1,3}}+】"
)
# Without Han, where [sic] and [edit] are notes, only these words in brackets are codes.
_ENGLISH = (
    "doge|ok|good|no|yes|smile|cry|lol|haha|laugh|laughing|love|heart|angry|sad|facepalm|grin|wink|tears|joy|hug|clap|thumbsup|"
    "thumbup|sob|shy|cool|wow|rose|kiss|sweat|shocked|blush|rofl"
)
_PLAIN_CODE = _CODE.replace(_SHORT, f"(?i:{_ENGLISH})")

_FLAGS = regex.VERSION1
CODE = regex.compile(_CODE, _FLAGS)
_PLAIN = regex.compile(rf"{_PLAIN_CODE}|{_OTHER}", _FLAGS)
_BY_RUN = regex.compile(rf"(?P<han>(?:{_WORD})?+(?:\p{{Han}}++(?:{_WORD})?+)++)|{_CODE}|{_OTHER}", _FLAGS)
_BY_CHARACTER = regex.compile(rf"{_CODE}|\p{{Han}}|{_OTHER}", _FLAGS)
_WORDS = regex.compile(_WORD, _FLAGS)
_HAN = regex.compile(r"\p{Han}")

_LINK_SIGNS = ("@", "#", "://", "www.", ".com", ".cn", ".net", ".org")
_HOST = r"(?:[A-Za-z0-9-]+\.)+"
_TAIL = r"(?:[/?#](?:[!-~]*[A-Za-z0-9_/=&%+~-])?)?"
# Each look-behind keeps a long run from being scanned again from each of its characters.
LINK = regex.compile(
    rf"(?i:https?|ftp)://(?:[\p{{Han}}A-Za-z0-9-]+\.)+[a-z]{{2,}}(?::\d+)?{_TAIL}"
    rf"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]++@{_HOST}[a-z]{{2,}}"
    rf"|(?<![A-Za-z0-9_.@-]){_HOST}(?:com|cn|net|org)(?![A-Za-z0-9-]){_TAIL}"
    r"|(?<![A-Za-z0-9])@(?:[\p{Han}\w-]{1,20}(?=[\s:：])|[A-Za-z0-9_-]+)"
    r"|#[^\s#\p{P}]{1,30}#|(?<![\w#])#[A-Za-z][[\w]--\p{Han}]*",
    _FLAGS,
)
# Tags and entities of HTML; attributes need a value, so that "a <b and c> d" is none.
_ATTRIBUTE = r"""\s++[A-Za-z_:@-][\w:.-]*+\s*+=\s*+(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=]++)"""
MARKUP = regex.compile(
    rf"</?+[A-Za-z][A-Za-z0-9]*+(?:{_ATTRIBUTE})*+\s*+/?+>|&(?:[A-Za-z]{{2,8}}[0-9]{{0,2}}|#[0-9]{{1,7}}|#[xX][0-9A-Fa-f]{{1,6}});",
    _FLAGS,
)

_ALL_HAN = regex.compile(r"\p{Han}+")
# regex's \X looks back over all flags before each flag; pairing them here keeps a wall of flags linear.
_CLUSTER = regex.compile(r"\p{RI}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*+|\X", _FLAGS)
_EXTENDS = regex.compile(r"[^\p{GCB=Other}\p{GCB=Control}\p{GCB=CR}\p{GCB=LF}]", _FLAGS)


def segment(text: str, language: str = "auto", granularity: Granularity = "word") -> list[Span]:
    """Return the (start, end) code-point span of each token: ordered, disjoint, covering all that is not space.

    `word` cuts Chinese by jieba; `char` makes every grapheme cluster of Chinese a token and leaves Latin words whole.
    `language` "en" promises text without Chinese: Han is then cut as by `char` and the dictionary is not loaded; all
    other values let the script decide. Scripts written without spaces and not Han (Thai) keep their runs whole.
    """
    if text.isascii() and text.isalpha():
        return [(0, len(text))]
    whole: list[Span] = []
    if not _HAN.search(text):
        spans = [match.span() for match in _PLAIN.finditer(text)]
    elif granularity == "char" or language == "en":
        spans = [match.span() for match in _BY_CHARACTER.finditer(text)]
    else:
        spans, whole = _cut_runs(text)
    whole += _links_and_clusters(text)
    return _united(spans + whole) if whole else spans


def tokens_of(text: str, language: str = "auto") -> list[str]:
    """Return the tokens of a text, in order."""
    return [text[start:end] for start, end in segment(text, language)]


def frequency(word: str) -> int:
    """Return how often jieba's dictionary counted a word; 0 if it does not hold it."""
    return int(_jieba().FREQ.get(word, 0))


def per_million(word: str) -> float:
    """Return how often jieba's dictionary counted a word among a million."""
    return 1e6 * frequency(word) / float(_jieba().total)


def tag(word: str) -> str | None:
    """Return the part of speech jieba's dictionary gives a word (ICTCLAS tags: n, v, a, nr, ns); None if it has none."""
    return _tags().get(word)


def frequent_characters(count: int) -> list[str]:
    """Return the characters the dictionary counts most often as words of their own or in words, most frequent first."""
    counts: Counter[str] = Counter()
    for word, number in _jieba().FREQ.items():
        if number and _ALL_HAN.fullmatch(word):
            for mark in word:
                counts[mark] += number
    return heapq.nsmallest(count, counts, key=lambda mark: (-counts[mark], mark))


def frequent_words(count: int) -> list[str]:
    """Return the most frequent dictionary words of two to four Han characters, most frequent first."""
    words = [
        (-number, word)
        for word, number in _jieba().FREQ.items()
        if number and 2 <= len(word) <= 4 and _ALL_HAN.fullmatch(word)
    ]
    return [word for _, word in heapq.nsmallest(count, words)]


def _links_and_clusters(text: str) -> list[Span]:
    """Return the spans of links, addresses, names, tags and markup, and of grapheme clusters of several code points."""
    whole: list[Span] = []
    if "<" in text or "&" in text:
        whole += [match.span() for match in MARKUP.finditer(text)]
    if any(sign in text for sign in _LINK_SIGNS):
        whole += [match.span() for match in LINK.finditer(text)]
    if not text.isascii() and _EXTENDS.search(text):
        matches = (match for match in _CLUSTER.finditer(text) if len(match[0]) > 1)
        whole += [match.span() for match in matches if not match[0].isspace()]
    return whole


def _cut_runs(text: str) -> tuple[list[Span], list[Span]]:
    """Return the proposed spans of a text with Chinese, and the Latin words and numbers in its Chinese runs."""
    spans: list[Span] = []
    whole: list[Span] = []
    for match in _BY_RUN.finditer(text):
        start, end = match.span()
        if match.lastgroup != "han":
            spans.append((start, end))
            continue
        spans += _cut_run(text, start, end)
        whole += [word.span() for word in _WORDS.finditer(text, start, end)]
    return spans, whole


def _cut_run(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the spans that jieba proposes for one run."""
    for chunk in range(start, end, LONGEST_RUN):
        at = chunk
        for word in _jieba().cut(text[chunk : min(chunk + LONGEST_RUN, end)]):
            yield at, at + len(word)
            at += len(word)


def _united(spans: list[Span]) -> list[Span]:
    """Return the unions of all spans that overlap each other, in order."""
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


@cache
def _jieba() -> "Tokenizer":
    """Return jieba over its packaged dictionary.

    jieba itself keeps a marshal file under a fixed name in the temp folder, which anyone on the machine may have
    put there; reading the dictionary instead takes about a second, once per process. Its import may warn of escapes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from jieba import Tokenizer
    tokenizer = Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


@cache
def _tags() -> dict[str, str]:
    """Return the tag of every word of jieba's dictionary."""
    with _jieba().get_dict_file() as file:
        lines = file.read().decode().splitlines()
    return {line[0]: line[2] for line in map(str.split, lines) if len(line) == 3}
