"""Greedy choice by determinants: each step against all determinants computed anew."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augment.stages.determinantal import chosen

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 6), st.integers(0, 10_000))


def items(size: tuple[int, int, int, int]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return vectors of length 1, their quality and how many are wanted."""
    count, width, wanted, seed = size
    source = np.random.default_rng(seed)
    vectors = source.normal(size=(count, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, source.uniform(0.5, 2.0, size=count), wanted


def log_volume(vectors: np.ndarray, quality: np.ndarray, members: list[int]) -> float:
    """Return log det of the kernel of some items, -inf if they span none."""
    kernel = quality[:, None] * (vectors @ vectors.T) * quality
    sign, value = np.linalg.slogdet(kernel[np.ix_(members, members)])
    return float(value) if sign > 0 else -np.inf


@given(SIZES)
def test_each_choice_adds_as_much_volume_as_any_other_would(size: tuple[int, int, int, int]) -> None:
    vectors, quality, wanted = items(size)
    order = chosen(vectors, quality, wanted)
    assert len(order) == len(set(order)) == min(wanted, len(vectors))
    for step in range(min(len(order), vectors.shape[1])):
        before = log_volume(vectors, quality, order[:step]) if step else 0.0
        gains = {
            other: np.exp(log_volume(vectors, quality, [*order[:step], other]) - before)
            for other in range(len(vectors))
            if other not in order[:step]
        }
        assert gains[order[step]] >= max(gains.values()) - 1e-5


@given(SIZES)
def test_what_is_in_the_set_already_counts_as_the_first_choice(size: tuple[int, int, int, int]) -> None:
    vectors, quality, wanted = items(size)
    every = np.vstack([vectors[:1], vectors])
    order = chosen(vectors, quality, wanted, given=vectors[0])
    for step in range(min(len(order), vectors.shape[1] - 1)):
        best = np.concatenate([[1.0], quality])
        members = [0, *(index + 1 for index in order[:step])]
        before = log_volume(every, best, members)
        gains = {
            other: np.exp(log_volume(every, best, [*members, other + 1]) - before)
            for other in range(len(vectors))
            if other not in order[:step]
        }
        assert gains[order[step]] >= max(gains.values()) - 1e-5


@given(SIZES)
def test_the_choice_spans_near_the_most_that_any_set_does(size: tuple[int, int, int, int]) -> None:
    """Greedy sets reach at least 1/(k!)^2 of the largest determinant (Civril, Magdon-Ismail 2009); for pairs that is 1/4."""
    vectors, quality, _ = items(size)
    if len(vectors) < 2 or vectors.shape[1] < 2:
        return
    most = max(
        log_volume(vectors, quality, [a, b]) for a in range(len(vectors)) for b in range(a + 1, len(vectors))
    )
    assert log_volume(vectors, quality, chosen(vectors, quality, 2)) >= most - np.log(4) - 1e-4


def test_of_equal_items_the_first_is_taken_and_the_others_come_last() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    assert chosen(vectors, np.ones(4), 2) == [0, 2]
    assert chosen(vectors, np.array([1.0, 1.0, 1.0, 2.0]), 4) == [3, 2, 0, 1]
    assert chosen(vectors, np.array([1.0, 2.0, 1.0, 1.5]), 4, given=vectors[0]) == [2, 1, 3, 0]


def test_last_bits_decide_nothing() -> None:
    source = np.random.default_rng(1)
    vectors = source.normal(size=(12, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors + source.normal(scale=1e-8, size=vectors.shape)
    assert chosen(vectors, np.ones(12), 6) == chosen(near, np.ones(12), 6)


def test_nothing_is_chosen_of_nothing() -> None:
    assert chosen(np.zeros((0, 4)), np.zeros(0), 3) == []


def test_zero_vectors_span_nothing_and_still_fill_the_budget() -> None:
    assert chosen(np.zeros((3, 4)), np.array([1.0, 3.0, 2.0]), 2) == [1, 2]
