"""What answers of several labels and of numbers are worth, compared with scikit-learn and SciPy."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import f1_score, roc_auc_score

from augment.evaluation.head_scoring import NumberAnswers, SetAnswers, scores_of
from augment.evaluation.scoring import named, points_of


def test_scores_of_several_labels_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    gold = (rng.random((40, 3)) < 0.4).astype(float)
    chances = np.clip(gold * 0.4 + rng.random((40, 3)) * 0.6, 0, 1)
    scores = scores_of(SetAnswers(("a", "b/c", "差"), chances, gold, range(40)))
    seen = chances >= 0.5
    assert scores[""] == pytest.approx((seen == gold).all(1).mean())
    assert scores["/micro_f1"] == pytest.approx(f1_score(gold, seen, average="micro"))
    assert scores["/macro_f1"] == pytest.approx(f1_score(gold, seen, average="macro"))
    assert scores["/auc"] == pytest.approx(roc_auc_score(gold, chances, average="macro"))
    assert scores["/f1 b/c"] == pytest.approx(f1_score(gold[:, 1], seen[:, 1]))
    assert scores["/auc 差"] == pytest.approx(roc_auc_score(gold[:, 2], chances[:, 2]))


def test_a_label_that_no_row_has_or_all_have_has_no_auc() -> None:
    gold = np.array([[1.0, 0.0], [1.0, 1.0]])
    scores = scores_of(SetAnswers(("a", "b"), np.array([[0.9, 0.2], [0.8, 0.6]]), gold, range(2)))
    assert (scores["/auc a"], scores["/auc b"], scores["/auc"]) == (None, 1.0, 1.0)


def test_numbers_have_a_mean_error_and_a_rank_correlation() -> None:
    gold, answers = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.2, 2.6, 2.5, 4.0])
    scores = scores_of(NumberAnswers(answers, gold, range(4), tolerance=0.5))
    assert scores[""] == 0.75
    assert scores["/mean_error"] == pytest.approx(0.325)
    assert scores["/spearman"] == pytest.approx(spearmanr(gold, answers).statistic)
    same = scores_of(NumberAnswers(np.full(4, 2.0), gold, range(4), tolerance=0.5))
    assert same["/spearman"] is None


def test_all_wordings_of_a_text_must_be_right() -> None:
    numbers = NumberAnswers(np.array([1.0, 9.0, 3.0]), np.array([1.0, 1.0, 3.0]), [0, 0, 1], 0.5)
    assert scores_of(numbers)[""] == 0.5


def test_an_error_is_shown_in_the_unit_of_the_labels() -> None:
    assert (points_of("clean"), points_of("clean/mean_error")) == (100, 1)
    assert named("mean error", 0.3254, "clean/mean_error") == "mean error 0.325"
    assert named("AUC", 0.9, "clean/auc") == "AUC 90.0 %"
