"""What the answers of a model mean: by its config, and then in all that is computed of them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients
from transformers import AutoModelForSequenceClassification

from augment.api.check import check_run
from augment.api.explain import explain
from augment.attribution.piece_method import by_token
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import DataError, ModelError, RequestError
from augment.ig.quantities import QuantityName
from augment.models.classifier import open_classifier
from augment.models.heads import head_of
from augment.models.kind import Kind
from augment.models.labels import LabelMap
from tests.attribution.test_occlusion import rows_of
from tests.models.nets import NETS, save
from tests.small import small_job

NAMES = {"0": "bad", "1": "good"}
CPU = RunConfig(device="cpu", threads=1)
TEXT = "房间很干净，但是服务太差了"


def rewritten(folder: Path, **config: object) -> Path:
    """Return a model folder whose config has other values."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | config), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def multi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small net of several labels."""
    folder = save(NETS["bert"], tmp_path_factory.mktemp("net") / "multi")
    return rewritten(folder, problem_type="multi_label_classification")


@pytest.fixture(scope="module")
def number(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small net that answers a number."""
    folder = save(NETS["bert"], tmp_path_factory.mktemp("net") / "number")
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    head = model.classifier
    model.classifier = torch.nn.Linear(head.in_features, 1)
    with torch.no_grad():
        model.classifier.weight.copy_(head.weight[:1])
        model.classifier.bias.fill_(0.25)
    model.config.update({"id2label": {0: "stars"}, "label2id": {"stars": 0}, "problem_type": "regression"})
    model.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("config", "head"),
    [
        ({}, "single"),
        ({"id2label": NAMES}, "single"),
        ({"id2label": NAMES, "problem_type": "single_label_classification"}, "single"),
        ({"id2label": NAMES, "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, "single"),
        ({"id2label": NAMES, "problem_type": "multi_label_classification"}, "multi"),
        ({"id2label": NAMES, "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, "multi"),
        ({"num_labels": 1, "sbert_ce_default_activation_function": "torch.nn.Sigmoid"}, "multi"),
        ({"num_labels": 1}, "regression"),
        ({"id2label": {"0": "分数"}, "problem_type": "regression"}, "regression"),
    ],
)  # fmt: skip
def test_a_config_shows_what_the_answers_mean(config: dict[str, object], head: Kind) -> None:
    assert head_of(config, "config.json") == head


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"id2label": NAMES, "problem_type": "多标签"}, "'多标签', which is not known"),
        ({"id2label": NAMES, "problem_type": "regression"}, "answers 2 numbers"),
        ({"num_labels": 1, "problem_type": "single_label_classification"}, "one output"),
    ],
)
def test_what_no_head_fits_is_refused(config: dict[str, object], what: str) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        head_of(config, "config.json")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("quantity", ["logit", "probability", "log_probability"])
def test_the_scores_of_each_label_are_those_of_captum(multi: Path, quantity: QuantityName) -> None:
    """On the model itself, with 200 steps of its own; the probability is a sigmoid."""
    classifier = open_classifier(ModelConfig(path=str(multi)), CPU)
    encoding = classifier.encode([TEXT], [None])[0]
    batch = classifier.batch([encoding.pieces], [encoding.segments])
    inputs = classifier.embed(batch)
    change: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
        "logit": torch.clone,
        "probability": torch.sigmoid,
        "log_probability": torch.nn.functional.logsigmoid,
    }

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        """Return what is explained of each label."""
        many = {name: tensor.expand(len(embeddings), -1) for name, tensor in batch.items()}
        return change[quantity](classifier.logits(many, embeddings))

    for index, label in enumerate(classifier.classes):
        own = explain(TEXT, multi, target=label, quantity=quantity, run=CPU, method="integrated_gradients")
        assert own.probability == pytest.approx(classifier.logits(batch)[0, index].sigmoid().item(), abs=1e-6)
        wanted = IntegratedGradients(forward).attribute(inputs, target=index, n_steps=200).sum(-1)[0]
        pieces = wanted.tolist()
        owners = rows_of(classifier, [TEXT]).owner or []
        sums = by_token(np.asarray(pieces), owners[0], len(own.tokens))[0]
        assert np.abs(np.asarray(own.scores) - sums).sum() < 0.03 * np.abs(sums).sum()
        assert own.kind == "multi"


def test_a_prediction_has_every_label_on_its_side_of_one_half(multi: Path) -> None:
    classifier = open_classifier(ModelConfig(path=str(multi)), CPU)
    answer = classifier.ask([TEXT], [None])[0]
    given = explain(TEXT, multi, run=CPU)
    right = {name for name, p in zip(classifier.classes, answer, strict=True) if p >= 0.5}
    assert set(str(given.prediction).split(";")) - {"[]"} == right
    assert given.target == classifier.classes[int(answer.argmax())]


def test_a_number_is_explained_as_it_is(number: Path) -> None:
    given = explain(TEXT, number, run=CPU)
    classifier = open_classifier(ModelConfig(path=str(number)), CPU)
    answer = float(classifier.ask([TEXT], [None])[0, 0])
    assert (given.target, given.kind) == ("stars", "regression")
    assert (given.probability, float(str(given.prediction))) == pytest.approx((answer, answer), rel=1e-3)
    assert given.gap is not None
    assert abs(given.gap) < 0.05 * np.abs(given.scores).sum()


@pytest.mark.parametrize("quantity", ["difference", "probability"])
def test_a_quantity_without_meaning_for_the_head_is_refused(
    multi: Path, number: Path, quantity: QuantityName
) -> None:
    with pytest.raises(RequestError, match="no such quantity"):
        explain(TEXT, multi if quantity == "difference" else number, quantity=quantity, run=CPU)


def test_a_stage_that_needs_one_class_of_several_refuses_other_models(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small / "model", tmp_path / "model")
    shutil.copy(small / "small.csv", tmp_path)
    rewritten(tmp_path / "model", problem_type="multi_label_classification")
    with pytest.raises(
        ModelError, match=r"multi-label model.*stage `counterfactual` needs one class of several"
    ):
        check_run("counterfactual", small_job(tmp_path))
    rewritten(tmp_path / "model", problem_type="regression", id2label={"0": "stars"})
    with pytest.raises(DataError, match=r"answers a number, and the label `.*` is none"):
        check_run("explain", small_job(tmp_path))


def test_labels_of_several_are_as_sure_as_the_one_that_is_furthest_off() -> None:
    labels = LabelMap(("rude", "clean", "cheap"), kind="multi")
    answer = [0.9, 0.6, 0.2]
    assert labels.predicted(answer) == "clean;rude"
    assert labels.sureness(answer, "rude;clean", 1) == pytest.approx(0.6)
    assert labels.sureness(answer, "rude", 1) == pytest.approx(0.4)
    assert labels.sureness(answer, "[]", 1) == pytest.approx(0.1)
    assert labels.sureness(answer, "rude;noisy", 1) is None
    assert labels.predicted([0.1, 0.2, 0.3]) == "[]"
    with pytest.raises(DataError, match="noisy"):
        labels.require(["rude;noisy"])


def test_a_number_is_right_within_the_tolerance() -> None:
    labels = LabelMap(("stars",), kind="regression")
    assert labels.sureness([3.5], "3", 0.5) == pytest.approx(0.5)
    assert labels.sureness([3.6], "3", 0.5) == pytest.approx(0.4)
    assert (labels.sureness([9.0], "3", 0.5), labels.sureness([3.0], "three", 0.5)) == (0.0, None)
    assert labels.nearest([3.4], ["3"], 0.5) == "3"
    assert labels.nearest([3.6], ["3"], 0.5) == "3.6"
