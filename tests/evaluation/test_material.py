"""Draws and tests of an experiment: the same for every condition, and distinct from each other."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.config.sections import EvaluateConfig
from augment.errors import RequestError
from augment.evaluation.material import (
    Labelled,
    by_split,
    drawn,
    drawn_freely,
    fitting_rows,
    held_out,
    noisy,
    other_domain,
    read_rows,
    write_rows,
)
from tests.small import small_job
from tests.texts import TEXTS

POOL = [Labelled(f"text {number} 文本", "ab"[number % 10 == 0]) for number in range(200)]


@given(st.integers(2, 200), st.integers(0, 5))
def test_a_draw_has_its_size_and_the_classes_in_their_shares(count: int, seed: int) -> None:
    rows = drawn(POOL, count, seed)
    assert len(rows) == len(set(rows)) == count
    assert abs(Counter(row.label for row in rows)["b"] - max(1, count / 10)) <= 1
    assert rows == drawn(POOL[::-1], count, seed)


def test_other_seeds_draw_other_rows() -> None:
    assert set(drawn(POOL, 50, 0)) != set(drawn(POOL, 50, 1))


@given(st.integers(2, 40), st.integers(0, 5))
def test_a_draw_of_equal_classes_has_as_many_of_each(count: int, seed: int) -> None:
    of = Counter(row.label for row in drawn(POOL, count, seed, equal=True))
    assert of.total() == count
    assert max(of.values()) - min(of.values()) <= 1


def test_a_class_that_is_too_small_for_equal_classes_is_an_error() -> None:
    with pytest.raises(RequestError, match="rows of `b` are needed, train has 20"):
        drawn(POOL, 60, 0, equal=True)


@pytest.mark.parametrize("equal", [True, False])
def test_thresholds_are_fitted_on_rows_that_are_not_of_the_draw(equal: bool) -> None:
    settings = EvaluateConfig(equal_classes=equal, test_rows=100)
    draw = drawn(POOL, 20, 0, equal)
    rows = fitting_rows(POOL, draw, settings)
    assert not {row.text for row in rows} & {row.text for row in draw}
    assert [row.of for row in rows] == list(range(len(rows)))
    of = Counter(row.label for row in rows)
    assert of == ({"a": 10, "b": 10} if equal else {"a": 90, "b": 10})


def test_no_threshold_is_fitted_on_a_handful_of_rows() -> None:
    assert not fitting_rows(POOL, POOL[:195], EvaluateConfig())
    assert not fitting_rows(POOL, [row for row in POOL if row.label == "b"], EvaluateConfig())


def test_more_rows_than_there_are_is_an_error() -> None:
    with pytest.raises(RequestError, match="train has 200"):
        drawn(POOL, 201, 0)


@pytest.mark.parametrize("text", [*TEXTS, "这家酒店的房间非常干净", "an ordinary sentence"])
def test_noise_changes_letters_and_keeps_everything_else(text: str) -> None:
    row = Labelled(text, "a", of=3)
    (changed,) = noisy([row], 0.2, 0)
    assert (changed.label, changed.of) == ("a", 3)
    assert [mark for mark in changed.text if not mark.isalpha()] == [
        mark for mark in text if not mark.isalpha()
    ]
    assert noisy([row], 0.2, 0) == [changed]


def test_noise_touches_every_ordinary_sentence() -> None:
    rows = [Labelled(f"sentence number {word} 这是一个句子", "a") for word in ("one", "two", "three")]
    assert all(one.text != row.text for one, row in zip(noisy(rows, 0.1, 0), rows, strict=True))


def test_rows_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    rows = [Labelled(text, "a", pair, number) for number, text in enumerate(TEXTS) for pair in (None, text)]
    write_rows(tmp_path / "rows.jsonl", rows)
    assert read_rows(tmp_path / "rows.jsonl") == rows


def test_the_test_rows_are_the_corpus_own(small: Path) -> None:
    splits = by_split(small_job(small))
    rows = held_out(splits, 10)
    assert len(rows) == 10
    assert {row.text for row in rows} <= {row.text for row in splits["test"]}
    assert not {row.text for row in rows} & {row.text for row in splits["train"]}


def test_another_domain_must_have_the_same_labels(small: Path) -> None:
    assert len(other_domain(small_job(small), ["bad", "good"], "small", 5, lambda label: [label])) == 5
    with pytest.raises(RequestError, match="does not have: good"):
        other_domain(small_job(small), ["bad"], "small", 50, lambda label: [label])


@given(st.integers(5, 200), st.integers(0, 5))
def test_a_draw_of_several_labels_has_its_size_and_a_row_of_every_label(count: int, seed: int) -> None:
    pool = [
        Labelled(f"text {number}", ";".join({"a", "bcd"[number % 3], *("rare" * (number == 7)).split()}))
        for number in range(200)
    ]
    rows = drawn_freely([*pool, pool[7]], count, seed, lambda label: label.split(";"))
    assert len(rows) == count
    assert {label for row in rows for label in row.label.split(";")} == {"a", "b", "c", "d", "rare"}


def test_fewer_rows_than_labels_need_are_refused() -> None:
    with pytest.raises(RequestError, match="2 rows are requested, and 3 are needed for each of 3 labels"):
        drawn_freely([Labelled(f"t {label}", label) for label in "abc"], 2, 0, lambda label: [label])
    with pytest.raises(RequestError, match="train has 1"):
        drawn_freely([Labelled("t", "1.5")], 2, 0, lambda label: [])
