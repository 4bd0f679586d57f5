"""Batches of like length: every row once, within the budget, in an order that the lengths alone decide."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from augment.models.packing import pack

LENGTHS = st.lists(st.integers(0, 60), max_size=40)
BUDGETS = st.integers(1, 200)


@given(LENGTHS, BUDGETS)
def test_every_row_is_in_exactly_one_batch(lengths: list[int], budget: int) -> None:
    batches = pack(lengths, budget)
    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))
    assert all(batches)


@given(LENGTHS, BUDGETS)
def test_the_padded_size_stays_within_the_budget(lengths: list[int], budget: int) -> None:
    for batch in pack(lengths, budget):
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= budget


@given(LENGTHS, BUDGETS)
def test_rows_stand_by_length_and_equal_ones_in_their_order(lengths: list[int], budget: int) -> None:
    order = [row for batch in pack(lengths, budget) for row in batch]
    assert order == sorted(order, key=lambda row: (lengths[row], row))


@given(LENGTHS, BUDGETS)
def test_no_batch_could_have_taken_the_next_row(lengths: list[int], budget: int) -> None:
    batches = pack(lengths, budget)
    for batch, following in pairwise(batches):
        assert (len(batch) + 1) * lengths[following[0]] > budget


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    assert pack([5, 900, 6], budget=100) == [[0, 2], [1]]
    assert pack([], budget=100) == []
