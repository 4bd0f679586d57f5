"""Tables grow and are never rewritten: columns to the right, samples after their source row, in the order of stage and number."""

from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.tables.columns import CORPUS, RANK, REJECT
from augment.tables.rows import Missing, NewSample, rejecting, source_rows, with_columns, with_samples
from augment.text.edits import Edit, replay
from tests.texts import TEXTS

QUICK = settings(max_examples=60)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(TEXTS)
# For each stage, how many samples each of three parents gets from it.
ROUNDS = st.lists(st.tuples(*[st.integers(0, 3)] * 3), max_size=3)


class Rewriting(NamedTuple):
    """A text, its partner and edits that fit them."""

    text: str
    text_pair: str | None
    edits: tuple[Edit, ...]


def rows(texts: list[tuple[str, str | None]]) -> pa.RecordBatch:
    """Return texts as the corpus reader gives them, with a source column and an attribution."""
    ids = [f"表.csv:{row}" for row in range(len(texts))]
    values = {
        "id": ids,
        "text": [text for text, _ in texts],
        "text_pair": [pair for _, pair in texts],
        "label": ["好评" if row % 2 else None for row in range(len(texts))],
        "split": ["train"] * len(texts),
    }
    arrays = [pa.array(values[column.name], column.type) for column in CORPUS]
    source = pa.array([{"原文": text, "星": row} for row, (text, _) in enumerate(texts)])
    scores = pa.array([[0.5, -0.25]] * len(texts), pa.list_(pa.float32()))
    return pa.RecordBatch.from_arrays([*arrays, source, scores], names=[*values, "source", "ig"])


@st.composite
def rewritings(draw: st.DrawFn) -> Rewriting:
    """Draw a text or pair, and edits that are ordered and do not overlap, as editing stages make them."""
    text, pair = draw(WORDS), draw(st.none() | WORDS)
    edits = []
    for side, whole in enumerate((text,) if pair is None else (text, pair)):
        cuts = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=6, unique=True)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False):
            edits.append(
                Edit(side, start, end, whole[start:end], draw(WORDS), draw(st.floats(-9, 9, width=32)))
            )
    return Rewriting(text, pair, tuple(edits))


def sample(row: int, method: str, number: int, text: str = "新") -> NewSample:
    """Return a sample without edits."""
    return NewSample(row, method, number, text, None, ())


@QUICK
@given(ROUNDS)
def test_samples_follow_their_source_row_by_stage_and_number(rounds: list[tuple[int, ...]]) -> None:
    batch = rows([("甲", None), ("乙", None), ("丙", None)])
    expected: list[list[str]] = [[f"表.csv:{row}"] for row in range(3)]
    for stage, numbers in enumerate(rounds):
        made = [
            sample(source, f"s{stage}", k)
            for index, source in reversed(list(enumerate(source_rows(batch))))
            for k in range(1, numbers[index] + 1)
        ]
        for index, count in enumerate(numbers):
            expected[index] += [f"表.csv:{index}~s{stage}~{k}" for k in range(1, count + 1)]
        batch = with_samples(batch, made, [])
    assert batch.column("id").to_pylist() == [name for family in expected for name in family]
    assert [batch.column("id")[row].as_py() for row in source_rows(batch)] == [
        family[0] for family in expected
    ]


@QUICK
@given(st.lists(rewritings(), min_size=1, max_size=4))
def test_replaying_the_edits_of_a_sample_on_its_source_row_gives_the_sample(made: list[Rewriting]) -> None:
    """Through Arrow and back, code point for code point, in both texts."""
    batch = rows([(one.text, one.text_pair) for one in made])
    family = [NewSample(row, "换", 1, *replay(*one), one.edits) for row, one in enumerate(made)]
    result = with_samples(batch, family, []).to_pylist()
    mothers = {row["id"]: row for row in result if row["source_id"] is None}
    babies = [row for row in result if row["source_id"] is not None]
    assert len(babies) == len(made)
    for row in babies:
        source = mothers[row["source_id"]]
        edits = [Edit(**edit) for edit in row["edits"]]
        assert replay(source["text"], source["text_pair"], edits) == (row["text"], row["text_pair"])


@QUICK
@given(ROUNDS, st.lists(WORDS, min_size=3, max_size=3))
def test_source_rows_are_never_rewritten(rounds: list[tuple[int, ...]], texts: list[str]) -> None:
    before = rows([(text, None) for text in texts])
    batch = before
    for stage, numbers in enumerate(rounds):
        made = [
            sample(row, f"s{stage}", k)
            for row, count in zip(source_rows(batch), numbers, strict=True)
            for k in range(count)
        ]
        batch = with_samples(batch, made, [])
    after = batch.take(pa.array(source_rows(batch), pa.int64())).select(before.schema.names)
    assert after.equals(before)


def test_a_sample_has_the_label_split_and_source_of_its_source_row_and_nothing_else() -> None:
    batch = with_samples(rows([("甲", None), ("乙", "丙")]), [NewSample(1, "删", 1, "子", "女", ())], [])
    made = batch.to_pylist()[2]
    assert (made["id"], made["source_id"], made["method"]) == ("表.csv:1~删~1", "表.csv:1", "删")
    assert (made["text"], made["text_pair"], made["label"], made["split"]) == ("子", "女", "好评", "train")
    assert made["source"] == {"原文": "乙", "星": 1}
    assert (made["ig"], made["edits"], made["shortfall"]) == (None, [], None)


def test_what_is_missing_is_noted_on_the_source_row_stage_after_stage() -> None:
    batch = with_samples(
        rows([("甲", None), ("乙", None)]), [sample(0, "a", 1)], [Missing(1, "a", 2, "no word")]
    )
    batch = with_samples(batch, [], [Missing(2, "b", 1, "nothing free"), Missing(0, "b", 1, "nothing free")])
    assert batch.column("shortfall").to_pylist() == [
        [{"method": "b", "missing": 1, "reason": "nothing free"}],
        None,
        [
            {"method": "a", "missing": 2, "reason": "no word"},
            {"method": "b", "missing": 1, "reason": "nothing free"},
        ],
    ]


def test_columns_are_added_with_their_types_and_never_twice() -> None:
    batch = with_columns(rows([("甲", None), ("乙", None)]), RANK, [[[0], None], [[True], None]])
    assert [batch.schema.field(column.name).type for column in RANK] == [column.type for column in RANK]
    assert batch.column("key").to_pylist() == [[0], None]
    with pytest.raises(ValueError, match="column 'key' is already there"):
        with_columns(batch, RANK, [[[0], None], [[True], None]])


def test_a_rejected_row_keeps_its_first_reason_and_is_no_source_row() -> None:
    batch = rows([("甲", None), ("乙", None), ("丙", None)])
    assert rejecting(batch, {}) is batch
    batch = rejecting(rejecting(batch, {1: "not finite"}), {1: "another", 2: "too long"})
    assert batch.column(REJECT.name).to_pylist() == [None, "not finite", "too long"]
    assert source_rows(batch) == [0]


def test_no_rows_and_no_samples_are_rows_and_samples_too() -> None:
    empty = rows([])
    assert with_samples(empty, [], []).num_rows == 0
    assert source_rows(empty) == []
    assert with_samples(rows([("甲", None)]), [], []).num_rows == 1
