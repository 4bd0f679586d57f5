"""How far logits are from a goal."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.adversarial.goals import ClassGoal, Goal, LabelsGoal, NumberGoal, owns

ROWS = arrays(np.float32, (4, 3), elements=st.floats(-5, 5, width=32))
SETS = arrays(np.float64, 3, elements=st.sampled_from([0.0, 1.0]))


def one_hot(index: int) -> np.ndarray:
    """Return the answer of a class, [3]."""
    return np.asarray(np.eye(3)[index])


@given(logits=ROWS, own=st.integers(0, 2))
def test_the_distance_is_negative_exactly_where_the_answer_is_another_class(
    logits: np.ndarray, own: int
) -> None:
    distance = ClassGoal().distance(logits, np.tile(one_hot(own), (4, 1)))
    assert ((distance < 0) == (logits.argmax(1) != own)).all()


@given(logits=ROWS, target=st.integers(0, 2))
def test_a_target_is_reached_exactly_where_it_is_the_answer(logits: np.ndarray, target: int) -> None:
    distance = ClassGoal(target=target).distance(logits, np.tile(one_hot(0), (4, 1)))
    assert ((distance < 0) == (logits.argmax(1) == target)).all()


def test_a_lead_is_counted_in_logits() -> None:
    logits, own = np.array([[0.0, 1.0], [0.0, 3.0]], np.float32), np.array([[1.0, 0.0]] * 2)
    assert ClassGoal(ahead=2.0).distance(logits, own).tolist() == [1.0, -1.0]
    assert LabelsGoal(ahead=2.0).distance(-logits, np.array([[0.0, 1.0]] * 2)).tolist() == [1.0, -1.0]


def test_only_rows_answered_with_their_own_class_and_not_with_the_target_are_attacked() -> None:
    logits = np.array([0.0, 2.0, 1.0])
    assert ClassGoal().not_attacked(logits, one_hot(1)) is None
    assert ClassGoal().not_attacked(logits, one_hot(0)) == "skipped"
    assert ClassGoal(target=1).not_attacked(logits, one_hot(1)) == "exempt"


@given(logits=ROWS, own=SETS)
def test_a_set_of_labels_is_changed_exactly_where_a_decision_is(logits: np.ndarray, own: np.ndarray) -> None:
    decided = logits >= 0
    every = np.tile(own, (4, 1))
    assert ((LabelsGoal().distance(logits, every) < 0) == (decided != (own > 0)).any(1)).all()
    assert ((LabelsGoal(target=1).distance(logits, every) < 0) == (decided[:, 1] != (own[1] > 0))).all()
    skipped = [LabelsGoal().not_attacked(row, own) == "skipped" for row in logits]
    assert skipped == (decided != (own > 0)).any(1).tolist()


@given(logits=arrays(np.float32, (4, 1), elements=st.floats(-5, 5, width=32)), own=st.floats(-2, 2))
def test_a_number_is_moved_only_by_more_than_the_amount(logits: np.ndarray, own: float) -> None:
    before = np.full((4, 1), own)
    moved = logits[:, 0].astype(np.float64) - own
    assert ((NumberGoal(0.5).distance(logits, before) < 0) == (np.abs(moved) > 0.5)).all()
    assert ((NumberGoal(0.5, direction=1).distance(logits, before) < 0) == (moved > 0.5)).all()
    assert ((NumberGoal(0.5, direction=-1).distance(logits, before) < 0) == (-moved > 0.5)).all()


def test_a_number_is_attacked_within_the_tolerance_of_its_label() -> None:
    goal = NumberGoal(0.5, tolerance=0.25)
    assert goal.not_attacked(np.array([3.2]), np.array([3.0])) is None
    assert goal.not_attacked(np.array([3.3]), np.array([3.0])) == "skipped"


@pytest.mark.parametrize(
    "goal",
    [ClassGoal(), ClassGoal(target=1), LabelsGoal(), LabelsGoal(target=2), NumberGoal(5.0, direction=-1)],
)
def test_the_margin_falls_as_the_distance_does(goal: Goal) -> None:
    """By finite differences: what the gradient of the margin is taken of is the distance but for a constant."""
    width = 1 if isinstance(goal, NumberGoal) else 3
    logits = np.array([[2.0, 0.5, -1.0][:width]])
    own = goal.answered(logits)
    margin = [
        float(goal.margin(torch.from_numpy(row), torch.from_numpy(own))[0]) for row in (logits, logits + 0.3)
    ]
    distance = [float(goal.distance(row, own)[0]) for row in (logits, logits + 0.3)]
    assert margin[1] - margin[0] == pytest.approx(distance[1] - distance[0], abs=1e-4)


def test_a_number_goes_where_the_strongest_candidates_take_it() -> None:
    """Estimates are changes of the margin, which falls as the number rises."""
    estimates = [(-0.1, 0, "a"), (0.4, 1, "b")]
    logits, own = np.array([1.0]), np.array([1.0])
    assert NumberGoal(1.0).aimed(estimates, logits, own) == [(0.1, 0, "a"), (-0.4, 1, "b")]
    assert NumberGoal(1.0).aimed(estimates, logits + 0.6, own) == estimates
    assert NumberGoal(1.0, direction=1).aimed(estimates, logits, own) == estimates


def test_what_is_not_known_of_a_text_is_what_the_model_answers() -> None:
    logits = np.array([[1.0, 2.0, 0.0], [3.0, -1.0, 1.0]])
    assert owns(LabelsGoal(), [None, one_hot(1)], logits).tolist() == [[1, 1, 1], [0, 1, 0]]
    assert owns(ClassGoal(), [None, one_hot(1)], logits).tolist() == [[0, 1, 0], [0, 1, 0]]
