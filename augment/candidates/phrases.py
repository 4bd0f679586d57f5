"""Find phrases of a user's own list in a text: "battery life", 电池 + 寿命, which dictionaries of words cannot hold.

find = phrase_finder(lexicons)
find(["Great", "battery", "life", "."])      # [(1, 2)]
"""

from collections.abc import Callable, Collection, Sequence

from augment.candidates.lexicon import Lexicon, joined

PhraseFinder = Callable[[Sequence[str]], list[tuple[int, ...]]]


def phrase_finder(lexicons: Sequence[Lexicon]) -> PhraseFinder | None:
    """Return the function that finds phrases in tokens; None where no list has any, as none but a user's own does."""
    keys = frozenset[str]().union(*(lexicon.keys for lexicon in lexicons))
    return None if not keys else lambda tokens: _phrases_in(tokens, keys, max(map(len, keys)))


def _phrases_in(tokens: Sequence[str], keys: Collection[str], longest: int) -> list[tuple[int, ...]]:
    """Return the tokens of each phrase, in the order of the text: the longest from the left, so that none overlap."""
    folded = [joined(token) for token in tokens]
    phrases: list[tuple[int, ...]] = []
    free = 0
    for first in range(len(tokens)):
        if first < free:
            continue
        whole, last = folded[first], first
        for index in range(first + 1, len(tokens)):
            whole += folded[index]
            if len(whole) > longest:
                break
            if whole in keys:
                last = index
        if last > first:
            phrases.append(tuple(range(first, last + 1)))
            free = last + 1
    return phrases
