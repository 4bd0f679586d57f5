"""What is learned of how people write: from the train split and named texts, never from a text that a model is tested on."""

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.candidates.plausibility import Plausibility
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.stages import Attribute, Evidence, Rank, Substitute, Tokenize
from augment.stages.evidence import open_plausibility
from augment.text.segment import segment


def rows_of(texts: list[tuple[str, str]], tokenized: bool = True) -> pa.Table:
    """Return rows of texts with their splits, as they are behind `tokenize` or as they pass through."""
    rows: dict[str, list[object]] = {"id": [], "text": [], "text_pair": [], "split": []}
    tokens = []
    for number, (text, split) in enumerate(texts):
        for name, value in zip(rows, (str(number), text, None, split), strict=True):
            rows[name].append(value)
        tokens.append([text[start:end] for start, end in segment(text)])
    table = pa.table(rows, schema=pa.schema([(name, pa.string()) for name in rows]))
    if not tokenized:
        return table
    sides = [[0] * len(row) for row in tokens]
    return table.append_column("tokens", pa.array(tokens)).append_column("side", pa.array(sides))


def learned(job: Job, folder: Path, *parts: tuple[pa.Table, bool]) -> Plausibility:
    """Return what the stage learns from parts of a corpus, worked on or passing through."""
    stage = Evidence()
    lines = pa.concat_tables([stage.summarise(rows, job, active) for rows, active in parts]).sort_by("key")
    pq.write_table(pa.concat_tables(stage.merge(lambda: iter([lines]), job)), stage.path_in(folder))
    return open_plausibility(folder)


def job_with(folder: Path, *texts: object) -> Job:
    """Return a job whose files are in a folder."""
    resources = ResourcesConfig.model_validate({"texts": texts})
    return Job(corpus=CorpusConfig.model_validate({"root": folder, "files": "x.csv"}), resources=resources)


def seen(plausibility: Plausibility, left: str, right: str) -> int:
    """Return how often a pair was seen."""
    return int(
        plausibility.evidence.pairs(plausibility.evidence.ids([left]), plausibility.evidence.ids([right]))[0]
    )


def test_rows_of_train_are_counted_and_those_of_other_splits_are_not(tmp_path: Path) -> None:
    worked = rows_of([("房间很干净", "train"), ("窗户很大", "test")])
    passing = rows_of([("早餐很好", "train"), ("服务很差", "validation")], tokenized=False)
    plausibility = learned(job_with(tmp_path), tmp_path, (worked, True), (passing, False))
    assert seen(plausibility, "很", "干净") == 1
    assert seen(plausibility, "早餐", "很") == 1
    assert plausibility.evidence.id("窗户") == -1
    assert plausibility.evidence.id("服务") == -1
    assert plausibility.evidence.rows == 2


def test_named_texts_are_counted_but_for_those_that_are_rows_of_another_split(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("窗户很大\n大堂很气派\n", encoding="utf-8")
    (tmp_path / "table.csv").write_text("n,review\n1,电梯很慢\n", encoding="utf-8")
    job = job_with(tmp_path, "more.txt", {"path": "table.csv", "text": "review"})
    rows = rows_of([("房间很干净", "train"), ("窗户很大", "test")])
    plausibility = learned(job, tmp_path, (rows, True))
    assert seen(plausibility, "大堂", "很") == 1
    assert seen(plausibility, "电梯", "很") == 1
    assert plausibility.evidence.id("窗户") == -1
    trained = plausibility.evidence.train
    assert [int(trained[plausibility.evidence.id(word)]) for word in ("房间", "大堂", "很")] == [1, 0, 1]


def test_a_trial_learns_from_the_rows_of_train_that_it_leaves_out(tmp_path: Path) -> None:
    lines = ["id,text,label,split", "a,房间很干净,x,train", "b,早餐很丰富,y,train", "c,窗户很大,x,test"]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    job = job_with(tmp_path)
    trial = job.model_copy(update={"run": job.run.model_copy(update={"limit": 1})})
    worked = rows_of([("房间很干净", "train"), ("窗户很大", "test")])
    plausibility = learned(trial, tmp_path, (worked, True))
    assert seen(plausibility, "早餐", "很") == 1
    assert seen(plausibility, "很", "干净") == 1
    assert plausibility.evidence.id("窗户") == -1
    assert plausibility.evidence.rows == 2


def test_the_table_is_the_same_whatever_the_shards(tmp_path: Path) -> None:
    rng = random.Random(0)
    texts = [("".join(rng.choices("房间早餐服务很好大小差", k=8)), "train") for _ in range(40)]
    job = job_with(tmp_path)
    whole = learned(job, tmp_path, (rows_of(texts), True)).evidence
    parts = [(rows_of(texts[begin : begin + 7]), True) for begin in range(0, 40, 7)]
    (tmp_path / "other").mkdir()
    split = learned(job, tmp_path / "other", *parts).evidence
    assert split.words == whole.words
    assert split.keys.tolist() == whole.keys.tolist()
    assert split.seen.tolist() == whole.seen.tolist()


def test_a_missing_file_of_texts_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"resources\.texts"):
        learned(job_with(tmp_path, "none.txt"), tmp_path, (rows_of([("房间很干净", "train")]), True))


def test_natural_samples_need_the_stage_before_them() -> None:
    stages = (Tokenize(), Attribute(), Rank(k=2), Substitute(natural=0.8))
    with pytest.raises(RequestError, match="`evidence`"):
        pipeline_of(Pipeline(name="x", about="x", stages=stages))


def test_nothing_learned_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="has not been run"):
        open_plausibility(tmp_path)
