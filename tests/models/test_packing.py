"""Batches of like length: every row once, within the budget, in an order that the lengths alone decide."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from augment.models.packing import fill, pack

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
def test_rows_are_sorted_by_length_and_equal_ones_keep_their_order(lengths: list[int], budget: int) -> None:
    order = [row for batch in pack(lengths, budget) for row in batch]
    assert order == sorted(order, key=lambda row: (lengths[row], row))


@given(LENGTHS, BUDGETS)
def test_no_filled_batch_could_have_taken_the_next_row(lengths: list[int], budget: int) -> None:
    batches = fill(lengths, budget)
    assert [row for batch in batches for row in batch] == [
        row for batch in pack(lengths, budget) for row in batch
    ]
    for batch, following in pairwise(batches):
        assert (len(batch) + 1) * lengths[following[0]] > budget


def cost(batches: list[list[int]], lengths: list[int], budget: int) -> float:
    """Return what batches cost in pieces, a batch by itself a thirty-second of the budget."""
    return sum(len(batch) * max(lengths[row] for row in batch) + budget / 32 for batch in batches)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=200), st.integers(60, 4096))
def test_bands_never_cost_more_than_a_batch_beyond_filled_ones(lengths: list[int], budget: int) -> None:
    assert cost(pack(lengths, budget), lengths, budget) <= cost(
        fill(lengths, budget), lengths, budget
    ) + budget * (1 + 1 / 32)


def test_few_rows_of_many_lengths_are_not_padded_to_the_longest() -> None:
    lengths = [*range(8, 60)] * 2
    pieces, padded = (
        sum(lengths),
        sum(len(batch) * max(lengths[row] for row in batch) for batch in pack(lengths, 4096)),
    )
    assert padded < 1.2 * pieces
    assert (
        sum(len(batch) * max(lengths[row] for row in batch) for batch in fill(lengths, 4096)) > 1.4 * pieces
    )


def test_a_row_longer_than_the_budget_is_a_batch_of_its_own() -> None:
    assert pack([5, 900, 6], budget=100) == [[0, 2], [1]]
    assert pack([], budget=100) == []
