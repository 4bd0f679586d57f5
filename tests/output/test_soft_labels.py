"""Soft labels as an output form: what each row has, what a trainer loads, and when it is refused."""

import json
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import OutputConfig
from augment.errors import RequestError
from augment.models.labels import LabelMap
from augment.output.manifest import Summary
from augment.output.soft_labels import Softener
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.requirements import check_sections
from augment.stages import Judge, Keep
from augment.verification import verify
from tests.small import small_job

LABELS = LabelMap(("bad", "good"))


def plan() -> Pipeline:
    """Return the pipeline `augment` with a rule by which many samples are in doubt."""
    shipped = pipeline_of("augment-wide")
    rules = [{"verdict": "keep", "p_gold_at_least": 0.95}, {"verdict": "soft", "p_gold_at_least": 0.2}]
    strict = Keep.model_validate({"kind": "keep", "rules": rules})
    stages = [strict if isinstance(stage, Keep) else stage for stage in shipped.stages]
    return shipped.model_copy(update={"stages": tuple(stages)})


def softly(job: Job, **output: object) -> Job:
    """Return the job with soft labels."""
    return job.model_copy(update={"output": OutputConfig.model_validate({"labels": "soft", **output})})


@pytest.fixture(scope="module")
def softened(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return a run with soft labels."""
    return run(plan(), softly(small_job(small), soft_share=0.25), tmp_path_factory.mktemp("runs") / "soft")


def one(
    label: str | None, source_label: str | None, verdict: str | None, answer: list[float] | None
) -> list[float] | None:
    """Return the probabilities of one row, a quarter of them the judge's."""
    row = {"label": label, "source_id": source_label, "verdict": verdict, "soft_label": answer}
    schema = pa.schema(
        [*((name, pa.string()) for name in list(row)[:3]), ("soft_label", pa.list_(pa.float32()))]
    )
    result: list[float] | None = (
        Softener("soft_label", LABELS, 0.25).of(pa.Table.from_pylist([row], schema=schema))[0].as_py()
    )
    return result


@given(chance=st.floats(0, 1, width=32))
def test_source_rows_have_their_label_kept_samples_a_mixture_and_samples_in_doubt_the_answer(
    chance: float,
) -> None:
    answer = [1 - chance, chance]
    assert one("good", None, None, answer) == [0, 1]
    assert one("good", "r", "soft", answer) == pytest.approx(answer, abs=1e-6)
    mixed = [0.25 * (1 - chance), 0.75 + 0.25 * chance]
    assert one("good", "r", "keep", answer) == pytest.approx(mixed, abs=1e-6)
    assert one("good", "r", None, None) == [0, 1]
    assert one("strange", None, None, answer) is None
    assert one(None, None, None, None) is None


def test_every_row_of_the_data_has_probabilities_that_sum_to_one(softened: Summary) -> None:
    rows = [
        row
        for path in (softened.folder / "data").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
    ]
    assert {row["verdict"] for row in rows} == {None, "keep", "soft"}
    for row in rows:
        result, given_label = row["label_probabilities"], np.eye(2)[LABELS.ordered.index(row["label"])]
        assert sum(result) == pytest.approx(1)
        if row["source_id"] is None:
            assert result == given_label.tolist()
        elif row["verdict"] == "soft":
            assert result == row["soft_label"]
        else:
            np.testing.assert_allclose(
                result, 0.75 * given_label + 0.25 * np.asarray(row["soft_label"]), atol=1e-6
            )
    assert verify(softened.folder).ok


def test_datasets_loads_them_as_numbers_and_the_card_names_their_order(
    softened: Summary, tmp_path: Path
) -> None:
    loaded = datasets.load_dataset(str(softened.folder), cache_dir=str(tmp_path))
    for split in loaded.values():
        assert split.features["label_probabilities"] == datasets.List(datasets.Value("float32"))
    card = (softened.folder / "README.md").read_text(encoding="utf-8")
    assert "| label_probabilities | probabilities of bad, good, in this order (" in card


def test_samples_in_doubt_join_no_data_of_hard_labels_and_the_run_reports_it(
    small: Path, softened: Summary, tmp_path: Path
) -> None:
    hard = run(plan(), small_job(small), tmp_path / "hard")
    table = pq.read_table(hard.folder / "data" / "train.parquet")
    assert "label_probabilities" not in table.column_names
    assert set(table.column("verdict").drop_null().to_pylist()) == {"keep"}
    dropped = pq.read_table(hard.folder / "dropped.parquet").column("verdict").to_pylist()
    assert dropped.count("soft") == hard.verdicts["soft"] > 0
    assert any("in doubt" in notice and "in dropped.parquet" in notice for notice in hard.notices)
    assert any(
        "in doubt" in notice and "train on label_probabilities" in notice for notice in softened.notices
    )
    assert verify(hard.folder).ok


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_text_formats_have_them_too(small: Path, tmp_path: Path, kind: str) -> None:
    summary = run("explain", softly(small_job(small, limit=20), format=kind), tmp_path / "out")
    text = (summary.folder / "data" / f"train.{kind}").read_text(encoding="utf-8").splitlines()
    if kind == "jsonl":
        assert set(map(tuple, (json.loads(line)["label_probabilities"] for line in text))) == {(0, 1), (1, 0)}
    else:
        assert text[0].endswith(",label_probabilities")


def test_a_source_column_of_that_name_keeps_its_values_under_another(small: Path, tmp_path: Path) -> None:
    rows = [{"text": f"房间 很好 {n}", "label": "good", "label_probabilities": "mine"} for n in range(30)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    job = small_job(small)
    corpus = job.needs_corpus().model_validate({"root": str(tmp_path), "files": "c.parquet"})
    summary = run("explain", softly(job).model_copy(update={"corpus": corpus}), tmp_path / "out")
    result = pq.read_table(summary.folder / "data" / "train.parquet").to_pylist()
    assert {row["label_probabilities_source"] for row in result} == {"mine"}
    assert {tuple(row["label_probabilities"]) for row in result} == {(0, 1)}


def test_soft_labels_without_a_judge_are_refused_where_samples_are_made(small: Path) -> None:
    stages = tuple(stage for stage in plan().stages if not isinstance(stage, Judge | Keep))[:6]
    unjudged = plan().model_copy(update={"stages": stages})
    with pytest.raises(RequestError, match="predicts their labels"):
        check_sections(unjudged, softly(small_job(small)))
    check_sections(unjudged, small_job(small))
    check_sections(pipeline_of("explain"), softly(small_job(small)))
