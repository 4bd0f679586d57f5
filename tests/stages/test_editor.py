"""Samples are drawn until there are enough or a row gives no more; a draw that changes nothing costs no other."""

from collections.abc import Sequence

import pyarrow as pa
import pytest

from augment.errors import RequestError
from augment.seeding import Chance
from augment.stages.editing import Row, whole_rows
from augment.stages.editor import Draw, make_samples
from augment.tables.columns import CORPUS, SPAN
from augment.text.editable import Protection
from augment.text.segment import segment

SHORTFALL_REASON = "nothing fits"
USED_UP = "its candidates allow no more different texts"


def batch(texts: Sequence[str]) -> pa.RecordBatch:
    """Return texts with their tokens."""
    spans = [segment(text) for text in texts]
    named = [[{"start": start, "end": end} for start, end in row] for row in spans]
    tokens = [[text[start:end] for start, end in row] for text, row in zip(texts, spans, strict=True)]
    values: dict[str, object] = {
        "id": [f"r{row}" for row in range(len(texts))],
        "text": list(texts),
        "text_pair": [None] * len(texts),
        "label": ["好"] * len(texts),
        "split": ["train"] * len(texts),
    }
    arrays = {column.name: pa.array(values[column.name], column.type) for column in CORPUS}
    arrays["tokens"] = pa.array(tokens, pa.list_(pa.string()))
    arrays["side"] = pa.array([[0] * len(row) for row in tokens], pa.list_(pa.int8()))
    arrays["spans"] = pa.array(named, pa.list_(SPAN))
    return pa.RecordBatch.from_pydict(arrays)


def first_by(words: Sequence[str], every: int = 1) -> object:
    """Return the rewriting of the first token by one of some words, in one draw of `every`."""

    def rewrite(row: Row, chance: Chance, number: int) -> Draw:
        """Return one draw."""
        choice = {0: words[chance.below(len(words))]} if number % every == every - 1 else {}
        return Draw(row.edits(choice))

    return rewrite


def made(
    rewrite: object, count: int, text: str = "房间 很好", draws: int | None = None
) -> tuple[int, list[dict[str, object]]]:
    """Return how many samples a row has, and what it lacks."""
    given = batch([text])
    assert callable(rewrite)
    table = make_samples(
        given,
        whole_rows(given, Protection(frozenset(), ())),
        "test",
        count,
        0,
        rewrite,
        SHORTFALL_REASON,
        draws,
    )
    rows = table.to_pylist()
    assert len({row["id"] for row in rows}) == len(rows) == len({row["text"] for row in rows})
    return len(rows) - 1, rows[0]["shortfall"] or []


@pytest.mark.parametrize("count", [5, 20, 64])
def test_a_row_that_allows_three_texts_gives_them_and_reports_that_there_are_no_more(count: int) -> None:
    there, missing = made(first_by(["甲", "乙", "丙"]), count)
    assert there == 3
    assert missing == [{"method": "test", "missing": count - 3, "reason": USED_UP}]


@pytest.mark.parametrize("count", [1, 5, 20, 64])
def test_a_row_that_allows_as_many_texts_as_are_requested_gives_them_all(count: int) -> None:
    words = [chr(0x4E00 + number) for number in range(count)]
    assert made(first_by(words), count) == (count, [])


def test_a_stage_with_so_many_draws_a_sample_does_not_exhaust_a_row() -> None:
    numbers: list[int] = []

    def rare(row: Row, chance: Chance, number: int) -> Draw:
        """Return the same text, but for one draw in a hundred."""
        numbers.append(number)
        return Draw(row.edits({0: "丙" if number == 99 else "甲"}))

    assert made(rare, 4, draws=2) == (1, [{"method": "test", "missing": 3, "reason": USED_UP}])
    assert numbers == [*range(8), 8]


@pytest.mark.parametrize("every", [2, 3])
def test_a_draw_that_changes_nothing_costs_a_row_no_sample(every: int) -> None:
    assert made(first_by(["alpha", "beta", "gamma", "delta"], every), 4, "the room 很好") == (4, [])


def test_a_row_of_which_no_draw_changes_anything_has_the_reason() -> None:
    assert made(lambda *_: Draw(()), 2) == (0, [{"method": "test", "missing": 2, "reason": SHORTFALL_REASON}])


def test_a_row_without_tokens_to_edit_is_drawn_from_no_more_than_needed() -> None:
    assert made(lambda *_: Draw(()), 2, "") == (
        0,
        [{"method": "test", "missing": 2, "reason": "no token may be edited"}],
    )


def test_a_label_of_its_own_is_refused_where_the_stage_does_not_declare_who_had_which() -> None:
    def moved(row: Row, rng: Chance, number: int) -> Draw:
        """Return a draw with another label."""
        return Draw(row.edits({0: "大厅"}), label="坏")

    rows = batch(["房间 很好"])
    with pytest.raises(RequestError, match="label_from"):
        make_samples(rows, whole_rows(rows, Protection()), "own", 1, 0, moved)
