"""Records come out of JSON lines code point for code point and with their types; broken ones are named."""

import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from augment.errors import DataError
from tests.corpus.formats.one_file import PAIRS, batches, faults, rows


@pytest.mark.parametrize("ascii_only", [True, False])
@settings(max_examples=50)
@given(pairs=PAIRS)
def test_json_strings_survive(ascii_only: bool, pairs: list[tuple[str, str]]) -> None:
    """Any string of a JSON line comes back, escaped or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.jsonl")
        records = [{"text": text, "label": label} for text, label in pairs]
        lines = [json.dumps(record, ensure_ascii=ascii_only) + "\n" for record in records]
        path.write_bytes("".join(lines).encode())
        assert rows(path) == records


def test_broken_json_lines_are_named(tmp_path: Path) -> None:
    """Lines that are no JSON object, or whose text is not text, are faults; blank lines are nothing."""
    path = tmp_path / "corpus.jsonl"
    lines = [
        '{"text": "好"}',
        "",
        '{"text": ',
        "[1]",
        '{"text": 5}',
        '{"text": "\\ud800"}',
        '{"text": null}',
        "9" * 5000,
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert rows(path) == [{"text": "好"}, {"text": None}]
    assert faults(path) == [
        (2, 3, "not JSON: Expecting value at column 10"),
        (3, 4, "JSON list, not an object"),
        (4, 5, "`text` holds int where str is needed"),
        (5, 6, "not text: half of a surrogate pair"),
        (7, 8, "not readable JSON: a number too long or nesting too deep"),
    ]


def test_json_values_keep_their_type(tmp_path: Path) -> None:
    """Numbers and truth values stay what they are; mixed and endless ones become JSON text."""
    path = tmp_path / "corpus.jsonl"
    records: list[dict[str, object]] = [
        {"i": 1, "f": 1, "b": True, "n": {"a": ["好"]}, "m": "x", "big": 2**60, "huge": 2**70, "none": None},
        {"i": None, "f": 0.5, "b": False, "n": [1], "m": 1, "big": 1, "huge": 1},
    ]
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    text = {"n": '{"a": ["好"]}', "m": "x", "huge": str(2**70)}
    assert rows(path) == [
        records[0] | text,
        records[1] | {"n": "[1]", "m": "1", "huge": "1", "none": None},
    ]
    assert [type(row["f"]) for row in rows(path)] == [float, float]


NESTED: tuple[list[object], ...] = (
    [["红", "大"], [], None, [None]],
    [{"a": 1, "词": {"x": [True]}}, None, {"词": {"x": []}, "a": None}],
    [[{"k": "v", "": 0.5}], [{"": 1, "k": "😀"}]],
    [[], []],
    [{"a.b": None}],
)


UNEVEN: tuple[list[object], ...] = (
    [{"a": 1}, {"a": 1, "b": 2}],
    [{}],
    [[1], ["x"]],
    [[1], {"a": 1}],
    [{"a": 1}, {"b": 1}, {"a": 2}],
    [[2**53 + 1, 0.5]],
    [json.loads("[" * 20 + "]" * 20)],
)


@pytest.mark.parametrize("values", NESTED)
def test_lists_and_objects_of_one_kind_stay_what_they_are(tmp_path: Path, values: list[object]) -> None:
    """They come back value for value, from Parquet as well."""
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"text": "好", "n": value}) for value in values), encoding="utf-8")
    result = pa.Table.from_batches([batch.rows for batch in batches(path)])
    assert pa.types.is_nested(result.schema.field("n").type)
    assert result.column("n").to_pylist() == values
    pq.write_table(result, tmp_path / "corpus.parquet")
    assert [row["n"] for row in rows(tmp_path / "corpus.parquet")] == values


@pytest.mark.parametrize("values", UNEVEN)
def test_lists_and_objects_that_no_type_holds_are_json_text(tmp_path: Path, values: list[object]) -> None:
    """A type of Arrow would add keys or change numbers, so they are kept as they are written."""
    path = tmp_path / "corpus.jsonl"
    path.write_text("\n".join(json.dumps({"text": "好", "n": value}) for value in values), encoding="utf-8")
    assert [json.loads(str(row["n"])) for row in rows(path)] == values


def test_lines_without_an_object_are_refused(tmp_path: Path) -> None:
    """The message shows how rows are written in JSON."""
    path = tmp_path / "corpus.json"
    path.write_text("1\n2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"no line holds a JSON object\n.*in one array"):
        rows(path)
