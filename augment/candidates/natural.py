"""Words that fit their place, from all sources together, each with the chance that it does.

A source proposes, the counts of plain text decide (`plausibility`). A word that no row of train has is not offered: it would
be in samples only, and a model might learn that. Function words, Chinese words of one character and fixed strings
("special effects") are not replaced; words of degree (很, 非常; very, really) replace each other.

    natural = NaturalWords(plausibility, sources, lexicons)
    natural.offer([Opening(slot, "很", "，")])            # [(Fitting("干净", 0.93, 0.6),)]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from augment.candidates.fixed_strings import fixed
from augment.candidates.lexicon import Lexicon
from augment.candidates.model_scores import Models, WordScores
from augment.candidates.plausibility import Plausibility, Spoken, spoken_of
from augment.candidates.slot import Proposed, Slot
from augment.candidates.sources import Sources
from augment.text.editable import is_content
from augment.text.segment import tag

# Below this chance a word is never offered, whatever a stage asks; below the other one no model of the job looks at it.
LEAST = 0.5
_LOOKED_AT = 0.25
# No chance is higher, so that a sample has three edits at most within a budget of 0.8.
SUREST = 0.93
_TAGS = frozenset("nvadzib")
_NAMES = frozenset({"nr", "ns", "nt", "nrt", "nrfg", "nsf"})
_GRADED = frozenset("avzdil")
_DEGREE: dict[Spoken, frozenset[str]] = {
    "zh": frozenset(["很", "挺", "蛮", "非常", "特别", "十分", "相当", "超级"]),
    "en": frozenset(["very", "really", "extremely", "truly", "incredibly"]),
}
# Behind a verb these tell the direction or the result of what is done, each verb its own: 体现不出来.
_DIRECTIONS = frozenset(f"{first}{last}" for first in "上下进出回过起开" for last in "来去")
_ENGLISH_LETTERS = 3
# English words of more meanings than that are as vague as Chinese words of one character, verbs sooner: make, keep, hard.
_MEANINGS = {"v": 7, "n": 12, "a": 12, "r": 12}
# Words of so few meanings that a dictionary's synonym is nearly always one, and how much surer that makes it.
_CLEAR, _SURER = 4, 4.0
# Synonyms in a dictionary, since each can give a distance.
_UNITS = ("second", "minute", "hour", "day", "night", "week", "month", "year", "decade")
_TIMES = frozenset([*_UNITS, *(f"{unit}s" for unit in _UNITS)])
# How many mean the same for one that does not, before vectors are looked at: of a dictionary's synonyms in a word's main
# sense, and in other senses. What is only near a word is not offered.
_OF_MAIN, _OF_OTHERS = 1.0, 0.3


@dataclass(frozen=True)
class Opening:
    """A slot with the tokens before and behind it in its text, "" at its ends."""

    slot: Slot
    left: str
    right: str


@dataclass(frozen=True)
class Fitting:
    """A word offered for a place.

    chance: that it fits there; weight: how much of the time people would write it there and not the other word, times that.
    """

    word: str
    chance: float
    weight: float


def part_of(word: str, spoken: Spoken, lexicons: Sequence[Lexicon]) -> str | None:
    """Return the part of speech of a word that may be replaced, None of any other one."""
    if word in _DEGREE[spoken]:
        return "degree"
    if not is_content(word):
        return None
    if spoken == "zh":
        tagged = tag(word) or ""
        replaced = len(word) > 1 and tagged[:1] in _TAGS and tagged not in _NAMES and word not in _DIRECTIONS
        return tagged[:1] if replaced else None
    parts = {part for lexicon in lexicons for part in lexicon.parts(word)}
    return (
        None if is_vague(word, lexicons) or len(word) < _ENGLISH_LETTERS else "".join(sorted(parts)) or None
    )


def is_vague(word: str, lexicons: Sequence[Lexicon]) -> bool:
    """Return whether an English word has too many meanings for a synonym to be one in its text, or is a unit of time."""
    parts = {part for lexicon in lexicons for part in lexicon.parts(word)}
    most = min((_MEANINGS[part] for part in parts), default=0)
    return word in _TIMES or any(lexicon.meanings(word) > most for lexicon in lexicons)


@dataclass(frozen=True)
class _Candidates:
    """What may replace a word, wherever it is: the words, their ids, the chance that each means the same by its vector, and the odds by dictionaries."""

    words: tuple[str, ...]
    ids: np.ndarray
    near: np.ndarray
    odds: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """The chance that each means the same, [N] float64."""
        return _with_odds(self.near, self.odds)


class NaturalWords:
    """What fits the places of rows, by counts of plain text."""

    def __init__(
        self,
        plausibility: Plausibility,
        sources: Sources,
        lexicons: Sequence[Lexicon],
        models: Models | None = None,
        least: float = LEAST,
    ) -> None:
        """Keep the counts, what proposes words, and the models that look at them in their places, if any.

        least: chances below it are of no use to the caller, so that no model has to look at words that cannot come to it.
        """
        self._plausibility, self._sources, self._lexicons = plausibility, sources, lexicons
        self._models = models
        # A model may make a word likelier than it is without it.
        self._least = LEAST if models is None else _LOOKED_AT
        self._useful = max(least, LEAST)
        self._candidates: dict[tuple[str, str], _Candidates] = {}
        self._is_graded = lru_cache(maxsize=1 << 16)(self._graded)

    @property
    def rows(self) -> int:
        """The number of rows of train."""
        return self._plausibility.evidence.rows

    def often(self, word: str) -> int:
        """Return how often a word is in the rows of train."""
        counts = self._plausibility.evidence
        number = counts.id(word)
        return int(counts.train[number]) if number >= 0 else 0

    def offer(self, openings: Sequence[Opening]) -> list[tuple[Fitting, ...]]:
        """Return for each place the words that fit with a chance of a half or more, the likeliest first."""
        self._look_up(openings)
        offers: list[tuple[Fitting, ...]] = [()] * len(openings)
        for spoken in ("zh", "en"):
            free = [
                (number, self._candidates[_key(opening)])
                for number, opening in enumerate(openings)
                if spoken_of(opening.slot.word) == spoken and self._is_free(opening, spoken)
            ]
            wanted = [(number, candidates) for number, candidates in free if candidates.words]
            for number, fitting in self._tested(openings, wanted, spoken):
                offers[number] = fitting
        return offers

    def _look_up(self, openings: Sequence[Opening]) -> None:
        """Learn what may replace the words that are new, all together."""
        new = {key: opening for opening in openings if (key := _key(opening)) not in self._candidates}
        wanted = {key: opening for key, opening in new.items() if self._is_proposed(opening.slot.word)}
        proposed = dict(
            zip(wanted, self._sources.offer_all([opening.slot for opening in wanted.values()]), strict=True)
        )
        for key, opening in new.items():
            self._candidates[key] = self._meaning_the_same(opening.slot.word, proposed.get(key, Proposed()))

    def _is_proposed(self, word: str) -> bool:
        """Return whether sources are used for a word: one that may be replaced, and is no word of degree."""
        return part_of(word.lower(), spoken_of(word), self._lexicons) not in (None, "degree")

    def _meaning_the_same(self, word: str, proposed: Proposed) -> _Candidates:
        """Return of what is proposed for a word what the rows of train have and means the same with a chance of a half or more."""
        spoken, counts = spoken_of(word), self._plausibility.evidence
        if word in _DEGREE[spoken]:
            proposed = Proposed(tuple(sorted(_DEGREE[spoken] - {word})))
        words = [(other, _OF_MAIN * self._surer(word, other)) for other in proposed.synonyms]
        words += [(other, _OF_OTHERS) for other in proposed.senses]
        words = [
            (other, odds)
            for other, odds in words
            if part_of(other.lower(), spoken, self._lexicons) is not None
        ]
        ids = counts.ids(other for other, _ in words)
        near = self._plausibility.same(np.full(len(ids), counts.id(word)), ids, spoken)
        odds = np.array([odds for _, odds in words], np.float64)
        good = (np.where(ids >= 0, counts.train[ids], 0) > 0) & (_with_odds(near, odds) >= self._least)
        kept = np.flatnonzero((ids >= 0) & good)
        return _Candidates(
            tuple(words[index][0] for index in kept.tolist()), ids[kept], near[kept], odds[kept]
        )

    def _surer(self, token: str, word: str) -> float:
        """Return how much surer it is that two words mean the same than of words with many meanings."""
        counts = [lexicon.meanings(each) for lexicon in self._lexicons for each in (token, word)]
        return _SURER if 0 < max(counts, default=0) <= _CLEAR else 1.0

    def _is_free(self, opening: Opening, spoken: Spoken) -> bool:
        """Return whether a word of degree comes before what has degrees; other words may be anywhere."""
        return opening.slot.word not in _DEGREE[spoken] or self._is_graded(opening.right, spoken)

    def _graded(self, word: str, spoken: Spoken) -> bool:
        """Return whether a word is one of a quality or a feeling, which has degrees; of `very much` none is free."""
        if word.lower() == "much":
            return False
        if spoken == "zh":
            return word != "是" and (tag(word) or "")[:1] in _GRADED
        return any(lexicon.parts(word.lower()) & {"a", "r"} for lexicon in self._lexicons)

    def _tested(
        self, openings: Sequence[Opening], wanted: Sequence[tuple[int, _Candidates]], spoken: Spoken
    ) -> Iterator[tuple[int, tuple[Fitting, ...]]]:
        """Yield for some openings what fits between their neighbours."""
        if not wanted:
            return
        counts, sizes = self._plausibility.evidence, [len(candidates.words) for _, candidates in wanted]
        chosen = [openings[number] for number, _ in wanted]
        one = [
            np.array([counts.id(word) if word else 0 for word in words], np.int64)
            for words in (
                [opening.left for opening in chosen],
                [opening.slot.word for opening in chosen],
                [opening.right for opening in chosen],
            )
        ]
        free = ~fixed(counts, *one)
        left, old, right = (np.repeat(ids, sizes) for ids in one)
        new = np.concatenate([candidates.ids for _, candidates in wanted])
        same = np.concatenate([candidates.same for _, candidates in wanted])
        reads = self._plausibility.fits(left, new, right, spoken)
        chance = reads * same
        if self._models is not None:
            # A model of how words read cannot make them likelier than they mean the same, and the other way round.
            may = np.ones(len(chance), bool)
            if self._models.read is None:
                may &= reads >= self._useful
            if self._models.seen is None:
                may &= same >= self._useful
            looked_at = np.flatnonzero(may & (chance >= _LOOKED_AT) & np.repeat(free, sizes))
            slots = [
                chosen[number].slot for number in np.repeat(np.arange(len(wanted)), sizes)[looked_at].tolist()
            ]
            words = [word for _, candidates in wanted for word in candidates.words]
            near, odds = (
                np.concatenate([getattr(candidates, name) for _, candidates in wanted])[looked_at]
                for name in ("near", "odds")
            )
            chance[looked_at] = self._looked_at(
                slots,
                [words[at] for at in looked_at.tolist()],
                (left[looked_at], new[looked_at], right[looked_at]),
                near,
                odds,
                spoken,
            )
        chance = np.minimum(chance, SUREST)
        of_new, of_old = (self._plausibility.likely(left, word, right) for word in (new, old))
        weight, good = chance * of_new / (of_new + of_old), (chance >= LEAST) & np.repeat(free, sizes)
        first = 0
        for (number, candidates), size in zip(wanted, sizes, strict=True):
            fitting = [
                Fitting(candidates.words[at], round(float(chance[first + at]), 4), float(weight[first + at]))
                for at in np.flatnonzero(good[first : first + size]).tolist()
            ]
            yield number, tuple(sorted(fitting, key=lambda each: (-each.chance, each.word)))
            first += size

    def _looked_at(
        self,
        slots: Sequence[Slot],
        words: Sequence[str],
        ids: tuple[np.ndarray, np.ndarray, np.ndarray],
        near: np.ndarray,
        odds: np.ndarray,
        spoken: Spoken,
    ) -> np.ndarray:
        """Return the chance that words fit places by the models of the job too, [N] float64.

        ids: of what is before each, of itself, and of what is behind it; near, odds: as candidates have them.
        """
        models, known = self._models, self._plausibility.calibrations[spoken]
        reads = self._plausibility.fits(*ids, spoken)
        if models is not None and models.read is not None and known.reading:
            reads = self._plausibility.read(*ids, spoken, _given(models.read, slots, words))
        if models is not None and models.seen is not None and known.meaning:
            near = self._plausibility.seen(near, _given(models.seen, slots, words), spoken)
        return np.asarray(reads * _with_odds(near, odds))


def _given(scores: WordScores, slots: Sequence[Slot], words: Sequence[str]) -> np.ndarray:
    """Return the number of each word in its place, [N] float64, NaN where it is not seen."""
    values = scores(slots, [[word] for word in words])
    return np.array([value for (value,) in values], np.float64)


def _with_odds(near: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Return chances with odds that are known apart from them, [N] float64."""
    return np.asarray(near * odds / (near * odds + (1 - near))) if len(near) else near


def _key(opening: Opening) -> tuple[str, str]:
    """Return what decides the words proposed for a place: its word, and an article before it."""
    before = (opening.slot.before or "").lower()
    return opening.slot.word, before if before in ("a", "an") else ""
