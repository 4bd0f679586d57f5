"""What the models that a job names give for words in their places: a language model how they read, an encoder how near they are.

A masked language model gives a word the mean log-probability of its pieces with all of them masked, a causal one that of its
pieces and the three words behind it; an encoder the cosine of the vectors of both words, each seen in the text. What these
numbers are worth is learned without labels, on texts of the train split: how a word is read in its own place, and how a
random word of its part of speech is there; and how near a synonym of a dictionary that people write in a place is to the word
there, and how near other words are that they write there.

    models = open_models(job)                                   # None where the job names none
    models.read([slot], [("宽敞", "畜生")])                       # [[-4.2, -9.8]]
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from augment.candidates.plausibility import (
    OFTEN,
    FitScale,
    Plausibility,
    Spoken,
    log_odds,
    logistic,
    spoken_of,
    written_there,
)
from augment.candidates.slot import Slot, around
from augment.candidates.word_counts import WordCounts
from augment.config.job import Job
from augment.seeding import chance
from augment.text.align import Span
from augment.text.segment import segment

# Texts that are looked at, places that are learned from, of these those where words are compared, and other words in each.
TEXTS = 2000
_SITES, _PAIRS = 600, 200
# Words behind a word whose likelihood shows how it reads.
_BEHIND = 3
# What is kept of places, about.
_KEPT = 100_000

WordScores = Callable[[Sequence[Slot], Sequence[Sequence[str]]], list[list[float]]]


class Causal(Protocol):
    """A causal language model: the mean log-probability of the pieces of a span of each text."""

    def likely(self, texts: Sequence[str], spans: Sequence[Span]) -> list[float]:
        """Return one number for each text, NaN for a span of no piece."""
        ...


@dataclass(frozen=True)
class Models:
    """What a job names. read: how words read in places, by a language model; seen: how near they are to the word there, by an encoder."""

    read: WordScores | None
    seen: WordScores | None


def open_models(job: Job) -> Models | None:
    """Return what gives words in places their numbers, None where the job names no model; ModelError if one cannot be read."""
    named, read, seen = looking(job), None, None
    if "masked_lm" in named:
        from augment.candidates.masked_lm import MaskedWords

        read = remembered(MaskedWords(named["masked_lm"], job.run, 1).scores)
    elif "causal_lm" in named:
        from augment.models.causal_lm import open_causal

        read = remembered(_behind(open_causal(named["causal_lm"], job.run)))
    if "encoder" in named:
        from augment.candidates.context import InContext

        seen = remembered(_near(InContext.of(named["encoder"], job.run, 0.0).cosines))
    return None if read is None and seen is None else Models(read, seen)


def looking(job: Job) -> dict[str, str]:
    """Return the models of a job that give words in their places numbers: name of the resource to folder."""
    given = job.resources
    return {name: folder for name in given.look if (folder := getattr(given, name)) is not None}


def remembered(scores: WordScores) -> WordScores:
    """Return scores that are computed once for a word and the text around it; NaN for what is not seen."""
    known: dict[tuple[str, str, int, str], float] = {}

    def kept(slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the scores of the words offered for each slot."""
        if len(known) > _KEPT:
            known.clear()
        keys = [[(*_key(slot), word) for word in words] for slot, words in zip(slots, offered, strict=True)]
        new = [tuple(dict.fromkeys(key[-1] for key in some if key not in known)) for some in keys]
        for slot, words, values in zip(slots, new, scores(slots, new), strict=True):
            known.update(((*_key(slot), word), value) for word, value in zip(words, values, strict=True))
        return [[known[key] for key in some] for some in keys]

    return kept


def _near(cosines: WordScores) -> WordScores:
    """Return cosines with NaN where an encoder does not see a word."""

    def scores(slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return the cosine of each word with the word of its place."""
        return [
            [value if value >= -1 else float("nan") for value in values] for values in cosines(slots, offered)
        ]

    return scores


def _key(slot: Slot) -> tuple[str, str, int]:
    """Return what decides how words read in a place: the word there, the text around it, and where it is."""
    text, (start, _) = around(slot, slot.word)
    return slot.word, text, start


def _behind(model: Causal) -> WordScores:
    """Return the scores by a causal language model."""

    def scores(slots: Sequence[Slot], offered: Sequence[Sequence[str]]) -> list[list[float]]:
        """Return for each word the mean log-probability of its pieces and of those of the words behind it."""
        texts: list[str] = []
        spans: list[Span] = []
        for slot, words in zip(slots, offered, strict=True):
            tail = _tail(slot)
            for word in words:
                text, (start, end) = around(slot, word)
                texts.append(text[: end + tail])
                spans.append((start, end + tail))
        values = iter(model.likely(texts, spans))
        return [[next(values) for _ in words] for words in offered]

    return scores


def _tail(slot: Slot) -> int:
    """Return how many code points behind a place are looked at."""
    rest, (_, end) = around(slot, slot.word)
    behind = segment(rest[end:])[:_BEHIND]
    return behind[-1][1] if behind else 0


@dataclass(frozen=True)
class Site:
    """A word in a text: its slot, and the ids of what is before it, of itself, and of what is behind it."""

    slot: Slot
    left: int
    own: int
    right: int


# Of places what speaks for good words and what for others, each [N, F]: the features of a logistic model.
SiteFeatures = tuple[np.ndarray, np.ndarray]


def learn_scores(
    plausibility: Plausibility,
    models: Models,
    texts: Iterable[str],
    words: Mapping[str, str],
    synonyms: Callable[[str], Sequence[str]],
    spoken: Spoken,
    seed: int,
) -> FitScale:
    """Return what counts are worth in a language, with what the numbers of models are worth. words: as `calibrate` takes them.

    What there is too little text to learn stays empty, and is not used.
    """
    sites = list(sites_in(texts, plausibility, words, spoken, seed))
    known = plausibility.calibrations[spoken]
    if models.read is not None:
        good, bad = reading_examples(plausibility, models.read, sites[:_SITES], words, seed, less=1)
        known = replace(known, reading=logistic(good, bad) or ())
    if models.seen is not None:
        good, bad = meaning_examples(plausibility, models.seen, sites, words, synonyms, spoken)
        known = replace(known, meaning=logistic(good, bad, least=_PAIRS // 2) or ())
    return known


def sites_in(
    texts: Iterable[str], plausibility: Plausibility, words: Mapping[str, str], spoken: Spoken, seed: int
) -> Iterator[Site]:
    """Yield a place of each text that has a word of the language which may be replaced, drawn by the text."""
    counts = plausibility.evidence
    for text in texts:
        spans = segment(text)
        ids = [0, *counts.ids(text[start:end] for start, end in spans).tolist(), 0]
        often = counts.counted(np.array(ids[1:-1], np.int64)) >= OFTEN
        free = [
            index
            for index, (start, end) in enumerate(spans)
            if often[index] and text[start:end] in words and spoken_of(text[start:end]) == spoken
        ]
        if free:
            at = free[chance(seed, "place", text, 0).below(len(free))]
            slot = Slot("", at, text, None, 0, *spans[at], None)
            yield Site(slot, ids[at], ids[at + 1], ids[at + 2])


def reading_examples(
    plausibility: Plausibility,
    read: WordScores,
    sites: Sequence[Site],
    words: Mapping[str, str],
    seed: int,
    less: int,
) -> SiteFeatures:
    """Return what counts and a language model give words in their own places, with `less` occurrences left out, and random words there."""
    counts, groups = plausibility.evidence, _groups(plausibility.evidence, words)
    other = []
    for site in sites:
        group = groups[words[site.slot.word]]
        other.append(group[chance(seed, "other", site.slot.text, 0).below(len(group))])
    offered = [(site.slot.word, counts.words[number]) for site, number in zip(sites, other, strict=True)]
    scores = np.array(read([site.slot for site in sites], offered), np.float64).reshape(-1, 2)
    left, own, right = (
        np.array([getattr(site, name) for site in sites], np.int64) for name in ("left", "own", "right")
    )
    seen = ~np.isnan(scores).any(axis=1)
    good, bad = (
        np.column_stack([plausibility.features(left, ids, right, without), scores[:, side]])[seen]
        for side, (ids, without) in enumerate(((own, less), (np.array(other, np.int64), 0)))
    )
    return good, bad


def meaning_examples(
    plausibility: Plausibility,
    seen: WordScores,
    sites: Iterable[Site],
    words: Mapping[str, str],
    synonyms: Callable[[str], Sequence[str]],
    spoken: Spoken,
) -> SiteFeatures:
    """Return what vectors and an encoder give synonyms that people write in a place, and other words that they write there."""
    counts, groups = plausibility.evidence, _groups(plausibility.evidence, words)
    slots: list[Slot] = []
    pairs: list[tuple[int, int, int]] = []
    for site in sites:
        others = np.array(groups[words[site.slot.word]], np.int64)
        written = written_there(counts, others, site.left, site.right).tolist()
        there = [number for number in written if number != site.own]
        own = {counts.id(word) for word in synonyms(site.slot.word)} if there else set()
        near, far = ([number for number in there if (number in own) == is_near] for is_near in (True, False))
        if near and far:
            draw = chance(0, "near", site.slot.text, 0)
            pairs.append((site.own, near[draw.below(len(near))], far[draw.below(len(far))]))
            slots.append(site.slot)
        if len(pairs) == _PAIRS:
            break
    offered = [(counts.words[near], counts.words[far]) for _, near, far in pairs]
    cosines = np.array(seen(slots, offered), np.float64).reshape(-1, 2)
    own_ids, *ids = np.array(pairs, np.int64).reshape(-1, 3).T
    known = ~np.isnan(cosines).any(axis=1)
    good, bad = (
        np.column_stack([log_odds(plausibility.same(own_ids, ids[side], spoken)), cosines[:, side]])[known]
        for side in (0, 1)
    )
    return good, bad


def _groups(counts: WordCounts, words: Mapping[str, str]) -> Mapping[str, Sequence[int]]:
    """Return the ids of the words of each part of speech that were seen often enough."""
    groups: dict[str, list[int]] = defaultdict(list)
    for word, part in words.items():
        if counts.counted(np.array([number := counts.id(word)]))[0] >= OFTEN:
            groups[part].append(number)
    return groups
