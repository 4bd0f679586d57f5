"""Excel workbooks: the header names the columns, cells keep their types."""

import sys
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from augment.errors import DataError, RequestError
from tests.corpus.formats.reading import faults, rows
from tests.texts import TEXTS

openpyxl = pytest.importorskip("openpyxl")


def write(path: Path, **sheets: list[list[object]]) -> None:
    """Write a workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    book.save(path)


def test_cells_are_read_with_their_types(tmp_path: Path) -> None:
    """Whole numbers stay whole, dates are ISO 8601, empty rows and sheets are nothing."""
    lines: list[list[object]] = [
        ["text", "stars", "when", None],
        ["很好", 5, datetime(2026, 1, 2, 3, 4)],
        [None, None, None],
        ["fine 👍🏽", None, None],
    ]
    write(tmp_path / "a.xlsx", Sheet1=lines, Sheet2=[])
    assert rows(tmp_path, "a.xlsx") == [
        {"text": "很好", "stars": 5, "when": "2026-01-02T03:04:00"},
        {"text": "fine 👍🏽", "stars": None, "when": None},
    ]


def test_texts_survive(tmp_path: Path) -> None:
    """Code point for code point; a carriage return is what the format itself turns into a line feed."""
    texts = [text for text in TEXTS if text.strip() and "\r" not in text]
    lines: list[list[object]] = [["text"]]
    lines.extend([text] for text in texts)
    write(tmp_path / "a.xlsx", A=lines)
    assert [row["text"] for row in rows(tmp_path, "a.xlsx")] == texts


def test_a_cell_without_a_column_is_a_fault(tmp_path: Path) -> None:
    """With the number of its row in the sheet."""
    write(tmp_path / "a.xlsx", A=[["text", "label"], ["a", 1, "x"], ["b", 0]])
    assert faults(tmp_path, "a.xlsx") == [(2, "3 cells where 2 columns are named")]


def test_several_sheets_with_rows_need_a_choice(tmp_path: Path) -> None:
    """None of them is left out in silence."""
    write(tmp_path / "a.xlsx", 好评=[["text"], ["a"]], 差评=[["text"], ["b"]])
    with pytest.raises(RequestError, match="several sheets hold rows: `好评`, `差评`"):
        rows(tmp_path, "a.xlsx")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text,label\na,1\n"])
def test_what_is_no_workbook_is_bad_data(tmp_path: Path, content: bytes) -> None:
    """Three lines, no traceback."""
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(DataError, match="not a sound workbook"):
        rows(tmp_path, "a.xlsx")


def test_a_workbook_with_a_damaged_sheet_is_bad_data(tmp_path: Path) -> None:
    """A sheet is read only when its rows are."""
    write(tmp_path / "a.xlsx", A=[["text"], ["a"]])
    with zipfile.ZipFile(tmp_path / "a.xlsx") as old, zipfile.ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    with pytest.raises(DataError, match="not a sound workbook"):
        rows(tmp_path, "b.xlsx")


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is the line that installs it."""
    write(tmp_path / "a.xlsx", A=[["text"], ["a"]])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(RequestError, match=r"pip install 'augment-ig\[xlsx\]'"):
        rows(tmp_path, "a.xlsx")
