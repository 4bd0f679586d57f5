"""A user's own stage, written outside the package, is known to all of it as well as ours."""

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import Field

import augment
from augment.config.job import Job
from augment.config.sections import EvaluateConfig, ModelConfig
from augment.errors import FingerprintError, RequestError
from augment.evaluation import evaluate
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline
from augment.seeding import Chance
from augment.stages import Attribute, Judge, Keep, Tokenize
from augment.stages.editing import Row
from augment.stages.editor import Draw, Editor
from augment.stages.keep import Rule
from augment.stages.protocol import Stage
from augment.tables.columns import SAMPLE, Column
from augment.tables.files import digest, read_json
from tests.report.test_page import payload
from tests.small import small_job


class Shuffle(Editor):
    """Samples whose words are in another order. A draw that leaves them as they are is empty."""

    kind: Literal["shuffle"] = "shuffle"
    name: str = "shuffle"
    samples: int = Field(default=2, ge=1)
    window: int = Field(default=3, ge=2, description="neighbours that change places")

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample, and how many words have moved."""
        return (*SAMPLE, Column(f"{self.name}_moved", pa.int32(), "words in another place", on="sample"))

    def draw(self, row: Row, rng: Chance, number: int) -> Draw | None:
        """Return neighbours in another order."""
        words = [token for token in row.free if not row.side[token]]
        if len(words) < 2:
            return None
        begin = rng.below(max(len(words) - self.window, 0) + 1)
        positions = words[begin : begin + self.window]
        order = rng.sample(positions, len(positions))
        choice = {one: row.tokens[other] for one, other in zip(positions, order, strict=True) if one != other}
        return Draw(row.edits(choice), values={f"{self.name}_moved": len(choice)})


KEEPING = Keep(rules=(Rule(verdict="keep", p_gold_at_least=0.2), Rule(verdict="soft")))
PLAN = Pipeline(
    name="shuffled",
    about="Words in another order, twice.",
    stages=(
        Tokenize(),
        Attribute(fixed=2),
        Shuffle(samples=1),
        Shuffle(name="far", window=9),
        Judge(),
        KEEPING,
    ),
)


@pytest.fixture(scope="module")
def job(small: Path) -> Job:
    return small_job(small, limit=40)


@pytest.fixture(scope="module")
def summary(job: Job, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return the summary of a finished run."""
    return augment.run(PLAN, job, tmp_path_factory.mktemp("runs") / "own")


def test_it_makes_samples_under_two_names_with_a_column_of_its_own(summary: Summary) -> None:
    rows = pq.read_table(summary.folder / "explain" / "samples.parquet").to_pylist()
    assert {row["method"] for row in rows} == {"shuffle", "far"}
    assert len({row["id"] for row in rows}) == len({(row["source_id"], row["text"]) for row in rows})
    for row in rows:
        other = "far" if row["method"] == "shuffle" else "shuffle"
        assert row[f"{row['method']}_moved"] == len(row["edits"]) >= 2
        assert row[f"{other}_moved"] is None
    assert summary.counts["samples made"] == len(rows) > 40
    assert sum(summary.verdicts.values()) == len(rows)


def test_a_draw_that_changes_nothing_costs_no_other(summary: Summary) -> None:
    """Of the two orders of two words half the draws are empty, and no sample is missing for it."""
    assert summary.missing.keys() <= {
        "its candidates allow no more different texts",
        "no token may be edited",
    }
    assert summary.counts["samples made"] + summary.counts["samples missing"] == 3 * 40


def test_verify_finds_nothing_wrong_and_the_report_draws_it(summary: Summary) -> None:
    assert augment.verify(summary.folder).ok
    shown = payload((summary.folder / "report.html").read_text(encoding="utf-8"))
    samples = [sample for row in shown["rows"] for sample in row["samples"]]
    assert {sample["method"] for sample in samples} == {"shuffle", "far"}


def test_online_draws_what_the_run_made_and_then_others(job: Job, summary: Summary) -> None:
    rows = augment.online(PLAN, job, summary.folder)
    made = {
        row["id"]: row["text"]
        for row in pq.read_table(summary.folder / "explain/samples.parquet").to_pylist()
    }
    variants = [rows.variant(index, 0) for index in range(len(rows))]
    assert {each.method for each in variants} >= {"shuffle", "far"}
    for each in variants:
        if each.method is not None:
            assert made[f"{each.id}~{each.method}~1"] == each.text
    assert variants != [rows.variant(index, 1) for index in range(len(rows))]


def test_evaluate_trains_on_its_samples(small: Path, job: Job, tmp_path: Path) -> None:
    settings = {"rows": (24,), "seeds": 1, "epochs": 2.0, "test_rows": 20, "noise": 0}
    config = EvaluateConfig.model_validate({**settings, "arms": ("shuffled", "shuffled+online")})
    judge = ModelConfig(path=str(small / "model"), max_length=64)
    requested = small_job(small).model_copy(update={"evaluate": config, "judge": judge})
    cells = evaluate(requested, tmp_path / "out", pipelines=(PLAN,)).cells
    assert float(cells[24, 0, "shuffled"]["samples"] or 0) > 0
    with pytest.raises(RequestError, match="shuffled"):
        evaluate(requested, tmp_path / "other")


def test_worker_processes_make_the_same(job: Job, summary: Summary, tmp_path: Path) -> None:
    settings = job.run.model_copy(update={"executor": "processes", "workers": 1})
    other = augment.run(PLAN, job.model_copy(update={"run": settings}), tmp_path / "workers")
    for name in ("samples", "source_rows"):
        one, two = (pq.read_table(each.folder / f"explain/{name}.parquet") for each in (summary, other))
        assert one.equals(two)


def test_a_class_that_no_worker_can_import_is_refused(job: Job, tmp_path: Path) -> None:
    class Local(Shuffle):
        """One of a function."""

    plan = PLAN.model_copy(update={"stages": (Tokenize(), Local())})
    settings = job.run.model_copy(update={"executor": "processes", "workers": 1})
    with pytest.raises(RequestError, match="cannot be imported by worker processes"):
        augment.run(plan, job.model_copy(update={"run": settings}), tmp_path / "out")


def test_another_setting_is_another_run(job: Job, summary: Summary) -> None:
    stages = (*PLAN.stages[:3], Shuffle(name="far", window=8), *PLAN.stages[4:])
    with pytest.raises(FingerprintError):
        augment.run(PLAN.model_copy(update={"stages": stages}), job, summary.folder)


def test_the_fingerprint_of_a_run_covers_the_file_of_a_stage(summary: Summary) -> None:
    kept = read_json(summary.folder / "manifest.json")["fingerprint"]
    assert isinstance(kept, dict)
    assert kept["pipeline"]["own_stages"] == {f"{__name__}.Shuffle": digest(Path(__file__))}


def test_two_of_one_name_are_refused_with_what_to_do(job: Job, tmp_path: Path) -> None:
    plan = PLAN.model_copy(update={"stages": (Tokenize(), Shuffle(), Shuffle())})
    with pytest.raises(RequestError, match="shuffle_moved") as error:
        augment.run(plan, job, tmp_path)
    assert "name" in str(error.value)


def test_a_value_of_a_column_that_it_does_not_add_is_refused(job: Job, tmp_path: Path) -> None:
    plan = PLAN.model_copy(update={"stages": (Tokenize(), Undeclared())})
    with pytest.raises(RequestError, match="shuffle_moved"):
        augment.run(plan, job, tmp_path / "out")


class Undeclared(Shuffle):
    """One that forgets to declare its column."""

    @property
    def adds(self) -> tuple[Column, ...]:
        """What makes a row a sample."""
        return SAMPLE


class Shout(Stage):
    """A stage that makes no samples and cannot be opened."""

    gpu: ClassVar[bool] = False
    kind: Literal["shout"] = "shout"


def test_a_stage_needs_no_more_than_a_kind_to_be_in_a_plan(job: Job) -> None:
    plan = Pipeline(name="loud", about="", stages=(Tokenize(), Shout()))
    assert plan.stages[1] == Shout()
    assert plan.model_dump()["stages"][1] == {"kind": "shout"}
