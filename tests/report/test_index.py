"""The columns of a report: filters and orders find by them what is in the rows."""

from typing import Any

from augment.report.doubt import ReviewDoubt
from augment.report.index import EntryReview, index_of, words_of

Card = dict[str, Any]


def card(number: int, pred: str | None, scores: Card | None = None, **more: object) -> Card:
    """Return a row of label `a`, explained where there is a prediction."""
    known = {"pred": pred, "target": pred, "prob": 0.75, "error": None, "gap": None}
    explained = [] if pred is None else [{**known, **(scores or {})}]
    row = {"id": f"r{number}", "sides": [f"text {number}"], "label": "a", "gold": None, "key": []}
    return {**row, "explained": explained, "samples": [], **more}


def sample(name: str, **more: object) -> Card:
    """Return a sample of which nothing is known."""
    known = ("label", "method", "verdict", "pred_before", "pred_after", "p_gold_before", "p_gold_after")
    return {"id": name, "sides": [["text"]], **dict.fromkeys(known), **more}


def flags(*cards: Card) -> list[int]:
    """Return the flags of rows."""
    bits: list[int] = index_of(cards, [None] * len(cards))["flags"]
    return bits


def test_a_prediction_is_right_wrong_or_unknown() -> None:
    assert flags(card(0, "a"), card(1, "b"), card(2, None), card(3, "a", label=None)) == [1, 2, 0, 0]


def test_changed_predictions_and_keys_and_second_texts_are_known() -> None:
    flipped = [sample("s", pred_before="a", pred_after="b")]
    unknown = [sample("s", pred_before=None, pred_after="b")]
    rows = (card(0, None, samples=flipped), card(1, None, samples=unknown), card(2, None, key=[0]))
    assert flags(*rows, card(3, None, sides=["one", "two"])) == [4, 0, 32, 64]


def test_samples_of_two_runs_differ_by_what_is_in_them_not_by_their_order() -> None:
    alike = [sample(f"s{run}{text}", of=run, sides=[[text]]) for run, text in ("Ax", "Ay", "By", "Bx")]
    other = [sample("1", of="A", verdict="keep"), sample("2", of="B", verdict="drop")]
    twice = [sample("1", of="A"), sample("2", of="A"), sample("3", of="B")]
    assert flags(*(card(0, None, samples=samples) for samples in (alike, other, twice))) == [0, 16, 16]


def test_rows_are_in_the_order_of_error_probability_and_change() -> None:
    changes = [sample("s", p_gold_before=0.9, p_gold_after=0.1)]
    flips = [sample("s", p_gold_before=0.6, p_gold_after=0.5, pred_before="a", pred_after="b")]
    rows = (
        card(0, "a", scores={"error": 0.1}),
        card(1, "b", scores={"gap": -0.2}, samples=changes),
        card(2, None),
        card(3, "a", gold=0.3, scores={"error": 0.1}, samples=flips),
    )
    orders = index_of(rows, [None] * 6)["orders"]
    assert orders["error"] == [1, 0, 3, 2]
    # Of row 1 only the probability of the wrong label is known; of row 2 none.
    assert orders["gold"] == [1, 3, 0, 2]
    assert orders["changed"] == [3, 1, 0, 2]


def test_values_are_codes_of_their_names_and_null_is_none_of_them() -> None:
    samples = [
        sample("r0~x~0", verdict="keep", method="x", label="b"),
        sample("r0~x~1", raw=["r0~\x1b~1", ""]),
    ]
    index = index_of([card(0, None, samples=samples), card(1, None, label=None)], [None] * 4)
    assert index["verdict"] == {"names": ["keep"], "codes": [0, 1, 0, 0]}
    assert index["label"] == {"names": ["a", "b"], "codes": [1, 2, 0, 0]}
    assert index["entries"] == [3, 1]
    assert index["ids"] == ["r0", "r0~x~0", "r0~\x1b~1", "r1"]


def test_a_review_has_a_hash_thousandths_of_doubt_and_a_bit_for_each_reason() -> None:
    review = EntryReview("f" * 16, ReviewDoubt(0.4321, ("disagree", "new")))
    index = index_of([card(0, None, by="Ann"), card(1, None)], [review, None])
    assert (index["hashes"], index["doubt"], index["why"]) == (["f" * 16, ""], [432, -1], [0b1001, 0])
    assert index["by"] == [1, 0]


def test_what_is_searched_has_texts_without_cuts_and_the_new_words_of_samples() -> None:
    edited = sample("s", sides=[["the ", ["room", "suite", 0.1], " is"]])
    rewritten = sample("t", sides=[["quite another\ntext"]])
    same = sample("u", sides=[["the room is"]])
    rows = [card(0, None, sides=["the \x7froom\x7f is"], samples=[edited, rewritten, same]), card(1, None)]
    assert words_of(rows, "\x7f") == "the room is\x7fsuite\x7fquite another text\ntext 1"
