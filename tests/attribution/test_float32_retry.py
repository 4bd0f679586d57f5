"""No row is called converged that does not add up: the adaptive path on hard functions, every architecture and baseline."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor

from augment.attribution.baseline_texts import References
from augment.attribution.calibration import calibrate
from augment.attribution.float32_retry import FLOORS
from augment.attribution.float32_retry import attribute as attribute_in
from augment.attribution.path_integral import (
    Mode,
    ModelInputs,
    Plan,
    Scores,
    attribute,
    doubted,
    fixed,
    trace,
)
from augment.ig.baseline import FillerName
from augment.models.classifier import Classifier
from augment.models.device import Dtype
from tests.attribution.test_path_integral import inputs_of, opened
from tests.models.formulas import Function, formula, one_piece
from tests.models.nets import NETS, save
from tests.texts import TEXTS

TEXT = ["good bad 好", "very very good", "这部电影真的不好看，太长了", *TEXTS[:4]]
OTHERS = ["bad", "好", "good good good good good good good good", *TEXTS[3:9]]
REFERENCES = ("text", "corpus", "neutral", "boundary")
TOLERANCES = (0.2, 0.05, 0.01)


def late(total: Tensor) -> Tensor:
    """Return what is 0 until 10."""
    return torch.relu(total - 10)


def steep(total: Tensor) -> Tensor:
    """Return what rises at 0.9."""
    return torch.sigmoid(20 * (total - 0.9))


def early(total: Tensor) -> Tensor:
    """Return what rises to 1 at 1 and is flat from there."""
    return torch.relu(1 - torch.relu(1 - total))


def stepped(total: Tensor) -> Tensor:
    """Return what rises twice, with flat land between."""
    return torch.tanh(50 * (total - 0.3)) + torch.relu(total - 0.99)


HARD: list[tuple[Function, float]] = [
    (late, 10.01),
    (late, 10.5),
    (steep, 1.0),
    (steep, 8.0),
    (torch.tanh, 5.0),
    (torch.tanh, 500.0),
    (early, 2.0),
    (early, 300.0),
    (stepped, 1.0),
]


def assert_kept(scores: Scores, tolerance: float) -> None:
    """Check that the rows that claim the tolerance keep it: their scores add up within it, but for rounding."""
    for row, status in enumerate(scores.status):
        change = scores.value[row] - scores.floor[row]
        assert scores.gap[row] == pytest.approx(
            scores.pieces[row].sum() - change, abs=1e-6 + abs(scores.gap[row])
        )
        if status in ("converged", "p95"):
            size = abs(scores.value[row]) + abs(scores.floor[row]) + np.abs(scores.pieces[row]).sum()
            assert abs(scores.gap[row]) <= tolerance * abs(change) + 2e-5 * size
            assert scores.error[row] <= tolerance


@pytest.mark.parametrize("mode", ["tolerance", "p95"])
@pytest.mark.parametrize("tolerance", TOLERANCES)
@pytest.mark.parametrize(("function", "value"), HARD)
def test_a_converged_row_has_the_score_of_the_formula(
    function: Function, value: float, tolerance: float, mode: Mode
) -> None:
    classifier = formula(function, value)
    scores = attribute(classifier, one_piece(classifier), Plan(tolerance=tolerance, mode=mode))
    assert_kept(scores, tolerance)
    right = float(function(torch.tensor(value)) - function(torch.tensor(0.0)))
    if scores.status[0] != "not_converged":
        assert scores.pieces[0][0] == pytest.approx(right, rel=tolerance, abs=1e-4)


def test_a_row_whose_nodes_all_miss_the_rise_is_not_converged() -> None:
    classifier = formula(late, 10.01)
    scores = attribute(classifier, one_piece(classifier), Plan(chains=(*fixed(8), *fixed(16))))
    assert scores.pieces[0].tolist() == [0]
    assert scores.error[0] == pytest.approx(0, abs=1e-6)
    assert scores.gap[0] == pytest.approx(-0.01, abs=1e-6)
    assert scores.status == ["not_converged"]


def test_rows_that_a_calibration_leaves_are_converged_only_where_they_add_up() -> None:
    classifier = formula(late, 10.01)
    rows = one_piece(classifier).take([0] * 12)
    _, scores = calibrate(classifier, rows, Plan())
    assert set(scores.status) == {"not_converged"}


def test_few_digits_are_no_excuse_for_scores_that_do_not_add_up() -> None:
    classifier = formula(late, 10.01)
    for dtype in FLOORS:
        classifier.dtype = dtype
        scores = attribute_in(classifier, one_piece(classifier), Plan())
        assert scores.status == ["not_converged"]


@pytest.mark.parametrize("dtype", FLOORS)
def test_what_is_computed_again_in_float32_ends_at_the_answer_of_float32(dtype: Dtype) -> None:
    """F(x) of fewer digits is half as large again: only with an answer of float32 do the scores add up."""
    classifier = formula(torch.tanh, 5.0)
    rows = one_piece(classifier)
    classifier.dtype = dtype
    scores = attribute_in(classifier, replace(rows, logits=1.5 * rows.logits), Plan())
    assert scores.status == ["converged"]
    assert scores.value[0] == pytest.approx(np.tanh(5.0))
    assert abs(scores.gap[0]) < 0.05


def test_the_mean_over_several_paths_is_not_converged_where_it_does_not_add_up() -> None:
    one = Scores(
        [np.asarray([1.0, -0.8])], np.asarray([0.3]), np.asarray([0.0]), np.asarray([-0.1]), np.zeros(1),
        np.ones(1, dtype=np.int16), ["converged"],
    )  # fmt: skip
    assert doubted(one, 0.05).status == ["not_converged"]


@pytest.fixture(scope="module", params=NETS)
def net(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small classifier of each architecture."""
    return opened(save(NETS[request.param], tmp_path_factory.mktemp("nets") / request.param))


def assert_ends(classifier: Classifier, rows: ModelInputs, plan: Plan) -> None:
    """Check that each path begins at F(baseline) and ends at F(x)."""
    for path in trace(classifier, rows, plan, np.asarray([0.0, 1.0])):
        size = max(abs(path.start), abs(path.end))
        np.testing.assert_allclose(path.values, [path.start, path.end], rtol=1e-4, atol=1e-4 * size + 1e-6)


@pytest.mark.parametrize("baseline", get_args(FillerName))
def test_every_baseline_of_every_architecture_begins_and_ends_where_it_should(
    net: Classifier, baseline: FillerName
) -> None:
    names = {"mask": "mask_token", "pad": "pad_token", "unk": "unk_token"}
    if baseline in names and getattr(net.tokenizer, names[baseline]) is None:
        pytest.skip(f"the tokenizer has no {baseline} piece")
    rows, plan = inputs_of(net, TEXT), Plan(baseline=baseline)
    assert_ends(net, rows, plan)
    assert_kept(attribute(net, rows, plan), plan.tolerance)


@pytest.mark.parametrize("name", REFERENCES)
def test_every_reference_of_every_architecture_begins_and_ends_where_it_should(
    net: Classifier, name: str
) -> None:
    references, plan = References(net, inputs_of(net, OTHERS).pieces), Plan()
    rows = inputs_of(net, TEXT)
    assert_ends(net, references.first(name, rows), plan)
    scores = references.attribute(name, rows, lambda many: attribute(net, many, plan))
    assert_kept(doubted(scores, plan.tolerance), plan.tolerance)


@pytest.mark.parametrize("name", ["gpt2", "qwen3"])
def test_a_text_that_names_the_piece_that_pads_is_pooled_where_the_model_pools_it(
    tmp_path: Path, name: str
) -> None:
    classifier = opened(save(NETS[name], tmp_path / name))
    rows = inputs_of(classifier, ["good bad 好 bad", "good bad 好<|endoftext|>", "good<|endoftext|>"])
    assert_ends(classifier, rows, Plan())
    assert_ends(classifier, rows, Plan(baseline="mean"))


def test_a_decoder_adds_up_from_a_shorter_text(tmp_path: Path) -> None:
    classifier = opened(save(NETS["gpt2"], tmp_path / "gpt2"))
    rows = inputs_of(classifier, [f"good {text}" for text in TEXTS if text.strip()])
    references = References(classifier, inputs_of(classifier, ["bad"]).pieces)
    scores = references.attribute("text", rows, lambda many: attribute(classifier, many, Plan()))
    assert scores.status.count("converged") > len(rows.pieces) * 0.8
    assert_kept(scores, 0.05)
