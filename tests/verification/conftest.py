"""Runs to verify: with every kind of file, on awkward texts, on pairs."""

import json
import shutil
from pathlib import Path

import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ModelConfig
from augment.pipeline.definition import Pipeline
from augment.training.wordpiece import learn
from tests.small import random_bert, small_job
from tests.texts import TEXTS
from tests.verification.folders import Row

EVERY = ("train", "validation", "test")
FORMATS = ("parquet", "csv", "jsonl")
PAIRS = (
    ("怎么还款 how to pay", "如何还钱 👍🏽"),
    ("花呗还款 早 how", "how to pay 𠮷 back"),
    ("e\u0301t\u0301 pay 还款", "全角　空格 还钱"),
    ("👨‍👩‍👧‍👦 还款 怎么", "flag 🇨🇳 what to do"),
)


def job_of(small: Path, folder: Path, kind: str = "parquet", **corpus: object) -> Job:
    """Return the job of a corpus in `folder`, every split of it worked on, with output of a kind."""
    job = small_job(small, splits=EVERY, shard_rows=16)
    section = CorpusConfig.model_validate({"root": str(folder), **corpus})
    return job.model_copy(
        update={"corpus": section, "output": job.output.model_copy(update={"format": kind})}
    )


def pipeline(name: str, *stages: Row) -> Pipeline:
    """Return a pipeline that explains, ranks, leaves words out, and then has these stages."""
    first = [{"kind": "tokenize"}, {"kind": "attribute", "fixed": 2, "baseline": "corpus"}]
    edit = [{"kind": "rank", "fraction": 0.25}, {"kind": "delete", "on": "any", "samples": 2}]
    return Pipeline.model_validate(
        {"name": name, "about": name, "splits": EVERY, "stages": [*first, *edit, *stages]}
    )


@pytest.fixture(scope="session")
def probed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run with every kind of file: rows passed through, probes, dropped samples, rejected rows."""
    corpus = tmp_path_factory.mktemp("corpus")
    rows = (small / "small.csv").read_text(encoding="utf-8").splitlines()[:151]
    (corpus / "c.csv").write_text("\n".join([*rows, 'x1," ",good,n', "x2,很好,,n"]), encoding="utf-8")
    job = job_of(small, corpus, files="c.csv")
    settings = {"splits": ("test",), "limit": 12, "max_reject_rate": 1.0}
    job = job.model_copy(update={"run": job.run.model_copy(update=settings)})
    rules = [{"verdict": "contrast", "prediction": "changed"}, {"verdict": "keep", "p_gold_at_least": 0.85}]
    plan = pipeline("every-kind", {"kind": "judge"}, {"kind": "keep", "rules": rules})
    return run(plan, job, tmp_path_factory.mktemp("runs") / "every").folder


@pytest.fixture(scope="session", params=FORMATS)
def awkward(request: pytest.FixtureRequest, small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run of `augment` on awkward texts in one format of output."""
    corpus = tmp_path_factory.mktemp("corpus")
    texts = [text for text in TEXTS if text.strip()]
    rows = [
        {"reason": text, "label": row % 2, "source_id": "mother", "code": "007"}
        for row, text in enumerate(texts)
    ]
    (corpus / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    names = {"0": "bad", "1": "good"}
    job = job_of(small, corpus, request.param, files="c.jsonl", text="reason", label_names=names)
    return run("augment-wide", job, tmp_path_factory.mktemp("runs") / "awkward").folder


@pytest.fixture(scope="session")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run on pairs, with a calibration file and no verdicts, by a tiny BERT with random weights."""
    folder = tmp_path_factory.mktemp("pairs")
    tokenizer = learn([f"{one} {other}" for one, other in PAIRS] * 4, 200, 64)
    names = ("不同", "相同")
    random_bert(folder / "model", tokenizer, names, num_hidden_layers=1)
    rows = [{"q1": one, "q2": other, "label": names[len(one) % 2]} for one, other in PAIRS * 3]
    (folder / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    job = job_of(folder, folder, files="c.jsonl", text="q1", text_pair="q2")
    job = job.model_copy(update={"model": ModelConfig(path=str(folder / "model"), max_length=64)})
    return run(pipeline("pairs"), job, folder / "run").folder


@pytest.fixture
def folder(probed: Path, tmp_path: Path) -> Path:
    """Return a copy of the run with every kind of file, to be spoiled."""
    return Path(shutil.copytree(probed, tmp_path / "run"))
