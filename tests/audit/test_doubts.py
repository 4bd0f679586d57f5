"""Confident learning: thresholds, the off-diagonal of the confident joint, and the order of the list."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augment.audit.doubts import Doubt, doubts, margins, thresholds


def test_a_label_whose_class_does_not_reach_its_threshold_and_another_does_is_doubtful() -> None:
    """Thresholds by hand: (0.9 + 0.8) / 2 = 0.85 and (0.7 + 0.1) / 2 = 0.4."""
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.9, 0.1]])
    labels = np.array([0, 0, 1, 1])
    assert thresholds(probabilities, labels).round(6).tolist() == [0.85, 0.4]
    assert doubts(probabilities, labels) == [Doubt(3, 0, 0.1, 0.9)]


def test_the_most_probable_class_is_not_enough_where_its_threshold_is_higher() -> None:
    """Class 0 is always predicted with 0.9, so 0.6 for it is no evidence against a label 1."""
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    assert doubts(probabilities, np.array([0, 0, 1, 1])) == []


def test_a_class_without_rows_is_never_suggested() -> None:
    probabilities = np.array([[0.1, 0.1, 0.8], [0.2, 0.7, 0.1]])
    assert doubts(probabilities, np.array([0, 1])) == []
    assert doubts(np.zeros((0, 2)), np.zeros(0, dtype=np.int64)) == []


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of three classes and labels."""
    raw = draw(st.lists(st.tuples(*[st.integers(1, 20)] * 3), min_size=1, max_size=30))
    labels = draw(st.lists(st.integers(0, 2), min_size=len(raw), max_size=len(raw)))
    counts = np.array(raw, dtype=np.float64)
    return counts / counts.sum(1, keepdims=True), np.array(labels)


@given(answers())
def test_the_list_is_the_off_diagonal_of_the_confident_joint_lowest_margin_first(
    given_: tuple[np.ndarray, np.ndarray],
) -> None:
    """Written out row by row, as equation 1 of the paper has it."""
    probabilities, labels = given_
    limits = thresholds(probabilities, labels)
    wanted = set()
    for row, own in enumerate(labels):
        reached = [one for one in range(3) if probabilities[row, one] >= limits[one] - 1e-9]
        best = [(probabilities[row, one], -one) for one in reached]
        if best and -max(best)[1] != own:
            wanted.add(row)
    doubtful = doubts(probabilities, labels)
    assert {doubt.row for doubt in doubtful} == wanted
    order = margins(probabilities, labels)[[doubt.row for doubt in doubtful]]
    assert (np.diff(np.round(order, 6)) >= 0).all()
