"""What answers are worth: AUC has no threshold, a fitted threshold is the best there is, and wordings of a text count as one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from augment.evaluation.scoring import LabelledLogits, accuracy, auc, fitted_offsets, scores_of


def answers(classes: int, rows: int, seed: int) -> LabelledLogits:
    """Return random answers of a model that knows something, every class being there."""
    rng = np.random.default_rng(seed)
    gold = np.arange(rows) % classes
    logits = rng.normal(size=(rows, classes)) + 1.5 * np.eye(classes)[gold] + rng.normal(size=classes)
    return LabelledLogits(logits, gold)


@given(st.integers(2, 5), st.integers(10, 60), st.integers(0, 99), st.floats(-5, 5))
def test_the_auc_of_two_classes_does_not_depend_on_the_threshold_and_its_accuracy_does(
    classes: int, rows: int, seed: int, shift: float
) -> None:
    one = answers(classes, rows, seed)
    offsets = np.zeros(classes)
    offsets[0] = shift
    moved = LabelledLogits(one.logits + offsets, one.gold)
    if classes == 2:
        assert auc(moved) == pytest.approx(auc(one))
    assert accuracy(moved) == accuracy(one, offsets)


def test_the_auc_is_that_of_scikit_learn_for_two_classes_and_for_more() -> None:
    two, four = answers(2, 40, 1), answers(4, 80, 2)
    assert auc(two) == pytest.approx(roc_auc_score(two.gold, two.logits[:, 1] - two.logits[:, 0]))
    share = np.exp(four.logits) / np.exp(four.logits).sum(axis=1, keepdims=True)
    assert auc(four) == pytest.approx(roc_auc_score(four.gold, share, multi_class="ovr", average="macro"))


def test_a_model_that_is_certain_keeps_its_order() -> None:
    """As float32 probabilities these would all be 1, and no row before another."""
    logits = np.array([[-50.0, 0.0], [-60.0, 0.0], [-70.0, 0.0], [-80.0, 0.0]])
    assert auc(LabelledLogits(logits, np.array([0, 0, 1, 1]))) == 1.0


def test_there_is_no_auc_of_one_class() -> None:
    assert auc(LabelledLogits(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1, 1]))) is None


def test_the_fitted_threshold_of_two_classes_is_the_best_there_is() -> None:
    for seed in range(20):
        one = answers(2, 41, seed)
        margins = one.logits[:, 1] - one.logits[:, 0]
        best = max(np.mean((margins > threshold) == one.gold) for threshold in [*margins, margins.min() - 1])
        assert accuracy(one, fitted_offsets(one)) == pytest.approx(best)


@given(st.integers(2, 6), st.integers(8, 60), st.integers(0, 99))
def test_fitting_never_makes_the_rows_it_is_fitted_on_worse(classes: int, rows: int, seed: int) -> None:
    one = answers(classes, rows, seed)
    assert accuracy(one, fitted_offsets(one)) >= accuracy(one)


def test_a_model_that_is_shifted_is_shifted_back_in_every_class() -> None:
    one = answers(3, 600, 5)
    plain = LabelledLogits(one.logits - one.logits.mean(axis=0), one.gold)
    shifted = LabelledLogits(plain.logits + np.array([3.0, 0.0, -2.0]), plain.gold)
    assert accuracy(shifted) < 0.6
    assert accuracy(shifted, fitted_offsets(shifted)) >= accuracy(plain) - 0.01


def test_a_threshold_that_is_the_best_already_stays() -> None:
    logits = np.array([[0.0, 1.0], [0.0, 2.0], [1.0, 0.0], [2.0, 0.0]])
    assert fitted_offsets(LabelledLogits(logits, np.array([1, 1, 0, 0]))).tolist() == [0.0, 0.0]


def test_of_a_text_in_several_wordings_all_must_be_right_and_they_share_one_weight() -> None:
    logits = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [2.0, 0.0]])
    one = LabelledLogits(logits, np.array([1, 0, 0, 0]), of=(0, 1, 1, 1))
    assert accuracy(one) == 0.5
    # The row without wordings is before each of the three, or level with the first.
    assert auc(one) == pytest.approx((0.5 + 1 + 1) / 3)


def test_a_label_that_the_model_does_not_know_is_never_answered_rightly() -> None:
    one = LabelledLogits(np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 2.0]]), np.array([1, 0, -1]))
    assert accuracy(one) == pytest.approx(2 / 3)
    assert accuracy(one, fitted_offsets(one)) == pytest.approx(2 / 3)


def test_every_measure_of_a_test_is_there_and_the_fitted_one_only_with_a_threshold() -> None:
    one = answers(2, 30, 3)
    assert set(scores_of(one, np.zeros(2))) == {"", "/fitted", "/auc"}
    assert scores_of(one, None) == {"": accuracy(one), "/auc": auc(one)}
