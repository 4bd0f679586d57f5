"""The tutorials: what they tell a reader to type is typed, in order, in a folder with a file like the reader's."""

import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from augment.cli.commands import app
from tests.small import write_corpus
from tests.test_docs import CHECKOUT, FENCE, fences

CSV, FRAME = CHECKOUT / "docs" / "tutorial-csv.md", CHECKOUT / "docs" / "tutorial-dataframe.md"
# What keeps a test short: nothing is changed about what is typed.
SMALL = {
    "train": ("--set", "train.epochs=2", "--set", "run.device=cpu"),
    "run": ("--set", "run.device=cpu"),
    "evaluate": (
        "--set",
        "train.epochs=1",
        "--set",
        "evaluate.arms=[duplicate,eda]",
        "--set",
        "evaluate.noise=0",
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder, with reviews.csv and unlabelled texts."""
    rows = pd.read_csv(write_corpus(tmp_path, 400))
    rows["stars"] = rows.pop("label").map({"good": "positive", "bad": "negative"})
    negative = rows["stars"] == "negative"
    rows.loc[negative, "review"] = "phone 电话 " + rows.loc[negative, "review"]
    rows[["review", "stars"]].to_csv(tmp_path / "reviews.csv", index=False)
    (tmp_path / "small.csv").unlink()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_commands_of_the_tutorial_run_as_written(folder: Path) -> None:
    english, chinese = commands_of(CSV), commands_of(CSV.with_suffix(".zh.md"))
    others = [words for words in chinese if words not in english]
    assert 0 < len(others) < len(chinese) / 2
    for _, *words in english + others:
        # What is made a second time goes to the same folder.
        again = ("--overwrite",) if [words[0], words[1]] == ["run", "balance"] else ()
        result = CliRunner().invoke(app, [*words, *SMALL.get(words[0], ()), *again])
        assert result.exit_code == 0, (words, result.output, result.exception)
    assert (folder / "words.html").is_file()
    run(CSV)
    assert fences(CSV, "python") == fences(CSV.with_suffix(".zh.md"), "python")
    assert (folder / "reviews.csv").stat().st_size


def test_the_blocks_of_the_other_tutorial_run_as_written(folder: Path) -> None:
    names = run(FRAME)
    larger = names["larger"]
    assert isinstance(larger, pd.DataFrame)
    assert len(larger) >= 400
    assert {path.name for path in folder.iterdir()} == {"reviews.csv", "words.html"}


@pytest.mark.parametrize("page", [CSV, FRAME], ids=lambda path: path.name)
def test_the_tutorials_are_the_same_in_both_languages(page: Path) -> None:
    shapes = []
    for path in (page, page.with_suffix(".zh.md")):
        prose = FENCE.sub("", path.read_text(encoding="utf-8"))
        shapes.append((prose.count("\n#"), len(fences(path, "sh")), len(fences(path, "python"))))
    assert shapes[0] == shapes[1]


def commands_of(page: Path) -> list[list[str]]:
    """Return the commands of a page, by their words."""
    return [shlex.split(line) for code in fences(page, "sh") for line in code.splitlines() if line]


def run(page: Path) -> dict[str, object]:
    """Return the variables that the Python of a page leaves."""
    names: dict[str, object] = {"__name__": "__main__"}
    for code in fences(page, "python"):
        exec(compile(code, page.name, "exec"), names)  # the page is ours
    return names
