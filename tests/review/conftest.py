"""A finished run with samples in data, probes and dropped, to be reviewed."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.sections import CorpusConfig
from augment.output.export import SAMPLES
from augment.pipeline.definition import Pipeline
from augment.text.text_hash import text_hash
from tests.small import small_job

Row = dict[str, Any]


@pytest.fixture(scope="session", params=("parquet", "csv", "jsonl"))
def finished(request: pytest.FixtureRequest, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with samples of the verdicts keep, contrast and drop, in one format of output."""
    corpus = tmp_path_factory.mktemp("corpus")
    lines = (small / "small.csv").read_text(encoding="utf-8").splitlines()[:61]
    (corpus / "c.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = small_job(small, splits=("train", "validation"))
    section = CorpusConfig.model_validate({"root": str(corpus), "files": "c.csv"})
    output = job.output.model_copy(update={"format": request.param, "report_rows": 20})
    job = job.model_copy(update={"corpus": section, "output": output})
    rules = [{"verdict": "contrast", "prediction": "changed"}, {"verdict": "keep", "p_gold_at_least": 0.85}]
    stages = [
        {"kind": "tokenize"},
        {"kind": "attribute", "fixed": 2, "baseline": "corpus"},
        {"kind": "rank", "fraction": 0.25},
        {"kind": "delete", "on": "any", "samples": 2},
        {"kind": "judge"},
        {"kind": "keep", "rules": rules},
    ]
    plan = Pipeline.model_validate(
        {"name": "reviewed", "about": "A run.", "splits": ("train",), "stages": stages}
    )
    return run(plan, job, tmp_path_factory.mktemp("runs") / "reviewed").folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the run, to be changed."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def samples_of(folder: Path) -> list[Row]:
    """Return the samples of a run."""
    rows: list[Row] = pq.read_table(folder / SAMPLES).to_pylist()
    return rows


def decision(row: Mapping[str, Any], kind: str, **more: object) -> Row:
    """Return a decision on a row as a report saves it."""
    return {"id": row["id"], "hash": text_hash(row["text"], row["text_pair"]), "decision": kind, **more}
