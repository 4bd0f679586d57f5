"""Hashes of rows: of what they hold, however it is cut, stored or computed."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.tables.hashing import hashes_of
from tests.texts import TEXTS

EDITS = pa.list_(pa.struct([("start", pa.int32()), ("old", pa.string())]))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(TEXTS) | st.text(max_size=5),
            "text": st.none() | st.sampled_from(TEXTS),
            "edits": st.none()
            | st.lists(st.fixed_dictionaries({"start": st.integers(0, 9), "old": st.text()})),
            "ig": st.none() | st.lists(st.none() | st.integers(-3, 3).map(float), max_size=4),
            "tied": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.string()),
        ("edits", EDITS),
        ("ig", pa.list_(pa.float32())),
        ("tied", pa.bool_()),
    ]
)


@given(ROWS, st.integers(0, 12))
def test_rows_have_the_same_hashes_however_they_are_cut(rows: list[dict[str, object]], cut: int) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    parts = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    again = pa.Table.from_pylist(table.to_pylist(), SCHEMA)
    shifted = pa.concat_tables([table.slice(0, 1), table]).combine_chunks().slice(1)
    assert hashes_of(table) == hashes_of(parts) == hashes_of(again) == hashes_of(shifted)


@given(ROWS, ROWS)
def test_other_rows_have_other_hashes(one: list[dict[str, object]], other: list[dict[str, object]]) -> None:
    tables = [pa.Table.from_pylist(rows, SCHEMA) for rows in (one, other)]
    same = tables[0].equals(tables[1])
    assert (hashes_of(tables[0]).values == hashes_of(tables[1]).values) == same


@pytest.mark.parametrize("pair", [("ab", "c"), ("", None), ("a", "A")])
def test_what_is_easily_mixed_up_is_distinguished(pair: tuple[str, str | None]) -> None:
    tables = [
        pa.table({"id": ["x", "y"], "text": pa.array(values, pa.string())}) for values in (pair, ("a", "bc"))
    ]
    swapped = pa.table({"id": ["x", "y"], "text": pa.array(pair[::-1], pa.string())})
    result = {hashes_of(table).values for table in (*tables, swapped)}
    assert len(result) == 3


def test_scores_are_values_and_no_decisions() -> None:
    rows = pa.table({"id": ["a"], "label": ["好"], "ig": [[0.5]]})
    other = rows.set_column(2, "ig", [[[0.25]]])
    assert hashes_of(rows).decisions == hashes_of(other).decisions
    assert hashes_of(rows).values != hashes_of(other).values
    assert hashes_of(rows).decisions != hashes_of(rows.set_column(1, "label", [["坏"]])).decisions


def test_the_scores_next_to_edits_are_values_and_no_decisions() -> None:
    edit = {"side": 0, "start": 1, "end": 3, "old": "成绩", "new": "成就"}
    rows, near, other = (
        pa.table({"id": ["1"], "edits": [[{**edit, "new": new, "score": score}]]})
        for new, score in (("成就", 0.25), ("成就", 0.2500001), ("成法", 0.25))
    )
    assert hashes_of(rows).decisions == hashes_of(near).decisions != hashes_of(other).decisions
    assert hashes_of(rows).values != hashes_of(near).values
