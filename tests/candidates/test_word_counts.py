"""Counts of words and of neighbouring pairs: what is one word, what is never seen, and what a table keeps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.candidates import word_counts as module
from augment.candidates.word_counts import UNSEEN, PairCounts, WordCounts, counts_of, form

TEXTS: tuple[list[str], ...] = (["房间", "很", "干净"], ["房间", "很", "大"], ["Very", "CLEAN", "room"], [])


def counted(*texts: list[str]) -> WordCounts:
    """Return the counts of texts."""
    counts = PairCounts()
    for text in texts:
        counts.add(text)
    return counts.evidence(None, len(texts))


def seen(evidence: WordCounts, left: str, right: str) -> int:
    """Return how often a pair was seen."""
    return int(evidence.pairs(evidence.ids([left]), evidence.ids([right]))[0])


def test_words_are_counted_without_case_and_width_numbers_as_one_and_marks_by_their_first() -> None:
    assert [
        form(token) for token in ("ＣＬＥＡＮ", "Clean", "3.14", "2,000", "！！！", "，", "干净", "👍🏽")
    ] == [*("clean", "clean", "0", "0", "!", ",", "干净", "👍")]


def test_pairs_are_counted_with_the_borders_of_a_text() -> None:
    evidence = counted(*TEXTS)
    assert seen(evidence, "房间", "很") == 2
    assert seen(evidence, "很", "干净") == 1
    assert seen(evidence, "very", "clean") == 1
    assert seen(evidence, "干净", "很") == 0
    border = np.zeros(1, np.int64)
    assert evidence.pairs(border, evidence.ids(["房间"])).tolist() == [2]
    assert evidence.counts[evidence.id("很")] == 2


def test_what_was_never_seen_has_no_id_and_no_pair() -> None:
    evidence = counted(*TEXTS)
    assert evidence.id("窗户") == UNSEEN
    assert seen(evidence, "很", "窗户") == 0
    assert evidence.counted(evidence.ids(["窗户", "大"])).tolist() == [0, 1]


def test_pairs_counted_in_parts_are_the_pairs_counted_at_once() -> None:
    parts = PairCounts()
    for text in TEXTS:
        one = PairCounts()
        one.add(text)
        parts.add_pairs(one.pairs())
    together, whole = parts.evidence(None, 4), counted(*TEXTS)
    assert together.words == whole.words
    assert together.keys.tolist() == whole.keys.tolist()
    assert together.seen.tolist() == whole.seen.tolist()


def test_pairs_taken_away_again_leave_nothing() -> None:
    both, away = PairCounts(), PairCounts()
    both.add(["房间", "很", "大"])
    both.add(["窗户", "很", "大"])
    away.add(["窗户", "很", "大"])
    both.add_pairs(away.pairs(), -1)
    left, only = both.evidence(None, 1), counted(["房间", "很", "大"])
    assert left.words == only.words
    assert left.keys.tolist() == only.keys.tolist()
    assert left.seen.tolist() == only.seen.tolist()


def test_a_table_gives_back_what_was_counted() -> None:
    evidence = counted(*TEXTS).knowing([("very", "room"), ("very", "window")])
    back = counts_of(evidence.table())
    assert back.words == evidence.words
    assert seen(back, "very", "room") == 2
    assert back.rows == 4
    assert back.train.tolist() == evidence.counts.tolist()


def test_pairs_common_elsewhere_are_worth_two_sights_more() -> None:
    evidence = counted(*TEXTS).knowing([("Very", "clean"), ("clean", "very"), ("unknown", "clean")])
    assert seen(evidence, "very", "clean") == 3
    assert seen(evidence, "clean", "very") == 2
    assert len(evidence.known) == 2


def test_pairs_seen_once_are_forgotten_where_they_would_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_PAIRS", 4)
    evidence = counted(["a", "b"], ["a", "b"], ["c", "d", "e", "f"])
    assert seen(evidence, "a", "b") == 2
    assert seen(evidence, "d", "e") == 0


def test_nothing_counted_is_no_error() -> None:
    evidence = counted()
    assert evidence.total == 0
    assert evidence.pairs(evidence.ids(["a"]), evidence.ids(["b"])).tolist() == [0]
    assert counts_of(evidence.table()).words == ("",)


@given(st.lists(st.lists(st.sampled_from(["好", "很", "a", "B", "，", "7"]), max_size=6), max_size=5))
def test_every_token_is_the_left_of_one_pair(texts: list[list[str]]) -> None:
    evidence = counted(*texts)
    for token in {form(token) for text in texts for token in text}:
        assert evidence.counts[evidence.id(token)] == sum(
            form(other) == token for text in texts for other in text
        )
