"""The quantity explained: what each makes of the logits, and the class that comes second."""

from typing import cast, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.ig.quantities import QuantityName
from augment.ig.target import quantity, runner_up

NAMES: tuple[QuantityName, ...] = get_args(QuantityName)
ROWS = st.integers(2, 6).flatmap(
    lambda classes: st.lists(
        st.lists(st.floats(-20, 20), min_size=classes, max_size=classes), min_size=1, max_size=5
    )
)


def question(rows: list[list[float]]) -> tuple[Tensor, Tensor, Tensor]:
    """Return logits [B, C] float64, a target and another class for each row."""
    logits = torch.tensor(rows, dtype=torch.float64)
    target = torch.arange(len(rows)) % logits.shape[1]
    return logits, target, runner_up(logits, target)


@given(ROWS)
@settings(max_examples=25)
def test_each_quantity_is_what_its_name_promises(rows: list[list[float]]) -> None:
    logits, target, against = question(rows)
    for row in range(len(rows)):
        own, other = logits[row, target[row]], logits[row, against[row]]
        probability = own.exp() / logits[row].exp().sum()
        expected = {
            "logit": own,
            "difference": own - other,
            "probability": probability,
            "log_probability": probability.log(),
        }
        for name in NAMES:
            torch.testing.assert_close(quantity(name, logits, target, against)[row], expected[name])


@given(ROWS, st.floats(-20, 20))
@settings(max_examples=25)
def test_only_the_logit_feels_what_all_classes_share(rows: list[list[float]], shift: float) -> None:
    logits, target, against = question(rows)
    for name in NAMES:
        moved = quantity(name, logits + shift, target, against) - quantity(name, logits, target, against)
        torch.testing.assert_close(moved, torch.full_like(moved, shift if name == "logit" else 0.0))


@given(ROWS)
@settings(max_examples=25)
def test_the_difference_turns_its_sign_when_the_classes_change_places(rows: list[list[float]]) -> None:
    logits, target, against = question(rows)
    assert torch.equal(
        quantity("difference", logits, target, against), -quantity("difference", logits, against, target)
    )


@given(ROWS)
@settings(max_examples=25)
def test_the_runner_up_is_the_best_of_the_other_classes(rows: list[list[float]]) -> None:
    logits, target, against = question(rows)
    for row, own, second in zip(logits.tolist(), target.tolist(), against.tolist(), strict=True):
        assert second != own
        assert row[second] == max(value for index, value in enumerate(row) if index != own)


def test_the_logits_are_left_as_they_were() -> None:
    logits = torch.tensor([[1.0, 2.0, 3.0]])
    runner_up(logits, torch.tensor([2]))
    assert logits.tolist() == [[1.0, 2.0, 3.0]]


def test_a_model_with_one_class_has_no_other() -> None:
    assert runner_up(torch.ones(3, 1), torch.zeros(3, dtype=torch.int64)).tolist() == [0, 0, 0]


@pytest.mark.parametrize("spread", [200.0, 1e4])
def test_extreme_logits_give_finite_quantities(spread: float) -> None:
    logits, zero, one = torch.tensor([[spread, -spread]]), torch.tensor([0]), torch.tensor([1])
    for name in NAMES:
        assert quantity(name, logits, zero, one).isfinite().all()
        assert quantity(name, logits, one, zero).isfinite().all()


def test_another_name_is_refused() -> None:
    first = torch.zeros(1, dtype=torch.int64)
    with pytest.raises(ValueError, match="unknown quantity 'odds'"):
        quantity(cast("QuantityName", "odds"), torch.ones(1, 2), first, first)
