"""Texts that occur more than once: counted exactly, by split and by label, and reported in one line each."""

import random
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.corpus import repeats
from augment.corpus.repeats import RepeatCounter, Repeats, repeat_notices, repeats_of

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["很好", "很好 ", "fine", "Fine", "👍🏽", ""]),
        st.sampled_from([None, "", "b"]),
        st.sampled_from([None, "good", "bad", "坏"]),
        st.sampled_from(["train", "validation", "test", "extra", "另"]),
    )
)


Row = tuple[str, str | None, str | None, str]


def columns(rows: Sequence[Row]) -> list[list[str | None]]:
    """Return rows as columns: texts, pairs, labels, splits."""
    return [[row[index] for row in rows] for index in range(4)]


@given(ROWS)
def test_counts_are_those_of_comparing_each_text_with_every_other(rows: list[Row]) -> None:
    result = repeats_of(columns(rows))
    where = defaultdict[str, set[tuple[str, str | None]]](set)
    labels = defaultdict[tuple[str, str | None], set[str | None]](set)
    for text, pair, label, split in rows:
        where[split].add((text, pair))
        labels[text, pair] |= {label} - {None}
    order = [name for name in ("train", "validation", "test", "extra", "另") if name in where]
    shared = {
        name: {
            earlier: count
            for earlier in order[:index]
            if (count := sum(row[3] == name and row[:2] in where[earlier] for row in rows))
        }
        for index, name in enumerate(order)
    }
    two = {text for text, known in labels.items() if len(known) > 1}
    assert result.shared == {name: counts for name, counts in shared.items() if counts}
    assert result.texts == len(two)
    assert result.labelled == sum(row[:2] in two and row[2] is not None for row in rows)
    assert sum(result.rows.values()) == len(rows)


def test_rows_in_two_splits_and_texts_with_two_labels_are_one_line_each() -> None:
    rows: list[Row] = [(f"text {n}", None, "a", "train") for n in range(90)]
    rows += [(f"text {n}", None, "a" if n else "b", "test") for n in range(28)]
    rows += [(f"other {n}", None, "a", "test") for n in range(72)]
    shuffled = random.Random(0).sample(rows, len(rows))
    assert list(repeat_notices(repeats_of(columns(shuffled)))) == [
        "the same text is in two splits: 28 of 100 rows of test (28 %) are also in train; "
        "scores on such rows are too good: `augment audit` lists them",
        "the same text is labelled in two ways: 1 text, in 2 of 190 rows (1.1 %); "
        "at most one way is right for each: `augment audit` lists them",
    ]


def test_sets_of_labels_that_differ_are_two_ways_and_equal_ones_are_not() -> None:
    rows: list[Row] = [("one", None, "a;b", "train"), ("one", None, "a", "train")]
    rows += [("two", None, "a;b", "train")] * 2 + [
        ("three", None, "1.5", "train"),
        ("three", None, "2", "train"),
    ]
    assert list(repeat_notices(repeats_of(columns(rows)))) == [
        "the same text is labelled in two ways: 2 texts, in 4 of 6 rows (67 %); "
        "at most one way is right for each: `augment audit` lists them",
    ]


def test_nothing_is_reported_where_nothing_repeats() -> None:
    assert (
        list(repeat_notices(repeats_of(columns([("a", None, "x", "train"), ("b", None, "y", "test")])))) == []
    )
    assert list(repeat_notices(RepeatCounter().count())) == []


def test_a_count_of_some_rows_only_reports_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_MOST_ROWS", 2)
    rows: list[Row] = [("a", None, "x", "train"), ("a", None, "x", "test"), ("b", None, "y", "test")]
    result = repeats_of(columns(rows))
    assert not result.whole
    assert next(iter(repeat_notices(result))).endswith("(of the 2 rows looked at; `augment audit` reads all)")


def test_counts_survive_json() -> None:
    result = Repeats({"train": 2, "test": 1}, {"test": {"train": 1}}, 1, 2, True)
    plain = {
        "rows": {"train": 2, "test": 1},
        "shared": {"test": {"train": 1}},
        "texts": 1,
        "labelled": 2,
        "whole": True,
    }
    assert Repeats.of(plain) == result
