"""Nothing of the source is lost on the way out: every column under every name, every split, every id."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import datasets
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import augment.tables.columns as columns
from augment.api.run import run
from augment.config.job import Job
from augment.config.sections import CorpusConfig, ResourcesConfig
from augment.config.shipped import find
from augment.config.shipped import names as shipped
from augment.errors import RequestError
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline, read_pipeline
from augment.stages.protocol import Stage, Step
from augment.tables.columns import Column
from augment.tables.output_names import written_names
from augment.tables.rows import with_columns
from augment.verification import verify
from tests.plans import DENSE_PROBE
from tests.rewriting.stub_server import stub_server, well_behaved
from tests.small import BAD, GOOD, sentence, small_job

FLAGS = "accept,label,kind,text,form,flag\nyes,good,word,满意,满意,why\n"
ROWS = 24


def declared() -> set[str]:
    """Return the name of every column that `augment.tables.columns` and the stages of the shipped pipelines declare."""
    result = {"source", columns.DECISION, columns.REJECT.name} | {column.name for column in columns.DECLARED}
    for name in shipped("pipelines"):
        for stage in read_pipeline(find("pipelines", name)).stages:
            result |= {column.name for column in stage.adds}
    return result


def hostile_rows(named: Mapping[str, str]) -> list[dict[str, object]]:
    """Return rows with a column under every name of ours and some near to them; named: the columns of roles."""
    chance = random.Random(0)
    # A column `id` that holds the ids is the column of ours.
    names = declared() - {"text", "text_pair", "label"} - (set() if "id" in named else {"id"})
    names |= {f"{name}_source" for name in ("edits", "split", "verdict")} | {
        "note",
        "评论者",
        "a: b",
        "null",
    }
    rows: list[dict[str, object]] = []
    for row in range(ROWS):
        good = row % 2 == 0
        made: dict[str, object] = {name: f"{name}={row}" for name in sorted(names)}
        made["label_probabilities"] = [row, 1]
        made[named["text"]] = f"{sentence(chance, GOOD if good else BAD)} {row}"
        made[named["label"]] = "good" if good else "bad"
        if "split" in names and named.get("split"):
            made[named["split"]] = ("train", "test")[row % 3 == 0]
        rows.append(made)
    return rows


def hostile_job(small: Path, folder: Path, named: Mapping[str, str], kind: str) -> Job:
    """Return a job on the hostile rows, of which the columns of roles are named or detected."""
    rows = hostile_rows(named)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    (folder / "c.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "flags.csv").write_text(FLAGS, encoding="utf-8")
    (folder / "words.txt").write_text(
        "很好\t满意\n满意\t很好\n很差\t失望\nterrible\tawful\nlovely\tgreat\n", encoding="utf-8"
    )
    job = small_job(small, splits=("train", "test"))
    # What has its usual name is detected.
    given = {role: name for role, name in named.items() if role != name}
    corpus = {"root": str(folder), "files": "c.jsonl", **given}
    resources = ResourcesConfig(flags=str(folder / "flags.csv"), lexicons=(str(folder / "words.txt"),))
    output = job.output.model_copy(update={"format": kind, "report_rows": 0})
    return job.model_copy(
        update={"corpus": CorpusConfig.model_validate(corpus), "resources": resources, "output": output}
    )


def rows_of(summary: Summary, index: str) -> list[dict[str, object]]:
    """Return the rows of the files of a place."""
    files = [name for name in summary.files if name.startswith(index)]
    return [row for name in files for row in pq.read_table(summary.folder / name).to_pylist()]


@pytest.mark.parametrize("pipeline", shipped("pipelines"))
def test_every_source_column_ends_every_shipped_pipeline_unchanged(
    small: Path, tmp_path: Path, pipeline: str
) -> None:
    named = {"text": "text", "label": "label", "split": "split"}
    job = hostile_job(small, tmp_path, named, "parquet")
    with stub_server(well_behaved) as server:
        summary = run(pipeline, job.model_copy(update={"llm": server.config()}), tmp_path / "out")
    source = hostile_rows(named)
    for index in ("data/", "probes/", "dropped"):
        names = written_names(list(source[0]), derived=False, dropped=index == "dropped")
        for row in rows_of(summary, index):
            number = int(str(row[names["note"]]).partition("=")[2])
            given = source[number]
            kept = [name for name in given if name != "text"]
            assert {name: row[names[name]] for name in kept} == {name: given[name] for name in kept}
            assert row["text"] == given["text"] or row["source_id"] is not None
    assert sum(row.get("source_id") is None for row in rows_of(summary, "data/")) == ROWS
    assert [check for check in verify(summary.folder).checks if check.wrong] == []


@pytest.mark.parametrize(
    "named",
    [
        {"text": "source_id", "label": "split"},
        {"text": "edits", "label": "verdict", "split": "same_as"},
        {"text": "split", "label": "label_from"},
        {"text": "id_text", "label": "same_as", "id": "p_gold_before", "split": "split"},
    ],
)
@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_a_column_of_any_name_may_be_the_text_or_the_label(
    small: Path, tmp_path: Path, named: dict[str, str], kind: str
) -> None:
    job = hostile_job(small, tmp_path, named, kind)
    summary = run(DENSE_PROBE, job, tmp_path / "out")
    assert [check for check in verify(summary.folder).checks if check.wrong] == []
    loaded = datasets.load_dataset(str(summary.folder), cache_dir=str(tmp_path / "cache"))
    names = written_names([*hostile_rows(named)[0]], derived=False)
    texts = [str(row[named["text"]]) for row in hostile_rows(named)]
    there = {name for split in loaded.values() for name in split.column_names}
    assert set(names.values()) <= there
    assert sorted(text for split in loaded.values() for text in split[names[named["text"]]]) == sorted(texts)


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl"])
def test_what_has_columns_without_a_name_opens_with_load_dataset(
    small: Path, tmp_path: Path, kind: str
) -> None:
    """As pandas writes its index, and a spreadsheet its empty columns."""
    rows = [f"{row},很好 {row},good,{row % 3}\n{row}b,很差 {row},bad," for row in range(30)]
    (tmp_path / "c.csv").write_text("\n".join([",text,label,", *rows]), encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "c.csv"})
    output = small_job(small).output.model_copy(update={"format": kind})
    job = small_job(small).model_copy(update={"corpus": corpus, "output": output})
    summary = run("eda", job, tmp_path / "out")
    loaded = datasets.load_dataset(str(summary.folder), cache_dir=str(tmp_path / "cache"))
    own = [row for split in loaded.values() for row in split if row["source_id"] is None]
    given = {f"{number}{mark}" for number in range(30) for mark in ("", "b")}
    assert len(own) == 60
    assert any({str(row[name]) for row in own} == given for name in own[0])
    assert all(name.strip() for name in own[0])
    assert verify(summary.folder).ok


def test_splits_of_any_name_get_files_that_open_with_their_splits(small: Path, tmp_path: Path) -> None:
    splits = ["train", "dev/1", "dev 1", "dev-1", "Train ", "很长" * 200, "all"]
    rows = [{"text": f"很好 {n}", "label": ("good", "bad")[n % 2], "split": splits[n % 7]} for n in range(70)]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "c.jsonl"})
    job = small_job(small, splits=("train", "dev/1")).model_copy(update={"corpus": corpus})
    summary = run("eda", job, tmp_path / "out")
    loaded = datasets.load_dataset(str(summary.folder), cache_dir=str(tmp_path / "cache"))
    own = [{row["split"] for row in split if row["source_id"] is None} for split in loaded.values()]
    assert sorted(len(there) for there in own) in ([1] * 6, [1] * 5 + [2])
    assert sum(row["source_id"] is None for split in loaded.values() for row in split) == 70
    assert verify(summary.folder).ok


def test_a_column_of_too_many_values_is_no_split_and_nothing_is_left(small: Path, tmp_path: Path) -> None:
    rows = [
        {"text": f"很好 {n}", "label": "good", "split": "train" if n < 9 else f"s{n}"} for n in range(300)
    ]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "c.jsonl"})
    with pytest.raises(RequestError, match="more than 200 different values"):
        run("eda", small_job(small).model_copy(update={"corpus": corpus}), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["c.jsonl"]


def test_samples_of_samples_have_ids_of_their_own(small: Path, tmp_path: Path) -> None:
    """Also where a row has the id that a sample of another would get."""
    first = run("eda", small_job(small, limit=12), tmp_path / "once")
    corpus = {"root": str(first.folder / "data"), "files": {"train": "train.parquet"}, "text": "review"}
    job = small_job(small).model_copy(update={"corpus": CorpusConfig.model_validate(corpus)})
    second = run("eda", job, tmp_path / "twice")
    ids = [str(row["id"]) for index in ("data/", "dropped") for row in rows_of(second, index)]
    assert len(set(ids)) == len(ids) > 100
    assert verify(second.folder).ok
    cut = run(
        "eda", small_job(small, shard_rows=7).model_copy(update={"corpus": corpus_of(job)}), tmp_path / "cut"
    )
    assert [row["id"] for row in rows_of(cut, "data/")] == [row["id"] for row in rows_of(second, "data/")]


def corpus_of(job: Job) -> CorpusConfig:
    """Return the corpus of a job."""
    return job.needs_corpus()


def test_a_column_added_after_the_samples_is_in_the_files_of_both(small: Path, tmp_path: Path) -> None:
    stages = [stage.model_dump() for stage in read_pipeline(find("pipelines", "eda")).stages]
    late = {"kind": "attribute", "name": "late", "method": "gradient"}
    plan = Pipeline.model_validate({"name": "late", "about": "late", "stages": [*stages, late]})
    summary = run(plan, small_job(small, limit=9), tmp_path / "out")
    for name in (SOURCE_ROWS, SAMPLES):
        assert {"late", "late_status"} <= set(pq.read_schema(summary.folder / name).names)
    assert verify(summary.folder).ok


OWN = tuple(
    Column(f"{on}_{'public' if public else 'private'}", pa.int32(), "of our own", on=on, public=public)
    for on in ("row", "sample", "both")
    for public in (False, True)
)


class Count(Stage):
    """A user's own stage: the length of the text, in columns of every declaration."""

    kind: Literal["count"] = "count"

    @property
    def adds(self) -> tuple[Column, ...]:
        """A column of every declaration."""
        return OWN

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the step: on source rows, on samples or on both the number of characters."""

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Count the characters of every row."""
            sizes = [len(text) for text in batch.column("text").to_pylist()]
            sample = batch.column("source_id").is_valid().to_pylist()
            on = {"row": (False,), "sample": (True,), "both": (False, True)}
            values = [
                [size if made in on[column.on] else None for size, made in zip(sizes, sample, strict=True)]
                for column in OWN
            ]
            return with_columns(batch, OWN, values)

        return step


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_the_columns_of_a_users_own_stage_are_where_they_are_declared_to_be(
    small: Path, tmp_path: Path, kind: str
) -> None:
    """Also where the source has columns of the same names, which keep their values under another."""
    rows = [
        {"text": f"很好 房间 {n}", "label": ("good", "bad")[n % 2], "split": "train"}
        | {column.name: f"theirs {n}" for column in OWN}
        for n in range(12)
    ]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    corpus = CorpusConfig.model_validate({"root": str(tmp_path), "files": "c.jsonl"})
    output = small_job(small).output.model_copy(update={"format": kind})
    job = small_job(small).model_copy(update={"corpus": corpus, "output": output})
    stages: Any = (*read_pipeline(find("pipelines", "eda")).stages, Count())
    plan = Pipeline(name="own", about="own", splits=("train",), stages=stages)
    folder = run(plan, job, tmp_path / "out").folder
    there = {
        SOURCE_ROWS: [column.name for column in OWN if column.on != "sample"],
        SAMPLES: [column.name for column in OWN if column.on != "row"],
    }
    for name, names in there.items():
        table = pq.read_table(folder / name)
        assert [column for column in table.column_names if column in {own.name for own in OWN}] == names
        assert all(
            table.column(column).to_pylist() == [*map(len, table["text"].to_pylist())] for column in names
        )
    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))["train"]
    public = [column for column in OWN if column.public]
    for row in loaded:
        assert {row[f"{column.name}_source"] for column in public} == {
            f"theirs {int(row['row_private'][7:])}"
        }
        for column in public:
            has = column.on == "both" or (column.on == "sample") == (row["source_id"] is not None)
            assert row[column.name] == (len(row["text"]) if has else None)
    assert [check for check in verify(folder).checks if check.wrong] == []
