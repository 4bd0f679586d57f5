"""Whether a word means the opposite of a token: what no substitute may be, however well it fits the sentence.

WordNet knows antonyms of English; a user adds pairs, in any language, by `resources.antonyms`. What a dictionary gives
for an antonym is as bad as the antonym itself, so one step of synonyms is taken.

    Antonyms(lexicons, [("干净", "脏")]).opposes("干净", "肮脏")        # True, as 肮脏 is next to 脏 in Cilin
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from augment.candidates.lexicon import Lexicon


class Antonyms:
    """The antonyms of dictionaries and of pairs, which hold both ways."""

    def __init__(self, lexicons: Sequence[Lexicon], pairs: Iterable[tuple[str, str]]) -> None:
        """Take dictionaries and pairs."""
        self._lexicons = lexicons
        self._pairs: dict[str, set[str]] = defaultdict(set)
        for one, other in pairs:
            self._pairs[one.casefold()].add(other.casefold())
            self._pairs[other.casefold()].add(one.casefold())
        self._given = lru_cache(maxsize=1 << 14)(self._near)

    def opposes(self, token: str, word: str) -> bool:
        """Return whether a word is an antonym of a token, or a synonym of one."""
        if word.casefold() in self._given(token.casefold()):
            return True
        return any(lexicon.opposes(token, word) for lexicon in self._lexicons)

    def _near(self, token: str) -> frozenset[str]:
        """Return what the pairs oppose to a token, with the synonyms of that."""
        direct = self._pairs.get(token, set())
        near = (
            word.casefold()
            for other in direct
            for lexicon in self._lexicons
            for word in lexicon.synonyms(other)
        )
        return frozenset({*direct, *near})
