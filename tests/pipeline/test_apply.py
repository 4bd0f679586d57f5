"""A pipeline is checked before any model is loaded, and applied to a table gives what its stages declare."""

from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.config.job import Job
from augment.config.sections import ModelConfig, ResourcesConfig
from augment.config.shipped import find, names
from augment.errors import RequestError
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline, pipeline_of, read_pipeline
from augment.pipeline.requirements import check_sections
from augment.stages.protocol import Stage, Step
from augment.tables.columns import CORPUS, SAMPLE, Column
from augment.text.edits import Edit, replay
from tests.plans import refused_with_line
from tests.rewriting.stub_server import stub_server, well_behaved
from tests.small import small_job
from tests.texts import TEXTS

HEAD = "name: mine\nabout: of my own\nstages:\n"
START = "  - kind: tokenize\n  - kind: attribute\n  - kind: rank\n    k: 2\n"
DECIDED = ("text", "label", "source_id", "method", "key", "tokens", "spans")
SOURCE_ID = DECIDED.index("source_id")
TEXT = [text for text in TEXTS if text.strip()]


def write(folder: Path, stages: str, head: str = HEAD) -> Path:
    """Return the path of a pipeline with these stages; the first is on line 4."""
    path = folder / "流程.yaml"
    path.write_text(head + stages, encoding="utf-8")
    return path


def table(texts: list[str]) -> pa.Table:
    """Return texts as the corpus reader gives them."""
    values: dict[str, list[str | None]] = {
        "id": [f"r{row}" for row in range(len(texts))],
        "text": [*texts],
        "text_pair": [None] * len(texts),
        "label": ["good"] * len(texts),
        "split": ["train"] * len(texts),
    }
    return pa.table({column.name: pa.array(values[column.name], column.type) for column in CORPUS})


@pytest.fixture(scope="module")
def job(small: Path) -> Job:
    """Return the small job without lexicons, so that only the model decides; the small model judges, too."""
    made = small_job(small)
    lean = {"resources": ResourcesConfig(lexicons=()), "judge": made.model}
    return made.model_copy(update=lean)


@pytest.mark.parametrize(
    ("stages", "line", "what", "hint"),
    [
        ("  - kind: attribute\n", 4, "`attribute` needs the column `tokens`", "add the stage that gives `tokens`"),
        ("  - kind: attribute\n  - kind: tokenize\n", 4, "needs the column `tokens`", "move `tokenize` before it"),
        (START + "  - kind: keep\n", 8, "`keep` needs the column `source_id`", "add the stage that gives `source_id`"),
        (START + "  - kind: judge\n  - kind: delete\n", 8, "`judge` needs the column `source_id`", "move `delete` before it"),
        (START + "  - kind: delete\n    score: gradient\n", 8, "`delete` needs the column `gradient`", "`gradient`"),
        (START + "  - kind: attribute\n", 8, "`attribute` adds the column `ig`", "another `name:`"),
        ("  - kind: tokenize\n  - kind: attribute\n    name: text\n", 5, "adds the column `text`", "another `name:`"),
        (START + "  - kind: delete\n  - kind: delete\n", 9, "two stages make samples under the same name", "`name:`"),
        (START + "  - kind: eda\n  - kind: eda\n", 9, "two stages make samples under the same name, `eda`", "leave one of them out"),
        (START + "  - kind: delete\n    name: 删\n", 9, "`name` cannot be '删'", "pattern"),
        (START + "  - kind: delete\n  - kind: substitute\n    name: delete_other\n", 9, "under the same name", "`name:`"),
        ("  - kind: nosuch\n", 4, "no stage of kind `nosuch`", "known here: tokenize, attribute"),
        ("  - kind: atribute\n", 4, "no stage of kind `atribute`", "did you mean `attribute`?"),
        ("  - granularity: word\n", 4, "a stage needs a `kind`", "add `kind:`"),
        ("  - kind: tokenize\n  - kind: attribute\n    fixxed: 3\n", 6, "unknown key `fixxed`", "did you mean `fixed`?"),
        ("  - kind: tokenize\n  - kind: attribute\n    fixed: 0\n", 6, "`fixed` cannot be 0", "greater than or equal to 1"),
        ("  - kind: tokenize\n  - kind: rank\n    k: 1\n    fraction: 0.5\n", 5, "cannot be", "one of `k`, `fraction` and `threshold`"),
        (START + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules:\n      - verdict: kep\n", 12, "`verdict` cannot be 'kep'", "one of keep, soft"),
        (START + "  - kind: delete\n  - kind: judge\n  - kind: keep\n    rules:\n      - verdict: keep\n        p_gold: 1\n", 13, "unknown key `p_gold`", "p_gold_"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_work_is_refused_with_its_line(
    tmp_path: Path, stages: str, line: int, what: str, hint: str
) -> None:
    refused_with_line(write(tmp_path, stages), line, what, hint)


@pytest.mark.parametrize(
    ("head", "line", "what"),
    [
        ("name: 我的\nabout: a\nstages:\n", 1, "`name` cannot be '我的'"),
        ("name: mine\nabout: a\nseed: 1\nstages:\n", 3, "unknown key `seed`"),
        ("name: mine\nabout: a\nmodel: {path: a}\nstages:\n", 3, "unknown key `model`"),
        ("name: mine\nstages:\n", 1, "`about` is missing"),
    ],
)
def test_a_pipeline_holds_a_name_a_paragraph_splits_and_stages(
    tmp_path: Path, head: str, line: int, what: str
) -> None:
    refused_with_line(write(tmp_path, START, head), line, what, "")


def test_a_sound_plan_is_read_and_frozen(tmp_path: Path) -> None:
    plan = read_pipeline(
        write(tmp_path, START + "  - kind: delete\n  - kind: delete\n    on: key\n  - kind: judge\n")
    )
    assert [stage.kind for stage in plan.stages] == [
        "tokenize",
        "attribute",
        "rank",
        "delete",
        "delete",
        "judge",
    ]
    assert plan.splits == ("train",)
    assert Pipeline.model_validate(plan.model_dump()) == plan
    assert hash(plan) == hash(Pipeline.model_validate(plan.model_dump()))
    with pytest.raises(ValidationError, match="frozen"):
        plan.__setattr__("name", "yours")


def test_a_pipeline_asks_for_the_sections_its_stages_use(tmp_path: Path) -> None:
    judged = START + "  - kind: delete\n  - kind: judge\n    by: judge\n"
    plan = read_pipeline(write(tmp_path, judged))
    with pytest.raises(RequestError, match="no config gives a `model:`"):
        check_sections(plan, Job())
    with pytest.raises(RequestError, match="no config gives a `judge:`"):
        check_sections(plan, Job(model=ModelConfig(path="a")))
    check_sections(plan, Job(model=ModelConfig(path="a"), judge=ModelConfig(path="b")))


@pytest.mark.parametrize("name", names("pipelines"))
def test_every_shipped_pipeline_gives_the_columns_its_stages_declare(
    name: str, job: Job, tmp_path: Path
) -> None:
    """With the declared types, next to the columns of the corpus, which stay as they were."""
    flags = tmp_path / "flags.csv"
    flags.write_text("accept,label,kind,text,form,flag\nyes,good,first,the,the ,why\n", encoding="utf-8")
    resources = job.resources.model_copy(update={"flags": str(flags)})
    plan, rows = read_pipeline(find("pipelines", name)), table(TEXT[:6])
    with stub_server(well_behaved) as server:
        job = job.model_copy(update={"resources": resources, "llm": server.config()})
        applied = apply(plan, rows, job)
    declared = {column.name: column.type for stage in plan.stages for column in stage.adds}
    assert {field.name: field.type for field in applied.table.schema} == {
        **declared,
        **{c.name: c.type for c in CORPUS},
    }
    result = applied.table
    if "source_id" in declared:
        result = result.filter(pc.is_null(result.column("source_id")))
    assert result.select(rows.column_names).equals(rows)
    assert applied.rejects == ()


@pytest.fixture(scope="module")
def editing(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Return a pipeline with two kinds of samples and a judge of their own."""
    stages = (
        START
        + "  - kind: delete\n    samples: 2\n  - kind: delete\n    on: key\n  - kind: judge\n    by: judge\n"
    )
    return read_pipeline(write(tmp_path_factory.mktemp("plan"), stages))


def test_the_edits_of_every_sample_replayed_on_its_source_row_give_it(editing: Pipeline, job: Job) -> None:
    """On every awkward text; samples are new, not blank, and follow their source row by stage and number."""
    rows = apply(editing, table(TEXT), job).table.to_pylist()
    mothers = {row["id"]: row for row in rows if row["source_id"] is None}
    assert [row["text"] for row in mothers.values()] == TEXT
    order = ["delete_other", "delete_key"]
    positions = [
        (
            int((row["source_id"] or row["id"])[1:]),
            -1 if row["method"] is None else order.index(row["method"]),
        )
        for row in rows
    ]
    assert positions == sorted(positions)
    seen: dict[str, set[str]] = {name: {row["text"]} for name, row in mothers.items()}
    for row in rows:
        if row["source_id"] is not None:
            edits = [Edit(**edit) for edit in row["edits"]]
            assert replay(mothers[row["source_id"]]["text"], None, edits) == (row["text"], None)
            assert row["text"].strip()
            assert row["text"] not in seen[row["source_id"]]
            seen[row["source_id"]].add(row["text"])


def decisions(result: pa.Table) -> dict[str, tuple[object, ...]]:
    """Return, by id, all that must not depend on which rows come together."""
    return {
        row["id"]: (
            *(row[name] for name in DECIDED),
            [list(edit.values())[:5] for edit in row["edits"] or ()],
        )
        for row in result.to_pylist()
    }


@settings(max_examples=5)
@given(st.permutations(range(len(TEXT))), st.integers(1, len(TEXT)))
def test_what_comes_of_a_row_does_not_depend_on_the_rows_around_it(
    editing: Pipeline, job: Job, order: list[int], size: int
) -> None:
    """Any part of the rows in any order gives the same tokens, keys and samples."""
    rows = table(TEXT)
    whole = decisions(apply(editing, rows, job).table)
    part = decisions(apply(editing, rows.take(order[:size]), job).table)
    assert {name: whole[name] for name in part} == part
    mothers = {name for name, row in part.items() if row[SOURCE_ID] is None}
    assert mothers == {f"r{number}" for number in order[:size]}


def test_no_rows_come_back_as_no_rows(editing: Pipeline, job: Job) -> None:
    applied = apply(editing, table([]), job)
    assert (applied.table.num_rows, applied.rejects) == (0, ())


class Shuffle(Stage):
    """A stage made by copying another: it declares that it makes samples, and no more."""

    kind: Literal["shuffle"] = "shuffle"

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample."""
        return SAMPLE


def test_a_stage_of_ones_own_used_twice_is_refused() -> None:
    """Whatever it does with `on` and `name`: samples of one name would have the same ids."""
    stages: Any = (Shuffle(), Shuffle())
    plan = Pipeline.model_construct(name="twice", about="", splits=("train",), stages=stages)
    with pytest.raises(RequestError, match="under the same name, `shuffle`"):
        pipeline_of(plan)


def test_words_are_scored_ranked_and_left_out_without_a_model(job: Job, tmp_path: Path) -> None:
    stages = "  - kind: tokenize\n  - kind: weigh\n  - kind: rank\n    k: 1\n    by: weight\n"
    stages += "  - kind: delete\n    score: weight\n"
    plan = read_pipeline(write(tmp_path, stages))
    applied = apply(plan, table(TEXT), job.model_copy(update={"model": None})).table
    made = applied.filter(pc.is_valid(applied.column("source_id")))
    assert made.num_rows > len(TEXT) / 2
    assert applied.column("pieces").null_count == applied.num_rows


class Silent(Stage):
    """Gives a column that it does not declare."""

    kind: Literal["silent"] = "silent"

    def open(self, job: Job, state: Path | None) -> Step:
        """Return the step."""

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            return batch.append_column("secret", pa.nulls(batch.num_rows, pa.string()))

        return step


def test_a_column_that_is_not_declared_is_refused_and_not_lost(job: Job) -> None:
    """No file has a place for it: it would be gone without a word."""
    plan = Pipeline(name="mine", about="", stages=(Silent(),))
    with pytest.raises(RequestError, match="gives the column `secret`, which it does not declare"):
        apply(plan, table(["好", "good"]), job)
