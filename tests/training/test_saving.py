"""Saving a model: wherever it is killed or fails, the folder holds the old model or the new one, whole, and files of others."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from augment.config.job import Job
from augment.config.sections import ModelConfig, TrainConfig
from augment.models.classifier import open_classifier
from augment.models.folds import folds_in
from augment.tables.locking import locked, sweep_staged
from augment.training import train
from augment.training.out_of_fold import ANSWERS, read_answers
from augment.training.saving import NEW, finish_swap, save, swap
from tests.engine.killing import calls_of, failed_at, killed_at
from tests.small import small_job, write_corpus

# What no training wrote.
NOTES = "notes.tmp-draft.txt"


def job(home: Path, folder: Path, **settings: object) -> Job:
    """Return a job that trains a small model into a folder."""
    fresh = {"start": "textcnn", "epochs": 1, "batch_size": 32, "vocabulary": 300, "limit": 60, **settings}
    model, training = ModelConfig(path=str(folder), max_length=32), TrainConfig.model_validate(fresh)
    return small_job(home).model_copy(update={"model": model, "train": training})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small corpus and two models that differ in weights and words."""
    folder = tmp_path_factory.mktemp("models")
    write_corpus(folder, rows=120)
    train(job(folder, folder / "one"))
    train(job(folder, folder / "two", vocabulary=110))
    return folder


def held(folder: Path) -> dict[str, bytes]:
    """Return what decides the answers of a model: its weights and its words."""
    names = ("model.safetensors", "config.json", "tokenizer.json")
    return {name: (folder / name).read_bytes() for name in names}


def saving(home: Path, folder: Path) -> Callable[[], None]:
    """Return what saves the second model into a folder, as `train` does."""
    classifier = open_classifier(job(home, home / "two").needs_model(), small_job(home).run)

    def work() -> None:
        """Save it."""
        with locked(folder) as lock:
            finish_swap(lock.folder)
            sweep_staged(lock.folder)
            with lock.staged() as staged:
                save(staged / NEW, classifier.model, classifier.tokenizer, {})
                swap(staged, lock.folder)

    return work


@pytest.mark.parametrize("ended_at", [killed_at, failed_at])
def test_saving_that_ends_between_any_two_steps_leaves_one_whole_model(
    home: Path, tmp_path: Path, ended_at: Callable[[int, Callable[[], None]], bool]
) -> None:
    folder = tmp_path / "model"
    old, new = held(home / "one"), held(home / "two")
    assert old["tokenizer.json"] != new["tokenizer.json"]
    work = saving(home, folder)

    def begin() -> None:
        """Put the first model there."""
        folder.mkdir(exist_ok=True)
        for path in (home / "one").iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        (folder / NOTES).write_text("mine", encoding="utf-8")

    begin()
    calls = calls_of(work)
    assert held(folder) == new
    seen = set[bool]()
    for index in sorted({*random.Random(0).sample(range(calls), 6), *range(calls - 16, calls)}):
        begin()
        assert ended_at(index, work), index
        with locked(folder) as lock:
            # As the next training begins.
            finish_swap(lock.folder)
            sweep_staged(lock.folder)
        assert held(folder) in (old, new), index
        assert (folder / NOTES).read_text(encoding="utf-8") == "mine"
        assert [path.name for path in tmp_path.iterdir()] == ["model"], index
        seen.add(held(folder) == new)
    assert seen == {True, False}


def test_a_training_that_fails_before_it_is_done_leaves_the_old_model(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    train(job(home, folder))
    before = held(folder)

    def stop(phase: str, done: int, total: int) -> None:
        """Stop when the fold models are being trained: the new model of all rows is saved already."""
        if "fold" in phase:
            raise KeyboardInterrupt

    folded = job(home, folder, vocabulary=110)
    model = folded.needs_model().model_copy(update={"folds": 2})
    with pytest.raises(KeyboardInterrupt):
        train(folded.model_copy(update={"model": model}), stop)
    assert held(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_fold_models_and_their_answers_come_and_go_with_the_model(home: Path, tmp_path: Path) -> None:
    """They are of that training: next to the next model they would list rows that it has seen."""
    folder = tmp_path / "model"
    plain = job(home, folder)
    folded = plain.model_copy(update={"model": plain.needs_model().model_copy(update={"folds": 2})})
    train(folded)
    first = (folder / ANSWERS).read_bytes()
    (folder / NOTES).write_text("mine", encoding="utf-8")
    assert len(folds_in(folder)) == 2
    train(folded)
    assert (folder / ANSWERS).read_bytes() == first
    assert read_answers(folder) is not None
    train(plain)
    assert not (folder / ANSWERS).exists()
    assert not folds_in(folder)
    assert (folder / NOTES).read_text(encoding="utf-8") == "mine"
