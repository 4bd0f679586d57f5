"""Distinguish Chinese from English by script: a statistical guesser errs on short reviews, a script cannot.

    >>> language("房间很干净"), language("a clean room"), language("这个 app 很好用")
    ('zh', 'en', 'mixed')

A text with no letter of either script counts as English, which needs no dictionary.
"""

from typing import Literal

import regex

Language = Literal["zh", "en", "mixed"]
# A brand name in a long Chinese review does not make it mixed; every tenth letter does.
SHARE = 0.1

_HAN = regex.compile(r"\p{Han}+")
_LATIN = regex.compile(r"\p{Latin}+")


def language(text: str) -> Language:
    """Return `mixed` if Han and Latin each make up 10 % or more of their letters together, else the larger one."""
    if text.isascii():
        return "en"
    han = sum(map(len, _HAN.findall(text)))
    latin = sum(map(len, _LATIN.findall(text)))
    if min(han, latin) >= SHARE * (han + latin) > 0:
        return "mixed"
    return "zh" if han > latin else "en"
