"""Intervals of shares, against values that other programs give."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.review.proportions import interval, more_for


@pytest.mark.parametrize(
    ("hits", "rows", "expected"),
    [
        (18, 20, (0.6990, 0.9721)),
        (0, 10, (0.0, 0.2775)),
        (10, 10, (0.7225, 1.0)),
        (81, 263, (0.2553, 0.3662)),
    ],
)
def test_the_interval_is_wilsons(hits: int, rows: int, expected: tuple[float, float]) -> None:
    """The last is the example of Newcombe (1998), table I."""
    assert interval(hits, rows) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 500), st.integers(1, 500), st.integers(0, 5000))
def test_reviewing_as_many_more_as_advised_is_enough(hits: int, rows: int, rest: int) -> None:
    hits = min(hits, rows)
    more = more_for(0.05, hits, rows, rows + rest)
    assert 0 <= more <= rest
    low, high = interval(hits, rows)
    assert low <= hits / rows <= high
    if not more and rest > 20 * rows:
        assert high - low < 0.105


def test_without_rows_nothing_is_known() -> None:
    assert interval(0, 0) == (0.0, 1.0)
