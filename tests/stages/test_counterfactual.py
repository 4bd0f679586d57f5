"""Samples of another class: words of that class, the label moved and marked, kept only where a rule does so."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from augment.api.run import run
from augment.errors import RequestError
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.stages.counterfactual import Counterfactual
from augment.stages.keep import Rule
from augment.training import train
from augment.verification import verify
from tests.small import BAD, GOOD, small_job
from tests.written import written_job

STAGES: list[dict[str, object]] = [
    {"kind": "tokenize"},
    {"kind": "attribute", "target": "gold"},
    {"kind": "rank", "fraction": 0.25},
    {"kind": "counterfactual"},
    {"kind": "judge"},
]


def plan(*stages: dict[str, object]) -> Pipeline:
    """Return a pipeline that moves labels."""
    return Pipeline.model_validate({"name": "test", "about": "", "stages": [*STAGES, *stages]})


@pytest.fixture(scope="module")
def folder(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("moved") / "run"
    rule = {"verdict": "contrast", "methods": ["counterfactual"], "source": "right", "p_gold_at_least": 0.7}
    run(plan({"kind": "keep", "rules": [rule]}), small_job(small), output)
    return output


def test_every_sample_has_another_class_and_names_that_of_its_source_row(folder: Path) -> None:
    sources = {row["id"]: row for row in pq.read_table(folder / "explain/source_rows.parquet").to_pylist()}
    samples = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    words = {"good": {*GOOD}, "bad": {*BAD}}
    telling = 0
    for sample in samples:
        assert sample["label_from"] == sources[sample["source_id"]]["label"] != sample["label"]
        telling += any(edit["new"].casefold() in words[sample["label"]] for edit in sample["edits"])
        assert not any(edit["new"].casefold() in words[sample["label_from"]] for edit in sample["edits"])
    assert telling > 0.5 * len(samples) > 20


def test_words_of_the_own_class_leave_the_label_as_it_is(small: Path, tmp_path: Path) -> None:
    """Nothing is moved, so no rule is needed; each word put in is a telling one of the row's class."""
    own = Pipeline.model_validate(
        {
            "name": "own",
            "about": "",
            "stages": [*STAGES[:3], {"kind": "counterfactual", "of": "own"}, STAGES[4]],
        }
    )
    folder = run(own, small_job(small), tmp_path / "run").folder
    samples = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    sources = {row["id"]: row for row in pq.read_table(folder / "explain/source_rows.parquet").to_pylist()}
    words = {"good": {*GOOD}, "bad": {*BAD}}
    assert len(samples) > 20
    assert "label_from" not in samples[0]
    for sample in samples:
        assert (sample["method"], sample["label"]) == ("same_class", sources[sample["source_id"]]["label"])
        other = "bad" if sample["label"] == "good" else "good"
        assert not any(edit["new"].casefold() in words[other] for edit in sample["edits"])
    assert verify(folder).ok


def test_samples_are_with_the_probes_under_their_new_label(folder: Path) -> None:
    assert (
        pq.read_table(folder / "data/train.parquet").column("source_id").null_count
        == pq.read_metadata(folder / "data/train.parquet").num_rows
    )
    probes = pq.read_table(folder / "probes/train.parquet").to_pylist()
    assert len(probes) > 20
    for row in probes:
        assert row["verdict"] == "contrast"
        assert row["label"] != row["label_from"]
        assert row["p_gold_after"] >= 0.7
        assert row["pred_after"] == row["label"]


def test_verify_accepts_moved_labels_and_no_others(folder: Path, tmp_path: Path) -> None:
    assert verify(folder).ok
    path = folder / "explain/samples.parquet"
    whole = path.read_bytes()
    table = pq.read_table(path)
    index = table.column_names.index("label")
    try:
        pq.write_table(table.set_column(index, "label", table.column("label_from")), path)
        labels = next(check for check in verify(folder).checks if check.name == "labels")
    finally:
        path.write_bytes(whole)
    assert labels.wrong
    assert "moved to a label it cannot have" in labels.problems[0]


def test_a_pipeline_that_moves_labels_must_have_a_rule_which_to_trust() -> None:
    with pytest.raises(RequestError, match="changes labels"):
        pipeline_of(plan())
    pipeline_of(plan({"kind": "keep"}))


@pytest.mark.parametrize(
    ("methods", "verdict", "allowed"),
    [(None, "keep", False), (("counterfactual",), "keep", True), (None, "contrast", True)],
)
def test_a_moved_label_is_kept_only_by_a_rule_that_names_the_method(
    methods: tuple[str, ...] | None, verdict: str, allowed: bool
) -> None:
    rule = Rule.model_validate({"verdict": verdict, "methods": methods})
    row = {
        "label": "good",
        "label_from": "bad",
        "method": "counterfactual",
        "p_gold_after": 0.9,
        "pred_before": "bad",
        "pred_after": "good",
    }
    assert (rule.objection(row, "") is None) == allowed


def test_the_source_row_is_right_by_its_own_label() -> None:
    rule = Rule(verdict="contrast", source="right")
    row = {"label": "good", "label_from": "bad", "method": "m", "p_gold_after": 0.9, "pred_before": "bad"}
    assert rule.objection({**row, "pred_after": "good"}, "") is None
    assert rule.objection({**row, "pred_before": "good", "pred_after": "good"}, "") is not None


def test_words_of_the_own_and_of_another_class_go_together(small: Path, tmp_path: Path) -> None:
    """Each has a table of its own, and verify knows which of their samples have another label."""
    stages = [*STAGES[:3], {"kind": "counterfactual", "of": "own", "top": 1}, *STAGES[3:], {"kind": "keep"}]
    both = Pipeline.model_validate({"name": "both", "about": "", "stages": stages})
    folder = run(both, small_job(small), tmp_path / "run").folder
    samples = pq.read_table(folder / "explain/samples.parquet").to_pylist()
    moved = {sample["method"]: sample["label_from"] is not None for sample in samples}
    assert moved == {"same_class": False, "counterfactual": True}
    words = {
        edit["new"].casefold()
        for sample in samples
        if sample["method"] == "same_class"
        for edit in sample["edits"]
    }
    assert len(words) <= 2
    assert verify(folder).ok


def test_labels_moved_twice_are_refused_with_what_can_be_done() -> None:
    with pytest.raises(RequestError, match="already there") as caught:
        pipeline_of(plan({"kind": "counterfactual"}, {"kind": "keep"}))
    assert caught.value.hint == "leave one of them out"


def test_natural_samples_are_of_the_other_class_by_the_model_and_by_their_words(
    small: Path, tmp_path: Path
) -> None:
    """Each word put in is one that rows of the new class have of the same thing, and nothing of the old class is left."""
    job = written_job(small, tmp_path, rows=450, clauses=1)
    model = job.needs_model().model_copy(update={"path": str(tmp_path / "model")})
    job = job.model_copy(update={"model": model})
    train(job)
    summary = run("counterfactual", job, tmp_path / "run")
    samples = pq.read_table(summary.folder / "explain/samples.parquet").to_pylist()
    assert len(samples) > 5
    kept = [sample for sample in samples if sample["verdict"] == "contrast"]
    assert kept
    assert all(sample["p_gold_after"] >= 0.85 for sample in kept)
    for sample in samples:
        assert {sample["label"], sample["label_from"]} == {"good", "bad"}
    assert any("no key word of another class fits and makes it one" in why for why in summary.missing)
    assert (summary.folder / "run" / "evidence.parquet").exists()
    assert not (summary.folder / "run" / "counterfactual-another.parquet").exists()
    assert verify(summary.folder).ok


def test_natural_samples_need_the_stage_that_learns_how_people_write() -> None:
    stages = [{**stage, "natural": 0.5} if stage["kind"] == "counterfactual" else stage for stage in STAGES]
    with pytest.raises(RequestError, match="`evidence`"):
        pipeline_of(
            Pipeline.model_validate({"name": "x", "about": "", "stages": [*stages, {"kind": "keep"}]})
        )


@pytest.mark.parametrize("key", [{"share": 0.5}, {"most": 3}])
def test_a_key_that_does_nothing_with_natural_is_refused(key: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="does nothing with `natural`"):
        Counterfactual.model_validate({"natural": 0.5, **key})
