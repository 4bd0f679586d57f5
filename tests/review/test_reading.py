"""Files of decisions as people and other tools save them: nothing is changed, taken for another person's, or left out in silence."""

import json
from pathlib import Path

import pytest

from augment.errors import AugmentError, DataError, RequestError
from augment.review.decision import Decision
from augment.review.reading import read_decisions

LINE = {"id": "r", "hash": "h", "decision": "accept"}


def read(path: Path, content: str | bytes) -> list[Decision]:
    """Return the decisions in a file with this content, of one person."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (decisions,) = read_decisions([path]).values()
    return decisions


def test_two_files_of_one_name_are_not_taken_for_one_person(tmp_path: Path) -> None:
    paths = [tmp_path / name / "decisions.jsonl" for name in ("ann", "bob")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(json.dumps(LINE))
    with pytest.raises(RequestError, match="which person"):
        read_decisions(paths)
    paths[1].write_text(json.dumps({**LINE, "reviewer": " bob\n"}))
    paths[0].write_text(json.dumps({**LINE, "reviewer": "ann"}))
    assert set(read_decisions(paths)) == {"ann", "bob"}
    assert len(read_decisions([paths[0], paths[0]])["ann"]) == 1


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "r", "hash": "h", "decision": "accept", "seconds": 1e999}',
        '{"id": "r", "hash": "h", "decision": "edit", "text": "a\\ud83d"}',
        '{"id": 5, "hash": "h", "decision": "accept"}',
        '{"id": "r", "hash": "h", "decision": "maybe"}',
        '["r"]',
        "1" * 5000,
    ],
)
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"d\.jsonl:2\n"):
        read(tmp_path / "d.jsonl", f"{json.dumps(LINE)}\r\n{line}\n")


def test_a_mark_and_line_breaks_of_windows_are_read(tmp_path: Path) -> None:
    content = f"\ufeff{json.dumps(LINE)}\r\n{json.dumps(LINE)}\r\n"
    assert [one.decision for one in read(tmp_path / "d.jsonl", content)] == ["accept", "accept"]


def test_a_cell_of_a_table_keeps_its_line_breaks_and_signs(tmp_path: Path) -> None:
    table = 'id,hash,decision,new_text\r\nr,h,edit,"a\r\nb ""c"" 😀"\r\nr2,h,edit,\'=1+1\r\n'
    assert [one.text for one in read(tmp_path / "d.csv", table)] == ['a\r\nb "c" 😀', "=1+1"]


def test_one_text_or_label_outside_a_list_is_read_whole(tmp_path: Path) -> None:
    choice = {"from_name": "decision", "type": "choices", "value": {"choices": ["edit"]}}
    area = {"from_name": "edited", "type": "textarea", "value": {"text": "two words"}}
    task = {"data": LINE | {"text": "x"}, "annotations": [{"completed_by": 1, "result": [choice, area]}]}
    assert read(tmp_path / "tasks.json", json.dumps([task]))[0].text == "two words"
    line = {"sample": "r", "hash": "h", "label": "reject"}
    assert read(tmp_path / "doccano.jsonl", json.dumps(line))[0].decision == "reject"


@pytest.mark.parametrize("text", ['"好的"', '{"a": "b", "c": "d"}', "[1, 2]"])
def test_the_text_of_a_pair_that_happens_to_be_json_is_not_cut_in_two(tmp_path: Path, text: str) -> None:
    values = {"decision": "edit", "text": text}
    answers = {
        name: [{"value": value, "user_id": "u", "status": "submitted"}] for name, value in values.items()
    }
    fields = {"text": "x", "text_pair": "y"}
    record = {"id": "r", "fields": fields, "metadata": {"hash": "h"}, "responses": answers}
    (decided,) = read(tmp_path / "records.json", json.dumps([record]))
    assert (decided.text, decided.text_pair) == (text, None)


def test_an_answer_that_is_nested_without_end_is_an_error_of_ours(tmp_path: Path) -> None:
    answers = {"text": [{"value": "[" * 100_000, "user_id": "u"}]}
    record = {"id": "r", "fields": {"text": "x", "text_pair": "y"}, "metadata": {}, "responses": answers}
    with pytest.raises(AugmentError, match="record 1"):
        read(tmp_path / "records.json", json.dumps([record]))
