"""Shapley values and LIME: exact on games that are known, efficient always, and the same in any company."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from augment.api.attribution import Attribution
from augment.api.explain import explain
from augment.attribution.coalitions import Coalitions
from augment.attribution.lime import Lime
from augment.attribution.method import AttributionMethod
from augment.attribution.shapley import Shapley, set_influence
from augment.config.in_memory import FunctionModel
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import open_classifier
from tests.attribution.test_occlusion import LINEAR, WEIGHTS, rows_of
from tests.models.nets import NETS, save

CPU = RunConfig(device="cpu", threads=1)
LONG = " ".join(f"w{number}" for number in range(15))


def any_of_three(texts: list[str]) -> list[list[float]]:
    """Return probability 1 of `yes` where one of three words is left."""
    certain = [float(any(word in text.split() for word in ("a", "b", "c"))) for text in texts]
    return [[1 - one, one] for one in certain]


def curved(texts: list[str]) -> list[list[float]]:
    """Return a probability in which words of either parity work together."""
    shares = []
    for text in texts:
        numbers = [int(word[1:]) for word in text.split()]
        even, odd = sum(one % 2 == 0 for one in numbers), sum(one % 2 for one in numbers)
        shares.append(0.1 + 0.8 * (even * odd + len(numbers)) / 80)
    return [[1 - one, one] for one in shares]


OR = FunctionModel(function=any_of_three, classes=("no", "yes"))
CURVED = FunctionModel(function=curved, classes=("no", "yes"))


def explained(text: str, model: FunctionModel, method: AttributionMethod) -> Attribution:
    """Return the scores of the probability of the second class."""
    return explain(text, model, target=model.classes[1], quantity="probability", run=CPU, method=method)


@pytest.mark.parametrize("estimator", ["auto", "permutations", "kernel"])
def test_of_three_words_of_which_any_is_enough_each_has_a_third(estimator: str) -> None:
    attribution = explained("a b c", OR, Shapley.model_validate({"estimator": estimator}))
    assert attribution.scores == pytest.approx([1 / 3] * 3, abs=1e-7)
    assert attribution.gap == pytest.approx(0, abs=1e-12)
    assert attribution.status == "exact"


def test_a_partition_lets_clauses_join_before_their_words() -> None:
    """Owen's values of `any of a, b, c` with a and b in one clause: half for c, a quarter for each of the others."""
    attribution = explained("a b , c", OR, Shapley(estimator="partition", evaluations=768))
    scores = dict(zip(attribution.tokens, attribution.scores, strict=True))
    assert scores["c"] == pytest.approx(0.5)
    assert [scores["a"], scores["b"]] == pytest.approx([0.25, 0.25], abs=0.06)
    assert attribution.gap == pytest.approx(0, abs=1e-12)


def test_values_are_the_mean_over_all_orders() -> None:
    text = "w0 w1 w2 w3 w4"
    words = text.split()
    expected = dict.fromkeys(words, 0.0)
    orders = list(permutations(words))
    for order in orders:
        answers = [curved([" ".join(order[:step])])[0][1] for step in range(len(words) + 1)]
        for word, change in zip(order, np.diff(answers), strict=True):
            expected[word] += change / len(orders)
    assert explained(text, CURVED, Shapley()).scores == pytest.approx(
        [expected[word] for word in words], abs=1e-6
    )


@pytest.mark.parametrize("estimator", ["permutations", "kernel"])
def test_sampled_values_are_efficient_and_near_the_exact_ones(estimator: str) -> None:
    attribution = explained(
        LONG, CURVED, Shapley.model_validate({"estimator": estimator, "evaluations": 2048})
    )
    assert attribution.gap == pytest.approx(0, abs=1e-6)
    assert attribution.status == "fixed"
    # Of the eight even words each adds as the others do, and so of the seven odd ones: halves of even x odd, and 1/80 each.
    exact = [0.8 * (56 / 2 / (8 if number % 2 == 0 else 7) + 1) / 80 for number in range(15)]
    assert attribution.scores == pytest.approx(exact, abs=0.01)
    assert attribution.error is not None
    assert 0 <= attribution.error < 0.1


def test_every_word_has_an_error_bar(tmp_path: Path) -> None:
    bert = open_classifier(ModelConfig(path=str(save(NETS["bert"], tmp_path / "bert")), max_length=64), CPU)
    game = Coalitions(bert, rows_of(bert, ["good bad film " * 5]), "nothing")
    estimate = Shapley(evaluations=64).estimate(game, 0)
    assert estimate.spread.shape == estimate.values.shape == (15,)
    assert (estimate.spread > 0).any()


def test_banzhaf_values_are_the_mean_over_all_sets_and_claim_no_sum() -> None:
    attribution = explained("a b c", OR, Shapley(estimator="banzhaf"))
    assert attribution.scores == pytest.approx([1 / 4] * 3)
    assert attribution.gap is None


@pytest.mark.parametrize("method", [Shapley(evaluations=64), Lime(evaluations=64)], ids=["shapley", "lime"])
def test_a_row_has_the_same_scores_in_any_company(tmp_path: Path, method: AttributionMethod) -> None:
    bert = open_classifier(ModelConfig(path=str(save(NETS["bert"], tmp_path / "bert")), max_length=64), CPU)
    texts = ["good 好 very", "bad film", "服务很好，但是房间很小", "a " * 14, "a"]
    together = method.attribute(bert, rows_of(bert, texts))
    for row, text in enumerate(texts):
        alone = method.attribute(bert, rows_of(bert, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], abs=1e-4)
        assert alone.cost[0] == together.cost[row]
    if "gap" in together.facts:
        assert np.abs(np.asarray(together.facts["gap"], dtype=float)).max() < 1e-6


def test_lime_finds_the_weights_of_a_linear_function_and_how_well_it_fits() -> None:
    text = "服务 很 好 good film"
    attribution = explain(text, LINEAR, target="good", quantity="difference", run=CPU, method="lime")
    assert attribution.scores == pytest.approx([WEIGHTS[word] for word in attribution.tokens], abs=0.2)
    assert attribution.gap is None
    assert attribution.error is not None
    assert attribution.error < 0.05
    assert attribution.status == "fixed"
    poor = explained("a b c", OR, Lime())
    assert poor.error is not None
    assert (poor.status == "not_converged") == (poor.error > 0.5)


def test_words_together_have_a_set_influence(tmp_path: Path) -> None:
    bert = open_classifier(ModelConfig(path=str(save(NETS["bert"], tmp_path / "bert")), max_length=64), CPU)
    rows = rows_of(bert, ["good bad film"])
    both = set_influence(bert, rows, [[0, 1]])
    left = rows_of(bert, ["film"]).logits[0, rows.target[0]]
    assert both[0] == pytest.approx(float(rows.logits[0, rows.target[0]] - left), abs=1e-5)
