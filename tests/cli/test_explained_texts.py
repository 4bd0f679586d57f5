"""What `explain` is given: texts, files in any format, lines of the standard input."""

import io
import json
import sys
from pathlib import Path

import pytest

from augment.cli.explained_texts import Columns, require_new, texts_of
from augment.errors import AugmentError, RequestError

PLAIN = Columns()


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with files of every kind."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text("review,stars\n很好,5\n,1\n很差 😀,1\n", encoding="utf-8")
    (tmp_path / "lines.txt").write_text("很好\n\nvery bad\n", encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"a": "还款", "b": "还钱"}) + "\n", encoding="utf-8")
    (tmp_path / "texts").mkdir()
    return tmp_path


def test_a_text_is_itself_and_several_are_numbered() -> None:
    assert texts_of(["很好"], PLAIN).texts == ("很好",)
    several = texts_of(["很好", "very bad"], PLAIN)
    assert (several.ids, several.texts) == (("text 1", "text 2"), ("很好", "very bad"))
    assert texts_of(["good.", "texts", "a/b c.txt"], PLAIN).texts == ("good.", "texts", "a/b c.txt")


def test_the_rows_of_a_file_are_explained_and_not_its_name() -> None:
    texts = texts_of(["reviews.csv"], PLAIN)
    assert texts.texts == ("很好", "很差 😀")
    assert texts.ids[0].startswith("reviews.csv:")
    assert texts.notices[0].startswith("texts that cannot be used: 1")
    assert texts_of(["lines.txt", "x"], PLAIN).texts == ("很好", "very bad", "x")


def test_columns_and_a_limit_are_given_with_a_file() -> None:
    texts = texts_of(["rows.jsonl"], Columns("a", "b"))
    assert (texts.texts, texts.pairs) == (("还款",), ("还钱",))
    assert texts_of(["reviews.csv"], Columns("stars"), limit=1).texts == ("5",)


def test_each_line_of_the_standard_input_is_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "\ufeff很好\r\n\n  \nvery bad\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    texts = texts_of(["-"], PLAIN)
    assert (texts.ids, texts.texts) == (("line 1", "line 4"), ("很好", "very bad"))


@pytest.mark.parametrize(
    ("given", "columns", "where", "what"),
    [
        (["revews.csv"], PLAIN, "revews.csv", "does not exist"),
        (["reviews.csv"], Columns("revew"), "reviews.csv", "no column `revew`"),
        (["reviews.csv"], Columns(format="cvs"), "reviews.csv", "`format` cannot be 'cvs'"),
        (["rows.jsonl"], PLAIN, "rows.jsonl", "no column looks like the text"),
        ([" "], PLAIN, "the text", "it is empty"),
        (["很好"], Columns("review"), "--text", "it is for a file"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    given: list[str], columns: Columns, where: str, what: str
) -> None:
    with pytest.raises(AugmentError) as caught:
        texts_of(given, columns)
    assert (caught.value.where, what in caught.value.what) == (where, True)


def test_no_lines_and_lines_in_another_encoding_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for piped, what in ((b"\n", "nothing to explain"), ("a\n好".encode("gbk"), "line 2 is not UTF-8")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
        with pytest.raises(RequestError, match=what):
            texts_of(["-"], PLAIN)


def test_a_file_of_pairs_and_a_text_do_not_mix() -> None:
    with pytest.raises(RequestError, match="column of the file, and the second text"):
        texts_of(["rows.jsonl", "x"], Columns("a", "b"))


def test_a_page_is_not_replaced_unless_allowed(tmp_path: Path) -> None:
    require_new(tmp_path / "new.html", overwrite=False)
    require_new(tmp_path / "reviews.csv", overwrite=True)
    for path, what in (("reviews.csv", "exists"), ("texts", "folder"), ("no/a.html", "no folder")):
        with pytest.raises(RequestError, match=what):
            require_new(tmp_path / path, overwrite=False)
