"""How far logits are from a goal."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.adversarial.goals import Goal

ROWS = arrays(np.float32, (4, 3), elements=st.floats(-5, 5, width=32))


@given(logits=ROWS, own=st.integers(0, 2))
def test_the_distance_is_negative_exactly_where_the_answer_is_another_class(
    logits: np.ndarray, own: int
) -> None:
    distance = Goal().distance(logits, np.full(4, own))
    assert ((distance < 0) == (logits.argmax(1) != own)).all()


@given(logits=ROWS, target=st.integers(0, 2))
def test_a_target_is_reached_exactly_where_it_is_the_answer(logits: np.ndarray, target: int) -> None:
    distance = Goal(target=target).distance(logits, np.zeros(4, np.int64))
    assert ((distance < 0) == (logits.argmax(1) == target)).all()


def test_a_lead_is_counted_in_logits() -> None:
    logits = np.array([[0.0, 1.0], [0.0, 3.0]], np.float32)
    assert Goal(ahead=2.0).distance(logits, np.array([0, 0])).tolist() == [1.0, -1.0]


def test_only_rows_answered_with_their_own_class_and_not_with_the_target_are_attacked() -> None:
    assert Goal().is_attacked(1, 1)
    assert not Goal().is_attacked(0, 1)
    assert not Goal(target=1).is_attacked(1, 1)
