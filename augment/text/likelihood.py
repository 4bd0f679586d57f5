"""How likely a text is as one that people write, in Chinese, English or another language: to compare readings of the same bytes.

Bytes read in a wrong encoding become rare characters in an unlikely order, so the right reading is the most likely text. The
model is coarse: the kind of a character given the kind of the one before it, and the character given its kind.

    log_likelihood("很好") > log_likelihood("ºÜºÃ") + 30       # True: these bytes are GB18030, not Windows-1252
"""

import math
import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from itertools import pairwise

from augment.text.frequent import HAN

# One letter a kind: a ASCII letter, d digit, s space, p ASCII mark, q other mark of Western text, l and L small and capital
# letter of Western languages beyond ASCII, t and T those of other Latin alphabets, h Han, c mark of Chinese text, k kana,
# g Hangul, y and Y Cyrillic, e Greek, r letter of another script, m emoji, x other sign, o unassigned or control,
# n a byte that is read as nothing.
_OTHERS = {
    **dict.fromkeys("atyerkg", 0.0002),
    **{
        "d": 0.01,
        "s": 0.06,
        "p": 0.04,
        "q": 0.01,
        "l": 0.0005,
        "L": 0.00005,
        "T": 0.00002,
        "h": 0.002,
        "c": 0.003,
    },
    **{"Y": 0.00005, "m": 0.0005, "x": 0.0002, "o": 1e-9, "n": 0.001},
}
_AFTER_MARKS = _OTHERS | {
    **{
        "a": 0.5,
        "d": 0.08,
        "s": 0.1,
        "p": 0.1,
        "q": 0.02,
        "l": 0.005,
        "L": 0.002,
        "t": 0.0005,
        "T": 0.0005,
        "h": 0.12,
    },
    **{
        "c": 0.03,
        "k": 0.005,
        "g": 0.005,
        "y": 0.003,
        "Y": 0.003,
        "e": 0.001,
        "r": 0.002,
        "m": 0.003,
        "x": 0.001,
    },
}
_NEXT: Mapping[str, Mapping[str, float]] = {
    "a": _OTHERS | {"a": 0.8, "s": 0.12, "d": 0.005, "q": 0.008, "l": 0.005, "h": 0.0005, "c": 0.001},
    "l": _OTHERS | {"a": 0.8, "s": 0.1, "q": 0.008, "l": 0.01},
    "L": _OTHERS | {"a": 0.8, "s": 0.08, "q": 0.008, "l": 0.01, "L": 0.05},
    "t": _OTHERS | {"a": 0.75, "s": 0.15, "q": 0.008, "l": 0.05, "t": 0.05},
    "T": _OTHERS | {"a": 0.8, "s": 0.08, "q": 0.008, "l": 0.02, "t": 0.02, "T": 0.03},
    "h": _OTHERS | {"h": 0.83, "c": 0.1, "p": 0.03, "s": 0.02, "d": 0.01, "a": 0.005, "k": 0.0003, "q": 0.01},
    "k": _OTHERS | {"k": 0.75, "h": 0.15, "c": 0.07},
    "g": _OTHERS | {"g": 0.72, "s": 0.2},
    "y": _OTHERS | {"y": 0.8, "s": 0.13},
    "Y": _OTHERS | {"y": 0.75, "Y": 0.1, "s": 0.08},
    "e": _OTHERS | {"e": 0.8, "s": 0.13},
    "r": _OTHERS | {"r": 0.8, "s": 0.13},
    "m": _AFTER_MARKS | {"m": 0.3},
    "n": _OTHERS | {"n": 0.7, "s": 0.05, "a": 0.05},
}
# The share of a kind's characters that one of them has: by how many there are, or by how even their use is.
_EACH = {
    **{
        "a": 40,
        "d": 10,
        "s": 3,
        "p": 20,
        "q": 25,
        "l": 30,
        "L": 60,
        "t": 60,
        "T": 120,
        "k": 80,
        "g": 1200,
        "y": 25,
        "Y": 100,
    },
    **{"e": 40, "r": 300, "m": 600, "x": 60, "o": 70_000, "n": 128},
}
_HAN = (
    (100, 0.36),
    (500, 0.37),
    (1000, 0.13),
    (2000, 0.1),
    (len(HAN), 0.025),
)  # up to a rank: share of a text
_RANK = {character: rank for rank, character in enumerate(HAN)}
_USUAL = {
    "c": frozenset("，。！？、：；（）《》—　～·【】「」"),
    "l": frozenset("éèêàâäáåçñóôöúüíïßæø"),
    "q": frozenset("‘’“”–—…€£•™®©°"),
}
_FIRST = {"’": 0.35, "é": 0.3}  # the most frequent of their kinds, by far
_SCRIPTS = {"CJK": "h", "HIRAGANA": "k", "KATAKANA": "k", "HANGUL": "g", "CYRILLIC": "y", "GREEK": "e"}


def log_likelihood(text: str) -> float:
    """Return the natural logarithm of the probability of a text; a lone surrogate is a byte that was not read."""
    kinds = {character: _kind(character) for character in set(text)}
    steps = Counter(pairwise("s" + "".join(map(kinds.__getitem__, text))))
    moves = sum(
        count * math.log(_NEXT.get(before, _AFTER_MARKS)[after]) for (before, after), count in steps.items()
    )
    return moves + sum(count * _share(character) for character, count in Counter(text).items())


@cache
def _share(character: str) -> float:
    """Return the logarithm of the share that a character has of its kind."""
    kind = _kind(character)
    if kind == "h":
        return _share_of_han(character)
    if kind == "c":
        return math.log(0.9 / len(_USUAL["c"]) if character in _USUAL["c"] else 0.1 / 300)
    return math.log(_FIRST.get(character, 1 / _EACH[kind]))


def _share_of_han(character: str) -> float:
    """Return the logarithm of the share of a Han character, by its rank."""
    rank, first = _RANK.get(character), 0
    if rank is None:
        return math.log(0.012 / 17_000 if "\u4e00" <= character <= "\u9fff" else 0.0001 / 60_000)
    for last, share in _HAN:
        if rank < last:
            return math.log(share / (last - first))
        first = last
    raise AssertionError(character)


@cache
def _kind(character: str) -> str:
    """Return the kind of a character, one letter."""
    code, category = ord(character), unicodedata.category(character)
    if code < 128:
        return _ascii(character)
    if category == "Cs":
        return "n"
    if category in ("Co", "Cn", "Cc"):
        return "o"
    if character in _USUAL["q"] and code != 0x2014:
        return "q"
    if character in _USUAL["c"] or 0x3000 <= code <= 0x303F or 0xFF00 <= code <= 0xFF65:
        return "c"
    if category.startswith("L"):
        return _letter(character, category)
    return "m" if 0x2600 <= code <= 0x27BF or code >= 0x1F000 or category in ("Mn", "Cf") else "x"


def _ascii(character: str) -> str:
    """Return the kind of an ASCII character."""
    if character.isalpha():
        return "a"
    if character.isdigit():
        return "d"
    if character in " \t\r\n":
        return "s"
    return "p" if character.isprintable() else "o"


def _letter(character: str, category: str) -> str:
    """Return the kind of a letter that is not ASCII."""
    if 0xFF21 <= ord(character) <= 0xFF5A:
        return "c"
    script = unicodedata.name(character, "").split(" ")[0]
    kind = _SCRIPTS.get(script, "r")
    if script == "LATIN":
        kind = "l" if character.lower() in _USUAL["l"] else "t"
    return kind.upper() if category == "Lu" and kind in "lty" else kind
