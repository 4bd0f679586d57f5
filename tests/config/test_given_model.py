"""A model as Python programs have it: named, with its labels as they were; what is none is refused with what to give."""

from collections.abc import Callable
from enum import Enum
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.pipeline import make_pipeline
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from augment.config.given_model import given_model
from augment.config.in_memory import FunctionModel, LoadedModel
from augment.config.sections import ModelConfig
from augment.errors import AugmentError, ModelError, RequestError, WrongTypeError

TEXTS = ["很好 good", "很差 bad"] * 4


class Mood(Enum):
    """Labels that are no texts."""

    GOOD = 1
    BAD = 2


def halves(texts: list[str]) -> np.ndarray:
    """Return the same for every text."""
    return np.full((len(texts), 2), 0.5)


def test_a_folder_and_a_hub_id_are_the_path_of_a_section() -> None:
    assert given_model("models/mine").config == given_model(Path("models/mine")).config
    assert given_model("user/name").config == ModelConfig(path="user/name")
    section = ModelConfig(path="models/mine", max_length=64)
    assert given_model(section).config is section


def test_a_pipeline_of_scikit_learn_has_its_labels_as_they_were() -> None:
    model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, [1, 5] * 4)
    given = given_model(model)
    assert given.config.path
    assert isinstance(given.config, FunctionModel)
    assert given.config.classes == ("1", "5")
    assert [type(given.label(name)) for name in given.config.classes] == [int, int]
    assert np.allclose(np.asarray(given.config.function(TEXTS)), model.predict_proba(TEXTS))


@pytest.mark.parametrize("order", [1, -1])
def test_a_network_and_its_tokenizer_are_taken_in_either_order(pair_model: Path, order: int) -> None:
    parts = [
        AutoModelForSequenceClassification.from_pretrained(pair_model),
        AutoTokenizer.from_pretrained(pair_model),
    ]
    given = given_model(tuple(parts[::order]))
    assert isinstance(given.config, LoadedModel)
    assert given.config.model is parts[0]
    assert given.config.classes == ("不同", "相近", "相同")
    assert given_model(tuple(parts), classes=[0, 1, 2]).label("2") == 2
    with pytest.raises(RequestError, match="3 classes, and 2 are named"):
        given_model(tuple(parts), classes=["a", "b"])
    classifying = pipeline("text-classification", model=parts[0], tokenizer=parts[1], device="cpu")
    assert given_model(classifying).labels == given.labels
    with pytest.raises(WrongTypeError, match="takes tensors"):
        given_model(parts[0])
    with pytest.raises(WrongTypeError, match="tokenizer alone"):
        given_model(parts[1])


def test_a_function_has_the_labels_that_are_named() -> None:
    given = given_model(halves, [Mood.GOOD, Mood.BAD], name="moods", pairs=True)
    assert isinstance(given.config, FunctionModel)
    assert given.config.name == "moods"
    assert given.config.pairs
    assert [given.label(name) for name in given.config.classes] == [Mood.GOOD, Mood.BAD]


@pytest.mark.parametrize(
    ("model", "classes", "kind", "hint"),
    [
        (LogisticRegression, None, WrongTypeError, "give an instance"),
        (make_pipeline(TfidfVectorizer(), LogisticRegression()), None, RequestError, "fit it first"),
        (
            make_pipeline(TfidfVectorizer(), Perceptron()).fit(TEXTS, [1, 5] * 4),
            None,
            RequestError,
            "CalibratedClassifierCV",
        ),
        (halves, None, RequestError, 'classes=["negative", "positive"]'),
        (halves, ["one"], RequestError, "two or more"),
        (halves, [1, "1"], RequestError, "a name of its own"),
        (halves, "ab", WrongTypeError, 'classes=["negative", "positive"]'),
        ("", None, RequestError, "name a folder"),
        ("models/mine", ["a", "b"], RequestError, "leave `classes` out"),
        (3, None, WrongTypeError, "give a folder or hub id"),
        (("a", "b"), None, WrongTypeError, "(model, tokenizer)"),
        ({"model": "x"}, None, WrongTypeError, "give a folder or hub id"),
    ],
)
def test_what_cannot_be_a_model_is_refused_in_three_lines(
    model: object, classes: list[object] | None, kind: type[AugmentError], hint: str
) -> None:
    with pytest.raises(kind) as caught:
        given_model(model, classes)
    assert len(str(caught.value).splitlines()) == 3
    assert hint in caught.value.hint


def test_an_estimator_without_its_vectorizer_names_the_pipeline() -> None:
    bare = LogisticRegression().fit(np.eye(2), [0, 1])
    config = given_model(bare).config
    assert isinstance(config, FunctionModel)
    answer: Callable[[list[str]], object] = config.function
    with pytest.raises(ModelError, match="make_pipeline"):
        answer(["很好"])
