"""The table of words: the same sums as a plain loop makes, in bounded memory."""

import math
import unicodedata
from collections import defaultdict

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import AugmentError
from augment.report.words import TopWord, WordTable
from tests.texts import TEXTS

Row = tuple[list[str] | None, list[float] | None, str | None]
TOKENS = st.sampled_from(
    ["好", "不", "Good", "good", "ＡＢ", "ａｂ", "𠮷", "é", "。", "42", " ", "", "👍🏽", "it's"]
)
ROWS = st.lists(
    st.tuples(
        st.lists(st.tuples(TOKENS, st.integers(-8, 8))),
        st.sampled_from(["正面", "negative", None]),
    ).map(lambda row: ([token for token, _ in row[0]], [score / 4 for _, score in row[0]], row[1])),
    max_size=12,
)


def batch(rows: list[Row], score: str = "ig") -> pa.RecordBatch:
    """Return explained rows as a batch."""
    columns = {
        "tokens": pa.array([tokens for tokens, _, _ in rows], pa.list_(pa.string())),
        score: pa.array([scores for _, scores, _ in rows], pa.list_(pa.float32())),
        f"{score}_target": pa.array([target for _, _, target in rows], pa.string()),
    }
    return pa.RecordBatch.from_pydict(columns)


def is_seen(token: str) -> bool:
    """Return whether a token has more than spaces and control characters."""
    return any(unicodedata.category(char)[0] != "Z" and unicodedata.category(char) != "Cc" for char in token)


@settings(max_examples=50)
@given(ROWS, st.integers(1, 4))
def test_sums_equal_those_of_a_plain_loop_however_the_rows_are_batched(rows: list[Row], size: int) -> None:
    sums: dict[tuple[str, str], list[float]] = defaultdict(list)
    for tokens, scores, target in rows:
        for token, score in zip(tokens or [], scores or [], strict=True):
            if target is not None and is_seen(token):
                sums[target, token.lower()].append(score)
    table = WordTable()
    for start in range(0, len(rows), size):
        table.add(batch(rows[start : start + size]))
    expected = {key: (sum(result), len(result)) for key, result in sums.items() if sum(result) > 0}
    assert {(word.label, word.word): (word.total, word.count) for word in table.top(100)} == expected


def test_words_come_by_total_with_ties_by_word_and_classes_by_name() -> None:
    table = WordTable()
    table.add(
        batch([(["好", "b", "a", "坏"], [0.5, 0.25, 0.25, -1.0], "p"), (["坏", "好"], [2.0, 1.0], "n")])
    )
    assert [(word.label, word.word) for word in table.top(2)] == [
        ("n", "坏"),
        ("n", "好"),
        ("p", "好"),
        ("p", "a"),
    ]


def test_mean_is_total_over_count() -> None:
    table = WordTable()
    table.add(batch([(["好", "好"], [0.5, 1.5], "p")]))
    assert table.top(1) == [TopWord(label="p", word="好", mean=1.0, total=2.0, count=2)]


def test_latin_words_are_counted_in_lower_case_and_marks_numbers_and_emoji_too_but_not_spaces() -> None:
    table = WordTable()
    table.add(batch([(["Good", "GOOD", "42", "！", "👍🏽", "𠮷", " ", "\u3000", "\t"], [1.0] * 9, "p")]))
    counts = {(word.word, word.count) for word in table.top(9)}
    assert counts == {("good", 2), ("42", 1), ("！", 1), ("👍🏽", 1), ("𠮷", 1)}


def test_rows_that_were_not_explained_and_scores_that_are_not_finite_are_left_out() -> None:
    table = WordTable()
    rows: list[Row] = [
        (None, None, None),
        (["好"], None, None),
        (["好", "很"], [math.nan, 1.0], "p"),
        ([], [], "p"),
    ]
    table.add(batch(rows))
    assert [(word.word, word.total) for word in table.top(9)] == [("很", 1.0)]


def test_another_attribution_is_read_by_its_name() -> None:
    table = WordTable()
    table.add(batch([(["好"], [1.0], "p")], "gradient"), score="gradient")
    assert table.top(1)[0].word == "好"


def test_a_missing_column_is_named() -> None:
    with pytest.raises(AugmentError, match="`gradient`"):
        WordTable().add(batch([]), score="gradient")


def test_no_rows_give_no_words() -> None:
    assert WordTable().top(3) == []


def test_every_awkward_text_is_taken_as_a_token() -> None:
    table = WordTable()
    table.add(batch([(list(TEXTS), [1.0] * len(TEXTS), "p")]))
    assert sum(word.count for word in table.top(99)) == sum(map(is_seen, TEXTS))


def test_waiting_batches_are_merged_before_they_outgrow_the_vocabulary() -> None:
    table = WordTable()
    many = batch([([f"w{word}" for word in range(40_000)], [1.0] * 40_000, "p")])
    for _ in range(4):
        table.add(many)
    waiting = sum(part.num_rows for part in table._pending)
    assert table._merged.num_rows == 40_000
    assert waiting < 80_000
    assert table.top(1)[0].count == 4
