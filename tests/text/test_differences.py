"""The edits between two texts: replayed on the old one they give the new one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.differences import differences
from augment.text.edits import replay
from tests.texts import TEXTS


@given(st.sampled_from(TEXTS), st.sampled_from(TEXTS), st.booleans())
def test_replaying_the_edits_gives_the_new_text(old: str, new: str, mixed: bool) -> None:
    new = new[: len(new) // 2] + old[len(old) // 3 :] if mixed else new
    edits = differences(old, new, 0)
    assert replay(old, None, edits) == (new, None)
    assert bool(edits) == (old != new)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("这家酒店的房间很干净", "这家酒店的房间很整洁", [("干净", "整洁")]),
        ("the room is very clean", "the room is clean", [("very ", "")]),
        ("good", "good!", [("", "!")]),
    ],
)
def test_edits_are_of_whole_words(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert [(edit.old, edit.new) for edit in differences(old, new, 1)] == expected


def test_long_texts_that_share_nothing_are_one_edit() -> None:
    old, new = "a b " * 5000, "c d " * 5000
    assert len(differences(old, new, 0)) == 1
