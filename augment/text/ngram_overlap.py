"""How alike texts are, counted in runs of words: the share of runs that are distinct, and BLEU of one text against others.

>>> distinct([["a", "b", "a", "b"]], 2)
0.6666666666666666
>>> round(bleu(["the", "cat", "sat"], [["the", "cat", "ran"]]), 4)
0.5503
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

_ORDERS = 4
Words = Sequence[str]


def runs(words: Words, length: int) -> list[tuple[str, ...]]:
    """Return the runs of `length` words, in order."""
    return list(zip(*(words[start:] for start in range(length)), strict=False))


def distinct(texts: Sequence[Words], length: int) -> float:
    """Return distinct runs over all runs of `length` words in texts (distinct-n of Li et al. 2016); 0 if there are none."""
    every = [run for words in texts for run in runs(words, length)]
    return len(set(every)) / len(every) if every else 0.0


def bleu(words: Words, others: Sequence[Words]) -> float:
    """Return the BLEU-4 of a text against others, from 0, nothing in common, to 1 (Papineni et al. 2002).

    For one text, so smoothed: 1 is added to matches and runs of every length but one (Lin, Och 2004). Lengths that the text
    is too short for are left out. It is 0 where no word is shared, or where there is no text or no other.
    """
    family = [words, *others]
    return next(iter(self_bleu(family))) if words and others else 0.0


def self_bleu(texts: Sequence[Words]) -> Iterator[float]:
    """Yield the BLEU of each text against all the others, as `bleu` gives it, in time that grows with their words alone."""
    most = [_Most() for _ in range(_ORDERS)]
    counts = [[Counter(runs(words, order + 1)) for order in range(_ORDERS)] for words in texts]
    for index, orders in enumerate(counts):
        for matched, own in zip(most, orders, strict=True):
            matched.add(index, own)
    lengths = Counter(map(len, texts))
    for index, words in enumerate(texts):
        yield _bleu(index, len(words), counts[index], most, lengths - Counter([len(words)]))


Runs = Counter[tuple[str, ...]]


class _Most:
    """How often each run occurs in the text that has it most, and in the one that has it second most."""

    def __init__(self) -> None:
        """Begin without texts."""
        self._of: dict[tuple[str, ...], tuple[int, int, int]] = {}

    def add(self, index: int, runs: Runs) -> None:
        """Take in the runs of a text."""
        for run, count in runs.items():
            best, whose, second = self._of.get(run, (0, -1, 0))
            self._of[run] = (count, index, best) if count > best else (best, whose, max(second, count))

    def without(self, index: int, run: tuple[str, ...]) -> int:
        """Return how often a run occurs in the text that has it most, one text left out."""
        best, whose, second = self._of[run]
        return second if whose == index else best


def _bleu(
    index: int, length: int, mine: Sequence[Runs], most: Sequence[_Most], lengths: Counter[int]
) -> float:
    """Return the BLEU of the text in a place against the others, whose lengths these are."""
    if not length or not lengths:
        return 0.0
    logs = []
    for order, own in enumerate(mine[:length]):
        matches = sum(min(count, most[order].without(index, run)) for run, count in own.items())
        if order == 0 and not matches:
            return 0.0
        extra = int(order > 0)
        logs.append(math.log((matches + extra) / (length - order + extra)))
    nearest = min((abs(other - length), other) for other in lengths)[1]
    brevity = min(0.0, 1 - nearest / length)
    return math.exp(brevity + sum(logs) / len(logs))
