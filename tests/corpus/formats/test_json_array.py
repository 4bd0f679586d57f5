"""A JSON array gives the objects in it, however it is laid out, and names the line where it is none."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.corpus.formats.json_array import elements
from augment.errors import DataError
from tests.corpus.formats.reading import faults, rows
from tests.texts import TEXTS

VALUES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.sampled_from(TEXTS),
    st.integers(),
    st.none(),
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(["text", "标签", "n"]), VALUES, max_size=3), max_size=6)


@settings(max_examples=60)
@given(
    records=RECORDS, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans(), size=st.integers(1, 40)
)
def test_objects_come_out_whatever_the_layout_and_the_blocks(
    records: list[dict[str, object]], indent: int | None, ascii_only: bool, size: int
) -> None:
    """A block may end anywhere: within a string, an escape, a number or a name."""
    text = "\n " + json.dumps(records, indent=indent, ensure_ascii=ascii_only) + "\r\n"
    blocks = (text[start : start + size] for start in range(0, len(text), size))
    result = list(elements(blocks, "a.json", whole=True))
    assert [record for _, record in result] == records
    if indent is not None:
        assert all(text.split("\n")[line - 1].strip()[0] == "{" for line, _ in result)


@settings(max_examples=40)
@given(records=RECORDS, cut=st.integers(0, 400))
def test_the_head_of_an_array_may_end_anywhere(records: list[dict[str, object]], cut: int) -> None:
    """Of a head the objects that are whole come out, and the rest is no fault."""
    text = json.dumps(records)[:cut]
    heads = [record for _, record in elements(iter([text]), "a.json", whole=False)]
    assert heads == records[: len(heads)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"text": "a"},\n {"text": }]', r"a\.json:2\nnot JSON: Expecting value at column 11\n"),
        (
            '[{"text": "a"}\n\n {"text": "b"}]',
            r"a\.json:3\nnot JSON: neither `,` nor `\]` behind a value at column 2",
        ),
        ('[{"text": "a"},\n', r"a\.json:2\nnot JSON: the array is cut off"),
        ('[{"text": "a"},\n{"text": "b', r"a\.json:2\nnot JSON: Unterminated string"),
        ('[{"text": "a"},]', r"a\.json:1\nnot JSON: no value behind a comma at column 16"),
        ('[{"text": "a"}]\n[1]', r"a\.json:2\nnot JSON: text behind the end of the array at column 1"),
        ('[{"text": "a"},\n' + "[" * 200_000, r"a\.json:2\nnot JSON: a number too long, or nesting too deep"),
    ],
)
def test_a_broken_array_is_bad_data_with_line_and_column(tmp_path: Path, text: str, message: str) -> None:
    """Nothing behind the place can be trusted, so reading ends there."""
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        rows(tmp_path, "a.json")


def test_elements_that_are_no_rows_are_faults(tmp_path: Path) -> None:
    """The other rows are read."""
    text = '[{"text": "好"},\n1, [2],\n"x", {"text": 5}, {"text": "\\ud800"}]'
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert rows(tmp_path, "a.json") == [{"text": "好"}]
    assert faults(tmp_path, "a.json") == [
        (2, "JSON int, not an object"),
        (2, "JSON list, not an object"),
        (3, "JSON str, not an object"),
        (3, "`text` holds int where str is needed"),
        (3, "not text: half of a surrogate pair"),
    ]


def test_a_long_array_on_one_line_is_read_block_by_block() -> None:
    """What is held is an element and a block, not the file."""
    taken = 0

    def blocks() -> Iterator[str]:
        nonlocal taken
        yield "["
        for number in range(1000):
            taken += 1
            yield ("," if number else "") + json.dumps({"text": "好" * 1000})
        yield "]"

    result = elements(blocks(), "a.json", whole=True)
    next(result)
    assert taken < 5
    assert sum(1 for _ in result) == 999


@settings(max_examples=20)
@given(records=RECORDS.filter(lambda records: any(records)))
def test_an_array_reads_like_lines_of_the_same_objects(records: list[dict[str, object]]) -> None:
    """The columns have the same types."""
    objects = [{"text": "好", **{k: v for k, v in one.items() if k != "text"}} for one in records]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "a.json").write_text(json.dumps(objects, indent=1), encoding="utf-8")
        Path(folder, "b.jsonl").write_text("\n".join(map(json.dumps, objects)), encoding="utf-8")
        assert rows(Path(folder), "a.json") == rows(Path(folder), "b.jsonl")
