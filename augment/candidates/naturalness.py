"""How natural the edits of a sample are next to what they replaced: a number from 0 to 1, whatever stage made them.

An edit is as natural as its words read well in the sample, compared with how well what was there read in the source, at most
1, times the chance that one word put for one word means the same. Of what was left out, it is how well the words read that
have become neighbours. A sample has the product over its edits. It looks at neighbours alone, so it does not see that a
sentence lost its verb; and words of which nothing was counted are not natural.

    naturalness(plausibility, [["房间", "很", "大"]], [TokenEdit(0, 1, 2, ("非常",))])        # 0.93
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augment.candidates.plausibility import Plausibility, spoken_of
from augment.text.segment import tokens_of


@dataclass(frozen=True)
class TokenEdit:
    """An edit in tokens of one side: those from `first` to before `end` give way to new ones."""

    side: int
    first: int
    end: int
    new: tuple[str, ...]


def naturalness(
    plausibility: Plausibility, sides: Sequence[Sequence[str]], changes: Sequence[TokenEdit]
) -> float:
    """Return the product over the changes of a sample, given the tokens of each side of its source row."""
    product = 1.0
    for change in changes:
        product *= _of_change(plausibility, sides[change.side], change)
    return product


def word_naturalness(
    plausibility: Plausibility, tokens: Sequence[str], at: int, words: Sequence[str]
) -> list[float]:
    """Return how natural each of some words is in place of the token at an index; a word of several tokens one by one."""
    single = [word for word in words if len(tokens_of(word)) == 1]
    known: dict[str, float] = {}
    if single:
        evidence, spoken = plausibility.evidence, spoken_of(single[0])
        before, behind = list(tokens[at - 1 : at] if at else ()), list(tokens[at + 1 : at + 2])
        left, own, right = (
            int(evidence.ids(part)[0]) if part else 0 for part in (before, [tokens[at]], behind)
        )
        ids = np.concatenate([[own], evidence.ids(single)])
        size = len(ids)
        fits = plausibility.fits(np.full(size, left), ids, np.full(size, right), spoken)
        same = plausibility.same(np.full(size - 1, own), ids[1:], spoken)
        natural = np.minimum(1.0, fits[1:] / max(float(fits[0]), 1e-9)) * same
        known = dict(zip(single, natural.tolist(), strict=True))
    return [
        known[word]
        if word in known
        else _of_change(plausibility, tokens, TokenEdit(0, at, at + 1, tuple(tokens_of(word))))
        for word in words
    ]


def _of_change(plausibility: Plausibility, tokens: Sequence[str], change: TokenEdit) -> float:
    """Return how natural one change is."""
    old, new = tokens[change.first : change.end], change.new
    before, behind = list(tokens[: change.first])[-1:], list(tokens[change.end :])[:2]
    reads = _worst(plausibility, before, new, behind)
    read = _worst(plausibility, before, old, behind)
    same = 1.0
    if len(old) == len(new) == 1:
        own, other = (plausibility.evidence.ids(words) for words in (old, new))
        same = float(plausibility.same(own, other, spoken_of(new[0]))[0])
    return min(1.0, reads / max(read, 1e-9)) * same


def _worst(
    plausibility: Plausibility, before: Sequence[str], words: Sequence[str], behind: Sequence[str]
) -> float:
    """Return the least chance that a word, or if there is none the next one, reads well between its neighbours."""
    counts, centre = plausibility.evidence, list(words) or list(behind[:1])
    if not centre:
        return 1.0
    right = behind[0:1] if words else behind[1:2]
    ids = [
        *(counts.ids(before).tolist() or [0]),
        *counts.ids(centre).tolist(),
        *(counts.ids(right).tolist() or [0]),
    ]
    line = np.array(ids, np.int64)
    fits = plausibility.fits(line[:-2], line[1:-1], line[2:], spoken_of(centre[0]))
    return float(fits.min())
