"""Runs that calibrate first: once, before the corpus is cut, for all shards alike, and never on the quiet."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.engine.phases import LAST
from augment.errors import DataError, FingerprintError, RequestError
from augment.output.manifest import FINISHED
from augment.pipeline.definition import Pipeline
from augment.stages.attribute import Attribute
from augment.stages.tokenize import Tokenize
from tests.models.nets import NETS, save
from tests.small import small_job

ALL = ("train", "validation", "test")


def pipeline(**how: object) -> Pipeline:
    """Return a pipeline that explains a probability, for which a textcnn has no closed form."""
    attribute = Attribute.model_validate({"kind": "attribute", "quantity": "probability", **how})
    return Pipeline(
        name="explain", about="a trial", splits=ALL, stages=(Tokenize(kind="tokenize"), attribute)
    )


def scores(folder: Path) -> Mapping[str, dict[str, object]]:
    """Return what is recorded of each row's attribution, by id."""
    names = ("id", "ig", "ig_status", "ig_evals", "ig_error", "ig_path")
    table = pq.read_table(folder / "explain" / "source_rows.parquet")
    return {row["id"]: {name: row[name] for name in names} for row in table.to_pylist()}


@pytest.fixture(scope="module")
def calibrated(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run that calibrated."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    run(pipeline(), small_job(small), folder)
    return folder


def test_a_run_calibrates_once_and_its_texts_come_out_finished(calibrated: Path) -> None:
    file = calibrated / "run" / "calibration-ig.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    finished = pq.read_table(file.with_suffix(".parquet")).column("id").to_pylist()
    rows = scores(calibrated)
    assert len(finished) == content["texts"] == 24
    assert {rows[name]["ig_evals"] for name in finished} <= {32, 64}
    assert {row["ig_path"] for row in rows.values()} == {content["shape"]}
    assert json.loads((calibrated / "run" / "plan.json").read_text(encoding="utf-8"))["state"].keys() == {
        "calibration-ig.json",
        "calibration-ig.parquet",
    }


@pytest.mark.parametrize("settings", [{"shard_rows": 300}, {"token_budget": 300}])
def test_rows_are_the_same_whatever_the_shards_and_budgets(
    small: Path, calibrated: Path, tmp_path: Path, settings: dict[str, object]
) -> None:
    run(pipeline(), small_job(small, **settings), tmp_path / "other")
    one, other = scores(calibrated), scores(tmp_path / "other")
    assert one.keys() == other.keys()
    for name, row in one.items():
        assert row["ig_status"] == other[name]["ig_status"]
        assert row["ig"] == pytest.approx(other[name]["ig"], abs=1e-4)


def test_a_resumed_run_uses_its_calibration_again(small: Path, calibrated: Path, tmp_path: Path) -> None:
    folder = stopped(small, tmp_path)
    before = (folder / "run" / "calibration-ig.json").read_bytes()
    run(pipeline(), small_job(small), folder)
    assert (folder / "run" / "calibration-ig.json").read_bytes() == before
    assert scores(folder) == scores(calibrated)


def test_a_calibration_that_was_changed_is_refused(small: Path, tmp_path: Path) -> None:
    folder = stopped(small, tmp_path)
    file = folder / "run" / "calibration-ig.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"factor": ', '"factor": 0'), encoding="utf-8")
    with pytest.raises(DataError, match="a calibration was changed"):
        run(pipeline(), small_job(small), folder)


def test_a_named_calibration_is_used_and_is_part_of_the_request(
    small: Path, calibrated: Path, tmp_path: Path
) -> None:
    file = calibrated / "run" / "calibration-ig.json"
    job = with_calibration(small_job(small, limit=50), file)
    run(pipeline(), job, tmp_path / "a")
    assert not (tmp_path / "a" / "run" / "calibration-ig.json").exists()
    assert {row["ig_path"] for row in scores(tmp_path / "a").values()} == {
        json.loads(file.read_text(encoding="utf-8"))["shape"]
    }
    with pytest.raises(FingerprintError):
        run(pipeline(), small_job(small, limit=50), tmp_path / "a")
    with pytest.raises(RequestError, match="there is no file"):
        run(pipeline(), with_calibration(job, tmp_path / "nothing.json"), tmp_path / "c")
    with pytest.raises(RequestError, match="another tolerance"):
        run(pipeline(tolerance=0.01), job, tmp_path / "b")


def test_few_rows_are_not_calibrated(small: Path, tmp_path: Path) -> None:
    run(pipeline(), small_job(small, limit=60), tmp_path / "out")
    assert not list((tmp_path / "out" / "run").glob("calibration-*"))
    assert {row["ig_path"] for row in scores(tmp_path / "out").values()} == {None}


@pytest.mark.parametrize(
    ("how", "status"),
    [({"p95": 0.05}, "p95"), ({"ranking": 2}, "ranking"), ({"fixed": 4}, "fixed"), ({}, "converged")],
)
def test_every_mode_has_a_status(small: Path, tmp_path: Path, how: dict[str, object], status: str) -> None:
    run(pipeline(**how), small_job(small), tmp_path / "out")
    result = {row["ig_status"] for row in scores(tmp_path / "out").values()}
    assert status in result
    assert result <= {status, "not_converged", "converged"}


def test_a_number_of_nodes_that_is_requested_is_taken_whatever_was_calibrated(
    small: Path, calibrated: Path, tmp_path: Path
) -> None:
    job = with_calibration(small_job(small, limit=40), calibrated / "run" / "calibration-ig.json")
    run(pipeline(fixed=16), job, tmp_path / "out")
    assert {row["ig_evals"] for row in scores(tmp_path / "out").values()} == {16}


@pytest.mark.parametrize(
    ("net", "how", "what"),
    [
        ("bert", {"cut": "nothing.there"}, "no module of that name"),
        ("bert", {"cut": "bert.pooler"}, "not one vector a piece"),
        ("gpt2", {"baseline": "mask"}, "no mask piece"),
    ],
)
def test_a_path_that_the_model_has_not_is_refused_before_anything_is_written(
    small: Path, tmp_path: Path, net: str, how: dict[str, object], what: str
) -> None:
    with pytest.raises(RequestError, match=what):
        run(pipeline(**how), of_net(small_job(small), net, tmp_path), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_words_that_no_cut_can_show_and_texts_too_long_are_reported(small: Path, tmp_path: Path) -> None:
    job = of_net(small_job(small, limit=40), "bert", tmp_path, max_length=8)
    assert job.model is not None
    job = job.model_copy(update={"model": job.model.model_copy(update={"windows": "first"})})
    summary = run(pipeline(cut="bert.encoder.layer.1"), job, tmp_path / "out")
    assert any("every word has the score 0" in notice for notice in summary.notices)
    assert any("longer than the model reads" in notice for notice in summary.notices)
    rows = pq.read_table(tmp_path / "out" / "explain" / "source_rows.parquet").to_pylist()
    assert all(0 < row["unseen"] < len(row["tokens"]) for row in rows)


def of_net(job: Job, net: str, folder: Path, max_length: int = 32) -> Job:
    """Return the job with one of the small nets as its model."""
    model = ModelConfig(path=str(save(NETS[net], folder / net)), max_length=max_length)
    return job.model_copy(update={"model": model})


def stopped(small: Path, tmp_path: Path) -> Path:
    """Return the folder of a run that stopped before its last shards."""
    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        run(pipeline(), small_job(small), folder, progress=interrupt)
    assert LAST.receipt_path(folder, 0).exists()
    return folder


def interrupt(phase: str, done: int, total: int) -> None:
    """Stop after the first shard."""
    if phase == "explain" and 0 < done < total:
        raise KeyboardInterrupt


def with_calibration(job: Job, file: Path) -> Job:
    """Return the job with a calibration named."""
    return job.model_copy(update={"model": job.needs_model().model_copy(update={"calibration": str(file)})})


def test_rough_paths_are_ranked_and_the_first_thing_reported_is_how_many(
    small: Path, calibrated: Path, tmp_path: Path
) -> None:
    content = json.loads((calibrated / "run" / "calibration-ig.json").read_text(encoding="utf-8"))
    file = tmp_path / "rough.json"
    file.write_text(json.dumps({**content, "shape": "rough"}), encoding="utf-8")
    summary = run(pipeline(), with_calibration(small_job(small), file), tmp_path / "out")
    rows = scores(tmp_path / "out").values()
    assert {(row["ig_status"], row["ig_path"]) for row in rows} == {("ranking", "rough")}
    assert summary.notices[0].startswith(
        f"ig: the model's paths are rough, so {len(rows)} of {len(rows)} rows"
    )


def test_a_model_that_jumps_next_to_zero_is_explained_from_elsewhere(small: Path, tmp_path: Path) -> None:
    job = small_job(small, splits=ALL)
    model = ModelConfig(path=str(save(NETS["qwen3"], tmp_path / "qwen3")), max_length=32)
    job = job.model_copy(update={"model": model})
    summary = run(pipeline(quantity="logit", ranking=1), job, tmp_path / "out")
    assert any("jumps next to the zero embedding" in notice for notice in summary.notices)
    table = pq.read_table(tmp_path / "out" / "explain" / "source_rows.parquet")
    assert set(table.column("ig_baseline").to_pylist()) == {"mean"}
    content = json.loads((tmp_path / "out" / "run" / "calibration-ig.json").read_text(encoding="utf-8"))
    assert content["baseline"] == "mean"


def test_the_same_run_with_a_warm_cache_gives_the_same_rows_and_reports_where_its_calibration_is_from(
    small: Path, calibrated: Path, tmp_path: Path
) -> None:
    cache = {"cache": str(tmp_path / "cache")}
    for name in ("cold", "warm"):
        run(pipeline(), small_job(small, **cache), tmp_path / name)
        assert scores(tmp_path / name) == scores(calibrated)
    assert [origin(tmp_path / name) for name in ("cold", "warm")] == [("corpus", 0), ("same", 0)]
    assert not list((small / "model").rglob("calibrations"))
    # Other rows of the corpus, too few to be calibrated by themselves: the cautious factor, and one row tried in twenty.
    few = run(pipeline(), small_job(small, limit=60, **cache), tmp_path / "few")
    assert origin(tmp_path / "few") == ("cache", 3)
    content = json.loads((tmp_path / "few" / "run" / "calibration-ig.json").read_text(encoding="utf-8"))
    assert content["factor"] >= 1.5
    assert any("the calibration was made by an earlier run" in notice for notice in few.notices)
    plan = json.loads((tmp_path / "few" / "run" / "plan.json").read_text(encoding="utf-8"))
    assert plan["fingerprint"]["calibrations"]["calibration-ig.json"] == plan["state"]["calibration-ig.json"]
    # The finished run is read again, whatever the cache holds.
    shutil.rmtree(tmp_path / "cache")
    assert run(pipeline(), small_job(small, limit=60, **cache), tmp_path / "few").notices[0] == FINISHED
    alone = run(pipeline(), small_job(small, limit=60, calibrations="new", **cache), tmp_path / "alone")
    assert not list((tmp_path / "alone" / "run").glob("calibration-*"))
    assert not any("the calibration was made" in notice for notice in alone.notices)


def test_a_run_that_goes_on_uses_the_calibration_it_began_with(small: Path, tmp_path: Path) -> None:
    cache = {"cache": str(tmp_path / "cache")}
    folder = tmp_path / "stopped"
    with pytest.raises(KeyboardInterrupt):
        run(pipeline(), small_job(small, **cache), folder, progress=interrupt)
    before = (folder / "run" / "calibration-ig.json").read_bytes()
    (kept,) = (path for path in (tmp_path / "cache").rglob("*.json"))
    kept.write_text("damaged", encoding="utf-8")
    run(pipeline(), small_job(small, **cache), folder)
    assert (folder / "run" / "calibration-ig.json").read_bytes() == before


def origin(folder: Path) -> tuple[str, int]:
    """Return where the calibration of a run is from, and on how many rows it was tried."""
    content = json.loads((folder / "run" / "calibration-ig.json").read_text(encoding="utf-8"))
    return content["origin"]["texts"], content["origin"]["tried"]
