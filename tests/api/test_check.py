"""Checking: labels of the corpus next to the classes of the model, and a message with what to write."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.api.check import check_run, findings
from augment.api.run import run
from augment.candidates import fluency
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.config.sections import CorpusConfig, ModelConfig, ResourcesConfig
from augment.config.yaml_file import parse
from augment.errors import DataError, ModelError, RequestError
from augment.models.labels import LabelMap
from augment.pipeline.definition import pipeline_of
from augment.verification import verify
from tests.small import small_job


def job(small: Path, folder: Path, given: Sequence[object], name: str = "表.jsonl", **corpus: object) -> Job:
    """Return the job of a corpus with these labels, one row each, and the small model: bad, good."""
    rows = [{"text": f"房间 很好 {row}", "label": label} for row, label in enumerate(given)]
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), folder / name)
    else:
        (folder / name).write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    section = CorpusConfig.model_validate({"root": folder, "files": {"train": name}, **corpus})
    return small_job(small).model_copy(update={"corpus": section})


def refusal(job: Job) -> DataError:
    """Return the error that a check ends in."""
    with pytest.raises(DataError) as caught:
        check_run("augment", job)
    return caught.value


def written(hint: str) -> object:
    """Return the label names that a hint suggests, read as YAML."""
    match = re.search(r"`corpus\.label_names: (.*)`", hint)
    assert match is not None
    return CorpusConfig.model_validate(
        {"files": "a", **parse(f"label_names: {match[1]}", Path("hint")).values}
    ).label_names


def test_a_model_of_one_text_is_not_shown_pairs(small: Path, tmp_path: Path) -> None:
    """Neither is it run on them; what is there stays."""
    made = job(small, tmp_path, ["bad", "good"], label="label")
    rows = [{"文本": "房间 很好", "文本2": "the room 🛏", "label": label} for label in ("bad", "good")]
    (tmp_path / "表.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    with pytest.raises(ModelError, match="reads one text"):
        check_run("augment", made)
    with pytest.raises(ModelError, match="reads one text"):
        run("augment-wide", made, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["表.jsonl"]


@pytest.mark.parametrize("name", ["表.jsonl", "表.parquet"])
@pytest.mark.parametrize(
    ("labels", "wrong", "names", "speaks"),
    [
        ([1, 0, 1], "labels '0', '1'", {"0": "CLASS", "1": "CLASS"}, "name the label of each number"),
        (
            ["Good", "BAD"],
            "labels 'BAD', 'Good'",
            {"BAD": "bad", "Good": "good"},
            "name the class of each label",
        ),
        (["好: 评", "bad"], "label '好: 评'", {"好: 评": "CLASS"}, "name the class of each label"),
        ([5], "label '5'", {"5": "CLASS"}, "name the label of each number"),
    ],
)
def test_labels_the_model_does_not_know_are_named_with_what_to_write(
    small: Path, tmp_path: Path, name: str, labels: list[object], wrong: str, names: object, speaks: str
) -> None:
    """What the hint suggests passes, where it names classes; which class a number is it does not guess."""
    error = refusal(job(small, tmp_path, labels, name))
    assert (error.where, error.exit_code) == (wrong, 5)
    assert "its classes are bad, good" in error.what
    assert speaks in error.hint
    assert written(error.hint) == names
    if "CLASS" not in error.hint:
        checked = check_run("augment", job(small, tmp_path, labels, name, label_names=names))
        assert checked["labels"] == f"bad, good ({len(labels)} rows seen)"


def test_a_model_without_names_asks_for_them() -> None:
    with pytest.raises(DataError) as caught:
        LabelMap(("LABEL_0", "LABEL_1")).require(["差评", "好评"])
    assert caught.value.where == "labels '好评', '差评'"
    assert written(caught.value.hint) == {"0": "NAME0", "1": "NAME1"}


def test_many_labels_are_not_all_shown() -> None:
    with pytest.raises(DataError) as caught:
        LabelMap(tuple(f"c{number}" for number in range(1000))).require(
            f"别{number}" for number in range(1000)
        )
    assert "1000 in all" in caught.value.what
    assert len(str(caught.value)) < 1500


def test_several_labels_in_a_cell_are_noticed_where_no_separator_is_set(small: Path, tmp_path: Path) -> None:
    cells = ["good;bad", "bad", "bad;odd", "odd;good", "good"]
    shown = list(check_run("eda", job(small, tmp_path, cells)).values())
    assert any("`bad;odd` look like several in a cell" in line for line in shown)
    shown = list(check_run("eda", job(small, tmp_path, cells, label_separator=";")).values())
    assert not any("in a cell" in line for line in shown)


def test_a_label_that_may_be_misspelt_is_reported(small: Path, tmp_path: Path) -> None:
    checked = check_run("explain", job(small, tmp_path, [*["good"] * 9, "bad"]))
    assert "note 1" not in checked
    with pytest.raises(DataError, match="goood"):
        check_run("explain", job(small, tmp_path, [*["good"] * 9, "goood"]))
    reported = dict(reported for reported in _until_refused(job(small, tmp_path, [*["good"] * 9, "goood"])))
    assert reported["note 1"] == "the label `goood` (rows: 1) reads like `good` (rows: 9): is it misspelt?"


def _until_refused(job: Job) -> Iterator[tuple[str, str]]:
    """Yield what a check finds before it is refused."""
    with suppress(DataError):
        yield from findings(pipeline_of("explain"), job)


def test_a_corpus_without_rows_is_refused(small: Path, tmp_path: Path) -> None:
    (tmp_path / "空.csv").write_text("text,label\n", encoding="utf-8")
    section = CorpusConfig.model_validate({"root": tmp_path, "files": "空.csv"})
    error = refusal(small_job(small).model_copy(update={"corpus": section}))
    assert error.where.endswith("空.csv")
    assert error.what == "there are no rows"


def test_only_the_first_rows_are_looked_at(small: Path, tmp_path: Path) -> None:
    checked = check_run("augment", job(small, tmp_path, ["good"] * 2000 + ["别的"]))
    assert checked["labels"] == "good (1,024 rows seen)"


def test_labels_of_other_splits_and_labels_not_chosen_do_not_matter(small: Path, tmp_path: Path) -> None:
    other = job(small, tmp_path, ["好"], files={"train": "表.jsonl", "test": "少.jsonl"})
    (tmp_path / "少.jsonl").write_text('{"text": "好", "label": "good"}\n', encoding="utf-8")
    assert refusal(other).where == "label '好'"
    only = other.model_copy(update={"run": other.run.model_copy(update={"splits": ("test",)})})
    assert check_run("augment", only)["labels"] == "good, 好 (2 rows seen)"
    chosen = job(small, tmp_path, ["好", "bad"], labels=["bad"])
    assert check_run("augment", chosen)["labels"] == "bad (2 rows seen)"


@pytest.mark.parametrize("ending", ["\n", ""])
def test_a_head_may_end_anywhere(small: Path, tmp_path: Path, ending: str) -> None:
    """In a quoted field with line ends, and within a character."""
    text = "房间\n很好" * 300
    rows = "".join(f'"{text} {row}",good\n' for row in range(900))
    (tmp_path / "长.csv").write_text("text,label\n" + rows + ending, encoding="gb18030")
    section = CorpusConfig.model_validate({"root": tmp_path, "files": "长.csv"})
    checked = check_run("augment", small_job(small).model_copy(update={"corpus": section}))
    assert re.fullmatch(r"good \(\d+ rows seen\)", checked["labels"])


def test_dictionaries_are_named_and_only_where_they_are_used(small: Path) -> None:
    assert "dictionaries" in check_run("augment", small_job(small))
    assert "dictionaries" not in check_run("explain", small_job(small))


def test_an_encoder_is_checked_where_it_would_be_used(small: Path, pair_model: Path) -> None:
    named = ResourcesConfig(encoder=str(pair_model))
    job = small_job(small).model_copy(update={"resources": named})
    assert check_run("augment", job)["encoder"] == f"{pair_model}: bert"
    assert "encoder" not in check_run("explain", job)
    absent = named.model_copy(update={"encoder": "./nowhere/at/all"})
    with pytest.raises(ModelError, match="no such folder"):
        check_run("augment", job.model_copy(update={"resources": absent}))


def test_a_dictionary_of_ones_own_is_named(small: Path, tmp_path: Path) -> None:
    (tmp_path / "词.tsv").write_text("房间\t客房\n", encoding="utf-8")
    mine = small_job(small)
    resources = mine.resources.model_copy(update={"lexicons": (str(tmp_path / "词.tsv"),)})
    checked = check_run("augment", mine.model_copy(update={"resources": resources}))
    assert checked["dictionaries"] == str(tmp_path / "词.tsv")


@pytest.mark.parametrize(
    ("resources", "fault"),
    [
        ({"protect_patterns": ("好+", "[很-")}, "is not a regular expression"),
        ({"protect": ("没有.txt",)}, "cannot be read: No such file"),
        ({"ngrams": "没有.arpa"}, "there is no file"),
    ],
)
def test_what_is_protected_and_by_what_is_judged_is_known_before_anything_is_run(
    small: Path, tmp_path: Path, resources: dict[str, object], fault: str
) -> None:
    mine = small_job(small)
    named = mine.model_copy(update={"resources": mine.resources.model_copy(update=resources)})
    with pytest.raises(RequestError, match=fault):
        check_run("augment", named)
    with pytest.raises(RequestError, match=fault):
        run("augment-wide", named, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_no_installed_package_gives_is_reported(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = small_job(small)
    (tmp_path / "words.arpa").touch()
    resources = mine.resources.model_copy(update={"ngrams": str(tmp_path / "words.arpa")})
    monkeypatch.setattr(fluency, "find_spec", lambda _: None)
    checked = check_run("augment", mine.model_copy(update={"resources": resources}))
    assert "pip install kenlm" in checked["note 1"]


def test_a_split_misspelt_in_the_config_is_reported_with_the_one_meant(small: Path, tmp_path: Path) -> None:
    (tmp_path / "数据.csv").write_text("text,label\n房间 很好,good\n", encoding="utf-8")
    section = CorpusConfig.model_validate({"root": tmp_path, "files": {"trian": "数据.csv"}})
    named = small_job(small).model_copy(update={"corpus": section})
    for ask in (check_run, run):
        with pytest.raises(RequestError) as caught:
            ask("augment", named)
        assert "there are trian" in caught.value.what
        assert (caught.value.where, caught.value.hint) == ("split `train`", "did you mean `trian`?")


def test_a_calibration_that_is_named_must_be_there(small: Path, tmp_path: Path) -> None:
    named = small_job(small)
    model = named.needs_model().model_copy(update={"calibration": str(tmp_path / "gone.json")})
    with pytest.raises(RequestError, match=r"there is no file .*gone\.json"):
        check_run("augment", named.model_copy(update={"model": model}))


def test_classes_that_no_row_has_are_reported_by_check_and_run(small: Path, tmp_path: Path) -> None:
    made = job(small, tmp_path, ["good"] * 4)
    reported = check_run("explain", made)["model classes"]
    assert "2 classes" in reported
    assert "no row seen has the label of its class bad" in reported
    assert reported in run("explain", made, tmp_path / "out").notices
    both = job(small, tmp_path, ["good", "bad"] * 2)
    assert "model classes" not in check_run("explain", both)


def test_labels_that_the_user_chose_are_not_reported_to_be_few(small: Path, tmp_path: Path) -> None:
    assert "model classes" not in check_run("explain", job(small, tmp_path, ["good", "bad"], labels=["good"]))


@pytest.mark.parametrize("label", [False, None])
def test_rows_without_labels_are_refused_where_samples_are_kept_by_them(
    label: bool | None, small: Path, tmp_path: Path
) -> None:
    """Every sample would be dropped, after all of the work. What needs no label is run."""
    made = job(small, tmp_path, ["x"] * 8, label=label)
    rows = "\n".join(json.dumps({"text": f"房间 很好 {row}", "verdict": "good"}) for row in range(8))
    (tmp_path / "表.jsonl").write_text(rows, encoding="utf-8")
    message = "the rows have no labels, and augment keeps samples by them; its columns: text, verdict\n"
    for act in (lambda: check_run("augment", made), lambda: run("augment", made, tmp_path / "out")):
        with pytest.raises(DataError, match=f"{message}name the column of the labels: --label COLUMN"):
            act()
    assert not (tmp_path / "out").exists()
    assert check_run("explain", made)["labels"].startswith("none")


def test_rows_without_labels_have_no_class_notices(small: Path, tmp_path: Path) -> None:
    assert "model classes" not in check_run("explain", job(small, tmp_path, [None, None]))


@pytest.mark.parametrize("pipeline", ["eda", "aeda"])
def test_a_pipeline_that_asks_no_model_needs_none_and_looks_at_none(
    small: Path, tmp_path: Path, pipeline: str
) -> None:
    made = job(small, tmp_path, ["bad", "good"] * 4)
    without = made.model_copy(update={"model": None})
    broken = made.model_copy(update={"model": ModelConfig(path=str(tmp_path / "没有"))})
    for number, each in enumerate((made, without, broken)):
        assert "model" not in check_run(pipeline, each)
        done = run(pipeline, each, tmp_path / f"out{number}")
        assert done.counts["samples made"] > 0
        assert verify(tmp_path / f"out{number}").ok
    parts = [sorted((tmp_path / f"out{number}" / "data").glob("*.parquet")) for number in range(3)]
    assert [[pq.read_table(file) for file in files] for files in parts[1:]] == [
        [pq.read_table(file) for file in parts[0]]
    ] * 2


def test_where_texts_would_go_is_reported_with_a_key_that_is_missing(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm = LlmConfig(server="http://127.0.0.1:1/v1", model="m", key_variable="STUB_KEY", most_rows=50)
    job = small_job(small).model_copy(update={"llm": llm})
    monkeypatch.delenv("STUB_KEY", raising=False)
    lines = check_run("rewrite", job)
    assert lines["language model"] == "http://127.0.0.1:1/v1 (model m); at most 50 rows, 5,000,000 tokens"
    assert "STUB_KEY" in lines["its key"]
    monkeypatch.setenv("STUB_KEY", "a-secret")
    assert "a-secret" not in str(check_run("rewrite", job))
    assert "its key" not in check_run("rewrite", job)
