"""Wrong calls from Python: each ends in an error of ours, in three lines, the last of which is the right next step."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline as SklearnPipeline
from sklearn.pipeline import make_pipeline

import augment
from augment.errors import AugmentError
from augment.stages import Tokenize
from tests.small import small_job


@dataclass(frozen=True)
class World:
    """What the calls are made with: a table, a fitted and a bare model, the folder of another, and a job."""

    table: pd.DataFrame
    model: SklearnPipeline
    bare: SklearnPipeline
    folder: Path
    job: augment.Job


@pytest.fixture(scope="module")
def world(small: Path) -> World:
    table = pd.DataFrame({"review": ["很好 good", "很差 bad"] * 4, "stars": [5, 1] * 4})
    bare = make_pipeline(TfidfVectorizer(), LogisticRegression())
    fitted = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(table["review"], table["stars"])
    return World(table, fitted, bare, small / "model", small_job(small))


def shapeless(texts: list[str]) -> np.ndarray:
    """Return one number a text."""
    return np.ones(len(texts))


# Types that a checker would refuse are what these calls are about.
explain: Any = augment.explain
run: Any = augment.run
online: Any = augment.online
Augmenter: Any = augment.Augmenter
Pipeline: Any = augment.Pipeline
FEWER: list[Any] = [None, *[1] * 7]
# Each call, a part of what is wrong, and a part of what to do.
CALLS: dict[str, tuple[Callable[[World], object], str, str]] = {
    "a table for texts": (lambda w: explain(w.table, w.model), "is a table", '["review"]'),
    "no texts": (lambda w: explain([], w.model), "there are none", "one text or more"),
    "a missing text": (lambda w: explain(["a", None], w.model), "1 of 2", "dropna"),
    "a class": (lambda w: explain("a", LogisticRegression), "a class", "an instance"),
    "not fitted": (lambda w: explain("a", w.bare), "not fitted", "model.fit"),
    "no classes": (lambda w: explain("a", shapeless), "cannot be read", "classes=["),
    "a number a text": (
        lambda w: explain("a", shapeless, classes=[0, 1]),
        "array of shape",
        "one column a class",
    ),
    "an unknown target": (lambda w: explain("a", w.model, target=3), "1, 5", "one of these"),
    "too few targets": (
        lambda w: explain(["a", "b"], w.model, target=[1]),
        "2 texts",
        "for each text",
    ),
    "an unknown method": (
        lambda w: explain("a", w.model, method="oclusion"),
        "no such attribution method",
        "`occlusion`",
    ),
    "gradients of scikit-learn": (
        lambda w: explain("a", w.model, method="gradient"),
        "gradients",
        "method: occlusion",
    ),
    "a misspelt setting": (
        lambda w: explain("a", w.model, run={"devise": "cpu"}),
        "unknown key `devise`",
        "`device`",
    ),
    "a device that is none": (
        lambda w: explain("a", w.model, run={"device": "gpu"}),
        "`device` cannot be 'gpu'",
        "cuda",
    ),
    "a folder that is none": (
        lambda w: explain("a", "./models/nowhere"),
        "no such folder",
        "augment train",
    ),
    "pairs for one text": (
        lambda w: explain([("a", "b")], w.model),
        "does not take a list of texts",
        "make_pipeline",
    ),
    "a progress that is none": (
        lambda w: explain("a", w.model, progress="no"),
        "str is not taken",
        "True, False",
    ),
    "labels for other texts": (
        lambda w: Augmenter(w.model)(["a", "b"], [1]),
        "there are 1",
        "for each text",
    ),
    "no labels": (lambda w: Augmenter(w.model)(["a"]), "there are none", "label=COLUMN"),
    "a label the model lacks": (
        lambda w: Augmenter(w.model)(["a"], [4]),
        "1, 5",
        "label_names={4: '1'}",
    ),
    "a misspelt pipeline": (lambda w: Augmenter(w.model, pipeline="augmnet"), "augmnet", "augment"),
    "a pipeline that is none": (
        lambda w: Augmenter(w.model, pipeline=3),
        "int is not taken",
        "a list of stages",
    ),
    "no model": (lambda w: Augmenter(), "asks a model", 'pipeline="eda"'),
    "one label for only": (lambda w: Augmenter(w.model, only=5), "no list of labels", "only=[5]"),
    "a label that no row has": (
        lambda w: Augmenter(w.model, only=[4])(w.table["review"], w.table["stars"]),
        "no text has the label 4",
        "known here: 1, 5",
    ),
    "a list to transform": (
        lambda w: Augmenter(w.model).transform(["a"]),
        "no DataFrame",
        "augmenter(texts, labels)",
    ),
    "a misspelt column": (
        lambda w: Augmenter(w.model).transform(w.table, text="reviw"),
        "no column `reviw`",
        "`review`",
    ),
    "no column of texts": (
        lambda w: Augmenter(w.model).transform(w.table[["stars"]]),
        "looks like the text",
        "text=COLUMN",
    ),
    "a missing label": (
        lambda w: Augmenter(w.model).transform(w.table.assign(stars=FEWER), label="stars"),
        "1 of 8 have no label",
        "dropna",
    ),
    "a map without batches": (
        lambda w: Dataset.from_pandas(w.table).map(Augmenter(w.model).batch),
        "no batch of rows",
        "batched=True",
    ),
    "names for stages": (lambda w: Pipeline(["tokenize"]), "str is no stage", "Tokenize()"),
    "classes for stages": (lambda w: Pipeline([Tokenize]), "class Tokenize", "Tokenize()"),
    "a misspelt stage": (
        lambda w: Augmenter(w.model, "augment-wide", settings={"substitut.samples": 1}),
        "no section and no stage",
        "`substitute`",
    ),
    "a value that a stage cannot have": (
        lambda w: Augmenter(w.model, "augment-wide", settings={"substitute.samples": 0}),
        "`samples` cannot be 0",
        "greater than",
    ),
    "a misspelt resource": (
        lambda w: Augmenter(w.model, resources={"lexikons": []}),
        "unknown key `lexikons`",
        "`lexicons`",
    ),
    "a table for a job": (lambda w: run("augment", w.table), "DataFrame is not taken", "Augmenter"),
    "a number for a job": (lambda w: online("augment", 3), "int is not taken", "mine.yaml"),
    "too many texts to draw": (
        lambda w: explain(["a b"] * 51, w.model).plot(),
        "51 texts",
        "to_html",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_call_ends_in_three_lines_with_the_next_step(world: World, name: str) -> None:
    call, what, hint = CALLS[name]
    with pytest.raises(AugmentError) as caught:
        call(world)
    lines = str(caught.value).splitlines()
    assert len(lines) == 3
    assert what in " ".join(lines[:2])
    assert hint in lines[2]
