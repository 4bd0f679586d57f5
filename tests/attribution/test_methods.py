"""The axioms of Sundararajan, Taly and Yan (2017) on formulas whose answers are known, in float64.

Each method is tried on every axiom it claims. Gradient times input claims no completeness, and a plain gradient
neither that nor sensitivity: that they fail is asserted, so that the test can tell.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.api.explain import explain
from augment.attribution.methods import METHODS, method_of
from augment.ig.gradients import Gradients, Question, evaluate
from augment.ig.quadrature import gauss_legendre
from augment.ig.quantities import QuantityFunction, QuantityName
from tests.attribution.test_occlusion import rows_of
from tests.attribution.toy_words import toy
from tests.conftest import CHECKOUT
from tests.ig.test_gradients import Formula, drawn

# F [B] of embeddings [B, T, D], and the scores [B, T] of inputs against a baseline.
Function = Callable[[Tensor], Tensor]
Method = Callable[[Function, Tensor, Tensor], Tensor]
SEEDS = st.integers(0, 10**6)


def at(function: Function, inputs: Tensor, baseline: Tensor, alpha: float) -> Gradients:
    """Return the evaluation of F at one place of the path."""
    rows = len(inputs)
    first = torch.zeros(rows, dtype=torch.int64)
    network = Formula(lambda embeddings: function(embeddings)[:, None])
    positions = torch.full((rows,), alpha, dtype=torch.float64)
    return evaluate(network, {"inputs": inputs}, inputs, baseline, positions, Question("logit", first, first))


def integrated(function: Function, inputs: Tensor, baseline: Tensor, steps: int = 32) -> Tensor:
    """Return integrated gradients."""
    rule = zip(*gauss_legendre(steps), strict=True)
    return torch.stack([weight * at(function, inputs, baseline, node).along for node, weight in rule]).sum(0)


def gradient(function: Function, inputs: Tensor, baseline: Tensor) -> Tensor:
    """Return the length of the gradient at the input."""
    return at(function, inputs, baseline, 1.0).steepness


def gradient_x_input(function: Function, inputs: Tensor, baseline: Tensor) -> Tensor:
    """Return gradient times input."""
    return at(function, inputs, baseline, 1.0).along


ALL: dict[str, Method] = {
    "integrated": integrated,
    "gradient": gradient,
    "gradient_x_input": gradient_x_input,
}
SIGNED: dict[str, Method] = {"integrated": integrated, "gradient_x_input": gradient_x_input}
of_all = pytest.mark.parametrize("method", ALL.values(), ids=ALL.keys())
of_signed = pytest.mark.parametrize("method", SIGNED.values(), ids=SIGNED.keys())


def smooth(embeddings: Tensor) -> Tensor:
    """Return a curved F in which every piece meets its neighbours."""
    return torch.tanh(embeddings.cumsum(1) / 2).sum((1, 2)) + (embeddings[:, 0] * embeddings[:, -1]).sum(-1)


def saturated(embeddings: Tensor) -> Tensor:
    """Return relu(1 - relu(1 - x)) summed over pieces: it rises to 1 at x = 1 and is flat from there."""
    return torch.relu(1 - torch.relu(1 - embeddings)).sum((1, 2))


@given(SEEDS)
@settings(max_examples=12)
def test_integrated_gradients_sum_to_the_change_of_the_function(seed: int) -> None:
    inputs, baseline = drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3)
    scores = integrated(smooth, inputs, baseline)
    torch.testing.assert_close(scores.sum(-1), smooth(inputs) - smooth(baseline), rtol=0, atol=1e-5)


def test_gradient_times_input_does_not_sum_to_the_change_of_the_function() -> None:
    inputs = drawn(0, 8, 4, 3)
    baseline = torch.zeros_like(inputs)
    gap = gradient_x_input(smooth, inputs, baseline).sum(-1) - (smooth(inputs) - smooth(baseline))
    assert (gap.abs() > 0.1).all()


def test_a_saturated_input_has_the_score_one_and_the_gradient_zero() -> None:
    inputs, baseline = (
        torch.full((1, 1, 1), 2.0, dtype=torch.float64),
        torch.zeros(1, 1, 1, dtype=torch.float64),
    )
    assert integrated(saturated, inputs, baseline).item() == pytest.approx(1)
    assert gradient(saturated, inputs, baseline).item() == 0
    assert gradient_x_input(saturated, inputs, baseline).item() == 0


@given(SEEDS, st.integers(0, 3))
@settings(max_examples=12)
def test_the_one_piece_that_changes_the_answer_has_a_score(seed: int, piece: int) -> None:
    baseline = torch.zeros(1, 4, 1, dtype=torch.float64)
    inputs = baseline.clone()
    inputs[0, piece] = 0.1 + drawn(seed, 1).abs()
    scores = integrated(saturated, inputs, baseline)[0]
    assert scores[piece] > 0.05
    assert scores.count_nonzero() == 1


@of_all
@given(seed=SEEDS, piece=st.integers(0, 3))
@settings(max_examples=12)
def test_a_piece_the_function_does_not_read_has_exactly_no_score(
    method: Method, seed: int, piece: int
) -> None:
    read = torch.ones(4, 1, dtype=torch.float64)
    read[piece] = 0
    scores = method(lambda x: smooth(x * read), drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3))
    assert (scores[:, piece] == 0).all()
    assert scores.count_nonzero() > 0


@of_signed
@given(seed=SEEDS, one=st.floats(-3, 3), other=st.floats(-3, 3))
@settings(max_examples=12)
def test_scores_of_a_sum_are_the_sum_of_the_scores(
    method: Method, seed: int, one: float, other: float
) -> None:
    inputs, baseline = drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3)
    together = method(lambda x: one * smooth(x) + other * saturated(x), inputs, baseline)
    apart = one * method(smooth, inputs, baseline) + other * method(saturated, inputs, baseline)
    torch.testing.assert_close(together, apart)


@of_signed
@given(seed=SEEDS)
@settings(max_examples=12)
def test_a_linear_function_gives_each_piece_its_own_term(method: Method, seed: int) -> None:
    inputs, baseline, slope = drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3), drawn(seed + 2, 4, 3)
    scores = method(lambda x: (x * slope).sum((1, 2)) + 7, inputs, baseline)
    torch.testing.assert_close(scores, ((inputs - baseline) * slope).sum(-1))


@given(seed=SEEDS, steps=st.integers(1, 6), data=st.data())
@settings(max_examples=40)
def test_polynomials_are_scored_exactly_by_half_as_many_nodes(
    seed: int, steps: int, data: st.DataObject
) -> None:
    degree = data.draw(st.integers(1, 2 * steps - 1))
    inputs, baseline = drawn(seed, 2, 4, 1) / 2, drawn(seed + 1, 2, 4, 1) / 2
    scores = integrated(lambda x: x.sum((1, 2)) ** degree, inputs, baseline, steps)
    # The gradient is the same for all pieces, so each has a part of the change as large as its part of the way.
    one, other = inputs.sum((1, 2)), baseline.sum((1, 2))
    slope = sum(one**power * other ** (degree - 1 - power) for power in range(degree))
    torch.testing.assert_close(scores, (inputs - baseline).sum(-1) * torch.as_tensor(slope)[:, None])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_polynomial_of_too_high_a_degree_is_not_scored_exactly(steps: int) -> None:
    inputs = torch.ones(1, 2, 1, dtype=torch.float64)
    scores = integrated(lambda x: x.sum((1, 2)) ** (2 * steps + 1), inputs, torch.zeros_like(inputs), steps)
    assert abs(scores.sum().item() - 2 ** (2 * steps + 1)) > 1e-2


@of_all
@given(seed=SEEDS)
@settings(max_examples=12)
def test_pieces_the_function_cannot_distinguish_have_equal_scores(method: Method, seed: int) -> None:
    inputs, baseline = drawn(seed, 2, 3, 2), drawn(seed + 1, 2, 3, 2)
    inputs[:, 2], baseline[:, 2] = inputs[:, 0], baseline[:, 0]
    scores = method(lambda x: torch.tanh(x[:, 0] + x[:, 2] - x[:, 1]).sum(-1), inputs, baseline)
    torch.testing.assert_close(scores[:, 0], scores[:, 2], rtol=0, atol=0)


@given(SEEDS)
@settings(max_examples=12)
def test_the_way_back_has_the_opposite_scores(seed: int) -> None:
    inputs, baseline = drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3)
    torch.testing.assert_close(integrated(smooth, inputs, baseline), -integrated(smooth, baseline, inputs))


@of_all
@given(seed=SEEDS)
@settings(max_examples=12)
def test_two_ways_to_compute_one_function_have_the_same_scores(method: Method, seed: int) -> None:
    inputs, baseline = drawn(seed, 2, 4, 3), drawn(seed + 1, 2, 4, 3)
    one = method(lambda x: torch.relu(x).sum((1, 2)), inputs, baseline)
    other = method(lambda x: torch.maximum(x, torch.zeros_like(x)).sum((1, 2)), inputs, baseline)
    torch.testing.assert_close(one, other)


@pytest.mark.parametrize("page", ["docs/attribution.md", "docs/attribution.zh.md"])
def test_every_method_is_in_both_tables_and_in_the_help(page: str) -> None:
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    assert [name for name in METHODS if f"| `{name}` |" not in text] == []
    described = (CHECKOUT / "augment/cli/explain_command.py").read_text(encoding="utf-8")
    assert [name for name in METHODS if name not in described or name not in str(explain.__doc__)] == []


# The axioms again, on the methods as they are shipped, each on every one: what must fail is marked, and fails.
# Those that a textcnn is needed for are not among them; conductance and influence look at the embeddings.
_OWN_NET = ("grad_cam", "guided_grad_cam", "hires_cam", "pooling_weights")
_SHIPPED = {
    name: {"method": name}
    | ({"cut": "embedding"} if name in ("conductance", "influence") else {})
    | ({"fixed": 128} if name == "integrated_gradients" else {})
    | ({"samples": 512} if name == "expected_gradients" else {})
    for name in METHODS
    if name not in _OWN_NET
} | {
    "deeplift reveal_cancel": {"method": "deeplift", "rule": "reveal_cancel"},
    "shapley kernel": {"method": "shapley", "estimator": "kernel"},
    "shapley partition": {"method": "shapley", "estimator": "partition"},
    "shapley banzhaf": {"method": "shapley", "estimator": "banzhaf"},
    "lrp gamma": {"method": "lrp", "lrp_rule": "gamma"},
}


def shipped(**failing: str) -> pytest.MarkDecorator:
    """Return a parametrisation over the shipped methods; failing: why a method must fail the axiom, `_` for a space."""
    reasons = {name.replace("__", " "): reason for name, reason in failing.items()}
    assert reasons.keys() <= _SHIPPED.keys()
    return pytest.mark.parametrize(
        "settings",
        [
            pytest.param(
                values,
                id=name,
                marks=[pytest.mark.xfail(strict=True, reason=reasons[name])] if name in reasons else [],
            )
            for name, values in _SHIPPED.items()
        ],
    )


def scores_of(
    values: dict[str, object],
    function: Function,
    text: str,
    target: int = 0,
    quantity: QuantityName | QuantityFunction = "logit",
) -> list[float]:
    """Return the scores of the words of a text by a shipped method."""
    classifier = toy(function)
    rows = replace(rows_of(classifier, [text]), target=torch.tensor([target]), quantity=quantity)
    return list(method_of(values).attribute(classifier, rows).scores[0])


def both(first: Tensor) -> Tensor:
    """Return two logits of which the first is given and the second is its half, so that the first is the larger."""
    return torch.stack([first, first / 2], dim=-1)


def opened_relu(total: Tensor) -> Tensor:
    """Return the ReLU of an affine map of the sum, which changes nothing."""
    return torch.relu(torch.nn.functional.linear(total, torch.eye(2)))


_NO_SUM = "its scores do not have to add up"
_LOCAL = "a gradient at the text does not see what is saturated"
_NORM = "a length is not linear"
_BACKWARDS = "it follows how the net is written, not what it computes"


@shipped(
    gradient=_NO_SUM,
    gradient_x_input=_NO_SUM,
    smooth_gradient=_NO_SUM,
    guided_backprop=_NO_SUM,
    deconvnet=_NO_SUM,
    occlusion=_NO_SUM,
    lime=_NO_SUM,
    qii=_NO_SUM,
    shapley__banzhaf=_NO_SUM,
    lrp="the bias takes its part",
    lrp__gamma="the bias takes its part",
)
def test_completeness(settings: dict[str, object]) -> None:
    """Scores sum to F(x) - F(no words)."""

    def curved(total: Tensor) -> Tensor:
        return both(
            torch.relu(torch.nn.functional.linear(total, torch.tensor([[1.0, 2.0]]), torch.tensor([-1.5])))[
                :, 0
            ]
        )

    scores = scores_of(settings, curved, "a b c")
    assert sum(scores) == pytest.approx(6.5, abs=0.05)


@shipped(
    gradient=_LOCAL,
    gradient_x_input=_LOCAL,
    smooth_gradient=_LOCAL,
    guided_backprop=_LOCAL,
    deconvnet=_LOCAL,
    lrp="relevance goes to the bias",
    lrp__gamma="relevance goes to the bias",
)
def test_sensitivity(settings: dict[str, object]) -> None:
    """The one word that changes the answer has a score, though the answer is saturated: 1 - relu(1 - x) at x = 3."""

    def saturated(total: Tensor) -> Tensor:
        first = torch.nn.functional.linear(total, torch.tensor([[-1.0, 0.0]]), torch.tensor([1.0]))
        return both(1 - torch.relu(first)[:, 0])

    assert abs(scores_of(settings, saturated, "a")[0]) > 1e-3


@shipped()
def test_dummy(settings: dict[str, object]) -> None:
    """A word that the answer does not depend on has no score."""
    scores = scores_of(settings, lambda total: both(opened_relu(total).sum(-1)), "a d b")
    assert scores[1] == pytest.approx(0, abs=0.2 if settings["method"] in ("lime", "qii") else 1e-6)


@shipped()
def test_symmetry(settings: dict[str, object]) -> None:
    """Two words that the answer treats alike have the same score."""
    scores = scores_of(settings, lambda total: both(opened_relu(total).square().sum(-1)), "a b c")
    loose = settings["method"] in ("lime", "shapley", "expected_gradients", "qii")
    assert scores[0] == pytest.approx(scores[2], rel=0.15 if loose else 1e-4)


@shipped(
    deeplift=_BACKWARDS,
    lrp__gamma=_BACKWARDS,
)
def test_implementation_invariance(settings: dict[str, object]) -> None:
    """Nets that compute the same have the same scores (figure 7 of Sundararajan, Taly and Yan 2017)."""

    def one(total: Tensor) -> Tensor:
        kept = torch.relu(torch.nn.functional.linear(total, torch.eye(2)))
        return both(
            torch.relu(torch.nn.functional.linear(kept, torch.tensor([[1.0, -1.0]]), torch.tensor([-1.0])))[
                :, 0
            ]
        )

    def other(total: Tensor) -> Tensor:
        kept = torch.relu(torch.nn.functional.linear(total, torch.eye(2), torch.tensor([-1.0, 0.0])))
        return both(torch.relu(torch.nn.functional.linear(kept, torch.tensor([[1.0, -1.0]])))[:, 0])

    scores = [scores_of(settings, function, "a b") for function in (one, other)]
    assert scores[0] == pytest.approx(scores[1], rel=0.02, abs=1e-5)


@shipped(
    gradient=_NORM,
    smooth_gradient=_NORM,
    guided_backprop=_NORM,
    deconvnet=_NORM,
    lrp="a sum of logits that is no logit is refused",
    lrp__gamma="a sum of logits that is no logit is refused",
)
def test_linearity(settings: dict[str, object]) -> None:
    """The scores of F + 2 G are those of F and twice those of G."""

    def two(total: Tensor) -> Tensor:
        hidden = torch.relu(torch.nn.functional.linear(total, torch.tensor([[1.0, -1.0], [0.5, 1.0]])))
        return torch.stack([hidden[:, 0] + 3, hidden[:, 0] * 0.2 + hidden[:, 1]], dim=-1)

    def mixed(logits: Tensor, _: Tensor, __: Tensor) -> Tensor:
        return logits[:, 0] + 2 * logits[:, 1]

    first, second = (np.asarray(scores_of(settings, two, "a b c", target)) for target in (0, 1))
    together = scores_of(settings, two, "a b c", 0, mixed)
    assert together == pytest.approx((first + 2 * second).tolist(), rel=1e-3, abs=1e-4)
