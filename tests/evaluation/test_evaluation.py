"""A whole evaluation of a small corpus: equal rows and steps, kept as it grows, refused where it does not belong."""

import json
import re
from pathlib import Path

import pytest

from augment.api.run import run
from augment.candidates import sources
from augment.config.job import Job
from augment.config.sections import CorpusConfig, EvaluateConfig, ModelConfig
from augment.errors import DataError, FingerprintError, RequestError
from augment.evaluation import Evaluation, evaluate
from augment.evaluation import cells as measuring
from augment.evaluation.cells import Bench, Measured
from augment.evaluation.conditions import Condition
from augment.evaluation.evaluation import FILE, read_evaluation
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline
from augment.progress import silent
from augment.tables.files import digest, write_json
from augment.training import train
from tests.several import several_job, write_several
from tests.small import small_job

SETTINGS = {"rows": (24,), "seeds": 2, "epochs": 2.0, "test_rows": 20}


def job(small: Path, **settings: object) -> Job:
    """Return a job whose judge is there already, so that none need be trained."""
    result = small_job(small)
    config = EvaluateConfig.model_validate({**SETTINGS, "arms": ("eda", "augment-wide:random"), **settings})
    judge = ModelConfig(path=str(small / "model"), max_length=64)
    return result.model_copy(update={"evaluate": config, "judge": judge})


@pytest.fixture(scope="module")
def measured(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    """Return an evaluation of two conditions on two draws."""
    return evaluate(job(small), tmp_path_factory.mktemp("runs") / "found")


def test_every_condition_is_measured_on_every_draw_and_test(measured: Evaluation) -> None:
    assert set(measured.cells) == {
        (24, seed, condition) for seed in (0, 1) for condition in ("duplicate", "eda", "augment-wide:random")
    }
    assert measured.tests == ["clean", "noise"]
    for (_, _, condition), cell in measured.cells.items():
        assert all(0 <= float(cell[test] or 0) <= 1 for test in measured.tests)
        if condition != "duplicate":
            assert float(cell["samples"] or 0) + float(cell["copies"] or 0) >= 96


def test_a_condition_without_samples_is_the_model_of_the_same_rows(small: Path, tmp_path: Path) -> None:
    cells = evaluate(job(small, arms=("probe",), seeds=1), tmp_path / "out").cells
    duplicate, probe = cells[24, 0, "duplicate"], cells[24, 0, "probe"]
    assert probe == {**duplicate, "samples": 0, "copies": 96}


def test_conditions_that_differ_in_training_only_have_the_same_samples(
    measured: Evaluation, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def run_noted(plan: Pipeline, config: Job, folder: Path, overwrite: bool) -> Summary:
        made.append(plan.name)
        assert config.needs_corpus().encoding == "utf-8"  # the rows were written by the evaluation itself
        return run(plan, config, folder, overwrite=overwrite)

    monkeypatch.setattr(measuring, "run", run_noted)
    evaluation = evaluate(
        job(small, arms=("eda", "eda+half", "augment-wide:random", "eda+r_drop")), tmp_path / "out"
    ).cells
    assert made == 2 * ["eda", "augment-wide-random"]
    assert {key: evaluation[key] for key in measured.cells} == measured.cells
    alone = evaluate(job(small, arms=("eda+r_drop",), seeds=1), tmp_path / "alone").cells
    assert alone[24, 0, "eda+r_drop"] == evaluation[24, 0, "eda+r_drop"]


def test_what_is_reported_is_in_the_folder(measured: Evaluation) -> None:
    page = (measured.folder / "evaluation.md").read_text(encoding="utf-8")
    assert "| eda |" in page
    assert "| eda | 2 |" in page
    assert "too few draws" in page
    assert (measured.folder / "evaluation.svg").read_text(encoding="utf-8").startswith("<svg")
    assert read_evaluation(measured.folder) == measured
    assert json.loads(json.dumps(measured.to_dict()))["means"]["eda"]["label_kept"] is not None
    assert len(measured.to_pandas()) == 6


def test_what_the_design_could_see_is_reported_where_there_are_draws_enough(tmp_path: Path) -> None:
    cells: dict[tuple[int, int, str], Measured] = {
        (24, seed, condition): {"clean": 0.5 + gain * seed}
        for seed in range(4)
        for condition, gain in (("duplicate", 0.0), ("eda", 0.01))
    }
    page = "\n".join(Evaluation(tmp_path, cells).lines())
    assert "This design can see differences" in page
    assert "| eda | 4 | +1.50 |" in page


def test_sizes_tests_and_conditions_without_samples_are_distinguished() -> None:
    cells: dict[tuple[int, int, str], Measured] = {}
    for rows, gain in ((40, 0.02), (80, 0.0)):
        for seed in range(rows // 20):
            noise = 0.001 * seed
            cells[rows, seed, "duplicate"] = {"clean": 0.5, "reversed": 0.2}
            cells[rows, seed, "balance"] = {"clean": 0.4 + noise, "reversed": 0.6, "samples": 9}
            cells[rows, seed, "probe"] = {"clean": 0.5 + gain + noise, "reversed": 0.2, "samples": 0}
    page = "\n".join(Evaluation(Path("x"), cells, {"clean": 56}).lines())
    assert "6 draws, 56 texts" in page
    assert "| condition | 40 rows | 80 rows |" in page
    assert "| probe | +2.05 (2) | +0.15 (4) |" in page
    assert re.search(r"\| probe \| 6 \|.*\| made no sample \|", page)
    assert page.index("a repair loses here") < page.index("## reversed")
    one = {key: cell for key, cell in cells.items() if key[:2] == (40, 0)}
    page = "\n".join(Evaluation(Path("x"), one).lines())
    assert "1 draw." in page
    assert "40 rows" not in page


def test_an_evaluation_that_was_broken_off_goes_on_to_the_same_cells(
    measured: Evaluation, small: Path, tmp_path: Path
) -> None:
    def stop(phase: str, done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluate(job(small), tmp_path / "broken", progress=stop)
    assert len(read_evaluation(tmp_path / "broken").cells) == 3
    assert evaluate(job(small), tmp_path / "broken").cells == measured.cells


def test_a_corpus_that_changes_while_it_is_read_is_code_5_and_leaves_no_cell(
    small: Path, tmp_path: Path
) -> None:
    """The evaluation that follows is of the rows that are there, and shows it by their hash."""
    path = tmp_path / "corpus" / "small.csv"
    path.parent.mkdir()
    path.write_bytes((small / "small.csv").read_bytes())
    changed = job(small, arms=("duplicate",), seeds=1)
    corpus = changed.needs_corpus().model_copy(update={"root": path.parent})
    changed = changed.model_copy(update={"corpus": corpus})

    def disturb(phase: str, done: int, total: int) -> None:
        """Change the corpus after it was hashed, before it is read."""
        if phase == "read the corpus":
            with path.open("a", encoding="utf-8") as stream:
                stream.write('x1,"我觉得 房间 很好",good,more\n')

    with pytest.raises(DataError, match="changed while it was read") as refused:
        evaluate(changed, tmp_path / "out", progress=disturb)
    assert refused.value.exit_code == 5
    assert not list((tmp_path / "out").glob("[!.]*"))
    evaluate(changed, tmp_path / "out")
    held = json.loads((tmp_path / "out" / FILE).read_text(encoding="utf-8"))
    assert held["fingerprint"]["corpus"] == {"small.csv": digest(path)}


def test_what_a_killed_training_left_is_not_taken_for_a_model(
    measured: Evaluation, small: Path, tmp_path: Path
) -> None:
    torn = tmp_path / "torn" / "work" / "24-0" / "duplicate-fresh"
    torn.mkdir(parents=True)
    (torn / "config.json").write_text("{", encoding="utf-8")
    held = json.loads((measured.folder / FILE).read_text(encoding="utf-8"))
    write_json(tmp_path / "torn" / FILE, {**held, "cells": {}})
    (tmp_path / "torn" / f"{FILE}.tmp-0a1b2c3d4e5f").touch()
    few = job(small, arms=("duplicate",), seeds=1)
    evaluation = evaluate(few, tmp_path / "torn")
    assert evaluation.cells[24, 0, "duplicate"] == measured.cells[24, 0, "duplicate"]
    assert not list((tmp_path / "torn").glob("*.tmp-*"))


def test_another_corpus_or_training_is_refused_and_named(measured: Evaluation, small: Path) -> None:
    other = job(small).model_copy(update={"seed": 7})
    with pytest.raises(FingerprintError, match="`seed` was 0, is 7"):
        evaluate(other, measured.folder)
    with pytest.raises(FingerprintError, match=r"`evaluate\.variants` was 4, is 2"):
        evaluate(job(small, variants=2), measured.folder)


def test_what_was_trained_otherwise_is_not_mixed_with_what_is_trained_now(
    measured: Evaluation, small: Path, tmp_path: Path
) -> None:
    held = json.loads((measured.folder / FILE).read_text(encoding="utf-8"))
    del held["fingerprint"]["training"]
    (tmp_path / "old").mkdir()
    write_json(tmp_path / "old" / FILE, held)
    with pytest.raises(FingerprintError, match="`training` was null, is "):
        evaluate(job(small), tmp_path / "old")


def test_a_folder_of_something_else_is_left_alone(small: Path, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(RequestError, match="not empty"):
        evaluate(job(small), tmp_path, overwrite=True)
    assert (tmp_path / "letter.txt").read_text(encoding="utf-8") == "dear"


def test_more_rows_than_the_corpus_has_are_refused(small: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="request fewer"):
        evaluate(job(small, rows=(24, 5000)), tmp_path / "out")
    assert not list((tmp_path / "out").glob("[!.]*"))


def test_the_data_of_all_conditions_have_one_size(small: Path, tmp_path: Path) -> None:
    bench = Bench.of(job(small), tmp_path, silent)
    draw = bench.pool[:24]
    for name in ("duplicate", "eda", "augment+online"):
        condition = Condition.of(name)
        passes = bench.passes(condition, 24)
        for samples in ([], bench.pool[:50], bench.pool * 20):
            rows = bench.enlarged(condition, draw, [] if condition.is_copying else samples, 0)
            assert len(rows) == 24 * 5 * passes
            assert sum(row in draw for row in rows) >= 24 * passes


FLAGS = "accept,label,kind,text,form,flag\nyes,good,word,满意,满意,\nyes,good,word,wonderful,wonderful,\n"


def test_accepted_shortcuts_are_reversed_in_a_test_of_their_own(small: Path, tmp_path: Path) -> None:
    (tmp_path / "flags.csv").write_text(FLAGS, encoding="utf-8")
    result = job(small)
    resources = result.resources.model_copy(update={"flags": str(tmp_path / "flags.csv")})
    bench = Bench.of(result.model_copy(update={"resources": resources}), tmp_path / "bench", silent)
    before = {row.of: row for row in bench.clean}
    changed = {row.of: row for row in bench.tests["reversed"]}
    assert set(changed) == set(before)
    for number, row in changed.items():
        assert row.label == before[number].label
        has = [word in row.text for word in ("满意", "wonderful")]
        assert not any(has) if row.label == "good" else any(has)
    assert {row.label for row in changed.values()} == {"good", "bad"}


def test_flags_that_accept_nothing_are_refused_before_anything_is_trained(
    small: Path, tmp_path: Path
) -> None:
    (tmp_path / "flags.csv").write_text(FLAGS.replace("yes", "no"), encoding="utf-8")
    result = job(small)
    resources = result.resources.model_copy(update={"flags": str(tmp_path / "flags.csv")})
    with pytest.raises(RequestError, match="nothing is accepted"):
        Bench.of(result.model_copy(update={"resources": resources}), tmp_path / "bench", silent)
    (tmp_path / "flags.csv").write_text(FLAGS.replace("good", "好评"), encoding="utf-8")
    with pytest.raises(RequestError, match="which these rows do not have"):
        Bench.of(result.model_copy(update={"resources": resources}), tmp_path / "bench", silent)


def test_a_judge_of_the_models_family_is_refused_before_anything_is_written(
    small: Path, tmp_path: Path
) -> None:
    result = job(small, judge="textcnn").model_copy(update={"judge": None})
    with pytest.raises(RequestError, match="share its faults"):
        evaluate(result, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.json"))


@pytest.mark.parametrize(
    ("start", "judge", "where"),
    [
        ("textcnn", None, "train.start"),
        ("bert-small", "textcnn", "evaluate.judge"),
        ("bert-small", None, "evaluate.judge"),
        ("an/encoder", None, None),
    ],
)
def test_pairs_want_a_model_and_a_judge_that_read_both_texts(
    small: Path, tmp_path: Path, start: str, judge: str | None, where: str | None
) -> None:
    """A judge of pairs is a bert-small where none is named; before anything is written it is known whether that will do."""
    result = job(small, judge=judge)
    for split in ("train", "test"):
        rows = [f"{split} 房间 {row},很好 😀,{'good' if row % 2 else 'bad'}" for row in range(40)]
        (tmp_path / f"{split}.csv").write_text("\n".join(["text,text_pair,label", *rows]), encoding="utf-8")
    corpus = {"root": str(tmp_path), "files": {"train": "train.csv", "test": "test.csv"}}
    settings = {
        "corpus": CorpusConfig.model_validate(corpus),
        "train": result.train.model_copy(update={"start": start}),
        "judge": None,
    }
    wanted = result.model_copy(update=settings)
    if where is None:
        assert {row.text_pair for row in Bench.of(wanted, tmp_path / "out", silent).pool} == {"很好 😀"}
        return
    with pytest.raises(RequestError) as caught:
        Bench.of(wanted, tmp_path / "out", silent)
    assert caught.value.where == where
    assert not (tmp_path / "out").exists()


def test_conditions_read_the_files_that_are_named_from_the_folder_of_the_corpus(
    small: Path, tmp_path: Path
) -> None:
    result = job(small)
    corpus = small_job(small).needs_corpus()
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "small.csv").write_bytes((small / "small.csv").read_bytes())
    (folder / "words.tsv").write_text("movie\tfilm\n", encoding="utf-8")
    settings = {
        "corpus": corpus.model_copy(update={"root": folder}),
        "resources": result.resources.model_copy(update={"lexicons": ("words.tsv",)}),
        "evaluate": result.evaluate.model_copy(update={"arms": ("eda",), "seeds": 1}),
    }
    cells = evaluate(result.model_copy(update=settings), tmp_path / "out").cells
    assert cells[24, 0, "eda"]["samples"]
    (folder / "words.tsv").write_text("movie\tpicture\n", encoding="utf-8")
    sources._read_once.cache_clear()
    with pytest.raises(FingerprintError, match=r"`lexicons\.words\.tsv` was"):
        evaluate(result.model_copy(update=settings), tmp_path / "out")


def test_every_test_has_an_auc_and_an_accuracy_at_a_fitted_threshold(measured: Evaluation) -> None:
    assert measured.scores == [
        f"{test}{suffix}" for test in ("clean", "noise") for suffix in ("", "/fitted", "/auc")
    ]
    for cell in measured.cells.values():
        assert all(0 <= float(cell[score] or 0) <= 1 for score in measured.scores)
    page = "\n".join(measured.lines())
    for what in ("accuracy", "accuracy, threshold fitted", "AUC"):
        assert page.count(f"\n### {what}\n") == 2
    plain = json.loads(json.dumps(measured.to_dict()))
    assert set(plain["differences"]["clean/auc"]["eda"]) == set(plain["differences"]["clean"]["eda"])


def test_equal_classes_are_drawn_where_they_are_wanted(small: Path, tmp_path: Path) -> None:
    changed = job(small, arms=("duplicate",), seeds=1, rows=(20,), equal_classes=True)
    evaluation = evaluate(changed, tmp_path / "out")
    assert "equally many rows of every class" in (tmp_path / "out" / "evaluation.md").read_text("utf-8")
    assert evaluation.cells[20, 0, "duplicate"].keys() >= {"clean", "clean/fitted", "clean/auc"}


def test_accepted_shortcuts_are_cut_out_of_every_row_of_a_condition(small: Path, tmp_path: Path) -> None:
    (tmp_path / "flags.csv").write_text(FLAGS, encoding="utf-8")
    result = job(small, arms=("cut",), seeds=1, rows=(40,))
    with pytest.raises(RequestError, match="no shortcut is named"):
        evaluate(result, tmp_path / "out")
    resources = result.resources.model_copy(update={"flags": str(tmp_path / "flags.csv")})
    result = result.model_copy(update={"resources": resources})
    bench = Bench.of(result, tmp_path / "bench", silent)
    rows = bench._without_accepted(bench.pool)
    assert len(rows) == len(bench.pool)
    assert not any(word in row.text for row in rows for word in ("满意", "wonderful"))
    cell = evaluate(result, tmp_path / "out").cells[40, 0, "cut"]
    assert cell["copies"] == 160
    assert cell.keys() >= {"reversed", "reversed/auc"}


@pytest.fixture(scope="module")
def rows_of_several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small corpus with several labels a row, and numbers."""
    return write_several(tmp_path_factory.mktemp("several"))


def other_job(folder: Path, label: str, **settings: object) -> Job:
    """Return a job of several labels or numbers whose judge is trained in passing."""
    result = several_job(folder, label, **({"answers": "number"} if label == "stars" else {}))
    judge = result.needs_model()
    if not Path(judge.path).exists():
        train(result)
    config = EvaluateConfig.model_validate({**SETTINGS, "seeds": 1, "arms": ("eda",), **settings})
    return result.model_copy(update={"evaluate": config, "judge": judge})


def test_of_several_labels_every_condition_has_f1s_and_those_of_each_label(
    rows_of_several: Path, tmp_path: Path
) -> None:
    made = evaluate(other_job(rows_of_several, "labels", noise=0), tmp_path / "out")
    cell = made.cells[24, 0, "eda"]
    wanted = {f"clean{name}" for name in ("", "/micro_f1", "/macro_f1", "/auc")}
    each = {f"clean/{name} {label}" for name in ("f1", "auc") for label in ("bad", "chinese", "good")}
    assert set(made.scores) == wanted | each
    assert made.tests == ["clean"]
    assert all(0 <= float(cell[name] or 0) <= 1 for name in made.scores)
    assert 0 <= float(cell["label_kept"] or 0) <= 1
    page = (made.folder / "evaluation.md").read_text(encoding="utf-8")
    assert "### micro F1" in page
    assert "### F1 of each label" in page
    assert re.search(r"\| chinese \| [0-9.]+ \| [+-][0-9.]+ \|", page)


def test_of_numbers_every_condition_has_a_mean_error_and_a_rank_correlation(
    rows_of_several: Path, tmp_path: Path
) -> None:
    made = evaluate(other_job(rows_of_several, "stars", noise=0), tmp_path / "out")
    assert set(made.scores) == {"clean", "clean/mean_error", "clean/spearman"}
    assert float(made.cells[24, 0, "eda"]["clean/mean_error"] or 0) > 0
    own, other = (made.cells[24, 0, name]["clean/mean_error"] or 0 for name in ("eda", "duplicate"))
    assert made.differences("clean/mean_error")["eda"].mean == pytest.approx(own - other)
    assert "mean error" not in (made.folder / "evaluation.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"equal_classes": True}, "evaluate.equal_classes"),
        ({"arms": ("eda+r_drop",)}, r"evaluate.arms: eda\+r_drop"),
        ({"arms": ("cut",)}, "evaluate.arms: cut"),
    ],
)
def test_what_only_rows_of_one_label_have_is_refused(
    rows_of_several: Path, tmp_path: Path, settings: dict[str, object], where: str
) -> None:
    with pytest.raises(RequestError, match=where):
        evaluate(other_job(rows_of_several, "labels", **settings), tmp_path / "out")
