"""A row that was changed and hashed again is found by what it holds."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from augment.output.export import SAMPLES, SOURCE_ROWS
from tests.verification.folders import DROP, Row, failed, files_of, problems, rewritten


def first_sample(rows: list[Row]) -> Row:
    """Return the first sample among rows."""
    return next(row for row in rows if row["source_id"] is not None and row["edits"])


def test_a_sample_with_another_text_is_found_by_its_edits(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "run"))
    name = next(name for name in files_of(folder) if name.startswith("data/train"))

    def change(rows: list[Row]) -> None:
        sample = first_sample(rows)
        sample["reason_source"] += "。"

    result = rewritten(folder, name, change)
    assert failed(result) >= {"edits"}
    assert "files" not in failed(result)
    assert "its edits give another text" in problems(result, "edits")


def test_a_changed_label_is_found(awkward: Path, tmp_path: Path) -> None:
    """Of a sample and of a source row; the source wrote numbers."""
    for whose in (first_sample, lambda rows: rows[0]):
        folder = Path(shutil.copytree(awkward, tmp_path / whose.__name__))
        name = next(name for name in files_of(folder) if name.startswith("data/train"))

        def change(rows: list[Row], whose: Callable[[list[Row]], Row] = whose) -> None:
            row = whose(rows)
            row["label"] = type(row["label"])(1 - int(row["label"]))

        result = rewritten(folder, name, change)
        assert failed(result) == {"labels"}, result


def test_the_second_text_of_a_pair_is_held_against_its_edits(paired: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(paired, tmp_path / "run"))
    name = next(name for name in files_of(folder) if name.startswith("data/"))
    result = rewritten(folder, name, lambda rows: first_sample(rows).update(q2="如何"))
    assert failed(result) == {"edits", "inputs"}
    assert "its edits give another text" in problems(result, "edits")


TAMPERED: dict[str, tuple[str, Callable[[list[Row]], object], str, str]] = {
    "edits of a sample": (DROP, lambda rows: rows[0]["edits"].pop(), "edits", "edits"),
    "old text of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(old="?"), "edits", "do not fit"),
    "place of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(start=99), "edits", "do not fit"),
    "side of an edit": (DROP, lambda rows: rows[0]["edits"][0].update(side=1), "edits", "do not fit"),
    "method of a sample": (DROP, lambda rows: rows[0].update(method="x"), "edits", "its id is not"),
    "id of a sample": (DROP, lambda rows: rows[0].update(id="r1~a~01"), "edits", "its id is not"),
    "source row of a sample": (
        DROP,
        lambda rows: rows[0].update(source_id="r1~x"),
        "inputs",
        "source row is not in",
    ),
    "verdict of a sample": (DROP, lambda rows: rows[0].update(verdict="keep"), "balance", "verdict"),
    "a sample twice": (DROP, lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "a sample gone": (DROP, lambda rows: rows.pop(), "balance", "samples dropped"),
    "a sample in explain": (SAMPLES, lambda rows: rows[0].update(text="好"), "edits", SAMPLES),
    "its label": (SAMPLES, lambda rows: rows[0].update(label="x"), "labels", "another label"),
    "a sample more in explain": (
        SAMPLES,
        lambda rows: rows.append({**rows[0], "id": "x~y~1"}),
        "inputs",
        "rows of",
    ),
    "text of a row": (
        "data/test.parquet",
        lambda rows: rows[0].update(review="好"),
        "inputs",
        "another text",
    ),
    "a row gone": ("data/test.parquet", lambda rows: rows.pop(0), "inputs", "rows of"),
    "a row more": (
        "data/train.parquet",
        lambda rows: rows.append({**rows[0], "id": "new"}),
        "balance",
        "passed",
    ),
    "a row twice": ("data/train.parquet", lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "text worked on": (SOURCE_ROWS, lambda rows: rows[0].update(text="好"), "inputs", "another text"),
    "label worked on": (SOURCE_ROWS, lambda rows: rows[0].update(label="x"), "labels", "another label"),
    "a row worked on twice": (SOURCE_ROWS, lambda rows: rows.append(rows[0]), "inputs", "twice"),
    "a rejected row that is there": (
        "rejects.parquet",
        lambda rows: rows[0].update(id="r0"),
        "inputs",
        "twice",
    ),
    "a rejected row gone": ("rejects.parquet", lambda rows: rows.pop(), "balance", "rows rejected"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_file_that_was_changed_and_hashed_again_is_found_by_its_content(folder: Path, case: str) -> None:
    name, change, check, reported = TAMPERED[case]
    result = rewritten(folder, name, change)
    assert "files" not in failed(result), result
    assert reported in problems(result, check), result


def test_a_row_in_the_file_of_another_split_is_found(awkward: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(awkward, tmp_path / "run"))

    def change(rows: list[Row]) -> None:
        other = next(row["split"] for row in rows if row["split"] != rows[0]["split"])
        rows[0]["split"] = other

    assert "in the file of another split" in problems(rewritten(folder, SOURCE_ROWS, change), "inputs")
