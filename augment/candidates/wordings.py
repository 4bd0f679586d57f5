"""Whether people write some words in place of others: each new word must read well between its neighbours.

Unlike single words, these need not be tested for what they mean: a rule offers only what has the same meaning. A word that no row of
train has is not offered.

    wordings = Wordings(plausibility)
    wordings.offer([("味道", (), ("很",), "好")])        # [Counted(0.93, 0.7, 9.1)]
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from augment.candidates.natural import SUREST
from augment.candidates.plausibility import Plausibility, Spoken, log_odds, spoken_of
from augment.candidates.word_counts import UNSEEN
from augment.text.rephrasing import Rephrasing

# What is before the words, those that were there, those that are there now, and what is behind, "" at the ends of a text.
Replaced = tuple[str, tuple[str, ...], tuple[str, ...], str]
# How often two words must be seen next to each other where those between them are dropped.
_SEEN = 2
# From this chance on it is enough that other words fit as well as those that are there, where neighbours are rare.
_AS_GOOD = 0.5
# Added to counts of pairs, of which most were never seen.
_UNSEEN_PAIR = 0.3


class Counted(NamedTuple):
    """The chance that new words read well where they are, and how much of the time people write them and not the old ones.

    odds: of the new words by counts, in comparison with the old where these are as rare there; 0 where the new are unknown.
    """

    chance: float
    share: float
    odds: float

    def with_rule(self, plausibility: float) -> float:
        """Return the chance that words read well of which a rule is as sure before anything is counted (Bayes)."""
        odds = self.odds * plausibility / (1 - plausibility)
        return max(self.chance, min(odds / (1 + odds), SUREST))


def likely(one: Rephrasing, tested: Sequence[Counted]) -> float:
    """Return the chance that another wording reads well, by its rule and by counts: what means the same anywhere needs few of these."""
    if one.kind == "form":
        return min([SUREST, *(test.with_rule(one.plausibility) for test in tested)])
    return min([SUREST, one.plausibility, *(test.chance for test in tested)])


class Wordings:
    """What of other words people would write, by counts of plain text."""

    def __init__(self, plausibility: Plausibility) -> None:
        """Keep the counts."""
        self._plausibility = plausibility

    def offer(self, wanted: Sequence[Replaced]) -> list[Counted]:
        """Return for each of some wordings the chance that it reads well, 0 where it does not."""
        if not wanted:
            return []
        counts = self._plausibility.evidence
        new_paths = [(left, *new, right) for left, _, new, right in wanted]
        old_paths = [(left, *old, right) for left, old, _, right in wanted]
        english = np.array(
            [spoken_of(new[0] if new else left or right) == "en" for left, _, new, right in wanted], bool
        )
        new_ids, new_of = _flat(counts.ids, new_paths)
        old_ids, old_of = _flat(counts.ids, old_paths)
        fits = self._fits(new_ids, new_of, english, 0)
        before = self._fits(old_ids, old_of, english, 1)
        as_good = (fits >= _AS_GOOD) & (fits >= before)
        chances = np.where(as_good, SUREST, np.minimum(fits, SUREST))
        known = np.ones(len(wanted), bool)
        inner = np.flatnonzero((new_of[:-2] == new_of[1:-1]) & (new_of[1:-1] == new_of[2:])) + 1
        word = new_ids[inner]
        train = np.where(word >= 0, counts.train[word], 0) > 0
        np.logical_and.at(known, new_of[inner], train & (word != UNSEEN))
        pairs = np.flatnonzero(new_of[:-1] == new_of[1:])
        bare = np.array([not new for _, _, new, _ in wanted], bool)
        seen = np.zeros(len(wanted), np.int64)
        np.add.at(seen, new_of[pairs], counts.pairs(new_ids[pairs], new_ids[pairs + 1]))
        known &= ~bare | (seen >= _SEEN)
        # Words that no one writes next to each other are no phrase.
        within = inner[:-1][new_of[inner[:-1]] == new_of[inner[1:]]]
        np.logical_and.at(known, new_of[within], counts.pairs(new_ids[within], new_ids[within + 1]) >= _SEEN)
        more = self._likely(new_ids, new_of, len(wanted)) - self._likely(old_ids, old_of, len(wanted))
        shares = 1 / (1 + np.exp(-np.clip(more, -30, 30)))
        # Where the words that are there are as rare between their neighbours, counts decide little.
        odds = np.exp(log_odds(fits) - np.minimum(log_odds(before), 0.0))
        columns = (np.where(known, column, 0.0).tolist() for column in (chances, odds))
        return [
            Counted(chance, share, ratio)
            for chance, ratio, share in zip(*columns, shares.tolist(), strict=True)
        ]

    def _fits(self, ids: np.ndarray, owner: np.ndarray, english: np.ndarray, less: int) -> np.ndarray:
        """Return the chance that each line of words reads well, [N] float64: of the word between two others that fits least.

        less: occurrences of the words that are left out.
        """
        chances = np.ones(len(english))
        inner = np.flatnonzero((owner[:-2] == owner[1:-1]) & (owner[1:-1] == owner[2:]))
        both: tuple[tuple[Spoken, bool], ...] = (("zh", False), ("en", True))
        for spoken, wanted in both:
            mine = inner[english[owner[inner]] == wanted]
            if len(mine):
                fits = self._plausibility.fits(ids[mine], ids[mine + 1], ids[mine + 2], spoken, less)
                np.minimum.at(chances, owner[mine], fits)
        return chances

    def _likely(self, ids: np.ndarray, owner: np.ndarray, count: int) -> np.ndarray:
        """Return the logarithm of how often people write each line of words, up to what its ends decide, [N] float64."""
        counts, total = self._plausibility.evidence, np.zeros(count)
        pairs = np.flatnonzero(owner[:-1] == owner[1:])
        np.add.at(total, owner[pairs], np.log(counts.pairs(ids[pairs], ids[pairs + 1]) + _UNSEEN_PAIR))
        inner = np.flatnonzero((owner[:-2] == owner[1:-1]) & (owner[1:-1] == owner[2:])) + 1
        np.subtract.at(total, owner[inner], np.log(counts.counted(ids[inner]) + 1.0))
        return total


def _flat(
    ids_of: Callable[[Iterable[str]], np.ndarray], paths: Sequence[Sequence[str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all words of some lines, and which line each is of, twice [N] int64."""
    ids = ids_of(word for path in paths for word in path)
    return ids, np.repeat(np.arange(len(paths)), [len(path) for path in paths])
