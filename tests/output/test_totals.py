"""Counts of a run that do not grow with it."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.output.totals import WorstAndMedian


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_the_worst_is_exact_and_the_median_within_half_a_percent(values: list[float]) -> None:
    spread = WorstAndMedian()
    for cut in range(0, len(values), 7):
        spread.add(values[cut : cut + 7])
    assert spread.worst == max(values)
    low = statistics.median_low(values)
    assert spread.median == pytest.approx(low, rel=0.0051, abs=1.1e-9)
