"""Doubt: more reasons, more doubt, each named."""

from augment.report.doubt import REASONS, Doubts

ROWS = [
    {
        "text": "房间 很好",
        "label": "good",
        "tokens": ["房间", "很好"],
        "ig_pred": "bad",
        "ig_target": "good",
        "ig_prob": 0.02,
    },
    {
        "text": "房间 很好",
        "label": "bad",
        "tokens": ["房间", "很好"],
        "ig_pred": "bad",
        "ig_target": "bad",
        "ig_prob": 0.9,
    },
    {
        "text": "the room",
        "label": "good",
        "tokens": ["The", "room"],
        "ig_pred": "bad",
        "ig_target": "bad",
        "ig_prob": 0.6,
    },
]
DOUBTS = Doubts.of(ROWS, [{"text": "很好", "flag": "why"}, {"text": "房间", "flag": None}])


def sample(**more: object) -> dict[str, object]:
    """Return a sample that nothing speaks against."""
    edits = [{"old": "房间", "new": "room", "side": 0}]
    return {"label": "good", "pred_after": "good", "p_gold_after": 1.0, "edits": edits, **more}


def test_a_good_sample_has_no_doubt_and_each_reason_adds_to_it() -> None:
    assert (DOUBTS.of_sample(sample()).value, DOUBTS.of_sample(sample()).reasons) == (0.0, ())
    worse: dict[str, object] = {}
    last = 0.0
    for reason, more in (
        ("disagree", {"judge_pred_after": "bad"}),
        ("unsure", {"p_gold_after": 0.2}),
        ("unnatural", {"naturalness": 0.1}),
        ("new", {"edits": [{"old": "房间", "new": "zimmer", "side": 0}]}),
        ("shortcut", {"edits": [{"old": "很好", "new": "zimmer", "side": 0}]}),
    ):
        worse |= more
        doubt = DOUBTS.of_sample(sample(**worse))
        assert reason in doubt.reasons
        assert doubt.value > last
        last = doubt.value
    assert last <= 1
    assert set(doubt.reasons) < set(REASONS)


def test_source_rows_are_doubtful_by_the_model_and_by_another_label_of_the_same_text() -> None:
    first, second, third = (DOUBTS.of_source(row, ("ig",)) for row in ROWS)
    assert first is not None
    assert first.reasons == ("label", "two_labels")
    assert second is not None
    assert second.reasons == ("two_labels",)
    assert third is None
    several = ROWS[0] | {"text": "早餐", "ig_pred": "[]", "ig_target": "cheap", "ig_prob": 0.01}
    assert DOUBTS.of_source(several, ("ig",)) is None, "one label of several shows nothing of all"
    number = several | {"label": "3", "ig_pred": "-2.1", "ig_target": "stars", "ig_prob": -2.1}
    assert DOUBTS.of_source(number, ("ig",)) is None, "a number is no probability"
    assert Doubts.of(ROWS[:1] * 2, ()).of_source(ROWS[0] | {"label": "bad"}, ()) is not None
