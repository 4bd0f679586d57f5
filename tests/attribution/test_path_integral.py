"""Scores of rows: when they are taken for settled, what they sum to, and what they cost."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from augment.attribution.path_integral import Method, ModelInputs, Plan, Scores, attribute, fixed
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.baseline import FillerName
from augment.ig.gradients import Batch
from augment.ig.quadrature import Chain, patterson
from augment.ig.quantities import QuantityName
from augment.models.classifier import Classifier, open_classifier
from augment.models.memory_retries import counted
from tests.models.nets import CLASSES, NETS, save
from tests.texts import TEXTS

TEXT = [*TEXTS[:3], *TEXTS[4:7], "a"]
RUN = RunConfig(device="cpu", threads=1)
QUANTITIES: tuple[QuantityName, ...] = get_args(QuantityName)
METHODS: tuple[Method, ...] = get_args(Method)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the folders of a smooth net, a rough one and one with jumps."""
    root = tmp_path_factory.mktemp("nets")
    return {name: save(NETS[name], root / name) for name in ("bert", "distilbert", "textcnn")}


@pytest.fixture
def bert(folders: dict[str, Path]) -> Classifier:
    """Return a net whose paths are smooth."""
    return opened(folders["bert"])


@pytest.fixture
def rough(folders: dict[str, Path]) -> Classifier:
    """Return a net whose paths need more nodes, some of them many more."""
    return opened(folders["distilbert"])


def opened(folder: Path) -> Classifier:
    """Return the classifier of a folder."""
    return open_classifier(ModelConfig(path=str(folder), max_length=48, windows="first"), RUN)


def inputs_of(classifier: Classifier, texts: Sequence[str] = TEXT, target: int | None = None) -> ModelInputs:
    """Return the rows of some texts, explained for the predicted class or the one given."""
    encodings = classifier.encode(texts, [None] * len(texts))
    pieces, segments = [row.pieces for row in encodings], [row.segments for row in encodings]
    logits = classifier.answer(pieces, segments)
    wanted = logits.argmax(-1) if target is None else torch.full((len(texts),), target)
    return ModelInputs(pieces, segments, logits, wanted)


def silent(classifier: Classifier, rows: ModelInputs) -> Tensor:
    """Return the logits [N, C] of rows whose embeddings are all zero."""
    return classifier.answer(rows.pieces, rows.segments, "zero")


def ruled(steps: int) -> Plan:
    """Return the plan of one Gauss-Legendre rule."""
    return Plan(mode="fixed", chains=fixed(steps))


def assert_measured(scores: Scores) -> None:
    """Check the gap against its definition; one-point methods have it as their error too."""
    for row, pieces in enumerate(scores.pieces):
        change = scores.value[row] - scores.floor[row]
        assert scores.gap[row] == pytest.approx(pieces.sum() - change, abs=1e-9)


def test_a_fixed_rule_is_applied_to_all(rough: Classifier) -> None:
    scores = attribute(rough, inputs_of(rough), ruled(5))
    assert scores.status == ["fixed"] * len(TEXT)
    assert scores.evals.tolist() == [5] * len(TEXT)
    assert scores.error.max() > 0.05
    assert_measured(scores)


def test_rows_that_close_at_once_are_converged_after_the_first_rule(bert: Classifier) -> None:
    scores = attribute(bert, inputs_of(bert), Plan(chains=fixed(32)))
    assert scores.status == ["converged"] * len(TEXT)
    assert scores.evals.tolist() == [32] * len(TEXT)
    assert (scores.error <= 0.05).all()
    assert_measured(scores)


def test_rows_that_never_close_climb_to_the_end_and_are_marked(rough: Classifier) -> None:
    plan = Plan(tolerance=1e-12, chains=(patterson(), *fixed(8)))
    scores = attribute(rough, inputs_of(rough, TEXT[:2]), plan)
    assert scores.status == ["not_converged"] * 2
    assert scores.evals.tolist() == [127 + 8] * 2
    assert (scores.error > 1e-12).all()


def test_only_the_rows_that_do_not_close_climb_and_only_by_new_nodes(rough: Classifier) -> None:
    rows, plan = inputs_of(rough), Plan(tolerance=0.2, chains=(patterson(),))
    scores = attribute(rough, rows, plan)
    assert len(set(scores.evals.tolist())) > 1
    for row in range(len(TEXT)):
        count = int(scores.evals[row])
        level = next(level for level in patterson().levels if level.count == count)
        change = scores.value[row] - scores.floor[row]
        closed = bool(max(scores.error[row], abs(scores.gap[row] / change)) <= plan.tolerance)
        assert scores.status[row] == ("converged" if closed else "not_converged")
        assert closed or count == 127
        alone = attribute(
            rough, rows, Plan(mode="fixed", chains=(Chain(patterson().nodes[:count], (level,)),))
        )
        np.testing.assert_allclose(scores.pieces[row], alone.pieces[row], rtol=1e-4, atol=1e-5)
    assert_measured(scores)


def test_rows_that_close_are_within_the_tolerance(rough: Classifier) -> None:
    rows = inputs_of(rough)
    dense = attribute(rough, rows, ruled(256))
    for tolerance in (0.05, 0.01):
        scores = attribute(rough, rows, Plan(tolerance=tolerance))
        for row, status in enumerate(scores.status):
            if status == "converged":
                missed = np.abs(scores.pieces[row] - dense.pieces[row]).sum()
                assert missed <= tolerance * np.abs(dense.pieces[row]).sum()


@pytest.mark.parametrize("top", [1, 3])
def test_ranking_settles_the_highest_tokens(rough: Classifier, top: int) -> None:
    rows = inputs_of(rough)
    dense = attribute(rough, rows, ruled(256))
    scores = attribute(rough, rows, Plan(mode="ranking", top=top))
    assert set(scores.status) == {"ranking"}
    for one, other in zip(scores.pieces, dense.pieces, strict=True):
        near = 0.02 * np.abs(other).sum()
        least = np.sort(other)[-top:].min() if len(other) >= top else -np.inf
        assert all(other[index] >= least - near for index in np.argsort(-one)[:top])


def test_equal_rows_are_computed_once(rough: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    whole = rough.logits

    def counting(batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Count the rows that are evaluated."""
        computed.append(len(batch["input_ids"]))
        return whole(batch, embeddings)

    rows = inputs_of(rough, ["good bad", "好", "good bad", "good bad"])
    with monkeypatch.context() as patch:
        patch.setattr(rough, "logits", counting)
        scores = attribute(rough, rows, ruled(10))
    assert sum(computed) == 2 + 2 * 10
    np.testing.assert_array_equal(scores.pieces[0], scores.pieces[3])
    assert scores.evals.tolist() == [10] * 4


@pytest.mark.parametrize("baseline", get_args(FillerName))
def test_every_baseline_is_where_the_path_starts(bert: Classifier, baseline: FillerName) -> None:
    rows = inputs_of(bert)
    scores = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64), baseline=baseline))
    start = bert.answer(rows.pieces, rows.segments, baseline)
    np.testing.assert_allclose(scores.floor, start.gather(1, rows.target[:, None])[:, 0], atol=1e-5)
    for row, pieces in enumerate(scores.pieces):
        assert pieces.sum() == pytest.approx(scores.value[row] - scores.floor[row], abs=2e-3)
        if baseline != "zero":
            assert (pieces[0], pieces[-1]) == (0, 0)


def test_a_batch_that_does_not_fit_the_memory_is_halved_and_nothing_is_lost(
    rough: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = inputs_of(rough)
    before = attribute(rough, rows, ruled(6))
    budget, whole = rough.budget, rough.logits

    def small(batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Refuse more than forty pieces at a time."""
        if batch["input_ids"].numel() > 40 and len(batch["input_ids"]) > 1:
            raise torch.OutOfMemoryError("too much")
        return whole(batch, embeddings)

    with monkeypatch.context() as patch:
        patch.setattr(rough, "logits", small)
        with counted() as retries:
            after = attribute(rough, rows, ruled(6))
        assert rough.budget < budget
        assert retries["batches halved"] > 0
    monkeypatch.setattr("augment.models.classifier._FITTING", 2)
    for _ in range(10):
        attribute(rough, rows, ruled(6))
    assert rough.budget == budget
    for one, other in zip(before.pieces, after.pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NETS if name != "textcnn"])
def test_recomputing_layers_changes_no_number(tmp_path: Path, name: str) -> None:
    kept = opened(save(NETS[name], tmp_path))
    again = open_classifier(
        ModelConfig(path=str(tmp_path), max_length=48, windows="first"),
        RUN.model_copy(update={"recompute": True}),
    )
    assert again.recomputes
    for one, other in zip(
        attribute(kept, inputs_of(kept), ruled(6)).pieces,
        attribute(again, inputs_of(again), ruled(6)).pieces,
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_one_text_that_does_not_fit_the_memory_is_recomputed_layer_by_layer(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of its own budget, so that it is nobody else's.
    run = RunConfig(device="cpu", threads=1, token_budget=4000)
    net = open_classifier(ModelConfig(path=str(folders["bert"]), max_length=48, windows="first"), run)
    rows = inputs_of(net)
    before = attribute(net, rows, ruled(6))
    whole = net.logits

    def small(batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Refuse everything as long as activations are kept."""
        if embeddings is not None and not net.recomputes:
            raise torch.OutOfMemoryError("too much")
        return whole(batch, embeddings)

    monkeypatch.setattr(net, "logits", small)
    after = attribute(net, rows, ruled(6))
    assert net.recomputes
    for one, other in zip(before.pieces, after.pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    assert not net.recompute()


def test_any_function_of_the_logits_can_be_explained(bert: Classifier) -> None:
    rows = inputs_of(bert)
    own = attribute(
        bert, rows, Plan(quantity=lambda logits, target, _: 2 * logits.gather(1, target[:, None])[:, 0])
    )
    logit = attribute(bert, rows, Plan())
    for one, other in zip(own.pieces, logit.pieces, strict=True):
        np.testing.assert_allclose(one, 2 * other, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_each_quantity_is_shared_out_completely(bert: Classifier, quantity: QuantityName) -> None:
    rows = inputs_of(bert)
    scores = attribute(bert, rows, Plan(quantity=quantity, mode="fixed", chains=fixed(64)))
    assert scores.error.max() < 1e-3
    for row, pieces in enumerate(scores.pieces):
        assert pieces.sum() == pytest.approx(scores.value[row] - scores.floor[row], abs=1e-3)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("target", [None, 0, 2])
def test_value_and_floor_are_the_quantity_at_both_ends(
    bert: Classifier, quantity: QuantityName, target: int | None
) -> None:
    rows = inputs_of(bert, target=target)
    scores = attribute(bert, rows, Plan(quantity=quantity, mode="fixed", chains=fixed(1)))
    for logits, result in ((rows.logits, scores.value), (silent(bert, rows), scores.floor)):
        for row, own in enumerate(rows.target.tolist()):
            # The other class is chosen at the text, and is the same along the path.
            other = max(
                (index for index in range(3) if index != own),
                key=lambda index: rows.logits[row, index].item(),
            )
            values = logits[row].double()
            expected = {
                "logit": values[own],
                "probability": values.softmax(-1)[own],
                "log_probability": values.log_softmax(-1)[own],
                "difference": values[own] - values[other],
            }
            assert result[row] == pytest.approx(expected[quantity].item(), abs=1e-5)


def test_the_gradient_is_its_length_at_the_text_and_the_product_has_a_sign(bert: Classifier) -> None:
    rows = inputs_of(bert)
    lengths = attribute(bert, rows, Plan(method="gradient"))
    products = attribute(bert, rows, Plan(method="gradient_x_input"))
    for row, (pieces, target) in enumerate(zip(rows.pieces, rows.target.tolist(), strict=True)):
        batch = bert.batch([pieces], [rows.segments[row]])
        embeddings = bert.embed(batch).requires_grad_()
        (slope,) = torch.autograd.grad(bert.logits(batch, embeddings)[0, target], embeddings)
        np.testing.assert_allclose(lengths.pieces[row], slope[0].norm(dim=-1), rtol=1e-3, atol=1e-5)
        product = (slope * embeddings.detach())[0].sum(-1)
        np.testing.assert_allclose(products.pieces[row], product, rtol=1e-3, atol=1e-5)
    assert all((pieces > 0).all() for pieces in lengths.pieces)
    assert any((pieces < 0).any() for pieces in products.pieces)


@pytest.mark.parametrize("method", ["gradient", "gradient_x_input"])
def test_the_plain_gradients_cost_one_evaluation_and_are_never_refined(
    rough: Classifier, method: Method
) -> None:
    scores = attribute(rough, inputs_of(rough), Plan(method=method, tolerance=1e-12))
    assert scores.status == ["fixed"] * len(TEXT)
    assert scores.evals.tolist() == [1] * len(TEXT)
    assert_measured(scores)
    for row, pieces in enumerate(scores.pieces):
        measure = max(abs(scores.value[row] - scores.floor[row]), 0.1 * np.abs(pieces).sum())
        assert scores.error[row] == pytest.approx(abs(scores.gap[row]) / measure, abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_every_piece_of_a_row_has_a_score_and_no_rows_have_none(bert: Classifier, method: Method) -> None:
    rows = inputs_of(bert)
    scores = attribute(bert, rows, Plan(method=method, mode="fixed", chains=fixed(4)))
    assert [len(pieces) for pieces in scores.pieces] == [len(pieces) for pieces in rows.pieces]
    nothing = attribute(bert, inputs_of(bert, []), Plan(method=method))
    assert (nothing.pieces, nothing.status, nothing.evals.shape) == ([], [], (0,))


@pytest.mark.parametrize("method", METHODS)
def test_the_order_of_the_rows_is_theirs_to_choose(rough: Classifier, method: Method) -> None:
    plan = Plan(method=method)
    forth = attribute(rough, inputs_of(rough), plan)
    back = attribute(rough, inputs_of(rough, TEXT[::-1]), plan)
    assert forth.status == back.status[::-1]
    assert forth.evals.tolist() == back.evals.tolist()[::-1]
    for one, other in zip(forth.pieces, back.pieces[::-1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_the_same_rows_give_the_same_scores_bit_for_bit(rough: Classifier) -> None:
    one, other = (attribute(rough, inputs_of(rough), Plan()) for _ in range(2))
    assert all(np.array_equal(first, second) for first, second in zip(one.pieces, other.pieces, strict=True))


def test_a_class_that_gains_is_paid_for_by_its_rival(folders: dict[str, Path]) -> None:
    textcnn = opened(folders["textcnn"])
    plan = Plan(quantity="difference", mode="fixed", chains=fixed(16))
    rows = inputs_of(textcnn, ["好 very very 好 brilliant"])
    first, second = rows.logits[0].topk(2).indices.tolist()
    forth = attribute(
        textcnn, ModelInputs(rows.pieces, rows.segments, rows.logits, torch.tensor([first])), plan
    )
    back = attribute(
        textcnn, ModelInputs(rows.pieces, rows.segments, rows.logits, torch.tensor([second])), plan
    )
    np.testing.assert_allclose(forth.pieces[0], -back.pieces[0], atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("broken", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_give_scores_that_are_not(
    folders: dict[str, Path], method: Method, broken: float
) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(folders["bert"])
    model.classifier.weight.data.fill_(broken)
    config = ModelConfig(path=str(folders["bert"]), max_length=48, windows="first")
    tokenizer = AutoTokenizer.from_pretrained(folders["bert"])
    classifier = Classifier(model, tokenizer, config, RUN, tuple(CLASSES.values()))
    scores = attribute(classifier, inputs_of(classifier, target=0), Plan(method=method))
    assert not any(np.isfinite(pieces).all() for pieces in scores.pieces)
    assert not np.isfinite(scores.value).any()


@pytest.mark.parametrize("quantity", ["logit", "difference"])
def test_a_textcnn_is_integrated_exactly_in_one_evaluation(
    folders: dict[str, Path], quantity: QuantityName
) -> None:
    """Its closed form is what Gauss-Legendre converges to, slowly: the path has kinks."""
    textcnn = opened(folders["textcnn"])
    rows = inputs_of(textcnn, [*TEXT, "好 very very 好 brilliant", "good good good good"])
    scores = attribute(textcnn, rows, Plan(quantity=quantity))
    assert set(scores.status) == {"exact"}
    assert set(scores.evals.tolist()) == {1}
    assert scores.error.max() < 1e-5
    assert_measured(scores)
    distance = []
    for steps in (16, 256):
        by_rule = attribute(textcnn, rows, Plan(quantity=quantity, mode="fixed", chains=fixed(steps)))
        shares = zip(scores.pieces, by_rule.pieces, strict=True)
        distance.append(max(np.abs(one - other).sum() / np.abs(one).sum() for one, other in shares))
    assert distance[1] < min(0.01, distance[0])


@pytest.mark.parametrize(
    "plan",
    [Plan(quantity="probability"), Plan(quantity="log_probability"), ruled(64)],
)
def test_the_closed_form_is_left_where_it_does_not_hold_or_is_not_wanted(
    folders: dict[str, Path], plan: Plan
) -> None:
    textcnn = opened(folders["textcnn"])
    scores = attribute(textcnn, inputs_of(textcnn), plan)
    assert "exact" not in scores.status
    assert scores.evals.min() >= 7
