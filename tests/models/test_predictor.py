"""Models of three origins answer alike: a folder, a loaded transformers model, a Python function."""

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from transformers import AutoTokenizer

from augment.config.in_memory import FunctionModel, LoadedModel
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError, RequestError
from augment.models.classifier import open_classifier
from augment.models.predictor import Differentiable, Predictor, open_predictor
from augment.models.textcnn import TextCNN
from tests.texts import TEXTS

CPU = RunConfig(device="cpu", threads=1)
CLASSES = ("bad", "good")


def by_word(texts: list[str]) -> list[list[float]]:
    """Return probabilities that depend on one word in each language."""
    good = [0.9 if "好" in text or "great" in text else 0.2 for text in texts]
    return [[1 - chance, chance] for chance in good]


def function(answer: object) -> FunctionModel:
    """Return a model that always gives the same answer."""
    return FunctionModel(function=lambda _: answer, classes=CLASSES)


def test_a_function_answers_every_text_in_order_in_calls_of_any_number() -> None:
    sizes: list[int] = []

    def counted(texts: list[str]) -> np.ndarray:
        sizes.append(len(texts))
        return np.asarray(by_word(texts))

    predictor: Predictor = open_predictor(FunctionModel(function=counted, classes=CLASSES), CPU)
    texts = [*TEXTS, "很好", "great"] * 50
    answers = predictor.ask(texts, [None] * len(texts))
    assert answers.dtype == np.float32
    assert answers.shape == (len(texts), 2)
    assert answers.tolist() == np.asarray(by_word(texts), np.float32).tolist()
    assert (sum(sizes), max(sizes)) == (len(texts), 256)
    assert predictor.ask([], []).shape == (0, 2)
    assert (predictor.classes, predictor.kind) == (CLASSES, "single")


def test_a_function_of_pairs_is_given_both_texts() -> None:
    def same(rows: list[tuple[str, str | None]]) -> list[list[float]]:
        return [[float(first != second), float(first == second)] for first, second in rows]

    predictor = open_predictor(FunctionModel(function=same, classes=("no", "yes"), pairs=True), CPU)
    assert predictor.ask(["甲", "a"], ["甲", "b"]).argmax(1).tolist() == [1, 0]
    with pytest.raises(ModelError, match="takes one text, and a row has two"):
        open_predictor(function([[0.5, 0.5]]), CPU).ask(["a"], ["b"])


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ([[0.5, 0.5, 0.0]], "shape"),
        ([0.5, 0.5], "shape"),
        ([[2.0, -1.0]], "no probabilities"),
        ([[float("nan"), 1.0]], "no probabilities"),
        ([[3.0, 4.0]], "no probabilities"),
        ([["a", "b"]], "ValueError"),
    ],
)
def test_an_answer_that_is_no_distribution_is_refused(answer: object, what: str) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        open_predictor(function(answer), CPU).ask(["很好"], [None])
    assert len(str(caught.value).splitlines()) == 3


def test_a_function_has_no_gradients_and_the_error_names_occlusion() -> None:
    with pytest.raises(RequestError, match="method: occlusion"):
        open_classifier(function([[0.5, 0.5]]), CPU)


def test_a_loaded_model_answers_as_its_folder_and_is_left_as_it_was(small: Path) -> None:
    model = TextCNN.from_pretrained(small / "model").train()
    tokenizer = AutoTokenizer.from_pretrained(small / "model")
    loaded = open_predictor(LoadedModel(model=model, tokenizer=tokenizer, max_length=64), CPU)
    folder = open_predictor(ModelConfig(path=str(small / "model"), max_length=64), CPU)
    texts = [text for text in TEXTS if text.strip()]
    assert loaded.classes == folder.classes
    np.testing.assert_array_equal(
        loaded.ask(texts, [None] * len(texts)), folder.ask(texts, [None] * len(texts))
    )
    assert model.training
    assert all(weight.requires_grad for weight in model.parameters())


def test_a_classifier_is_differentiable(small: Path) -> None:
    model: Differentiable = open_classifier(ModelConfig(path=str(small / "model")), CPU)
    batch = model.batch([[2, 5, 6]], [[0, 0, 0]])
    assert model.embed(batch).shape[:2] == (1, 3)


def test_what_is_no_transformers_model_is_refused() -> None:
    given = LoadedModel(model=3, tokenizer=4, classes=CLASSES)
    with pytest.raises(ModelError, match="int and int are no transformers model"):
        open_predictor(given, CPU)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_length": 64},
        {"calibration": "a.json"},
        {"folds": 5},
        {"revision": "main"},
        {"classes": ("a", "a")},
    ],
)
def test_settings_that_do_nothing_for_a_function_are_refused(settings: dict[str, object]) -> None:
    values = {"function": by_word, "classes": CLASSES, **settings}
    with pytest.raises(ValidationError):
        FunctionModel.model_validate(values)
