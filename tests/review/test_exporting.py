"""Samples for other tools: in their published form, the most doubtful first, and decisions that come back as they went."""

import csv
import json
from pathlib import Path
from typing import Any, get_args

import pytest

from augment.errors import DataError, RequestError
from augment.review.decision import Decision
from augment.review.exporting import Tool, export_samples
from augment.review.hub import push
from augment.review.reading import read_decisions
from augment.text.text_hash import text_hash
from tests.review.conftest import decision, samples_of
from tests.review.test_apply_decisions import saved
from tests.texts import TEXTS

TOOLS = get_args(Tool)
pytestmark = pytest.mark.parametrize("finished", ["parquet"], indirect=True)


def decisions_of(folder: Path, path: Path) -> Path:
    """Return a file with decisions of every kind on samples, one of them with an awkward text."""
    rows = samples_of(folder)
    made = [
        decision(rows[0], "accept", seconds=1.5),
        decision(rows[1], "reject", reason="meaning", seconds=2.0),
        decision(rows[2], "edit", text=f"=1+1 {TEXTS[0]} “好”, <b>\n'x", seconds=0.5),
        decision(rows[3], "reject"),
    ]
    return saved(path, [{**each, "reviewer": "ann"} for each in made])


def plain(those: list[Decision]) -> dict[str, dict[str, Any]]:
    """Return what must come back of decisions, by id."""
    names = {"id", "hash", "decision", "reason", "text", "text_pair"}
    return {each.id: each.model_dump(include=names) for each in those}


@pytest.mark.parametrize("tool", TOOLS)
def test_decisions_come_back_from_every_tool_as_they_went(folder: Path, tmp_path: Path, tool: Tool) -> None:
    path = decisions_of(folder, tmp_path / "ann.jsonl")
    exported = export_samples(folder, tool, tmp_path / f"there.{'csv' if tool == 'csv' else 'json'}", [path])
    (back,) = read_decisions([exported]).values()
    assert plain(back) == plain(read_decisions([path])["ann"])
    if tool in ("argilla", "label-studio"):
        assert {each.reviewer for each in back} == {"ann"}


@pytest.mark.parametrize("tool", TOOLS)
def test_samples_that_nobody_decided_on_are_no_decisions(folder: Path, tmp_path: Path, tool: Tool) -> None:
    path = export_samples(folder, tool, tmp_path / f"x.{'csv' if tool == 'csv' else 'json'}", rows=5)
    assert read_decisions([path]) == {}
    with pytest.raises(RequestError, match="the file exists"):
        export_samples(folder, tool, path)


def test_a_task_of_label_studio_has_data_and_a_prediction_and_a_record_of_argilla_a_suggestion(
    folder: Path, tmp_path: Path
) -> None:
    tasks = json.loads(export_samples(folder, "label-studio", tmp_path / "t.json").read_text("utf-8"))
    records = json.loads(export_samples(folder, "argilla", tmp_path / "r.json").read_text("utf-8"))
    assert [task["data"]["doubt"] for task in tasks] == sorted(
        (task["data"]["doubt"] for task in tasks), reverse=True
    )
    samples = {row["id"]: row for row in samples_of(folder)}
    assert len(tasks) == len(records) == len(samples)
    for task, record in zip(tasks, records, strict=True):
        row = samples[record["id"]]
        assert record["fields"]["text"] == task["data"]["text"] == row["text"]
        assert task["data"]["hash"] == text_hash(row["text"], row["text_pair"])
        assert record["status"] == "pending"
        for prediction in task["predictions"]:
            assert prediction["result"][0]["value"]["choices"] == [record["suggestions"]["decision"]["value"]]
    assert 'value="$text"' in (tmp_path / "t.xml").read_text("utf-8")


def test_a_table_saved_by_a_spreadsheet_is_read_and_formulas_are_none(folder: Path, tmp_path: Path) -> None:
    path = export_samples(folder, "csv", tmp_path / "x.csv", rows=3)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    rows[0]["decision"], rows[1]["decision"], rows[1]["new_text"] = "Reject", "edit", "'=a"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    (back,) = read_decisions([path]).values()
    assert [(each.decision, each.text) for each in back] == [("reject", None), ("edit", "=a")]
    path.write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(DataError, match="no column `decision`"):
        read_decisions([path])


def test_answers_of_several_people_are_those_of_each(folder: Path, tmp_path: Path) -> None:
    row = samples_of(folder)[0]
    known = decision(row, "accept")
    fields = {"text": row["text"], "source": "s"}
    answers = [
        {"value": "accept", "user_id": "a"},
        {"value": "reject", "user_id": "b", "status": "submitted"},
    ]
    record = {
        "id": row["id"],
        "fields": fields,
        "metadata": {"hash": known["hash"]},
        "responses": {"decision": answers},
    }
    path = tmp_path / "argilla.json"
    path.write_text(json.dumps([record]), "utf-8")
    assert {name: those[0].decision for name, those in read_decisions([path]).items()} == {
        "a": "accept",
        "b": "reject",
    }
    choice = {"from_name": "decision", "type": "choices", "value": {"choices": ["accept"]}}
    edited = {"from_name": "edited", "type": "textarea", "value": {"text": ["other"]}}
    task = {
        "data": {"id": row["id"], "hash": known["hash"], "text": row["text"]},
        "annotations": [
            {"completed_by": {"id": 3, "email": "c@d"}, "result": [choice, edited], "lead_time": 2.5},
            {"completed_by": 4, "result": [choice], "was_cancelled": True},
        ],
    }
    path.write_text(json.dumps([task]), "utf-8")
    ((name, (made,)),) = read_decisions([path]).items()
    assert (name, made.decision, made.text, made.seconds) == ("c@d", "edit", "other", 2.5)
    path.write_text("[3]", "utf-8")
    with pytest.raises(DataError, match="neither of Argilla nor of Label Studio"):
        read_decisions([path])


def test_nothing_is_uploaded_unless_that_is_allowed(folder: Path) -> None:
    with pytest.raises(RequestError, match="not allowed"):
        push(folder, "me/mine")


def test_an_export_is_not_written_into_the_run_or_over_its_own_config(folder: Path, tmp_path: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(RequestError, match="in the folder of the run"):
        export_samples(folder, "csv", folder / "data/x.csv")
    with pytest.raises(RequestError, match="labelling config"):
        export_samples(folder, "label-studio", tmp_path / "tasks.xml")
    assert sorted(folder.rglob("*")) == before
