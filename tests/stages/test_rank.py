"""Key tokens: order, ties, protection, and the three ways to set how many."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.stages import Rank


def rank(**rule: object) -> Rank:
    return Rank.model_validate({"kind": "rank", **rule})


def test_the_highest_scores_come_first_and_only_those_for_the_target() -> None:
    key, _ = rank(k=3).choose(np.array([0.1, -5.0, 2.0, 1.0]), [0, 1, 2, 3])
    assert key == [2, 3, 0]


def test_absolute_order_takes_scores_against_the_target_too() -> None:
    key, _ = rank(k=2, order="absolute").choose(np.array([0.1, -5.0, 2.0, 1.0]), [0, 1, 2, 3])
    assert key == [1, 2]


def test_ties_keep_the_order_of_the_text_and_are_marked() -> None:
    key, tied = rank(k=3).choose(np.array([1.0, 2.0, 1.0, 0.5]), [0, 1, 2, 3])
    assert (key, tied) == ([1, 0, 2], [False, True, True])


def test_scores_that_differ_in_the_last_bits_are_tied() -> None:
    scores = np.array([1.0, 1.0 + 1e-8, 0.2])
    assert rank(k=1).choose(scores, [0, 1, 2]) == ([0], [True])


def test_a_fraction_counts_content_words_and_gives_at_least_one() -> None:
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    assert rank(fraction=0.5).choose(scores, [0, 1, 2, 3])[0] == [0, 1]
    assert rank(fraction=0.01).choose(scores, [0, 1, 2, 3])[0] == [0]


def test_a_threshold_is_in_the_unit_of_the_score() -> None:
    assert rank(threshold=2.0).choose(np.array([4.0, 2.0, 1.0]), [0, 1, 2])[0] == [0, 1]


def test_tokens_that_are_not_allowed_are_never_key() -> None:
    assert rank(k=2).choose(np.array([4.0, 2.0, 1.0]), [1, 2])[0] == [1, 2]


def test_a_row_without_allowed_tokens_has_no_key() -> None:
    assert rank(k=2).choose(np.array([4.0]), []) == ([], [])
    assert rank(k=2).choose(np.array([]), []) == ([], [])


@given(st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=30), st.floats(0.1, 100))
def test_the_unit_of_the_scores_does_not_change_the_choice(values: list[float], unit: float) -> None:
    scores = np.array(values)
    allowed = list(range(len(values)))
    near = np.abs(np.round(scores / (np.abs(scores).max() or 1), 5) * 1e5 % 1 - 0.5)
    if (near > 0.4).all():
        assert rank(k=5).choose(scores, allowed) == rank(k=5).choose(scores * unit, allowed)


def test_exactly_one_rule_must_be_given() -> None:
    with pytest.raises(ValidationError, match="give one of"):
        rank()
    with pytest.raises(ValidationError, match="give one of"):
        rank(k=1, fraction=0.5)
