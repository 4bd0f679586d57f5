"""The figures of an attack on models of several labels and of numbers."""

from collections import Counter

import pyarrow as pa
import pytest

from augment.models.kind import Kind
from augment.output.totals import Totals, figure
from augment.output.under_attack import UnderAttack


def attacked(kind: Kind) -> dict[str, float]:
    """Return the figures of an attack that changed the first of three rows, and skipped the last."""
    several = kind == "multi"
    labels = ["a;b", "b", "[]"] if several else ["3", "1", "2"]
    before, after = (["a;b", "b", "a"], "a") if several else (["3", "1", "2.9"], "2")
    outcomes = ["changed", "unchanged", "skipped"]
    answers = UnderAttack(kind)
    answers.add(
        pa.table(
            {
                "id": ["r1", "r2", "r3", "r1~attack~1"],
                "source_id": pa.array([None, None, None, "r1"], pa.string()),
                "label": [*labels, labels[0]],
                "attack": [*outcomes, None],
                "pred_before": [*before, before[0]],
                "pred_after": pa.array([None, None, None, after], pa.string()),
                "soft_label": [[3.2], [1.0], [2.9], [2.0]],
            }
        )
    )
    return Totals(attacks=Counter(outcomes), under_attack=answers).of_attack()


def test_of_several_labels_an_attack_has_subset_accuracy_and_f1s() -> None:
    figures = attacked("multi")
    assert figures["subset accuracy before the attack"] == pytest.approx(2 / 3)
    assert figures["subset accuracy under attack"] == pytest.approx(1 / 3)
    # Before: 3 found, 1 wrong; under it: 2 found, 1 missed, 1 wrong.
    assert figures["micro F1 before the attack"] == pytest.approx(6 / 7)
    assert figures["micro F1 under attack"] == pytest.approx(4 / 6)
    assert figures["macro F1 before the attack"] == pytest.approx((2 / 3 + 1) / 2)
    assert figures["macro F1 under attack"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert figure("macro F1 under attack", 2 / 3) == "66.7%"


def test_of_numbers_an_attack_has_mean_errors() -> None:
    figures = attacked("regression")
    assert figures["accuracy within the tolerance under attack"] == pytest.approx(1 / 3)
    assert figures["mean error before the attack"] == pytest.approx((0.2 + 0 + 0.9) / 3)
    assert figures["mean error under attack"] == pytest.approx((1 + 0 + 0.9) / 3)


def test_a_number_that_moved_to_the_other_side_of_its_label_is_still_right() -> None:
    """From 2.4 to 3.6, by more than the tolerance of 1, of which 3 is within both times."""
    answers = UnderAttack("regression")
    answers.add(
        pa.table(
            {
                "id": ["r1", "r1~attack~1"],
                "source_id": pa.array([None, "r1"], pa.string()),
                "label": ["3", "3"],
                "attack": ["changed", None],
                "pred_before": ["3", "3"],
                "pred_after": pa.array([None, "3"], pa.string()),
                "soft_label": [[2.4], [3.6]],
            }
        )
    )
    figures = Totals(attacks=Counter(["changed"]), under_attack=answers).of_attack()
    assert figures["accuracy within the tolerance under attack"] == 1.0


def test_of_several_labels_success_is_counted_for_each_label_of_a_row() -> None:
    totals = Totals(under_attack=UnderAttack("multi"))
    totals.add(
        pa.table(
            {
                "label": ["a;b", "b"],
                "attack": ["changed", "unchanged"],
                **{
                    name: pa.array([1, None], pa.int32())
                    for name in ("attack_queries", "attack_backward", "attack_edits")
                },
            }
        )
    )
    figures = totals.of_attack()
    assert (figures["attack success rate, a"], figures["attack success rate, b"]) == (1.0, 0.5)
