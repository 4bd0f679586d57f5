"""BLEU and distinct-n against values worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.ngram_overlap import bleu, distinct, runs, self_bleu

WORDS = st.lists(st.sampled_from(["好", "房间", "a", "film", "👍🏽", "𠮷"]), max_size=12)


def test_runs_are_of_so_many_words() -> None:
    assert runs(["a", "b", "c"], 2) == [("a", "b"), ("b", "c")]
    assert runs(["a"], 2) == []


def test_distinct_counts_each_run_once_over_all_texts() -> None:
    texts = [["很", "好", "很", "好"], ["很", "好", "!"]]
    assert distinct(texts, 1) == 3 / 7  # 很 好 !
    assert distinct(texts, 2) == 3 / 5  # 很好 好很 好!
    assert distinct([], 1) == distinct([["a"]], 2) == 0


def test_bleu_by_hand_with_one_word_changed_of_six() -> None:
    """Matches 5 of 6, then (3+1)/(5+1), (2+1)/(4+1), (1+1)/(3+1); equal lengths, no penalty."""
    text, other = ["the", "cat", "sat", "on", "the", "mat"], ["the", "dog", "sat", "on", "the", "mat"]
    recomputed = (5 / 6 * 4 / 6 * 3 / 5 * 2 / 4) ** (1 / 4)
    assert bleu(text, [other]) == pytest.approx(recomputed)


def test_bleu_by_hand_clips_counts_and_punishes_what_is_short() -> None:
    """The the: the second is not in the other text; two words of four, so exp(1 - 4/2); one run of two, not there."""
    assert bleu(["the", "the"], [["the", "cat", "is", "in"]]) == pytest.approx(
        math.exp(1 - 4 / 2) * math.sqrt(1 / 2 * 1 / 2)
    )


def test_bleu_by_hand_takes_of_several_texts_the_best_of_each_run_and_the_nearest_length() -> None:
    """房间 from the first, 很大 from the second: all of two words, no run of two; lengths 2 and 5, so no penalty."""
    others = [["房间", "小"], ["床", "也", "是", "很", "很大"]]
    assert bleu(["房间", "很大"], others) == pytest.approx(math.sqrt(1 * 1 / 2))


def test_of_lengths_equally_near_the_shorter_counts() -> None:
    text = ["a", "b", "c"]
    assert bleu(text, [["a", "b"], ["a", "b", "c", "d"]]) == pytest.approx(1.0)


@given(WORDS, st.lists(WORDS, max_size=3))
def test_bleu_is_between_0_and_1_and_is_1_for_a_copy(words: list[str], others: list[list[str]]) -> None:
    assert 0 <= bleu(words, others) <= 1 + 1e-12
    assert bleu(words, [*others, words]) == (pytest.approx(1.0) if words else 0.0)


def test_nothing_in_common_is_0() -> None:
    assert bleu(["a"], [["b"]]) == bleu([], [["a"]]) == bleu(["a"], []) == 0


@given(st.lists(WORDS, min_size=1, max_size=6))
def test_each_text_against_the_others_is_as_by_hand(texts: list[list[str]]) -> None:
    result = list(self_bleu(texts))
    for index, words in enumerate(texts):
        others = [*texts[:index], *texts[index + 1 :]]
        assert result[index] == pytest.approx(recomputed(words, others))


def recomputed(words: list[str], others: list[list[str]]) -> float:
    """Return the BLEU of a text by its definition, every text counted anew for every run."""
    if not words or not others:
        return 0.0
    logs = []
    for order in range(min(4, len(words))):
        own = runs(words, order + 1)
        best = {run: max(runs(other, order + 1).count(run) for other in others) for run in set(own)}
        matches = sum(min(own.count(run), count) for run, count in best.items())
        if not matches and not order:
            return 0.0
        logs.append(math.log((matches + (order > 0)) / (len(own) + (order > 0))))
    nearest = min((abs(len(other) - len(words)), len(other)) for other in others)[1]
    return math.exp(min(0.0, 1 - nearest / len(words)) + sum(logs) / len(logs))
