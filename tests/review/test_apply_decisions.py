"""Decisions applied to a folder: samples move, edited texts are judged again, and the folder is whole, or is as it was."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from augment.errors import DataError, LockedError
from augment.output.export import SOURCE_ROWS
from augment.output.manifest import read_summary
from augment.review.apply_decisions import apply_decisions
from augment.tables.locking import locked
from augment.verification import verify
from augment.verification.records import records
from tests.review.conftest import Row, decision, samples_of
from tests.verification.folders import files_of


def saved(path: Path, decisions: Iterable[Mapping[str, Any]]) -> Path:
    """Return a file of decisions."""
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in decisions), "utf-8")
    return path


def of_verdict(folder: Path, verdict: str) -> list[Row]:
    """Return the samples of a verdict."""
    return [row for row in samples_of(folder) if row["verdict"] == verdict]


def ids_in(folder: Path, prefix: str) -> dict[str, Row]:
    """Return the rows of the files whose name begins so, by id."""
    names = [name for name in files_of(folder) if name.startswith(prefix)]
    return {
        str(row["id"]): row
        for name in names
        for row in records(folder / name, ("id", "text", "review", "verdict", "label", "reviewed_by"))
    }


def test_samples_move_between_data_probes_and_dropped_and_the_folder_stays_whole(folder: Path) -> None:
    kept, probe, dropped = (of_verdict(folder, name)[0] for name in ("keep", "contrast", "drop"))
    edited = of_verdict(folder, "keep")[1]
    before = read_summary(folder).counts
    chosen = [
        decision(kept, "reject", reason="meaning"),
        decision(probe, "accept", to="data"),
        decision(dropped, "accept"),
        decision(edited, "edit", text=edited["text"] + " 真的 really"),
    ]
    result = apply_decisions(saved(folder.parent / "ann.jsonl", chosen), folder)
    assert verify(folder).ok, verify(folder)
    assert result.moved == {"data to dropped": 1, "dropped to data": 1, "probes to data": 1}
    data, away = ids_in(folder, "data/"), ids_in(folder, "dropped")
    assert {probe["id"], dropped["id"], edited["id"]} <= data.keys()
    assert away[kept["id"]]["reviewed_by"] == "ann"
    assert data[edited["id"]]["review"].endswith(" 真的 really")
    assert data[probe["id"]]["verdict"] == "keep"
    after = read_summary(folder).counts
    assert after["samples made"] == before["samples made"]
    assert after["samples kept"] == before["samples kept"] + 1
    row = next(each for each in samples_of(folder) if each["id"] == edited["id"])
    assert row["reason"] == "edited by hand"
    assert row["p_gold_after"] not in (None, edited["p_gold_after"])
    assert "rejected by hand: meaning" in (folder / "README.md").read_text("utf-8")
    assert "A run." in (folder / "README.md").read_text("utf-8")
    again = apply_decisions(folder.parent / "ann.jsonl", folder)
    assert (again.moved, again.edited) == ({}, 0)


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_source_row_is_rejected_with_its_samples_or_given_another_label(folder: Path) -> None:
    rows = pq.read_table(folder / SOURCE_ROWS).to_pylist()
    with_samples = {row["source_id"] for row in samples_of(folder)}
    bad, wrong = [row for row in rows if row["id"] in with_samples][:2]
    other = "bad" if wrong["label"] == "good" else "good"
    chosen = [decision(bad, "reject", reason="duplicate"), decision(wrong, "relabel", label=other)]
    apply_decisions(saved(folder.parent / "ann.jsonl", chosen), folder)
    assert verify(folder).ok, verify(folder)
    data, away = ids_in(folder, "data/"), ids_in(folder, "dropped")
    assert bad["id"] in away
    assert data[wrong["id"]]["label"] == other
    gone = [row for row in samples_of(folder) if row["source_id"] in (bad["id"], wrong["id"])]
    assert gone
    assert {row["verdict"] for row in gone} == {"drop"}
    back = apply_decisions(saved(folder.parent / "bob.jsonl", [decision(bad, "accept")]), folder)
    assert back.moved == {"source rows, dropped to data": 1}
    assert verify(folder).ok


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_decision_on_another_text_is_refused_and_nothing_changes(folder: Path) -> None:
    first, second = of_verdict(folder, "keep")[:2]
    path = saved(
        folder.parent / "d.jsonl", [{**decision(first, "reject"), "hash": "0"}, decision(second, "reject")]
    )
    manifest = (folder / "manifest.json").read_bytes()
    with pytest.raises(DataError, match="its text was changed since it was reviewed") as error:
        apply_decisions(path, folder)
    assert first["id"] in error.value.what
    assert (folder / "manifest.json").read_bytes() == manifest
    result = apply_decisions(path, folder, skip_changed=True)
    assert result.moved == {"data to dropped": 1}
    assert "1 decisions on rows that are gone or changed were left out" in result.notices
    with pytest.raises(DataError, match="no row has this id"):
        apply_decisions(saved(path, [{**decision(first, "reject"), "id": "nobody"}]), folder)
    sources = {row["id"]: row for row in pq.read_table(folder / SOURCE_ROWS).to_pylist()}
    saved(path, [decision(first, "edit", text=sources[first["source_id"]]["text"])])
    with pytest.raises(DataError, match="that of its source row"):
        apply_decisions(path, folder)


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_what_two_people_disagree_on_stays_and_kappa_is_reported(folder: Path) -> None:
    rows = of_verdict(folder, "keep")[:4]
    ann = saved(folder.parent / "ann.jsonl", [decision(row, "reject") for row in rows])
    bob = saved(
        folder.parent / "bob.jsonl",
        [decision(row, "reject" if number else "accept", reviewer="Bob") for number, row in enumerate(rows)],
    )
    result = apply_decisions([ann, bob], folder)
    assert list(result.disagreed) == [rows[0]["id"]]
    assert result.kappas["ann", "Bob"].share == 0.75
    assert result.moved == {"data to dropped": 3}
    assert verify(folder).ok
    assert ids_in(folder, "dropped")[rows[1]["id"]]["reviewed_by"] == "ann, Bob"
    assert rows[0]["id"] in ids_in(folder, "data/")


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_changed_folder_and_a_damaged_file_of_decisions_are_refused(folder: Path) -> None:
    (row,) = of_verdict(folder, "keep")[:1]
    path = saved(
        folder.parent / "d.jsonl", [decision(row, "accept"), {"id": "x", "hash": "y", "decision": "maybe"}]
    )
    with pytest.raises(DataError, match="`decision`") as error:
        apply_decisions(path, folder)
    assert error.value.where.endswith("d.jsonl:2")
    saved(path, [decision(row, "accept")])
    (folder / "README.md").write_text("mine", "utf-8")
    with pytest.raises(DataError, match=r"README\.md: changed since"):
        apply_decisions(path, folder)


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_kill_leaves_the_old_folder_or_the_new_one(folder: Path) -> None:
    """The folder is whole, and the next call, which is not killed, applies all and clears up."""
    rows = of_verdict(folder, "keep")[:5]
    path = saved(folder.parent / "d.jsonl", [decision(row, "reject") for row in rows])
    line = [sys.executable, "-m", "augment", "apply", str(path), str(folder), "-q"]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert verify(folder).ok
    apply_decisions(path, folder)
    assert verify(folder).ok
    assert {row["id"] for row in rows} <= ids_in(folder, "dropped").keys()
    assert not set(os.listdir(folder.parent)) - {"run", "d.jsonl"}


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_lock_that_a_kill_left_is_no_strange_file(folder: Path) -> None:
    lock = folder / "run" / "augment-lock"
    lock.write_text("process 4 on a-machine\n", encoding="utf-8")
    assert verify(folder).ok
    lock.write_text("notes of my own\n", encoding="utf-8")
    assert not verify(folder).ok


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_dry_run_reports_the_same_and_writes_nothing_not_even_a_lock(folder: Path) -> None:
    kept = of_verdict(folder, "keep")
    chosen = saved(
        folder.parent / "ann.jsonl", [decision(kept[0], "reject"), decision(kept[1], "edit", text="x y")]
    )
    before = {path: path.stat().st_mtime_ns for path in (folder.parent, *folder.parent.rglob("*"))}
    dry = apply_decisions(chosen, folder, dry_run=True)
    assert before == {path: path.stat().st_mtime_ns for path in (folder.parent, *folder.parent.rglob("*"))}
    with locked(folder), pytest.raises(LockedError):
        apply_decisions(chosen, folder, dry_run=True)
    assert apply_decisions(chosen, folder) == dry


@pytest.mark.parametrize("text", ["=1+1", "a\x1b[31m\u202eb", "a\r\nb\rc\n“好” 😀"])
def test_a_text_edited_in_every_word_is_in_all_files_as_it_was_given(folder: Path, text: str) -> None:
    kept = of_verdict(folder, "keep")[0]
    chosen = saved(folder.parent / "ann.jsonl", [decision(kept, "edit", text=text)])
    assert apply_decisions(chosen, folder, judge=False).edited == 1
    assert verify(folder).ok, verify(folder)
    assert ids_in(folder, "data/")[kept["id"]]["review"] == text


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_the_decisions_of_earlier_reviews_stay_on_record_whoever_made_them(folder: Path) -> None:
    one, other = of_verdict(folder, "keep")[:2]
    both = [saved(folder.parent / f"{name}.jsonl", [decision(one, "reject")]) for name in ("ann", "bob")]
    apply_decisions(both, folder)
    apply_decisions(saved(folder.parent / "cy.jsonl", [decision(other, "reject")]), folder)
    lines = (folder / "run/decisions.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["reviewer"] for line in lines] == ["ann, bob", "cy"]


@pytest.mark.parametrize("finished", ["parquet"], indirect=True)
def test_a_file_of_the_user_in_the_folder_is_named_and_stays(folder: Path) -> None:
    kept = of_verdict(folder, "keep")[0]
    chosen = saved(folder / "decisions.jsonl", [decision(kept, "reject")])
    with pytest.raises(DataError, match=r"did not write: decisions\.jsonl\n"):
        apply_decisions(chosen, folder)
    assert chosen.exists()
