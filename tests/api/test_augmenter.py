"""Samples in memory: the same rows as a run gives, the user's table as it was, labels as they were, nothing left behind."""

import logging
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from datasets import Dataset
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline as SklearnPipeline
from sklearn.pipeline import make_pipeline

import augment
from augment import Augmenter
from augment.errors import DataError, RequestError
from augment.pipeline.definition import Pipeline
from augment.stages import Attribute, Rank, Substitute, Tokenize
from augment.text.edits import replay
from tests.small import small_job

CPU = {"device": "cpu", "threads": 1}


@pytest.fixture(scope="module")
def table(small: Path) -> pd.DataFrame:
    """Return 24 rows of the small corpus, with stars for labels and columns of other types."""
    rows = pd.read_csv(small / "small.csv").head(24)
    rows["stars"] = rows.pop("label").map({"good": 5, "bad": 1})
    rows["day"] = pd.Timestamp("2026-01-01", tz="UTC")
    rows["kind"] = pd.Categorical(["a", "b"] * 12)
    return rows.set_index(pd.Index([f"row {number}" for number in range(24)]))


@pytest.fixture(scope="module")
def classifier(table: pd.DataFrame) -> SklearnPipeline:
    """Return a pipeline of scikit-learn for the stars."""
    model = make_pipeline(TfidfVectorizer(analyzer="char", ngram_range=(1, 2)), LogisticRegression(C=100))
    return model.fit(table["review"], table["stars"])


@pytest.fixture(scope="module")
def augmenter(classifier: SklearnPipeline) -> Augmenter:
    """Return an augmenter by the pipeline of scikit-learn."""
    return Augmenter(classifier, "augment-wide")


def test_samples_replay_and_have_the_label_of_their_source(augmenter: Augmenter, table: pd.DataFrame) -> None:
    samples = augmenter(table["review"], table["stars"])
    assert len(samples) > 24
    for sample in samples:
        source = table.iloc[sample.source]
        assert sample.label == source["stars"]
        assert type(sample.label) is int
        assert replay(source["review"], None, sample.edits)[0] == sample.text == str(sample)
        assert sample.verdict == "keep"
        assert sample.probability is not None
        assert sample.probability >= 0.7


def test_the_same_samples_come_out_each_time_and_in_any_order(
    augmenter: Augmenter, classifier: SklearnPipeline, table: pd.DataFrame
) -> None:
    first = augmenter(table["review"], table["stars"])
    assert Augmenter(classifier, "augment-wide")(table["review"], table["stars"]) == first
    turned = augmenter(table["review"][::-1], table["stars"][::-1])
    assert {sample.text for sample in turned} == {sample.text for sample in first}
    other = Augmenter(classifier, "augment-wide", seed=1)(table["review"], table["stars"])
    assert {sample.text for sample in other} != {sample.text for sample in first}


@pytest.mark.parametrize("pipeline", ["augment", "augment-wide", "aeda"])
def test_a_run_on_the_same_rows_gives_the_same_samples(small: Path, tmp_path: Path, pipeline: str) -> None:
    job = small_job(small, limit=40)
    summary = augment.run(pipeline, job, tmp_path / "run")
    rows = pq.read_table(summary.folder / "explain/source_rows.parquet").to_pylist()
    made = pq.read_table(summary.folder / "explain/samples.parquet").to_pylist()
    augmenter = Augmenter(small / "model", pipeline, run={**CPU, "shard_rows": 64})
    samples = augmenter(
        [row["text"] for row in rows], [row["label"] for row in rows], ids=[row["id"] for row in rows]
    )
    kept = {row["id"]: row["text"] for row in made if row["verdict"] in ("keep", None)}
    assert {sample.id: sample.text for sample in samples} == kept
    assert kept


def test_a_dataframe_keeps_its_columns_types_and_rows(augmenter: Augmenter, table: pd.DataFrame) -> None:
    before = table.copy()
    result = augmenter.transform(table, text="review", label="stars")
    pd.testing.assert_frame_equal(table, before)
    assert list(result.columns) == [*table.columns, "method"]
    assert result.dtypes[:-1].equals(table.dtypes)
    sources = result[result["method"].isna()].drop(columns="method")
    pd.testing.assert_frame_equal(sources, table)
    samples = result[result["method"].notna()]
    assert len(samples) > 24
    assert set(samples.index) <= set(table.index)
    for name, row in samples.iterrows():
        source = table.loc[str(name)]
        assert row["stars"] == source["stars"]
        assert row["review"] != source["review"]


def test_a_column_called_method_stays(augmenter: Augmenter, table: pd.DataFrame) -> None:
    result = augmenter.transform(table.assign(method="mine"), text="review", label="stars")
    assert set(result["method"]) == {"mine"}
    assert result["augment_method"].notna().any()


def test_an_index_that_repeats_is_no_obstacle(augmenter: Augmenter, table: pd.DataFrame) -> None:
    result = augmenter.transform(table.set_index(pd.Index([0] * 24)), text="review", label="stars")
    assert result["review"].nunique() == len(result)


def test_only_some_labels_get_samples(
    classifier: SklearnPipeline, augmenter: Augmenter, table: pd.DataFrame
) -> None:
    result = Augmenter(classifier, "augment-wide", only=[1]).transform(table, text="review", label="stars")
    made = result[result["method"].notna()]
    assert set(made["stars"]) == {1}
    assert len(result) == len(table) + len(made)
    assert not set(made["review"]) & set(table["review"])
    everything = augmenter.transform(table, text="review", label="stars")
    assert set(made["review"]) == set(everything["review"][everything["stars"] == 1]) - set(table["review"])


def test_a_dataset_is_mapped_in_batches(classifier: SklearnPipeline, table: pd.DataFrame) -> None:
    augmenter = Augmenter(classifier, "augment-wide", text="review", label="stars")
    rows = Dataset.from_pandas(table[["review", "stars"]], preserve_index=False)
    mapped = rows.map(augmenter.batch, batched=True, batch_size=12)
    assert mapped.column_names == ["review", "stars", "method"]
    assert mapped.features["stars"] == rows.features["stars"]
    assert len(mapped) > 48
    assert mapped[0] == {**rows[0], "method": None}


def test_a_batch_without_the_labels_that_get_samples_stays_as_it_is(classifier: SklearnPipeline) -> None:
    batch: dict[str, Sequence[object]] = {"text": ["很好 good"], "label": [5]}
    result = Augmenter(classifier, "augment-wide", only=[1]).batch(batch)
    assert result == {**batch, "method": [None]}


def test_a_function_gets_both_texts_of_pairs() -> None:
    def same(pairs: list[tuple[str, str]]) -> list[list[float]]:
        return [[0.1, 0.9] if one[:1] == other[:1] else [0.9, 0.1] for one, other in pairs]

    augmenter = Augmenter(same, "augment-wide", classes=["no", "yes"])
    samples = augmenter([("怎么 偿还 借款", "怎么 还钱 呢")], ["yes"])
    assert samples
    assert all(sample.text_pair is not None for sample in samples)


def test_what_a_model_without_gradients_changes_is_reported(
    classifier: SklearnPipeline, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "augment"):
        augmenter = Augmenter(classifier, "attack-ig")
    assert "occlusion" in augmenter.notices[0]
    assert "neighbours" in augmenter.notices[1]
    assert caplog.messages == list(augmenter.notices[:2])


def test_settings_change_a_stage(classifier: SklearnPipeline, table: pd.DataFrame) -> None:
    augmenter = Augmenter(classifier, "augment-wide", settings={"substitute.samples": 1, "delete.samples": 1})
    samples = augmenter(table["review"], table["stars"])
    assert max(Counter(sample.source for sample in samples).values()) == 2


def test_a_list_of_stages_is_a_pipeline(classifier: SklearnPipeline, table: pd.DataFrame) -> None:
    stages = [Tokenize(), Attribute(), Rank(k=3), Substitute(samples=2)]
    by_list, by_pipeline = (
        Augmenter(classifier, each)(table["review"], table["stars"]) for each in (stages, Pipeline(stages))
    )
    assert by_list == by_pipeline
    assert {sample.method for sample in by_list} == {"substitute_other"}
    assert {sample.verdict for sample in by_list} == {None}


def test_a_pipeline_that_asks_no_model_needs_neither_model_nor_labels() -> None:
    texts = ["The room was clean and the breakfast was good.", "总体来说 房间 很好 早餐 也 不错"]
    samples = Augmenter(pipeline="eda")(texts)
    assert {sample.source for sample in samples} == {0, 1}
    assert {sample.label for sample in samples} == {None}


def test_labels_with_other_names_are_mapped(small: Path) -> None:
    augmenter = Augmenter(small / "model", "augment-wide", label_names={1: "good", 0: "bad"}, run=CPU)
    samples = augmenter(["我觉得 房间 很好 1", "this time the movie was awful 2"], [1, 0])
    assert {sample.label for sample in samples} <= {0, 1}
    assert samples


def test_an_augmenter_can_be_sent_to_another_process(small: Path) -> None:
    augmenter = Augmenter(small / "model", "augment-wide", run=CPU)
    first = augmenter("我觉得 房间 很好 1", "good")
    assert pickle.loads(pickle.dumps(augmenter))("我觉得 房间 很好 1", "good") == first


def test_nothing_is_left_behind(
    augmenter: Augmenter, table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    augmenter.transform(table, text="review", label="stars")
    assert list(tmp_path.iterdir()) == []


def test_unknown_labels_name_what_to_write(small: Path) -> None:
    with pytest.raises(DataError, match="its classes are bad, good") as caught:
        Augmenter(small / "model", run=CPU)(["很好"], [3])
    assert "label_names={3: 'bad'}" in caught.value.hint


def test_labels_are_needed_where_they_are_checked(augmenter: Augmenter) -> None:
    with pytest.raises(RequestError, match="there are none"):
        augmenter(["很好"])
