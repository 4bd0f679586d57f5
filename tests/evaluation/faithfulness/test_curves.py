"""Curves on a model that is a sum over words: the order of the weights reaches the limits, and no other passes them."""

from itertools import permutations

import numpy as np
import pytest

from augment.attribution.method import Explained
from augment.config.in_memory import FunctionModel
from augment.evaluation.faithfulness.answers import ReducedAnswers
from augment.evaluation.faithfulness.curves import drops, limits, stops, strongest_first
from augment.models.function import Function
from augment.text.segment import segment
from tests.attribution.test_occlusion import WEIGHTS, bag

TEXT = "很 好 差 good bad film"
LONG = " ".join(["很", "好", "服务", "差", "good", "bad", "film", "the", "of", "and"])


def answers_to(text: str) -> ReducedAnswers:
    """Return the answers of the linear model to a text, explained for the class `good`."""
    import torch

    model = Function(FunctionModel(function=bag, classes=("bad", "good")))
    spans = segment(text)
    logits = torch.from_numpy(model.ask([text], [None])).log()
    rows = Explained(
        ["0"],
        [text],
        [None],
        [spans],
        [[0] * len(spans)],
        None,
        None,
        None,
        logits,
        torch.tensor([1]),
        "probability",
    )
    words = [text[start:end] for start, end in spans]
    return ReducedAnswers(model, rows, [["the"] * len(words)])


def weights(text: str) -> list[float]:
    """Return the true weight of each word."""
    return [WEIGHTS.get(text[start:end], 0.0) for start, end in segment(text)]


def test_a_curve_has_a_point_for_every_step_and_ends_without_words() -> None:
    assert stops(3, 10) == [1, 2, 3]
    assert stops(20, 10) == [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]
    assert stops(25, 4) == [7, 13, 19, 25]


def test_equal_scores_are_in_an_order_that_position_does_not_favour() -> None:
    orders = {tuple(strongest_first([0.0] * 6, range(6), str(number))) for number in range(20)}
    assert len(orders) > 5
    assert strongest_first([1.0, 3.0, 2.0], [0, 1, 2], "") == [1, 2, 0]


@pytest.mark.parametrize("way", ["deleted", "replaced"])
def test_the_true_weights_reach_the_exact_limits(way: str) -> None:
    answers = answers_to(TEXT)
    order = strongest_first(weights(TEXT), range(6), "")
    low, high = limits(answers, "deleted" if way == "deleted" else "replaced", 0, 10, 1)
    best = drops(answers, "deleted" if way == "deleted" else "replaced", 0, order, 10).mean()
    worst = drops(answers, "deleted" if way == "deleted" else "replaced", 0, order[::-1], 10).mean()
    assert best == pytest.approx(high, abs=1e-6)
    assert worst == pytest.approx(low, abs=1e-6)


def test_no_order_passes_the_exact_limits() -> None:
    answers = answers_to("很 好 差 bad")
    low, high = limits(answers, "deleted", 0, 10, 1)
    means = [drops(answers, "deleted", 0, order, 10).mean() for order in permutations(range(4))]
    assert (min(means), max(means)) == pytest.approx((low, high))


def test_a_beam_search_finds_the_best_and_the_worst_order_of_a_sum() -> None:
    answers = answers_to(LONG)
    order = strongest_first(weights(LONG), range(10), "")
    low, high = limits(answers, "deleted", 0, 10, 2)
    assert drops(answers, "deleted", 0, order, 10).mean() == pytest.approx(high, abs=1e-6)
    assert drops(answers, "deleted", 0, order[::-1], 10).mean() == pytest.approx(low, abs=1e-6)


def test_a_function_masks_nothing_and_a_state_is_computed_once() -> None:
    answers = answers_to(TEXT)
    assert answers.ways == ("deleted", "replaced")
    gone = answers.values("deleted", [(0, frozenset({1})), (0, frozenset()), (0, frozenset({1}))])
    assert gone[0] == gone[2] < gone[1] == answers.whole[0]
    assert np.isfinite(gone).all()
