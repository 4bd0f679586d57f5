"""Relevance propagation: each rule as its formula has it, conserved where no bias takes a part, on nets of both kinds."""

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from augment.attribution.lrp import Lrp
from augment.attribution.methods import method_of
from augment.attribution.relevance import Relevance
from augment.attribution.relevance_rules import LrpRule, LrpRuleName
from augment.config.sections import ModelConfig
from augment.errors import RequestError
from augment.models.classifier import Classifier
from tests.attribution.small_nets import CPU, opened
from tests.attribution.test_occlusion import rows_of

TEXTS = ["服务很好", "a good film", "bad", "服务 good 很差，but the film is good"]
RULES: tuple[LrpRuleName, ...] = ("epsilon", "gamma", "z_plus", "alpha_beta")
EVERY = pytest.mark.parametrize("name", RULES)


def without_biases(name: str, folder: Path) -> Classifier:
    """Return a small classifier in which nothing but words adds to the answer."""
    given = opened(name, folder)
    model = copy.deepcopy(given.model)
    with torch.no_grad():
        for path, parameter in model.named_parameters():
            if path.endswith("bias") or "position_embeddings" in path or "token_type" in path:
                parameter.zero_()
    return Classifier(model, given.tokenizer, ModelConfig(path=name, max_length=64), CPU, given.classes)


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Classifier]:
    """Return small classifiers without biases."""
    root = tmp_path_factory.mktemp("nets")
    return {name: without_biases(name, root) for name in ("textcnn", "bert")}


def looped(x: Tensor, weight: Tensor, bias: Tensor, out: Tensor, rule: LrpRule) -> Tensor:
    """Return the relevance of the inputs of one linear layer, one contribution at a time."""
    relevance = torch.zeros_like(x)
    for unit in range(len(weight)):
        parts = [float(x[i] * weight[unit, i]) for i in range(len(x))]
        constant = float(bias[unit])
        total = sum(parts) + constant
        for i, part in enumerate(parts):
            up, down = (
                [max(one, 0) for one in (*parts, constant)],
                [min(one, 0) for one in (*parts, constant)],
            )
            if rule.name == "epsilon":
                share = part / total
            elif rule.name == "gamma":
                extra = up if total > 0 else down
                same = max(part, 0) if total > 0 else min(part, 0)
                share = (part + rule.gamma * same) / (total + rule.gamma * sum(extra))
            else:
                alpha = 1.0 if rule.name == "z_plus" else rule.alpha
                share = alpha * max(part, 0) / (sum(up) or 1.0) + (1 - alpha) * min(part, 0) / (
                    sum(down) or -1.0
                )
            relevance[i] += share * out[unit]
    return relevance


@EVERY
def test_two_layers_share_out_relevance_by_the_formula(name: LrpRuleName) -> None:
    generator = torch.Generator().manual_seed(5)
    first, last = nn.Linear(5, 4).double(), nn.Linear(4, 2).double()
    for parameter in (*first.parameters(), *last.parameters()):
        parameter.requires_grad_(False).copy_(torch.randn(parameter.shape, generator=generator).double())
    x = torch.randn(5, generator=generator).double()
    rule = LrpRule(name, epsilon=1e-12)
    here = x.clone().requires_grad_(True)
    with Relevance(rule):
        answer = last(torch.relu(first(here)))[1]
    (each,) = torch.autograd.grad(answer, here)
    hidden = torch.relu(first(x))
    start = torch.tensor([0.0, float(answer.detach())], dtype=torch.float64)
    middle = looped(hidden, last.weight, last.bias, start, rule)
    expected = looped(x, first.weight, first.bias, middle * (hidden > 0), rule)
    torch.testing.assert_close(x * each, expected, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize(("net", "name"), [*(("textcnn", name) for name in RULES), ("bert", "epsilon")])
def test_relevance_is_conserved_where_no_bias_takes_a_part(
    nets: dict[str, Classifier], net: str, name: LrpRuleName
) -> None:
    rows = rows_of(nets[net], TEXTS)
    scores = Lrp(lrp_rule=name, epsilon=1e-9).attribute(nets[net], rows)
    sums = [
        sum(row) + float(str(rest)) for row, rest in zip(scores.scores, scores.facts["rest"], strict=True)
    ]
    assert sums == pytest.approx(scores.value.tolist(), rel=1e-5, abs=1e-5)
    assert "gap" not in scores.facts


@pytest.mark.parametrize("net", ["textcnn", "bert"])
def test_a_row_has_the_same_scores_in_any_company(nets: dict[str, Classifier], net: str) -> None:
    together = Lrp(lrp_rule="gamma").attribute(nets[net], rows_of(nets[net], TEXTS))
    for row, text in enumerate(TEXTS):
        alone = Lrp(lrp_rule="gamma").attribute(nets[net], rows_of(nets[net], [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], rel=1e-3, abs=1e-4)


def test_relevance_through_attention_weights_is_another(nets: dict[str, Classifier]) -> None:
    rows = rows_of(nets["bert"], TEXTS)
    constant, through = (
        method_of({"method": "lrp", "attention_rule": own}).attribute(nets["bert"], rows)
        for own in (False, True)
    )
    assert constant.scores[0] != pytest.approx(through.scores[0], rel=1e-2)


def test_relevance_of_a_probability_is_refused(nets: dict[str, Classifier]) -> None:
    rows = replace(rows_of(nets["bert"], TEXTS[:1]), quantity="probability")
    with pytest.raises(RequestError, match="relevance starts from a logit"):
        Lrp().attribute(nets["bert"], rows)
