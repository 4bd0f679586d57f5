"""The chance that a word fits where another one is now: it reads well between its neighbours, and means the same there.

Both are learned from counts of plain text, without labels. What reads well: words of the text between their own
neighbours, with their own occurrence left out, against random words of their part of speech there. What means the same:
synonyms of a dictionary that read well in a place, against the other words that do, by the cosine of their vectors. The two
chances are multiplied. Where there is too little text to learn from, what was learned from five million tokens holds.

    plausibility = Plausibility(evidence, senses, calibrations)
    plausibility.fits(left, new, right, "zh") * plausibility.same(old, new, "zh")     # arrays of ids; [N] float64
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from augment.candidates.senses import Senses
from augment.candidates.word_counts import UNSEEN, WordCounts
from augment.seeding import Chance

Spoken = Literal["zh", "en"]
# Places drawn to learn what reads well, and what means the same; examples from which on what is learned is used.
_FIT_SITES, _SENSE_SITES, _ENOUGH = 6000, 3000, 200
# How often a word must be seen to be drawn, and both its pairs to be seen in a place.
OFTEN, _SEEN = 5, 2
# Added to counts of pairs, of which most were never seen.
_UNSEEN_PAIR = 0.3


@dataclass(frozen=True)
class FitScale:
    """What counts are worth in a language.

    fit: intercept and weights of the logarithms `Plausibility.features` returns; cosines, same: knots of the chance that a
    word means the same, both rising. reading: intercept and weights of the same logarithms and of what a language model gives a
    word in its place; meaning: intercept and weights of the logarithm of the odds that a word means the same, and of its cosine
    in the text by an encoder. Both are empty where the job names no such model, or there is too little text to learn them from.
    """

    fit: tuple[float, ...]
    cosines: tuple[float, ...]
    same: tuple[float, ...]
    reading: tuple[float, ...] = ()
    meaning: tuple[float, ...] = ()


SCHEMA = pa.schema(
    [("languages", pa.list_(pa.string()))]
    + [(name, pa.list_(pa.list_(pa.float64()))) for name in ("fit", "cosines", "same", "reading", "meaning")]
)


# Learned from 4.7 million tokens of Chinese reviews and 0.6 million of English ones.
USUAL: dict[Spoken, FitScale] = {
    "zh": FitScale(
        (-3.954, 0.125, 0.208, 2.325, 0.911),
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        (0.04, 0.24, 0.47, 0.63, 0.85, 0.91, 0.95, 0.96, 0.99, 0.99),
    ),
    "en": FitScale(
        (-3.316, 0.114, 0.239, 1.512, 1.124),
        (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
        (0.17, 0.35, 0.49, 0.61, 0.82, 0.92, 0.95, 0.97, 0.99, 0.999),
    ),
}


def log_odds(chances: np.ndarray) -> np.ndarray:
    """Return the logarithm of the odds of chances, [N] float64; of 0 and 1 as of what is next to them."""
    near = np.clip(chances, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(near / (1 - near)))


def spoken_of(word: str) -> Spoken:
    """Return the language of a word."""
    return "en" if word.isascii() else "zh"


def calibrations_table(calibrations: Mapping[Spoken, FitScale]) -> pa.Table:
    """Return calibrations as a table of one row."""
    values = {name: [[getattr(one, name) for one in calibrations.values()]] for name in SCHEMA.names[1:]}
    return pa.table({"languages": [list(calibrations)]} | values, SCHEMA)


def calibrations_of(table: pa.Table) -> dict[Spoken, FitScale]:
    """Return what `calibrations_table` wrote."""
    (row,) = table.select(SCHEMA.names).to_pylist()
    columns = zip(*(row[name] for name in SCHEMA.names[1:]), strict=True)
    made = [FitScale(*(tuple(values) for values in column)) for column in columns]
    return dict(zip(row["languages"], made, strict=True))


@dataclass(frozen=True)
class Plausibility:
    """Counts, vectors, and what they are worth in each language."""

    evidence: WordCounts
    senses: Senses
    calibrations: Mapping[Spoken, FitScale]

    def fits(
        self, left: np.ndarray, word: np.ndarray, right: np.ndarray, spoken: Spoken, less: int = 0
    ) -> np.ndarray:
        """Return the chance that words read well between their neighbours, [N] float64, with `less` occurrences left out."""
        return _chance(self.calibrations[spoken].fit, self.features(left, word, right, less))

    def read(
        self, left: np.ndarray, word: np.ndarray, right: np.ndarray, spoken: Spoken, scores: np.ndarray
    ) -> np.ndarray:
        """Return the chance that words read well, [N] float64, by counts and by what a language model gives them in their places.

        Where it gives none (NaN), counts decide.
        """
        features, known = self.features(left, word, right), self.calibrations[spoken]
        both = np.column_stack([features, np.nan_to_num(scores)])
        return np.where(np.isnan(scores), _chance(known.fit, features), _chance(known.reading, both))

    def seen(self, same: np.ndarray, cosines: np.ndarray, spoken: Spoken) -> np.ndarray:
        """Return the chance that words mean the same, [N] float64, by that chance without the text and by their cosines in it.

        Where an encoder sees none (NaN), the first decides.
        """
        both = np.column_stack([log_odds(same), np.nan_to_num(cosines)])
        return np.where(np.isnan(cosines), same, _chance(self.calibrations[spoken].meaning, both))

    def same(self, old: np.ndarray, new: np.ndarray, spoken: Spoken) -> np.ndarray:
        """Return the chance that words mean the same, [N] float64; 0 where either has no vector."""
        cosine = self.senses.cosine(old, new)
        known = self.calibrations[spoken]
        return np.where(cosine > -1, np.interp(cosine, known.cosines, known.same), 0.0)

    def features(self, left: np.ndarray, word: np.ndarray, right: np.ndarray, less: int = 0) -> np.ndarray:
        """Return what is counted of words between neighbours, [N, 4] float64, with `less` occurrences left out.

        The smaller and the larger of how much more often than by chance each pair was seen, and the logarithms of the
        smaller and the larger count of the pairs.
        """
        counts = self.evidence
        own = np.maximum(counts.counted(word) - less, 0)
        seen, more = [], []
        for pairs, other in (
            (counts.pairs(left, word), counts.counted(left)),
            (counts.pairs(word, right), counts.counted(right)),
        ):
            seen.append(np.maximum(pairs - less, 0))
            more.append(np.log((seen[-1] + _UNSEEN_PAIR) * counts.total / ((own + 1.0) * (other + 1.0))))
        low, high = np.minimum(*seen), np.maximum(*seen)
        return np.stack([np.minimum(*more), np.maximum(*more), np.log1p(low), np.log1p(high)], axis=1)

    def likely(self, left: np.ndarray, word: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Return how often people write words between neighbours, up to a factor for each place, [N] float64."""
        counts = self.evidence
        pairs = (counts.pairs(left, word) + _UNSEEN_PAIR) * (counts.pairs(word, right) + _UNSEEN_PAIR)
        return np.asarray(pairs / (counts.counted(word) + 1.0))

    def between(self, left: np.ndarray, words: Sequence[str], right: np.ndarray) -> np.ndarray:
        """Return how often people write words between others, in comparison with nothing there, up to a factor, [N] float64."""
        counts = self.evidence
        first, last = (np.full(len(left), counts.id(word)) for word in (words[0], words[-1]))
        seen = (counts.pairs(*pair) + _UNSEEN_PAIR for pair in ((left, first), (last, right), (left, right)))
        before, behind, nothing = seen
        return np.asarray(before * behind / nothing)


def calibrate(
    evidence: WordCounts,
    senses: Senses,
    words: Mapping[str, str],
    synonyms: Callable[[str], Sequence[str]],
    usual: FitScale,
    rng: Chance,
) -> FitScale:
    """Return what counts are worth in a language. words: those that may be replaced, with their part of speech.

    What there is too little text to learn is taken from `usual`.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    part: dict[int, str] = {}
    for word, name in words.items():
        number = evidence.id(word)
        if number != UNSEEN and evidence.counts[number] >= OFTEN:
            groups[name].append(number)
            part[number] = name
    sites = _sites(evidence, np.array(sorted(part), np.int64), max(_FIT_SITES, _SENSE_SITES), rng)
    left, own, right = sites
    others = np.array([_any(groups[part[number]], rng) for number in own.tolist()], np.int64)
    plain = Plausibility(evidence, senses, {})
    fit = logistic(plain.features(*sites, less=1), plain.features(left, others, right)) or usual.fit
    cosines, same = _sense(plain, sites, groups, part, synonyms) or (usual.cosines, usual.same)
    return FitScale(fit, cosines, same)


def _chance(weights: Sequence[float], features: np.ndarray) -> np.ndarray:
    """Return the chances of a logistic model, [N] float64. weights: the intercept first; features: [N, F]."""
    return np.asarray(1 / (1 + np.exp(-(weights[0] + features @ np.asarray(weights[1:])))))


def _any(items: Sequence[int], rng: Chance) -> int:
    """Return one of the items."""
    return items[rng.below(len(items))]


def _sites(
    evidence: WordCounts, words: np.ndarray, count: int, rng: Chance
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return drawn words with a left and a right neighbour each, as often as they are seen together, three times [N] int64."""
    wanted = np.zeros(len(evidence.words), bool)
    wanted[words] = True
    first = np.flatnonzero(wanted[evidence.right])
    none = np.zeros(0, np.int64)
    if not len(first):
        return none, none, none
    heap = np.cumsum(evidence.seen[first])
    drawn = np.array([rng.below(int(heap[-1])) for _ in range(count)], np.int64)
    pair = first[np.searchsorted(heap, drawn, side="right")]
    left_of, right_of = evidence.left, evidence.right
    left, word = left_of[pair], right_of[pair]
    # The pairs that begin with a word are next to each other.
    begin, end = (np.searchsorted(left_of, word, side=side) for side in ("left", "right"))
    before = np.concatenate([[0], np.cumsum(evidence.seen)])
    spread = before[end] - before[begin]
    behind = np.array([rng.below(int(many)) for many in spread], np.int64)
    right = right_of[np.searchsorted(before, before[begin] + behind, side="right") - 1]
    return left, word, right


def written_there(counts: WordCounts, words: np.ndarray, left: int, right: int) -> np.ndarray:
    """Return those of some words, by their ids, that people write between two others more than once."""
    behind = words[counts.pairs(np.full(len(words), left), words) >= _SEEN]
    return behind[counts.pairs(behind, np.full(len(behind), right)) >= _SEEN]


def logistic(good: np.ndarray, bad: np.ndarray, least: int = _ENOUGH) -> tuple[float, ...] | None:
    """Return intercept and weights by which good places differ from bad ones, as many of either; None for too few."""
    from sklearn.linear_model import LogisticRegression

    if len(good) < least:
        return None
    model = LogisticRegression(C=1.0, max_iter=1000)
    model.fit(np.concatenate([good, bad]), np.repeat([1, 0], [len(good), len(bad)]))
    return tuple(float(round(value, 6)) for value in (*model.intercept_, *model.coef_[0]))


def _sense(
    plain: Plausibility,
    sites: tuple[np.ndarray, np.ndarray, np.ndarray],
    groups: Mapping[str, Sequence[int]],
    part: Mapping[int, str],
    synonyms: Callable[[str], Sequence[str]],
) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
    """Return the knots of the chance that a word means the same, by its cosine; None for too few synonyms.

    Words that were seen between the neighbours of another, of its part of speech: its synonyms among them, and the rest.
    """
    from sklearn.isotonic import IsotonicRegression

    counts = plain.evidence
    members = {name: np.array(sorted(numbers), np.int64) for name, numbers in groups.items()}
    near: tuple[list[float], list[float]] = ([], [])
    own: dict[int, set[int]] = {}
    for left, word, right in np.stack(sites, axis=1)[:_SENSE_SITES].tolist():
        others = members[part[word]]
        others = written_there(counts, others, left, right)
        others = others[others != word]
        cosines = plain.senses.cosine(np.full(len(others), word), others)
        if word not in own:
            own[word] = {counts.id(other) for other in synonyms(counts.words[word])}
        for other, cosine in zip(others.tolist(), cosines.tolist(), strict=True):
            if cosine > -1:
                near[other in own[word]].append(cosine)
    if min(map(len, near)) < _ENOUGH:
        return None
    each = [np.full(len(group), 1 / len(group)) for group in near]
    model = IsotonicRegression(out_of_bounds="clip", y_min=0.001, y_max=0.999)
    model.fit(
        np.concatenate(near), np.repeat([0, 1], list(map(len, near))), sample_weight=np.concatenate(each)
    )
    return _rounded(model.X_thresholds_), _rounded(model.y_thresholds_)


def _rounded(values: np.ndarray) -> tuple[float, ...]:
    """Return numbers with four digits."""
    return tuple(np.round(values, 4).tolist())
