"""Another word for each word of a text: one that the corpus has between the same neighbours, so that the text stays fluent.

words = NeighbourWords([["房间", "很", "大"], ["房间", "很", "小"]])
words.instead(["房间", "很", "大"], 2, chance(0, "", "", 0))         # 小
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from augment.seeding import Chance
from augment.text.editable import is_word

_EDGE = ""


class NeighbourWords:
    """The words of texts by what is before and behind them."""

    def __init__(self, texts: Iterable[Sequence[str]]) -> None:
        """Count the words of texts."""
        self._between: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._behind: dict[str, Counter[str]] = defaultdict(Counter)
        self._every: Counter[str] = Counter()
        for tokens in texts:
            forms = [_EDGE, *tokens, _EDGE]
            for before, word, after in zip(forms, tokens, forms[2:], strict=False):
                self._between[before.casefold(), after.casefold()][word] += 1
                self._behind[before.casefold()][word] += 1
                self._every[word] += 1

    def instead(self, tokens: Sequence[str], index: int, chance: Chance) -> str:
        """Return a word drawn by how often the corpus has it between the neighbours, else behind the first, else at all.

        A word takes the index of a word, a mark that of a mark; the word itself comes back where there is no other.
        """
        word = tokens[index]
        before = tokens[index - 1].casefold() if index else _EDGE
        after = tokens[index + 1].casefold() if index + 1 < len(tokens) else _EDGE
        for known in (self._between.get((before, after)), self._behind.get(before), self._every):
            others = sorted(
                (other, count)
                for other, count in (known or {}).items()
                if other.casefold() != word.casefold() and is_word(other) == is_word(word)
            )
            if others:
                return _drawn(others, chance)
        return word


def _drawn(counts: Sequence[tuple[str, int]], chance: Chance) -> str:
    """Return a word drawn by its count."""
    left = chance.below(sum(count for _, count in counts))
    for word, count in counts:
        left -= count
        if left < 0:
            return word
    return counts[-1][0]
