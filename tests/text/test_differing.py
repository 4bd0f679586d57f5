"""The smallest difference in words of two texts: made on the one it gives the other, and keeps what has to stay."""

from hypothesis import given
from hypothesis import strategies as st

from augment.text.differing import differences
from augment.text.edits import Edit, replay
from augment.text.segment import segment
from tests.texts import TEXTS

WORDS = st.lists(
    st.sampled_from(["the", "room", "was", "clean", "很", "好吃", "，", ".", " ", "  ", "👍🏽", "\n"]),
    max_size=12,
)


def changed(old: str, new: str, staying: tuple[int, ...] = ()) -> list[tuple[str, str]]:
    """Return what is replaced in a text, and by what, to give another."""
    edits = differences(old, segment(old), new, segment(new), staying)
    assert (
        replay(old, None, [Edit(0, start, end, old[start:end], put, 0.0) for start, end, put in edits])[0]
        == new
    )
    return [(old[start:end], put) for start, end, put in edits]


@given(WORDS, WORDS)
def test_the_differences_of_any_two_texts_give_the_one_from_the_other(
    one: list[str], other: list[str]
) -> None:
    changed("".join(one), "".join(other))


def test_the_differences_of_odd_texts_give_the_one_from_the_other() -> None:
    for one, other in zip(TEXTS, [*TEXTS[1:], TEXTS[0]], strict=True):
        if max(len(one), len(other)) < 2000:
            changed(one, other)


def test_only_the_words_that_differ_are_replaced() -> None:
    assert changed("The room was very clean.", "The big room was clean.") == [("", "big "), ("very ", "")]
    assert changed("房间很干净，服务也不错。", "房间相当干净，服务也不错！") == [("很", "相当"), ("。", "！")]
    assert changed("same", "same") == []


def test_words_that_have_to_stay_are_kept_before_others() -> None:
    old, new = "a b c bad", "bad a b c"
    assert changed(old, new) == [("", "bad "), (" bad", "")]
    assert changed(old, new, (3,)) == [("a b c ", ""), ("", " a b c")]
