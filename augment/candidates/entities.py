"""Whether a token names a person, a place or an organisation, which no dictionary may rename.

Capitalised English names are known by their case (`text.choose`). In Chinese jieba's dictionary has tags for them: nr, ns and nt. It
calls some adjectives names too (安静, 温馨: nr), so a word with a synonym that is no name is none. A Latin word in a
Chinese text is a brand or a term there (wifi, iphone), whatever it means in English.

    Entities(lexicons).names(slot)
"""

from collections.abc import Sequence
from functools import lru_cache

import regex

from augment.candidates.lexicon import Lexicon
from augment.candidates.slot import Slot
from augment.text.segment import tag

_NAMES = frozenset({"nr", "ns", "nt", "nrt", "nrfg", "nsf"})
_HAN, _LATIN = regex.compile(r"\p{Han}"), regex.compile(r"\p{Latin}")


class Entities:
    """Names, recognised by tags and by what dictionaries offer for them."""

    def __init__(self, lexicons: Sequence[Lexicon]) -> None:
        """Keep the dictionaries, and what was found of words and texts."""
        self._lexicons = lexicons
        self._is_name = lru_cache(maxsize=1 << 16)(self._name)
        self._chinese = lru_cache(maxsize=8)(_is_chinese)

    def names(self, slot: Slot) -> bool:
        """Return whether the token at a place is a name."""
        word = slot.word
        if word.isascii():
            return not slot.whole.isascii() and self._chinese(slot.whole)
        return self._is_name(word)

    def _name(self, word: str) -> bool:
        """Return whether a word with Han is tagged as a name, and so is all that dictionaries offer for it."""
        if not _HAN.search(word) or tag(word) not in _NAMES:
            return False
        synonyms = [other for lexicon in self._lexicons for other in lexicon.synonyms(word)]
        return all(tag(other) in _NAMES for other in synonyms)


def _is_chinese(text: str) -> bool:
    """Return whether a text has more Han than Latin letters."""
    return len(_HAN.findall(text)) > len(_LATIN.findall(text))
