"""The figures of a model and the differences between two, on rows whose answers and outcomes are given."""

import pytest

from augment.hardening.figures import ACCURACY, RowShare, figures_of, gains, success_of, under

RIGHT = [True, True, True, False, True]
OUTCOMES = ["changed", "unchanged", "unchanged", "skipped", None]


def test_rows_that_are_wrong_before_an_attack_are_wrong_under_it_and_not_attacked() -> None:
    figures = figures_of(RIGHT, {"pwws": OUTCOMES})
    assert {name: share.value for name, share in figures.items()} == {
        ACCURACY: 0.8,
        under("pwws"): 0.6,
        success_of("pwws"): pytest.approx(1 / 3),
    }


def test_a_rate_of_no_row_is_not_known() -> None:
    figures = figures_of([False, False], {"pwws": ["skipped", "skipped"]})
    assert figures[success_of("pwws")].value is None
    assert gains(figures, figures)[success_of("pwws")].verdict == "not measured"


def test_a_model_is_no_better_than_itself() -> None:
    figures = figures_of(RIGHT * 20, {"pwws": OUTCOMES * 20})
    for gain in gains(figures, figures).values():
        assert (gain.mean, gain.low, gain.high) == (0, 0, 0)
        assert gain.verdict == "no measurable difference"


def test_the_interval_is_of_paired_rows() -> None:
    """Two models that differ on one row in ten, always the same way: the interval is that of the tenth, not of two accuracies."""
    one = figures_of([True] * 5 + [index % 10 != 0 for index in range(395)], {})
    other = figures_of([index % 10 != 0 and share for index, share in enumerate(one[ACCURACY].counted)], {})
    gain = gains(one, other)[ACCURACY]
    low, mean, high = (float(value or 0) for value in (gain.low, gain.mean, gain.high))
    assert mean == pytest.approx(float(one[ACCURACY].value or 0) - float(other[ACCURACY].value or 0))
    assert gain.verdict == "higher"
    assert 0 < low < mean < high < mean + 0.04
    assert gains(other, one)[ACCURACY].verdict == "lower"


def test_a_share_counts_rows_among_those_it_is_of() -> None:
    assert RowShare((True, False, False), (True, True, False)).value == 0.5
