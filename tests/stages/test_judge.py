"""Judgement of samples: as labels by a model, and as language by what was learned of how people write."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.sections import ResourcesConfig
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.verification.verifying import verify
from tests.small import small_job

STAGES: list[dict[str, object]] = [
    {"kind": "tokenize"},
    {"kind": "evidence"},
    {"kind": "eda", "samples": 3},
    {"kind": "judge", "naturalness": True},
    {"kind": "keep", "rules": [{"verdict": "keep", "natural_at_least": 0.2}]},
]


def plan(stages: list[dict[str, object]]) -> Pipeline:
    """Return a pipeline of stages."""
    return Pipeline.model_validate({"name": "x", "about": "x", "stages": stages})


def test_every_sample_has_a_naturalness_and_rules_decide_by_it(small: Path, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("很好\t不错\nwonderful\tgreat\n", encoding="utf-8")
    resources = ResourcesConfig(lexicons=(str(tmp_path / "own.tsv"),))
    job = small_job(small).model_copy(update={"resources": resources})
    summary = run(plan(STAGES), job, tmp_path / "out")
    rows = pq.read_table(summary.folder / "data" / "train.parquet").to_pylist()
    dropped = pq.read_table(summary.folder / "dropped.parquet").to_pylist()
    samples = [row for row in rows if row["source_id"] is not None]
    assert samples
    assert all(0.2 <= row["naturalness"] <= 1 for row in samples)
    assert all(row["naturalness"] is None for row in rows if row["source_id"] is None)
    assert {row["reason"] for row in dropped} >= {"naturalness below 0.2"}
    assert verify(summary.folder).ok
    kept = summary.folder / "run" / "evidence.parquet"
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    assert [check.name for check in verify(summary.folder).checks if check.wrong] == ["files"]


def test_naturalness_needs_what_is_learned_of_how_people_write() -> None:
    with pytest.raises(RequestError, match="`evidence`"):
        pipeline_of(plan([stage for stage in STAGES if stage["kind"] != "evidence"]))


def test_a_rule_on_naturalness_needs_it_judged() -> None:
    stages = [{**stage, "naturalness": False} if stage["kind"] == "judge" else stage for stage in STAGES]
    with pytest.raises(RequestError, match="`naturalness`"):
        pipeline_of(plan(stages))
