"""Batches of rows: where scores have to add up, rows that miss it are marked."""

import numpy as np

from augment.attribution.row_parts import settled


def test_a_row_whose_scores_do_not_add_up_is_marked() -> None:
    scores = settled(
        [np.ones(3), np.ones(3), np.full(2, np.nan)], np.full(3, 3.0), np.asarray([0.0, 1.0, 0.0]), 2
    )
    assert scores.status == ["exact", "not_converged", "not_converged"]
    assert scores.gap[:2].tolist() == [0.0, 1.0]


def test_scores_that_promise_no_sum_are_fixed() -> None:
    scores = settled([np.ones(3)], np.full(1, 3.0), np.full(1, np.nan), 7)
    assert scores.status == ["fixed"]
    assert scores.evals.tolist() == [7]


def test_a_method_with_its_own_error_keeps_it() -> None:
    scores = settled([np.ones(3)], np.full(1, 3.0), np.zeros(1), 7, np.full(1, 0.25))
    assert scores.status == ["fixed"]
    assert scores.error.tolist() == [0.25]
