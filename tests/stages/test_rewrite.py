"""Samples of a language model: locked words stay, rewrites become edits, and a run costs, sends and repeats what it should."""

from pathlib import Path

import pyarrow.parquet as pq

from augment.api.run import run
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.shipped import find
from augment.pipeline.definition import Pipeline, read_pipeline
from augment.text.edits import Edit, replay
from augment.verification import verify
from tests.rewriting.stub_server import stub_server
from tests.small import small_job


def plan(**settings: object) -> Pipeline:
    """Return a pipeline whose rewrites are judged, without what is learned of other stages."""
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "target": "gold", "quadrature": "fixed", "points": 4},
        {"kind": "rank", "fraction": 0.25},
        {"kind": "rewrite", **settings},
        {"kind": "judge"},
        {"kind": "keep"},
    ]
    return Pipeline.model_validate({"name": "rewrite", "about": "", "splits": ["train"], "stages": stages})


def job(small: Path, llm: LlmConfig, **settings: object) -> Job:
    """Return the job of the small corpus with a language model."""
    return small_job(small, **{"limit": 20, **settings}).model_copy(update={"llm": llm})


def test_a_run_makes_samples_that_replay_and_keep_their_key_words(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        summary = run(
            read_pipeline(find("pipelines", "rewrite")), job(small, server.config()), tmp_path / "out"
        )
    assert summary.counts["samples made"] > 20
    assert verify(tmp_path / "out").ok
    sources = {
        row["id"]: row for row in pq.read_table(tmp_path / "out/explain/source_rows.parquet").to_pylist()
    }
    samples = pq.read_table(tmp_path / "out/explain/samples.parquet").to_pylist()
    for sample in samples:
        source = sources[sample["source_id"]]
        edits = [Edit(**edit) for edit in sample["edits"]]
        assert replay(source["text"], None, edits)[0] == sample["text"]
        for token in source["key"]:
            assert source["tokens"][token] in sample["text"]
    assert (
        summary.language_model["rewrite"]["calls"] == len(server.requests) == summary.counts["rows processed"]
    )
    assert any(server.address in notice for notice in summary.notices)
