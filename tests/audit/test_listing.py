"""The list as a file: nothing of others is replaced, nothing in it is a formula, and it is read back as it was."""

import csv
from pathlib import Path

import pytest

from augment.audit.findings import Finding
from augment.audit.listing import require_free, write_findings
from augment.errors import RequestError

FINDING = Finding(
    "=1+1", "test", "好", "same text, other split", ("a", "-b"), ("good", "bad"), 1.0, '+"x",\n换行 👍🏽'
)


def test_a_list_is_utf_8_with_a_mark_and_no_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "新" / "audit.csv"
    require_free(path)
    write_findings(path, [FINDING])
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        row = next(csv.DictReader(stream))
    assert row["id"] == "'=1+1"
    assert row["text"] == "'" + FINDING.text
    assert (row["label"], row["others"], row["other_labels"], row["score"]) == (
        "好",
        "a; -b",
        "good; bad",
        "1",
    )


def test_a_list_may_be_written_again_and_nothing_else_is_replaced(tmp_path: Path) -> None:
    own, foreign = tmp_path / "own.csv", tmp_path / "data.csv"
    write_findings(own, [FINDING])
    require_free(own)
    foreign.write_text("text,label\na,b\n", encoding="utf-8")
    for path in (foreign, tmp_path / "empty.csv", tmp_path / "folder.csv", tmp_path / "list.parquet"):
        if path.name.startswith("empty"):
            path.touch()
        if path.name.startswith("folder"):
            path.mkdir()
        with pytest.raises(RequestError, match="--output"):
            require_free(path)
    assert foreign.read_text(encoding="utf-8") == "text,label\na,b\n"
