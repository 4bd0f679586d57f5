"""A model in memory judges and is attacked in a run; other processes and later runs need its name."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.engine.fingerprint import fingerprint_of
from augment.errors import AugmentError, RequestError
from augment.pipeline.definition import Pipeline
from tests.small import BAD, GOOD, small_job

JUDGED = Pipeline.model_validate(
    {
        "name": "judged",
        "about": "judge by a function",
        "stages": [
            {"kind": "tokenize"},
            {"kind": "attribute"},
            {"kind": "rank", "k": 2},
            {"kind": "delete"},
            {"kind": "judge", "by": "judge"},
        ],
    }
)


def by_word(texts: list[str]) -> list[list[float]]:
    """Return the probabilities of bad and good, by the words the small corpus is made of."""
    good = [sum(word in text for word in GOOD) - sum(word in text for word in BAD) for text in texts]
    return [[0.1, 0.9] if count > 0 else [0.9, 0.1] if count < 0 else [0.5, 0.5] for count in good]


def job_of(small: Path, judge: FunctionModel, **settings: object) -> Job:
    """Return the job of a few small rows with a judge in memory."""
    return small_job(small, limit=40, **settings).model_copy(update={"judge": judge})


def named(name: str | None) -> FunctionModel:
    """Return the function as a model."""
    return FunctionModel(function=by_word, classes=("bad", "good"), name=name)


def test_a_function_judges_every_sample(small: Path, tmp_path: Path) -> None:
    summary = run(JUDGED, job_of(small, named(None)), tmp_path / "out")
    rows = pq.read_table(next((tmp_path / "out" / "data").glob("train*.parquet"))).to_pylist()
    samples = [row for row in rows if row["source_id"] is not None]
    assert samples
    assert summary.counts["samples made"] == len(samples)
    for row in samples:
        wanted = by_word([row["review"]])[0]
        gold = ("bad", "good").index(row["label"])
        assert row["judge_p_gold_after"] == pytest.approx(wanted[gold])


def test_a_run_with_an_unnamed_model_is_not_resumed_but_a_named_one_is(small: Path, tmp_path: Path) -> None:
    run(JUDGED, job_of(small, named(None)), tmp_path / "a")
    with pytest.raises(RequestError, match="has no name") as caught:
        run(JUDGED, job_of(small, named(None)), tmp_path / "a")
    assert len(str(caught.value).splitlines()) == 3
    run(JUDGED, job_of(small, named("v1")), tmp_path / "b")
    assert "already finished" in run(JUDGED, job_of(small, named("v1")), tmp_path / "b").notices[0]
    with pytest.raises(AugmentError, match="another"):
        run(JUDGED, job_of(small, named("v2")), tmp_path / "b")


def test_the_fingerprint_is_that_of_the_name(small: Path) -> None:
    one, same, other = (fingerprint_of(JUDGED, job_of(small, named(name))) for name in ("v1", "v1", "v2"))
    assert one == same
    assert one["models"] != other["models"]


@pytest.mark.parametrize("executor", ["processes", "ray", "rank"])
def test_an_unnamed_model_goes_to_no_other_process(small: Path, tmp_path: Path, executor: str) -> None:
    with pytest.raises(RequestError, match="no other process can know it"):
        run(JUDGED, job_of(small, named(None), executor=executor), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_function_that_cannot_be_sent_is_refused(small: Path, tmp_path: Path) -> None:
    local = FunctionModel(function=lambda texts: by_word(texts), classes=("bad", "good"), name="v1")
    with pytest.raises(RequestError, match="cannot be sent to another process"):
        run(JUDGED, job_of(small, local, executor="processes"), tmp_path / "out")


def test_a_function_that_fails_stops_the_run_with_the_reason(small: Path, tmp_path: Path) -> None:
    def broken(texts: list[str]) -> list[list[float]]:
        raise KeyError(texts[0][:0] or "weights")

    with pytest.raises(AugmentError, match="KeyError: 'weights'"):
        run(JUDGED, job_of(small, FunctionModel(function=broken, classes=("bad", "good"))), tmp_path / "out")


def test_a_function_is_explained_attacked_and_drawn_without_any_model_folder(
    small: Path, tmp_path: Path
) -> None:
    """The words it decides by are left out until it answers otherwise, which is as it is with a linear count of words."""
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "method": "occlusion", "quantity": "probability"},
        {"kind": "rank", "fraction": 1.0},
        {
            "kind": "attack",
            "order": "scores",
            "search": "greedy",
            "sources": [],
            "delete": True,
            "share": 1.0,
        },
        {"kind": "judge"},
    ]
    plan = Pipeline.model_validate({"name": "attacked", "about": "a function", "stages": stages})
    job = small_job(small, limit=20).model_copy(update={"model": named(None)})
    run(plan, job, tmp_path / "out")
    explained = pq.read_table(tmp_path / "out" / "explain" / "source_rows.parquet").to_pylist()
    assert {row["attack"] for row in explained} <= {"changed", "unchanged", "skipped"}
    assert "changed" in {row["attack"] for row in explained}
    for row in explained:
        assert (row["ig_gap"], row["ig_error"], row["ig_path"], row["pieces"]) == (None,) * 4
        telling = {token for token, score in zip(row["tokens"], row["ig"], strict=True) if abs(score) > 0.1}
        assert all(any(token in word for word in (*GOOD, *BAD)) for token in telling)
    samples = pq.read_table(tmp_path / "out" / "explain" / "samples.parquet").to_pylist()
    assert {sample["pred_before"] != sample["pred_after"] for sample in samples} == {True}
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
