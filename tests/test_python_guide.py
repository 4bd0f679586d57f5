"""The guide to Python: every block of it runs, in order, as a user would run it in a folder with a corpus and a model."""

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from augment.training.wordpiece import learn
from tests.small import random_bert, write_corpus
from tests.test_docs import CHECKOUT, fences

GUIDE = CHECKOUT / "docs" / "python.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with reviews.csv and the tiny network models/encoder, whose classes are 1 and 5."""
    folder = tmp_path_factory.mktemp("guide")
    rows = pd.read_csv(write_corpus(folder, 80))
    rows["stars"] = rows.pop("label").map({"good": 5, "bad": 1})
    rows[["id", "review", "stars"]].to_csv(folder / "reviews.csv", index=False)
    (folder / "small.csv").unlink()
    tokenizer = learn(rows["review"].tolist(), 300, 64)
    random_bert(folder / "models" / "encoder", tokenizer, ("1", "5"), num_hidden_layers=1)
    return folder


@pytest.fixture(scope="module")
def variables(folder: Path) -> Iterator[dict[str, object]]:
    """Yield the variables that are there after all blocks were run in the folder."""
    logging.getLogger("augment").setLevel(logging.ERROR)
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        names: dict[str, object] = {"__name__": "__main__"}
        for number, code in enumerate(fences(GUIDE, "python")):
            exec(compile(code, f"{GUIDE.name}, block {number}", "exec"), names)  # the guide is ours
        yield names
    logging.getLogger("augment").setLevel(logging.NOTSET)


def test_every_block_runs_and_leaves_only_the_files_it_names(
    folder: Path, variables: dict[str, object]
) -> None:
    assert "summary" in variables
    named = {"reviews.csv", "models", "runs", "words.html", "words.png", "tasks.jsonl"}
    assert {path.name for path in folder.iterdir()} == named


def test_the_chinese_guide_has_the_same_code_headings_and_tables() -> None:
    chinese = GUIDE.with_suffix(".zh.md")
    for languages in (("python",), ("text",)):
        assert fences(chinese, *languages) == fences(GUIDE, *languages)
    shapes = [
        re.sub(
            r"[^#|\n]", "", re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
        )
        for page in (GUIDE, chinese)
    ]
    assert [shape.count("#") for shape in shapes] == [shapes[0].count("#")] * 2
    assert [shape.count("|") for shape in shapes] == [shapes[0].count("|")] * 2


def test_the_twelve_lines_are_twelve() -> None:
    lines = fences(GUIDE, "python")[0].splitlines()
    assert len([line for line in lines if line]) <= 12


def test_files_for_labelling_hold_every_row(folder: Path, variables: dict[str, object]) -> None:
    tasks = pd.read_json(folder / "tasks.jsonl", lines=True)
    larger = variables["larger"]
    assert isinstance(larger, pd.DataFrame)
    assert tasks["review"].tolist() == larger["review"].tolist()
    assert set(tasks["stars"]) == {1, 5}


def test_the_message_shown_is_the_message_printed(
    folder: Path, variables: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    code = fences(GUIDE, "python")[-1]
    exec(compile(code, "the last block", "exec"), variables)
    assert capsys.readouterr().out == fences(GUIDE, "text")[-1]
