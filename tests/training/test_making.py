"""Training: every kind of start, held-out scores, and a model folder that is safe and whole."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from augment.cli.terminal import print_training
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig, TrainConfig
from augment.errors import DataError, ModelError, RequestError
from augment.models.model_folder import look
from augment.training import SCRATCH, Training, default_epochs, train
from tests.small import small_job, write_corpus


def starting(job: Job, folder: Path, **settings: object) -> Job:
    """Return the job with another start and model folder."""
    values = {**job.train.model_dump(), "epochs": 1, **settings}
    if values["start"] not in SCRATCH or "vectors" in settings:
        # It has the pieces of another.
        values.pop("vocabulary")
    return job.model_copy(
        update={
            "train": TrainConfig.model_validate(values),
            "model": ModelConfig(path=str(folder), max_length=64),
        }
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, rows=150)
    return folder


def test_a_textcnn_learns_the_small_corpus_and_reports_how_well(corpus: Path, tmp_path: Path) -> None:
    result = train(starting(small_job(corpus), tmp_path / "m", epochs=6, baseline=True))
    assert result.accuracy > 0.8
    assert result.baseline_accuracy is not None
    assert result.baseline_accuracy > 0.8
    assert result.held_out == "test"
    assert look(result.folder).names == ("bad", "good")
    assert sorted(path.suffix for path in result.folder.iterdir()) == [
        ".json",
        ".json",
        ".json",
        ".json",
        ".safetensors",
    ]


def test_the_same_job_gives_the_same_model(corpus: Path, tmp_path: Path) -> None:
    one, two = (train(starting(small_job(corpus), tmp_path / name)).folder for name in ("a", "b"))
    assert look(one).digest() == look(two).digest()


def test_a_bert_from_scratch_can_be_fine_tuned_further_and_cut(corpus: Path, tmp_path: Path) -> None:
    scratch = train(starting(small_job(corpus), tmp_path / "bert", start="bert-small"))
    cut = train(starting(small_job(corpus), tmp_path / "cut", start=str(scratch.folder), layers=1))
    assert look(cut.folder).kind == "bert"
    assert '"num_hidden_layers": 1' in (cut.folder / "config.json").read_text(encoding="utf-8")


def test_pairs_are_trained_with_a_bert_and_refused_by_a_textcnn(tmp_path: Path) -> None:
    rows = (
        {"sentence1": f"怎么还款 {n}", "sentence2": "如何还款" if n % 2 else "天气", "label": str(n % 2)}
        for n in range(60)
    )
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "pairs.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = small_job(tmp_path).model_copy(
        update={"corpus": CorpusConfig.model_validate({"root": str(tmp_path), "files": "pairs.jsonl"})}
    )
    assert train(starting(job, tmp_path / "m", start="bert-small")).rows > 30
    with pytest.raises(RequestError, match="pairs"):
        train(starting(job, tmp_path / "n"))


def test_a_limit_takes_fewer_rows(corpus: Path, tmp_path: Path) -> None:
    assert train(starting(small_job(corpus), tmp_path / "m", limit=40)).rows == 40


def test_rows_that_cannot_be_used_are_counted_by_reason_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_corpus(tmp_path, rows=150)
    path.write_text(
        path.read_text(encoding="utf-8") + 'x1,"",good,n\nx2,"  ",bad,n\nx3,好,,n\n', encoding="utf-8"
    )
    trained = train(starting(small_job(tmp_path), tmp_path / "m"))
    assert trained.rejected == {"empty review": 2, "no label": 1}
    print_training(trained)
    assert "rows that cannot be used: empty review (2), no label (1)" in capsys.readouterr().err


def test_labels_are_counted_and_one_that_may_be_misspelt_is_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = [(f"好 {row} good", "good") for row in range(60)] + [(f"坏 {row}", "bad") for row in range(60)]
    rows = [
        {"text": text, "label": label} for text, label in [*texts, *[(f"好 x{n}", "Good") for n in range(20)]]
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text(lines, encoding="utf-8")
    files = {"train": "train.jsonl", "test": "test.jsonl"}
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": files})
    trained = train(starting(small_job(tmp_path).model_copy(update={"corpus": corpus}), tmp_path / "m"))
    assert trained.labels == {"Good": 20, "bad": 60, "good": 60}
    print_training(trained)
    message = capsys.readouterr().err
    assert "labels: Good (20), bad (60), good (60)" in message
    assert "note: the label `Good` (rows: 20) reads like `good` (rows: 60): is it misspelt?" in message


@pytest.mark.parametrize(
    ("accuracy", "message"),
    [(0.53, "raise train.epochs"), (0.33, "swapped labels, or a shortcut"), (0.7, "")],
)
def test_a_model_that_has_learned_nothing_and_one_that_has_learned_something_else_are_distinguished(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], accuracy: float, message: str
) -> None:
    print_training(Training(tmp_path, "textcnn", 100, "test", 50, accuracy, accuracy, 0.53, None, 1.0))
    printed = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert len(printed) == bool(message)
    assert all(message in line for line in printed)


@pytest.mark.parametrize(("error", "message"), [(0.5, "no better"), (0.7, "worse"), (0.3, "")])
def test_a_model_of_numbers_is_compared_with_the_mean_of_the_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: float, message: str
) -> None:
    made = Training(tmp_path, "textcnn", 100, "test", 50, 0.2, 0.0, 0.9, None, 1.0, kind="regression")
    print_training(replace(made, mean_error=error, usual_error=0.5))
    printed = capsys.readouterr().err
    assert ("the mean of the labels (mean error 0.5000)" in printed) == bool(message)
    assert message in printed
    assert "most frequent" not in printed


def test_rows_of_which_training_reads_the_beginning_are_reported(tmp_path: Path) -> None:
    job = starting(small_job(tmp_path), tmp_path / "m")
    path = write_corpus(tmp_path, rows=60)
    assert not any("longer" in notice for notice in train(job).notices)
    lines = path.read_text(encoding="utf-8").splitlines()
    long = [line.replace(',"', ',"' + "房间很好 " * 40, 1) for line in lines[1:4]]
    path.write_text("\n".join([*lines[:1], *long, *lines[4:]]) + "\n", encoding="utf-8")
    (notice,) = [each for each in train(job).notices if "longer" in each]
    assert "rows are longer than `model.max_length` (64 pieces): training reads the beginning" in notice
    first = job.model_copy(update={"model": job.needs_model().model_copy(update={"windows": "first"})})
    assert not any("longer" in each for each in train(first).notices)


def test_a_corpus_without_labels_or_with_one_cannot_be_learned(tmp_path: Path) -> None:
    (tmp_path / "small.csv").write_text("text\n" + "好\n很好\n真好\n" * 20, encoding="utf-8")
    with pytest.raises(DataError, match="no labels"):
        train(small_job(tmp_path))
    (tmp_path / "small.csv").write_text(
        "text,label\n" + "".join(f"好{n},x\n" for n in range(60)), encoding="utf-8"
    )
    with pytest.raises(DataError, match="same label"):
        train(small_job(tmp_path))


def test_a_start_that_is_not_there_is_refused(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        train(starting(small_job(corpus), tmp_path / "m", start="./nowhere/model"))


def test_saving_replaces_only_a_model_of_ours_and_only_its_files(corpus: Path, tmp_path: Path) -> None:
    folder = tmp_path / "m"
    train(starting(small_job(corpus), folder))
    (folder / "notes.txt").write_text("years of work", encoding="utf-8")
    train(starting(small_job(corpus), folder))
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "years of work"
    (folder / "augment.json").unlink()
    with pytest.raises(RequestError, match="did not make"):
        train(starting(small_job(corpus), folder))


@pytest.mark.parametrize(
    ("start", "rows", "requested"),
    [
        ("textcnn", 100, 20),
        ("textcnn", 4000, 5),
        ("textcnn", 10**6, 3),
        ("some/encoder", 20, 60),
        ("some/encoder", 100, 60),
        ("some/encoder", 1000, 7),
        ("some/encoder", 4000, 3),
    ],
)
def test_few_rows_are_passed_through_often(start: str, rows: int, requested: int) -> None:
    assert default_epochs(TrainConfig(start=start), rows) == requested


def test_steps_are_counted_in_place_of_epochs(corpus: Path, tmp_path: Path) -> None:
    message: list[tuple[int, int]] = []
    job = starting(small_job(corpus), tmp_path / "m", steps=7, epochs=None)
    train(job, lambda phase, done, total: message.append((done, total)))
    assert message[-1] == (7, 7)


def test_r_drop_trains_another_model_than_one_pass_does(corpus: Path, tmp_path: Path) -> None:
    plain = train(starting(small_job(corpus), tmp_path / "plain", epochs=6))
    twice = train(starting(small_job(corpus), tmp_path / "twice", epochs=6, r_drop=1.0))
    assert twice.accuracy > 0.8
    assert look(plain.folder).digest() != look(twice.folder).digest()


def test_frozen_embeddings_stay_as_they_began(corpus: Path, tmp_path: Path) -> None:
    first = train(starting(small_job(corpus), tmp_path / "first", start="bert-small"))
    kept, moved = (
        train(starting(small_job(corpus), tmp_path / name, start=str(first.folder), freeze=number))
        for name, number in (("kept", 1), ("moved", None))
    )
    before, same, other = (
        load_file(training.folder / "model.safetensors")["bert.embeddings.word_embeddings.weight"]
        for training in (first, kept, moved)
    )
    assert bool((before == same).all())
    assert bool((before != other).any())


def test_a_textcnn_on_the_vectors_of_an_encoder_leaves_them_as_they_are(corpus: Path, tmp_path: Path) -> None:
    encoder = train(starting(small_job(corpus), tmp_path / "encoder", start="bert-small")).folder
    result = train(starting(small_job(corpus), tmp_path / "on", vectors=str(encoder), epochs=6))
    assert result.accuracy > 0.8
    before, after = (load_file(folder / "model.safetensors") for folder in (encoder, result.folder))
    theirs = before["bert.embeddings.word_embeddings.weight"]
    apart, kept = (torch.pdist(vectors[1:100]) for vectors in (theirs, after["embedding.weight"]))
    torch.testing.assert_close(kept / kept.mean(), apart / apart.mean(), atol=1e-3, rtol=0)


@pytest.mark.parametrize("start", ["bert-small", "some/folder"])
def test_vectors_are_for_a_textcnn(start: str) -> None:
    with pytest.raises(ValueError, match="vectors"):
        TrainConfig(start=start, vectors="e5")
