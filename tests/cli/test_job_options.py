"""A job from the words of a command line: files, configs, columns, a model."""

from pathlib import Path

import pytest

from augment.cli.job_options import CommandLine, is_corpus, job_of, request
from augment.errors import RequestError
from augment.stages import Attack

ROWS = "review,stars\n很好,5\n很差,1\n"


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a corpus and a config."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text(ROWS, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text("corpus: {root: ., files: reviews.csv}\n", encoding="utf-8")
    (tmp_path / "gpu-2.yaml").write_text("run: {device: cpu}\n", encoding="utf-8")
    return tmp_path


def refusal(words: CommandLine) -> RequestError:
    """Return the error that the words give."""
    with pytest.raises(RequestError) as caught:
        job_of(words)
    return caught.value


def test_a_file_with_its_columns_is_a_job() -> None:
    job = job_of(CommandLine(("reviews.csv",), text="review", label="stars", format="csv"))
    corpus = job.needs_corpus()
    assert (str(corpus.root), corpus.files[0].path) == (".", "reviews.csv")
    assert (corpus.text, corpus.label, corpus.format) == ("review", "stars", "csv")
    assert job.name == "reviews"


def test_the_model_of_a_file_is_the_one_that_train_makes_of_it() -> None:
    assert job_of(CommandLine(("reviews.csv",))).needs_model().path == "models/reviews"
    assert job_of(CommandLine(("reviews.csv",), model="mine")).needs_model().path == "mine"
    assert job_of(CommandLine(("reviews.csv",), overrides=("model.path=b",))).needs_model().path == "b"
    deep = job_of(CommandLine(("reviews.csv",), overrides=("model.max_length=64",))).needs_model()
    assert (deep.path, deep.max_length) == ("models/reviews", 64)
    (Path("m.yaml")).write_text("model: {path: c}\n", encoding="utf-8")
    assert job_of(CommandLine(("reviews.csv",), ("m.yaml",))).needs_model().path == "c"


def test_a_config_gives_the_other_sections_of_a_file() -> None:
    job = job_of(CommandLine(("reviews.csv",), ("gpu-2",)))
    assert (job.run.device, job.name) == ("cpu", "gpu-2+reviews")


def test_a_config_is_also_taken_without_its_option() -> None:
    for word in ("mine", "mine.yaml"):
        assert job_of(CommandLine((word,))).needs_corpus().files[0].path == "reviews.csv"


def test_columns_given_with_a_config_set_its_keys() -> None:
    corpus = job_of(CommandLine(configs=("mine",), text="review", label="stars")).needs_corpus()
    assert (corpus.text, corpus.label) == ("review", "stars")


def test_a_file_and_a_config_of_the_same_section_are_refused() -> None:
    error = refusal(CommandLine(("reviews.csv",), ("mine.yaml",)))
    assert error.where == "reviews.csv"
    assert error.what == "section `corpus` is also given by mine.yaml"
    assert "remove one of the two" in error.hint


def test_files_are_relative_to_the_folder_of_data(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "far.csv").write_text(ROWS, encoding="utf-8")
    assert job_of(CommandLine(("far.csv",), data=Path("data"))).root == Path("data")
    assert "did you mean" not in refusal(CommandLine(("data/fra.csv",))).what
    assert "`data/far.csv`" in refusal(CommandLine(("data/fra.csv",))).hint


@pytest.mark.parametrize(
    ("words", "where", "what", "hint"),
    [
        (CommandLine(), "the command line", "no corpus is given", "reviews.csv"),
        (CommandLine(("revews.csv",)), "revews.csv", "does not exist", "did you mean `reviews.csv`?"),
        (CommandLine(("mien",)), "config `mien`", "no such config", "did you mean `mine`?"),
        (CommandLine(configs=("reviews.csv",)), "-c reviews.csv", "this is a corpus", "leave out -c"),
        (
            CommandLine(("reviews.csv",), format="cvs"),
            "reviews.csv",
            "`format` cannot be 'cvs'",
            "one of auto, csv",
        ),
        (
            CommandLine(("reviews.csv",), overrides=("rnu.x=1",)),
            "--set rnu.x=1",
            "unknown key `rnu`",
            "`run`",
        ),
    ],
)
def test_a_mix_up_is_refused_with_what_to_write(words: CommandLine, where: str, what: str, hint: str) -> None:
    error = refusal(words)
    assert error.where == where
    assert what in error.what
    assert hint in error.hint


def test_files_that_are_called_by_splits_are_these_splits(tmp_path: Path) -> None:
    for name in ("train.csv", "dev.csv", "test.csv"):
        (tmp_path / name).write_text(ROWS, encoding="utf-8")
    files = job_of(CommandLine(("train.csv", "dev.csv", "test.csv"))).needs_corpus().files
    assert [(file.path, file.split) for file in files] == [
        ("train.csv", "train"),
        ("dev.csv", "validation"),
        ("test.csv", "test"),
    ]
    assert [
        file.split for file in job_of(CommandLine(("train.csv", "reviews.csv"))).needs_corpus().files
    ] == [None] * 2


def test_a_corpus_is_known_by_its_ending(tmp_path: Path) -> None:
    assert all(map(is_corpus, ("a.csv", "a.jsonl.gz", "b/a.parquet", "a.zip", str(tmp_path))))
    assert not any(map(is_corpus, ("", " ", "augment", "eda.yaml", "augment:random+r_drop")))


def test_a_folder_with_the_name_of_a_pipeline_or_config_is_no_corpus(tmp_path: Path) -> None:
    """As in a checkout, which has a folder `augment`."""
    for name in ("augment", "demo-zh"):
        (tmp_path / name).mkdir()
    assert not any(map(is_corpus, ("augment", "demo-zh")))
    assert all(map(is_corpus, ("augment/", "./demo-zh")))
    assert request("augment", CommandLine(("reviews.csv",)))[0].name == "augment"


def test_a_request_has_the_settings_of_its_stages() -> None:
    plan, job = request("attack", CommandLine(("reviews.csv",), overrides=("attack.most=3", "seed=4")))
    (attack,) = (stage for stage in plan.stages if isinstance(stage, Attack))
    assert (attack.most, job.seed) == (3, 4)
