"""How alike texts are, counted in runs of words: the share of runs that are distinct, and BLEU of one text against others.

>>> distinct([["a", "b", "a", "b"]], 2)
0.6666666666666666
>>> round(bleu(["the", "cat", "sat"], [["the", "cat", "ran"]]), 4)
0.5503
"""

import math
from collections import Counter
from collections.abc import Sequence

_ORDERS = 4
Words = Sequence[str]


def runs(words: Words, length: int) -> list[tuple[str, ...]]:
    """Return the runs of so many words, in order."""
    return list(zip(*(words[start:] for start in range(length)), strict=False))


def distinct(texts: Sequence[Words], length: int) -> float:
    """Return distinct runs over all runs of so many words in texts (distinct-n of Li et al. 2016); 0 if there are none."""
    every = [run for words in texts for run in runs(words, length)]
    return len(set(every)) / len(every) if every else 0.0


def bleu(words: Words, others: Sequence[Words]) -> float:
    """Return the BLEU-4 of a text against others, from 0, nothing in common, to 1 (Papineni et al. 2002).

    For one text, so smoothed: 1 is added to matches and runs of every length but one (Lin, Och 2004). Lengths that the text
    is too short for are left out. It is 0 where no word is shared, or where there is no text or no other.
    """
    return bleu_counted(words, [counted(other) for other in others])


Counted = tuple[int, tuple[Counter[tuple[str, ...]], ...]]


def counted(words: Words) -> Counted:
    """Return the length of a text and how often each of its runs of one to four words stands in it."""
    return len(words), tuple(Counter(runs(words, length)) for length in range(1, _ORDERS + 1))


def bleu_counted(words: Words, others: Sequence[Counted]) -> float:
    """Return the BLEU of a text against others whose runs are counted, as `bleu` does."""
    if not words or not others:
        return 0.0
    length, mine = counted(words)
    logs = []
    for order, own in enumerate(mine[:length]):
        matches = sum(min(count, max(runs[order][run] for _, runs in others)) for run, count in own.items())
        if order == 0 and not matches:
            return 0.0
        extra = int(order > 0)
        logs.append(math.log((matches + extra) / (length - order + extra)))
    nearest = min((abs(other - length), other) for other, _ in others)[1]
    brevity = min(0.0, 1 - nearest / length)
    return math.exp(brevity + sum(logs) / len(logs))
