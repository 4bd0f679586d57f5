"""A job: sections from several files, none given twice, one way to override, and nothing that changes afterwards."""

import json
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from augment.config.job import Job, origin, read_job
from augment.config.sections import CorpusConfig, ModelConfig, OutputConfig, RunConfig
from augment.errors import RequestError

CONFIG = """\
corpus:
  root: 数据
  files: [酒店.csv, 外卖.csv]
  label_names: {0: 差评, 1: 好评}
  labels: [差评, 好评]
model: {path: 模型}
"""


def write(folder: Path, name: str, text: str) -> Path:
    """Return the path of a config with this text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    """Return a config with a corpus and a model."""
    return write(tmp_path, "酒店.yaml", CONFIG)


def refusal(paths: list[Path], *overrides: str) -> RequestError:
    """Return the error that reading a job ends in."""
    with pytest.raises(RequestError) as caught:
        read_job(paths, list(overrides))
    return caught.value


def test_a_job_is_what_its_files_give_and_the_defaults(config_file: Path, tmp_path: Path) -> None:
    job = read_job([config_file, write(tmp_path, "gpu.yaml", "run: {device: cuda}\nseed: 3\n")])
    assert [file.path for file in job.needs_corpus().files] == ["酒店.csv", "外卖.csv"]
    assert (job.name, job.seed, job.run.device, job.run.dtype) == ("酒店+gpu", 3, "cuda", "float32")
    assert (job.root, job.needs_model().path) == (Path("数据"), "模型")
    assert job.label_names == {"0": "差评", "1": "好评"}
    assert read_job([]) == Job()


def test_a_name_in_a_file_names_the_job(tmp_path: Path) -> None:
    assert read_job([write(tmp_path, "a.yaml", "name: 我的\n")]).name == "我的"


def test_no_section_is_given_by_two_files(config_file: Path, tmp_path: Path) -> None:
    """Both files are named, and the line of the second; even where they agree."""
    other = write(tmp_path, "other.yaml", "# again\n\nmodel: {path: 模型}\n")
    error = refusal([config_file, other])
    assert error.where == f"{other}:3"
    assert error.what == f"section `model` is also given by {config_file}"
    assert "also given by" in refusal([config_file, config_file]).what


def test_an_override_is_one_value_and_is_checked(config_file: Path) -> None:
    job = read_job(
        [config_file],
        ["run.dtype=bfloat16", "run.threads=2", "seed=7", "corpus.text=评论", "run.splits=[a, 1b]"],
    )
    assert (job.run.dtype, job.run.threads, job.seed, job.needs_corpus().text) == ("bfloat16", 2, 7, "评论")
    assert job.run.splits == ("a", "1b")
    assert read_job([config_file], ["run.threads=2", "run.threads=3"]).run.threads == 3
    assert read_job([config_file], ["run.threads=2", "run.threads=null"]).run.threads is None


def test_an_override_keeps_the_rest_of_its_section(config_file: Path) -> None:
    job = read_job([config_file], ["corpus.language=zh"])
    assert job.needs_corpus().labels == ("差评", "好评")
    assert read_job([], ["model.path=a/b", "model.max_length=32"]).model == ModelConfig(
        path="a/b", max_length=32
    )


@pytest.mark.parametrize(
    ("word", "what", "hint"),
    [
        ("run.dtype", "not of the form section.key=value", "--set run.dtype=bfloat16"),
        (".dtype=1", "not of the form section.key=value", "--set"),
        ("run.a.b=1", "not of the form section.key=value", "--set"),
        ("run.dtyp=1", "unknown key `dtyp`", "did you mean `dtype`?"),
        ("rum.dtype=1", "unknown key `rum`", "did you mean `run`?"),
        ("run.max_reject_rate=2", "`max_reject_rate` cannot be 2", "less than or equal to 1"),
        ("run.device=gpu", "`device` cannot be 'gpu'", "use auto, cpu, cuda"),
        ("run.limit=true", "`limit` cannot be true", "write a number"),
        ("run.max_reject_rate=null", "`max_reject_rate` cannot be null", "write a number"),
        ("run.dtype=*x", "aliases are not read", ""),
    ],
)
def test_a_wrong_override_is_refused(config_file: Path, word: str, what: str, hint: str) -> None:
    error = refusal([config_file], word)
    assert error.where.startswith("--set ")
    assert what in error.what
    assert hint in error.hint


def test_a_setting_knows_the_file_and_line_it_comes_from(config_file: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "gpu.yaml", "# fast\nrun: {device: cuda}\n")
    assert origin([other, config_file], "corpus", "files") == f"{config_file}:3"
    assert origin([other, config_file], "run", "device") == f"{other}:2"
    assert origin([other], "corpus", "files") == origin([], "corpus", "files") == "corpus.files"


def test_the_folder_of_the_data_can_be_named_apart(config_file: Path) -> None:
    assert read_job([config_file], data=Path("别处")).root == Path("别处")
    assert read_job([], data=Path("别处")).corpus is None


@pytest.mark.parametrize(
    ("text", "line", "what", "hint"),
    [
        ("corpus:\n  file: a.csv\n", 2, "unknown key `file`", "did you mean `files`?"),
        ("corpus:\n  root: a\n", 1, "`corpus` cannot be", "`files` or `hub`"),
        ("corpus:\n  files: a.csv\n  hub: b\n", 1, "`corpus` cannot be", "`files` or `hub`"),
        ("corpus:\n  files:\n    - {path: a, labl: x}\n", 3, "unknown key `labl`", "did you mean `label`?"),
        ("corpus:\n  files: a\n  language: no\n", 3, "`language` cannot be 'no'", "one of auto, zh"),
        ("corpus:\n  files: a\n  quoted: 不\n", 3, "`quoted` cannot be '不'", "true or false"),
        ("model:\n  max_length: 3\n", 1, "`path` is missing", "add `path:`"),
        ("model:\n  path: a\n  max_length: 3\n", 3, "`max_length` cannot be 3", "8"),
        ("stages: []\n", 1, "unknown key `stages`", "known here"),
        ("output:\n  format: xlsx\n", 2, "`format` cannot be 'xlsx'", "one of parquet, csv"),
        ("train:\n  epochs: 0\n", 2, "`epochs` cannot be 0", "greater than 0"),
    ],
)
def test_a_wrong_value_has_its_line(tmp_path: Path, text: str, line: int, what: str, hint: str) -> None:
    path = write(tmp_path, "错.yaml", text)
    error = refusal([path])
    assert error.where == f"{path}:{line}"
    assert what in error.what
    assert hint in error.hint


@pytest.mark.parametrize(
    "files", ["a.csv", ["a.csv"], {"path": "a.csv"}, [{"path": "a.csv"}], ({"path": "a.csv"},)]
)
def test_one_file_may_be_written_in_several_ways(files: object) -> None:
    assert CorpusConfig.model_validate({"files": files}) == CorpusConfig.model_validate({"files": ["a.csv"]})


def test_files_may_be_given_by_split() -> None:
    config = CorpusConfig.model_validate({"files": {"train": ["a.csv", "b.csv"], "test": "c.csv"}})
    assert [(file.path, file.split) for file in config.files] == [
        ("a.csv", "train"),
        ("b.csv", "train"),
        ("c.csv", "test"),
    ]


@given(st.lists(st.integers(-99, 99), min_size=1))
def test_numbers_given_as_labels_are_the_strings_they_look_like(labels: list[int]) -> None:
    config = CorpusConfig.model_validate({"files": [{"path": "a", "label": labels[0]}], "labels": labels})
    assert config.labels == tuple(str(label) for label in labels)
    assert config.files[0].label == str(labels[0])


def test_names_of_labels_may_be_a_list() -> None:
    named = CorpusConfig.model_validate({"files": "a", "label_names": ["差", "好"]})
    assert named == CorpusConfig.model_validate({"files": "a", "label_names": {0: "差", "1": "好"}})


def test_a_job_cannot_be_changed_and_travels_whole(config_file: Path) -> None:
    job = read_job([config_file])
    with pytest.raises(ValidationError, match="frozen"):
        job.run.__setattr__("threads", 3)
    assert pickle.loads(pickle.dumps(job)) == job
    assert Job.model_validate(job.model_dump(mode="json")) == job
    assert hash(RunConfig(threads=2)) == hash(RunConfig(threads=2))


def test_a_job_names_the_section_it_does_not_have() -> None:
    for needs, section in (
        (Job().needs_corpus, "corpus"),
        (Job().needs_model, "model"),
        (Job().needs_judge, "judge"),
    ):
        with pytest.raises(RequestError, match=f"no config gives a `{section}:`"):
            needs()


def test_csv_of_the_output_has_a_byte_order_mark_unless_it_is_not_to() -> None:
    """Other formats have an encoding of their own, and no key for it."""
    assert OutputConfig.model_validate({"format": "csv"}).mark
    assert not OutputConfig.model_validate({"format": "csv", "encoding": "utf-8"}).mark
    assert not OutputConfig().mark
    with pytest.raises(ValueError, match="`encoding` is for `format: csv`"):
        OutputConfig.model_validate({"encoding": "utf-8-sig"})


@pytest.mark.parametrize("name", ["../../x", "a/b", "..", ".", "", " ", "a\\b", "a\nb", "/etc", "好" * 100])
def test_a_name_that_leads_out_of_the_folder_of_runs_is_refused(name: str, tmp_path: Path) -> None:
    """In a config, and as an override: with file and line, and what to write."""
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: {json.dumps(name)}\n", encoding="utf-8")
    with pytest.raises(RequestError) as caught:
        read_job([path])
    assert caught.value.where.startswith(str(path))
    assert "not a path" in f"{caught.value.what} {caught.value.hint}"
    with pytest.raises(RequestError):
        read_job([], [f"name={json.dumps(name)}"])


@pytest.mark.parametrize("name", ["hotel-zh", "酒店 2.0", "a+b", "..a", "v1..2"])
def test_other_names_are_taken(name: str) -> None:
    assert read_job([], [f"name={json.dumps(name)}"]).name == name
