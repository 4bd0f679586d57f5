"""Counts of a run that do not grow with it."""

import statistics

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.output.attack_table import attack_csv
from augment.output.totals import Totals, WorstAndMedian


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_the_worst_is_exact_and_the_median_within_half_a_percent(values: list[float]) -> None:
    spread = WorstAndMedian()
    for cut in range(0, len(values), 7):
        spread.add(values[cut : cut + 7])
    assert spread.worst == max(values)
    low = statistics.median_low(values)
    assert spread.median == pytest.approx(low, rel=0.0051, abs=1.1e-9)


def test_an_attack_has_its_success_rate_by_label() -> None:
    outcomes = ["changed", "unchanged", "changed", "skipped", None]
    totals = Totals()
    totals.add(
        pa.table(
            {
                "label": ["a", "a", "b", "b", "b"],
                "attack": outcomes,
                "attack_queries": pa.array([9, 9, 6, 1, None], pa.int32()),
                "attack_backward": pa.array([1, 1, 1, 1, None], pa.int32()),
                "attack_edits": pa.array([2, None, 1, None, None], pa.int32()),
                "attack_similarity": pa.array([0.9, None, 0.8, None, None], pa.float32()),
                "attack_perplexity_before": pa.array([10.0, None, 40.0, None, None], pa.float32()),
                "attack_perplexity": pa.array([20.0, None, 80.0, None, None], pa.float32()),
            }
        )
    )
    figures = totals.of_attack()
    assert figures["attack success rate"] == pytest.approx(2 / 3)
    assert (figures["attack success rate, a"], figures["attack success rate, b"]) == (0.5, 1.0)
    assert figures["similarity of successes"] == pytest.approx(0.85)
    assert figures["perplexity before the attack"] == pytest.approx(20)
    assert figures["perplexity of successes"] == pytest.approx(40)
    lines = attack_csv(figures).splitlines()
    assert lines[0] == "figure,label,value"
    assert "attack success rate,a,0.5" in lines
