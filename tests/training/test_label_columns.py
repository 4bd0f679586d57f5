"""Models of several labels and of numbers: trained, saved as what they are, and used by a run."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.errors import DataError, RequestError
from augment.training import train
from tests.several import several_job, write_several


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with rows of several labels and of numbers, made of those of the small corpus."""
    return write_several(tmp_path_factory.mktemp("several"))


def samples(folder: Path) -> list[dict[str, object]]:
    """Return the samples of a run, kept and dropped."""
    parts = [*folder.glob("data/*.parquet"), folder / "dropped.parquet"]
    return [row for part in parts for row in pq.read_table(part).to_pylist() if row["source_id"]]


def test_a_model_of_several_labels_is_trained_and_keeps_samples_whose_labels_hold(
    corpus: Path, tmp_path: Path
) -> None:
    job = several_job(corpus, "labels")
    result = train(job)
    assert result.kind == "multi"
    assert result.macro_f1 > 0.5
    assert set(result.labels) == {"bad", "chinese", "good"}
    config = json.loads((result.folder / "config.json").read_text(encoding="utf-8"))
    assert config["problem_type"] == "multi_label_classification"
    run("augment", job, tmp_path / "out")
    made = samples(tmp_path / "out")
    assert made
    for row in made:
        chance = float(str(row["p_gold_after"]))
        assert (chance >= 0.5) == (row["pred_after"] == row["label"])
        holds = chance >= 0.5 and round(float(str(row["p_gold_before"])) - chance, 5) <= 0.05
        wanted = "keep" if chance >= 0.7 or holds else "soft" if chance >= 0.4 else "drop"
        assert row["verdict"] == wanted


def test_a_model_of_numbers_is_trained_and_keeps_samples_within_the_tolerance(
    corpus: Path, tmp_path: Path
) -> None:
    job = several_job(corpus, "stars", answers="number", epochs=8)
    result = train(job)
    assert (result.kind, result.labels) == ("regression", {})
    assert result.mean_error is not None
    assert result.mean_error < 1
    run("augment", job, tmp_path / "out")
    made = samples(tmp_path / "out")
    assert made
    for row in made:
        near = abs(float(row["soft_label"][0]) - float(str(row["stars"]))) <= 0.5  # type: ignore[index]
        assert near == (float(str(row["p_gold_after"])) >= 0.5)


def test_what_only_classes_have_is_refused_before_anything_is_read(corpus: Path) -> None:
    with pytest.raises(RequestError, match=r"train\.baseline"):
        train(several_job(corpus, "labels", baseline=True))
    with pytest.raises(RequestError, match=r"train\.r_drop"):
        train(several_job(corpus, "stars", answers="number", r_drop=1.0))
    with pytest.raises(DataError, match="labels are numbers"):
        train(several_job(corpus, "text", answers="number"))


def test_a_number_within_the_tolerance_is_predicted_as_its_label(corpus: Path, tmp_path: Path) -> None:
    """In the columns of attributions too: rows that the model is right on are counted by them."""
    job = several_job(corpus, "stars", answers="number", epochs=8)
    if not Path(job.needs_model().path).is_dir():
        train(job)
    run("explain", job, tmp_path / "out")
    names = ["label", "ig_prob", "ig_pred"]
    parts = [pq.read_table(part, columns=names) for part in (tmp_path / "out" / "explain").glob("*.parquet")]
    rows = [row for part in parts for row in part.to_pylist()]
    right = [row for row in rows if abs(row["ig_prob"] - float(row["label"])) <= 0.5]
    assert right
    assert [row for row in rows if row["ig_pred"] == row["label"]] == right
