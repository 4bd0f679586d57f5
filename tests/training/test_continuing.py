"""A saved model that is trained on: it knows what it knew, and the same rows give the same model."""

from dataclasses import replace
from pathlib import Path

import pytest

from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.errors import DataError, ModelError
from augment.models.classifier import open_classifier
from augment.models.model_folder import model_folder
from augment.training.continuing import train_on
from augment.training.examples import Examples
from tests.small import small_job

ROWS = Examples(
    ["the story lovely", "the story awful", "zzz"], [None] * 3, ["good", "bad", "bad"], ["a", "b", "c"]
)


def job_of(small: Path, steps: int) -> Job:
    """Return the job of the small corpus with a number of steps."""
    job = small_job(small)
    settings = {"steps": steps, "epochs": None, "label_smoothing": 0.0}
    return job.model_copy(update={"train": job.train.model_copy(update=settings)})


def answer(job: Job, folder: Path, text: str) -> float:
    """Return the probability of `good` by the model of a folder."""
    classifier = open_classifier(ModelConfig(path=str(folder), max_length=64), job.run)
    return float(classifier.ask([text], [None])[0, classifier.classes.index("good")])


def digest(folder: Path) -> str:
    """Return the digest of a model folder."""
    job = small_job(folder)
    return model_folder(ModelConfig(path=str(folder)), job.run).digest()


def test_the_same_rows_give_the_same_model_and_the_start_stays(small: Path, tmp_path: Path) -> None:
    before = digest(small / "model")
    for name in ("a", "b"):
        train_on(job_of(small, 3), small / "model", ROWS, tmp_path / name, {})
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != before
    assert digest(small / "model") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_heavy_row_is_learned_against_a_light_one(small: Path, tmp_path: Path) -> None:
    job = job_of(small, 12)
    rows = Examples(["zzz", "zzz"], [None] * 2, ["good", "bad"], ["a", "b"])
    for name, weights in (("good", [9.0, 1.0]), ("bad", [1.0, 9.0])):
        train_on(job, small / "model", replace(rows, weights=weights), tmp_path / name, {})
    assert answer(job, tmp_path / "good", "zzz") > 0.5 > answer(job, tmp_path / "bad", "zzz")


def test_a_label_that_the_model_does_not_know_is_refused(small: Path, tmp_path: Path) -> None:
    rows = Examples(["zzz"], [None], ["fine"], ["a"])
    with pytest.raises(DataError, match="not known to the model"):
        train_on(job_of(small, 1), small / "model", rows, tmp_path / "new", {})
    assert not (tmp_path / "new").exists()


def test_a_model_of_another_kind_than_the_rows_is_refused(small: Path, tmp_path: Path) -> None:
    job = job_of(small, 1)
    corpus = job.needs_corpus().model_copy(update={"label_separator": ";"})
    several = job.model_copy(update={"corpus": corpus})
    with pytest.raises(ModelError, match="one class of several, and the rows have several labels"):
        train_on(several, small / "model", ROWS, tmp_path / "a", {})
