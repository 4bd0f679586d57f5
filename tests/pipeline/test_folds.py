"""Cross-fitting: a row of train is shown to the model that did not see it, whoever treats it and in whatever company."""

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.api.check import check_run
from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig
from augment.corpus import fold_of, with_folds
from augment.engine.shard import read_receipt
from augment.errors import DataError, FingerprintError, ModelError
from augment.models.folds import folds_in
from augment.output.manifest import Summary
from augment.output.notices import OWN_ROWS
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.pipeline.folds import by_fold, in_order
from augment.stages import Attribute, Tokenize
from augment.training import train
from augment.training.out_of_fold import read_answers
from augment.verification import verify
from tests.small import small_job
from tests.texts import TEXTS

FOLDS = 2
WORDS = ("房间", "服务", "𠮷野家", "ＡＢＣ", "👩‍👩‍👧", "lovely", "awful", "movie", "plot", "早餐")


def folded_job(folder: Path, folds: int | None = FOLDS, settings: Mapping[str, object] | None = None) -> Job:
    """Return the small job with fold models in `folded`, which are enough to be distinguished."""
    job = small_job(folder, **(settings or {}))
    longer = job.train.model_copy(update={"epochs": 10})
    model = ModelConfig(path=str(folder / "folded"), max_length=64, folds=folds)
    return job.model_copy(update={"model": model, "train": longer})


@pytest.fixture(scope="module")
def folded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a corpus whose labels are drawn by chance, some texts twice, and models trained on it."""
    chance, folder = random.Random(1), tmp_path_factory.mktemp("folded")
    texts = [
        " ".join(chance.sample(WORDS, 3)) + f" {chance.choice(TEXTS[:3]).strip()} q{n}" for n in range(80)
    ]
    rows = [
        {"id": f"r{n}", "review": text, "label": chance.choice(("good", "bad"))}
        for n, text in enumerate(texts)
    ]
    rows += [{**row, "id": f"{row['id']}b"} for row in rows[:20]]
    pq.write_table(pa.Table.from_pylist(rows), folder / "small.parquet")
    job = folded_job(folder)
    result = train(with_file(job, folder))
    assert [fold.fold for fold in result.folds] == [0, 1]
    assert sum(fold.rows for fold in result.folds) == result.rows
    answers = read_answers(result.folder)
    assert answers is not None
    assert answers.classes == ("bad", "good")
    assert len(answers.rows) <= len(answers.probabilities) == result.rows
    assert answers.probabilities.sum(1) == pytest.approx(1)
    assert result.fold_accuracy is not None
    assert result.fold_accuracy < 0.8
    return folder


def with_file(job: Job, folder: Path) -> Job:
    """Return the job on the Parquet file of a folder."""
    corpus = CorpusConfig.model_validate({"root": str(folder), "files": "small.parquet"})
    return job.model_copy(update={"corpus": corpus})


@pytest.fixture(scope="module")
def explained(folded: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run of `explain` on all splits, out of fold."""
    return run("explain", with_file(folded_job(folded), folded), tmp_path_factory.mktemp("runs") / "e")


@pytest.fixture(scope="module")
def augmented(folded: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run of `augment`, out of fold."""
    job = with_file(folded_job(folded, settings={"shard_rows": 40}), folded)
    return run("augment-wide", job, tmp_path_factory.mktemp("runs") / "a")


def source_rows(summary: Summary) -> list[dict[str, object]]:
    """Return the rows processed, with what was found of them."""
    return list(pq.read_table(summary.folder / "explain" / "source_rows.parquet").to_pylist())


def right(summary: Summary) -> float:
    """Return the share of the rows of train that are predicted right."""
    return float(
        np.mean([row["ig_pred"] == row["label"] for row in source_rows(summary) if row["split"] == "train"])
    )


@given(text=st.sampled_from(TEXTS), pair=st.none() | st.sampled_from(TEXTS), folds=st.integers(2, 100))
def test_the_fold_depends_on_the_texts_alone_and_only_rows_of_train_have_one(
    text: str, pair: str | None, folds: int
) -> None:
    columns = {"id": ["a", "b", "c"], "text": [text] * 3, "text_pair": pa.array([pair] * 3, pa.string())}
    rows = pa.RecordBatch.from_pydict({**columns, "split": ["train", "test", "train"]})
    result = with_folds(rows, folds).column("fold").to_pylist()
    assert result == [fold_of(text, pair, folds), None, fold_of(text, pair, folds)]
    assert 0 <= result[0] < folds


@given(sizes=st.lists(st.tuples(st.none() | st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=20))
def test_rows_parted_by_fold_come_together_as_they_were(sizes: list[tuple[int | None, int]]) -> None:
    rows = [
        {"id": f"r{n}~{k}" if k else f"r{n}", "source_id": f"r{n}" if k else None, "fold": fold}
        for n, (fold, samples) in enumerate(sizes)
        for k in range(samples + 1)
    ]
    schema = pa.schema([("id", pa.string()), ("source_id", pa.string()), ("fold", pa.int16())])
    table = pa.Table.from_pylist(rows, schema=schema)
    parts = by_fold(table, 5)
    assert all(set(part.column("fold").to_pylist()) == {fold} for fold, part in parts)
    assert in_order(table, [part for _, part in parts]).to_pylist() == rows


def test_each_row_is_explained_by_the_model_that_did_not_see_it(
    folded: Path, explained: Summary, tmp_path: Path
) -> None:
    whole = with_file(folded_job(folded, folds=None), folded)
    alone: dict[object, dict[object, dict[str, object]]] = {}
    for fold in (None, *range(FOLDS)):
        model = ModelConfig(
            path=str(folded / "folded" / (f"fold-{fold}" if fold is not None else "")), max_length=64
        )
        summary = run("explain", whole.model_copy(update={"model": model}), tmp_path / str(fold))
        alone[fold] = {row["id"]: row for row in source_rows(summary)}
    result = source_rows(explained)
    assert {row["fold"] for row in result} == {None, 0, 1}
    for row in result:
        expected = alone[row["fold"]][row["id"]]
        assert {name: row[name] for name in expected if not name.startswith("ig")} == {
            name: expected[name] for name in expected if not name.startswith("ig")
        }
        np.testing.assert_allclose(np.asarray(row["ig"]), np.asarray(expected["ig"]), atol=1e-4)
        assert (row["fold"] is None) == (row["split"] != "train")
    assert explained.counts["rows explained out of fold"] == sum(row["fold"] is not None for row in result)


def test_labels_drawn_by_chance_are_known_by_heart_in_sample_only(
    folded: Path, explained: Summary, tmp_path: Path
) -> None:
    whole = run("explain", with_file(folded_job(folded, folds=None), folded), tmp_path / "in")
    assert right(whole) > 0.9
    assert right(explained) < 0.8


def test_a_row_and_its_copy_are_shown_to_the_same_model(explained: Summary) -> None:
    rows = {row["id"]: row for row in source_rows(explained)}
    copies = [name for name in rows if str(name).endswith("b")]
    assert copies
    assert all(rows[name]["fold"] == rows[str(name)[:-1]]["fold"] for name in copies)


def test_samples_are_judged_by_the_model_of_their_source_row(folded: Path, augmented: Summary) -> None:
    from augment.models.classifier import open_classifier

    job = with_file(folded_job(folded), folded)
    fold = {row["id"]: int(str(row["fold"])) for row in source_rows(augmented)}
    table = pq.read_table(augmented.folder / "explain" / "samples.parquet")
    assert table.num_rows
    for row in table.to_pylist():
        classifier = open_classifier(job.needs_model().of_fold(fold[row["source_id"]]), job.run)
        result = classifier.ask([row["text"]], [None])[0]
        np.testing.assert_allclose(result, row["soft_label"], atol=1e-4)


def test_processes_give_the_same_values(folded: Path, tmp_path: Path) -> None:
    runs = []
    for name, how in (("inline", {}), ("processes", {"executor": "processes", "workers": 2})):
        job = with_file(folded_job(folded, settings={"shard_rows": 40, **how}), folded)
        summary = run("explain", job, tmp_path / name)
        runs.append([read_receipt(path) for path in sorted((summary.folder / "run").glob("*.done.json"))])
    assert len(runs[0]) > 1
    assert runs[0] == runs[1]


def test_other_shards_give_the_same_rows(folded: Path, augmented: Summary, tmp_path: Path) -> None:
    job = with_file(folded_job(folded, settings={"shard_rows": 30}), folded)
    summary = run("augment-wide", job, tmp_path / "other")
    names = ["id", "text", "method", "verdict"]
    one, other = (
        pq.read_table(each.folder / "explain" / "samples.parquet", columns=names).to_pylist()
        for each in (summary, augmented)
    )
    assert one == other
    assert verify(summary.folder).ok


def test_a_table_in_memory_is_divided_too(folded: Path, explained: Summary) -> None:
    job = with_file(folded_job(folded), folded)
    rows = sorted(source_rows(explained), key=lambda row: str(row["id"]))
    names = ("id", "text", "text_pair", "label", "split")
    table = pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names})
    stages = (Tokenize(kind="tokenize"), Attribute(kind="attribute"))
    applied = apply(Pipeline(name="p", about="", stages=stages), table, job).table
    assert applied.column("id").to_pylist() == [row["id"] for row in rows]
    assert applied.column("fold").to_pylist() == [row["fold"] for row in rows]
    assert applied.column("ig_pred").to_pylist() == [row["ig_pred"] for row in rows]
    assert apply(Pipeline(name="p", about="", stages=stages), table.slice(0, 0), job).table.num_rows == 0


def test_each_fold_large_enough_is_calibrated_by_its_own_texts(folded: Path, tmp_path: Path) -> None:
    rows = [
        {"id": f"r{n}", "review": f"{WORDS[n % 10]} {WORDS[n % 7]} {n}", "label": "good", "split": "train"}
        for n in range(500)
    ]
    rows[0]["label"] = "bad"
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "small.parquet")
    job = with_file(folded_job(folded), tmp_path)
    attribute = Attribute.model_validate({"kind": "attribute", "quantity": "probability"})
    plan = Pipeline(
        name="explain", about="a trial", splits=("train",), stages=(Tokenize(kind="tokenize"), attribute)
    )
    summary = run(plan, job, tmp_path / "out")
    files = sorted(
        path.relative_to(summary.folder).as_posix() for path in summary.folder.rglob("calibration-*.json")
    )
    assert files == [f"run/fold-{fold}/calibration-ig.json" for fold in range(FOLDS)]
    assert {row["ig_path"] for row in source_rows(summary) if row["fold"] is not None} != {None}
    assert {row["ig_status"] for row in source_rows(summary)} <= {"converged", "exact"}
    assert verify(summary.folder).ok
    (summary.folder / "manifest.json").unlink()
    with (summary.folder / files[0]).open("a", encoding="utf-8") as stream:
        stream.write(" ")
    with pytest.raises(DataError, match="calibration was changed"):
        run(plan, job, summary.folder)


def test_a_model_that_judges_rows_it_was_trained_on_is_reported_and_one_that_did_not_see_them_is_not(
    folded: Path, augmented: Summary, tmp_path: Path
) -> None:
    assert OWN_ROWS not in augmented.notices
    job = with_file(folded_job(folded, None), folded)
    assert OWN_ROWS in run("augment-wide", job, tmp_path / "own").notices
    assert OWN_ROWS not in run("explain", job, tmp_path / "explained").notices
    other = tmp_path / "other"
    other.mkdir()
    rows = pq.read_table(folded / "small.parquet")
    pq.write_table(rows.slice(1), other / "small.parquet")
    assert OWN_ROWS not in run("augment-wide", with_file(job, other), tmp_path / "fresh").notices


def test_a_run_with_other_fold_models_is_another_run(folded: Path, tmp_path: Path) -> None:
    job = with_file(folded_job(folded), folded)
    shutil.copytree(folded / "folded", tmp_path / "m")
    copied = job.model_copy(
        update={"model": ModelConfig(path=str(tmp_path / "m"), max_length=64, folds=FOLDS)}
    )
    run("explain", copied, tmp_path / "out")
    for part in ("model.safetensors", "tokenizer.json"):
        shutil.copy(tmp_path / "m" / "fold-1" / part, tmp_path / "m" / "fold-0" / part)
    with pytest.raises(FingerprintError):
        run("explain", copied, tmp_path / "out")


@pytest.mark.parametrize(("folds", "hint"), [(3, "set `folds: 2`"), (5, "set `folds: 2`")])
def test_another_number_of_folds_than_were_trained_is_refused(
    folded: Path, tmp_path: Path, folds: int, hint: str
) -> None:
    job = with_file(folded_job(folded, folds=folds), folded)
    with pytest.raises(ModelError, match=f"folds: {folds}") as raised:
        run("explain", job, tmp_path / "out")
    assert hint in raised.value.hint
    assert not (tmp_path / "out" / "run").exists()
    with pytest.raises(ModelError):
        check_run("explain", job)


def test_training_again_without_folds_leaves_no_fold_models(folded: Path, tmp_path: Path) -> None:
    shutil.copytree(folded / "folded", tmp_path / "m")
    job = with_file(folded_job(folded, folds=None), folded)
    model, settings = (
        ModelConfig(path=str(tmp_path / "m"), max_length=64),
        job.train.model_copy(update={"epochs": 1}),
    )
    train(job.model_copy(update={"model": model, "train": settings}))
    assert folds_in(tmp_path / "m") == []
    with pytest.raises(ModelError, match="holds none"):
        check_run("explain", job.model_copy(update={"model": model.model_copy(update={"folds": 2})}))


def test_folds_that_leave_nothing_to_learn_from_are_refused(tmp_path: Path) -> None:
    labels = ("good", "bad")
    rows = [
        {"id": str(n), "review": labels[n % 2], "label": labels[n % 2], "split": "train"} for n in range(40)
    ]
    pq.write_table(
        pa.Table.from_pylist([*rows, {**rows[0], "id": "t", "split": "test"}]), tmp_path / "small.parquet"
    )
    with pytest.raises(DataError, match="fewer than two labels"):
        train(with_file(folded_job(tmp_path), tmp_path))


def test_model_and_judge_have_the_same_folds_and_no_calibration_of_one_model() -> None:
    model = ModelConfig(path="m", folds=3)
    assert Job(model=model, judge=ModelConfig(path="j")).folds == 3
    with pytest.raises(ValidationError, match="same number"):
        Job(model=model, judge=ModelConfig(path="j", folds=4))
    with pytest.raises(ValidationError, match="calibration"):
        ModelConfig(path="m", folds=3, calibration="c.json")


def test_the_notice_of_a_run_counts_the_rows_out_of_fold(augmented: Summary) -> None:
    card = (augmented.folder / "README.md").read_text(encoding="utf-8")
    assert "| rows explained out of fold |" in card
    assert "did not see it" in card
    assert "out of fold" in (augmented.folder / "report.html").read_text(encoding="utf-8")
    assert augmented.counts["rows explained out of fold"] == len(source_rows(augmented))
