"""How natural edits are next to what they replaced, whatever stage made them."""

import numpy as np
import pytest

from augment.candidates.naturalness import TokenEdit, naturalness, word_naturalness
from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.word_counts import PairCounts

TEXTS = (
    ["房间", "很", "大", "，"],
    ["房间", "非常", "大", "，"],
    ["房间", "大", "，"],
    ["a", "clean", "room"],
) * 20


@pytest.fixture(scope="module")
def plausibility() -> Plausibility:
    """Return counts of the texts, with vectors by which all words mean the same but 狗, which has none."""
    counts = PairCounts()
    for text in (*TEXTS, ["狗", "叫"]):
        counts.add(text)
    evidence = counts.evidence(None, len(TEXTS))
    owner = np.zeros(len(evidence.words), np.int64)
    owner[evidence.id("狗")] = -1
    return Plausibility(evidence, Senses(owner, np.ones((1, 1), np.float32)), USUAL)


def of(plausibility: Plausibility, first: int, end: int, *new: str, side: int = 0) -> float:
    """Return how natural one edit of `房间很大，` and `a clean room` is."""
    sides = [["房间", "很", "大", "，"], ["a", "clean", "room"]]
    return naturalness(plausibility, sides, [TokenEdit(side, first, end, new)])


def test_a_word_that_people_write_there_is_natural(plausibility: Plausibility) -> None:
    assert of(plausibility, 1, 2, "非常") > 0.9


def test_a_word_that_nobody_writes_there_is_not(plausibility: Plausibility) -> None:
    assert of(plausibility, 1, 2, "狗") < 0.05
    assert of(plausibility, 1, 2, "从未见过") < 0.05


def test_what_is_left_out_is_natural_where_its_neighbours_are_written_so(plausibility: Plausibility) -> None:
    assert of(plausibility, 1, 2) > 0.9
    assert of(plausibility, 2, 3) < 0.6
    assert of(plausibility, 0, 2, side=1) < 0.6


def test_a_sample_has_the_product_of_its_edits(plausibility: Plausibility) -> None:
    sides = [["房间", "很", "大", "，"], ["a", "clean", "room"]]
    changes = [TokenEdit(0, 1, 2, ("非常",)), TokenEdit(0, 2, 3, ())]
    each = [naturalness(plausibility, sides, [change]) for change in changes]
    assert naturalness(plausibility, sides, changes) == pytest.approx(each[0] * each[1])
    assert naturalness(plausibility, sides, []) == 1.0


def test_words_judged_together_are_as_natural_as_each_by_itself(plausibility: Plausibility) -> None:
    tokens, words = ["房间", "很", "大", "，"], ["非常", "狗", "从未见过", "房间大"]
    for at in range(len(tokens)):
        each = [
            naturalness(plausibility, [tokens], [TokenEdit(0, at, at + 1, (word,))]) for word in words[:2]
        ]
        assert word_naturalness(plausibility, tokens, at, words)[:2] == pytest.approx(each)
    assert len(word_naturalness(plausibility, tokens, 0, words)) == len(words)
    assert word_naturalness(plausibility, tokens, 0, []) == []


def test_a_text_that_loses_everything_behind_an_edit_ends_there(plausibility: Plausibility) -> None:
    assert 0 <= of(plausibility, 0, 4) <= 1
    assert 0 <= of(plausibility, 4, 4, "，", "很") <= 1
