"""The chance that a word fits a place: what is learned without labels, and what holds where there is too little text."""

import numpy as np
import pytest

from augment.candidates.plausibility import (
    USUAL,
    FitScale,
    Plausibility,
    Spoken,
    calibrate,
    calibrations_of,
    calibrations_table,
)
from augment.candidates.senses import learn_senses
from augment.candidates.word_counts import PairCounts, WordCounts
from augment.seeding import Chance

GROUPS = 40


@pytest.fixture(scope="module")
def evidence() -> WordCounts:
    """Return counts of sentences: a word of a group between neighbours of that group, three words that mean the same in each."""
    rng, counts = np.random.default_rng(1), PairCounts()
    for _ in range(12000):
        group = int(rng.integers(GROUPS))
        word = f"w{group}{rng.choice(['a', 'b', 'c'])}"
        counts.add([f"l{group}{rng.integers(4)}x", word, f"r{group}{rng.integers(4)}x"])
    return counts.evidence(None, 12000)


def words() -> dict[str, str]:
    """Return the words that may be replaced, all of one part of speech."""
    return {f"w{group}{mark}": "n" for group in range(GROUPS) for mark in "abc"}


def synonyms(word: str) -> tuple[str, ...]:
    """Return one of the two words that mean the same."""
    return (word[:-1] + {"a": "b", "b": "a"}.get(word[-1], "a"),)


def test_words_between_their_own_neighbours_fit_and_random_words_do_not(evidence: WordCounts) -> None:
    senses = learn_senses(evidence)
    learned = calibrate(evidence, senses, words(), synonyms, USUAL["en"], Chance(0))
    assert learned.fit != USUAL["en"].fit
    plausibility = Plausibility(evidence, senses, {"en": learned})
    left, right = evidence.ids(["l31x"] * 2), evidence.ids(["r32x"] * 2)
    fits = plausibility.fits(left, evidence.ids(["w3a", "w7a"]), right, "en")
    assert fits[0] > 0.95
    assert fits[1] < 0.05


def test_a_synonym_fits_where_its_word_does(evidence: WordCounts) -> None:
    plausibility = Plausibility(evidence, learn_senses(evidence), USUAL)
    ids = (evidence.ids([word] * 2) for word in ("l31x", "w3a", "r32x"))
    left, old, right = ids
    new = evidence.ids(["w3b", "w7b"])
    chances = plausibility.fits(left, new, right, "en") * plausibility.same(old, new, "en")
    assert chances[0] > 0.9
    assert chances[1] < 0.05


def test_too_little_text_is_judged_by_what_was_learned_elsewhere() -> None:
    counts = PairCounts()
    counts.add(["房间", "很", "干净"])
    small = counts.evidence(None, 1)
    learned = calibrate(small, learn_senses(small), {"房间": "n"}, synonyms, USUAL["zh"], Chance(0))
    assert learned == USUAL["zh"]
    ids = small.ids(["房间"])
    assert Plausibility(small, learn_senses(small), USUAL).same(ids, ids, "zh").tolist() == [0.0]


def test_an_occurrence_left_out_is_not_counted(evidence: WordCounts) -> None:
    plausibility = Plausibility(evidence, learn_senses(evidence), USUAL)
    left, word, right = (evidence.ids([word]) for word in ("l31x", "w3a", "r32x"))
    with_all, without = (
        plausibility.features(left, word, right),
        plausibility.features(left, word, right, less=1),
    )
    assert (without[:, 2:] < with_all[:, 2:]).all()


def test_how_often_people_write_a_word_depends_on_its_neighbours(evidence: WordCounts) -> None:
    plausibility = Plausibility(evidence, learn_senses(evidence), USUAL)
    left, right = evidence.ids(["l31x"] * 2), evidence.ids(["r32x"] * 2)
    own, other = plausibility.likely(left, evidence.ids(["w3a", "w7a"]), right)
    assert own > 10 * other


def test_words_are_likelier_where_their_neighbours_are_theirs(evidence: WordCounts) -> None:
    plausibility = Plausibility(evidence, learn_senses(evidence), USUAL)
    left, right = evidence.ids(["l31x", "l71x"]), evidence.ids(["r32x", "r72x"])
    own, other = plausibility.between(left, ["w3a"], right)
    assert own > 10 * other


def test_a_table_gives_back_calibrations() -> None:
    given: dict[Spoken, FitScale] = {
        "zh": USUAL["zh"],
        "en": FitScale((0.0, 1.0, 2.0, 3.0, 4.0), (0.0, 1.0), (0.25, 0.75)),
    }
    assert calibrations_of(calibrations_table(given)) == given
