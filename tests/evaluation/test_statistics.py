"""What differences are worth: intervals, corrected probabilities, and what could be seen at all."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from augment.evaluation.statistics import Difference, compare, holm

POINTS = st.lists(st.floats(-20, 20), min_size=2, max_size=30)


@given(POINTS, POINTS)
def test_the_interval_holds_the_mean_of_all_cells(one: list[float], other: list[float]) -> None:
    comparison = compare({"50": one, "100": other})
    assert comparison.cells == len(one) + len(other)
    assert comparison.mean == pytest.approx(np.mean([*one, *other]), abs=1e-9)
    assert comparison.low - 1e-9 <= comparison.mean <= comparison.high + 1e-9


def test_a_true_difference_is_in_the_interval_about_as_often_as_promised() -> None:
    chance = np.random.default_rng(0)
    inside = 0
    for _ in range(200):
        comparison = compare(
            {"a": chance.normal(0.5, 1.5, 15).tolist(), "b": chance.normal(0.5, 1.5, 15).tolist()}
        )
        inside += comparison.low <= 0.5 <= comparison.high
    assert 0.87 <= inside / 200 <= 0.99


def test_the_probability_is_that_of_a_paired_t_test() -> None:
    values = [0.4, -0.2, 0.9, 1.3, 0.1]
    assert compare({"": values}).p == pytest.approx(float(ttest_1samp(values, 0).pvalue))


def test_a_difference_that_can_be_seen_is_found_four_times_in_five() -> None:
    chance = np.random.default_rng(1)
    seen = compare({"": chance.normal(0, 1.5, 20_000)[:25].tolist()}).seen
    spread = seen / compare({"": [-1.5, 1.5] * 12 + [0.0]}).seen
    items = [compare({"": chance.normal(0.88, 1.5, 25).tolist()}).p < 0.05 for _ in range(300)]
    assert 0.73 < np.mean(items) < 0.87
    assert 0.6 < spread < 1.5


def test_groups_of_one_cell_do_not_make_an_interval_of_no_width() -> None:
    comparison = compare({"a": [-3.0], "b": [1.0], "c": [4.0]})
    assert (comparison.low, comparison.high) == (
        compare({"": [-3.0, 1.0, 4.0]}).low,
        compare({"": [-3.0, 1.0, 4.0]}).high,
    )
    assert comparison.low < comparison.mean < comparison.high


def one(p: float, mean: float = 1.0) -> Difference:
    """Return a difference of this probability."""
    return Difference(10, mean, mean - 0.5, mean + 0.5, p, p, 0.9)


def test_probabilities_are_corrected_for_the_number_of_conditions_and_stay_in_order() -> None:
    result = holm({"a": one(0.01), "b": one(0.04), "c": one(0.03), "d": one(0.5)})
    assert [round(result[name].holm, 4) for name in "abcd"] == [0.04, 0.09, 0.09, 0.5]
    assert [result[name].verdict for name in "abd"] == ["higher", *["no measurable difference"] * 2]


def test_what_is_lower_is_called_lower() -> None:
    assert holm({"a": one(0.001, -1.0)})["a"].verdict == "lower"


def test_of_one_cell_nothing_is_reported() -> None:
    comparison = compare({"": [3.0]})
    assert comparison.mean == 3.0
    assert isnan(comparison.low)
    assert holm({"a": comparison})["a"].verdict == "too few draws for a conclusion"


def test_equal_conditions_do_not_differ() -> None:
    assert compare({"": [0.0, 0.0, 0.0]}).verdict == "the same in every draw"
