"""Replayed edits and what a deletion takes along."""

from collections import Counter

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.edits import Edit, deletion, deletions, filling, insertion, replay
from augment.text.segment import segment
from tests.texts import TEXTS


@given(st.text(), st.data())
def test_edits_in_any_order_give_the_text_with_each_span_replaced(text: str, data: st.DataObject) -> None:
    borders = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=8)))
    edits, parts, done = [], [], 0
    for start, end in zip(borders[::2], borders[1::2], strict=False):
        new = data.draw(st.text(max_size=4))
        edits.append(Edit(0, start, end, text[start:end], new, 0.0))
        parts += [text[done:start], new]
        done = end
    expected = "".join([*parts, text[done:]])
    assert replay(text, None, data.draw(st.permutations(edits))) == (expected, None)


def test_each_side_takes_its_own_edits() -> None:
    edits = [Edit(1, 0, 1, "好", "佳", 0.5), Edit(0, 0, 4, "good", "fine", 0.1), Edit(1, 1, 1, "", "！", 0.0)]
    assert replay("good", "好", edits) == ("fine", "佳！")
    assert replay("good", "好", []) == ("good", "好")


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 0, 4, "goof", "x", 0.0)],
        [Edit(0, 0, 3, "goo", "x", 0.0), Edit(0, 2, 4, "od", "x", 0.0)],
        [Edit(0, 9, 9, "", "x", 0.0)],
        [Edit(0, -1, 0, "", "x", 0.0)],
        [Edit(0, 3, 1, "", "x", 0.0)],
        [Edit(1, 0, 0, "", "x", 0.0)],
        [Edit(2, 0, 0, "", "x", 0.0)],
        [Edit(0, 1, 1, "", "x", 0.0), Edit(0, 1, 1, "", "y", 0.0)],
    ],
)
def test_edits_that_do_not_fit_the_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match=r"edits|text does not hold|side"):
        replay("good", None, edits)


@pytest.mark.parametrize("text", TEXTS)
@given(data=st.data())
@settings(max_examples=10)
def test_deleting_tokens_leaves_the_other_tokens_as_they_are(text: str, data: st.DataObject) -> None:
    text = text[:200]
    spans = segment(text, language="en")
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(spans))), max_size=6))) if spans else []
    removals = deletions(text, [spans[index] for index in chosen])
    assert len(removals) == len(chosen)
    edits = []
    for index, ((start, end), new) in zip(chosen, removals, strict=True):
        assert start <= spans[index][0] < spans[index][1] <= end
        edits.append(Edit(0, start, end, text[start:end], new, 0.0))
    kept = "".join(text[a:b] for index, (a, b) in enumerate(spans) if index not in chosen)
    sample, _ = replay(text, None, edits)
    assert sample.split() == kept.split() or "".join(sample.split()) == "".join(kept.split())
    assert sample.count("  ") <= text.count("  ")


@given(st.lists(st.sampled_from(["good", "a", "b-c", "it's"]), min_size=1, max_size=8), st.data())
def test_deleting_english_words_is_joining_the_others_by_single_spaces(
    words: list[str], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.integers(0, len(words) - 1)))
    text = " ".join(words)
    spans = segment(text)
    removals = deletions(text, [spans[index] for index in sorted(gone)])
    edits = [Edit(0, start, end, text[start:end], new, 0.0) for (start, end), new in removals]
    expected = " ".join(word for index, word in enumerate(words) if index not in gone)
    assert replay(text, None, edits) == (expected, None)


@pytest.mark.parametrize(
    ("text", "token", "expected"),
    [
        ("a very good film", "very", "a good film"),
        ("very good", "very", "good"),
        ("good film", "film", "good"),
        ("the film was good .", "good", "the film was ."),
        ("not good, bad", "good", "not, bad"),
        ("he said “very good”", "very", "he said “good”"),
        ("(very good)", "very", "(good)"),
        ("这家酒店很好。", "很", "这家酒店好。"),
        ("还行 很好 ok", "很好", "还行 ok"),
        ("it is bad\nbut cheap", "bad", "it is\nbut cheap"),
        ("bad\r\ngood", "bad", "good"),
        ("good", "good", ""),
        ("good  film", "good", "film"),
        ("good  film", "film", "good"),
        ('"very good" film', "very", '"good" film'),
        ('a "good film"', "film", 'a "good"'),
    ],
)
def test_a_deleted_token_takes_the_space_that_would_be_left_over(
    text: str, token: str, expected: str
) -> None:
    start, end = deletion(text, text.index(token), text.index(token) + len(token))
    assert text[:start] + text[end:] == expected


def test_a_space_is_put_where_two_latin_words_would_glue_together() -> None:
    assert filling("iPhone手机very好用", 6, 8) == " "
    assert filling("手机very好用", 2, 6) == ""
    assert filling("a very good", 2, 7) == ""
    assert filling("好", 0, 1) == ""


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("a nice dog.", ["nice", "dog"], "a."),
        ("a nice dog", ["a", "nice"], "dog"),
        ("a nice small dog ran", ["nice", "small", "dog"], "a ran"),
        ("a nice dog, very nice", ["nice", "dog"], "a, very nice"),
        ("iPhone手机真very好", ["手机", "真"], "iPhone very好"),
        ("(nice dog) ran", ["nice", "dog"], "() ran"),
    ],
)
def test_neighbours_leave_no_space_between_what_stays(text: str, gone: list[str], expected: str) -> None:
    spans = [(text.index(token), text.index(token) + len(token)) for token in gone]
    edits = [Edit(0, *span, text[slice(*span)], new, 0.0) for span, new in deletions(text, spans)]
    assert replay(text, None, edits) == (expected, None)


STRAY = {
    "leading": regex.compile(r"^\s"),
    "trailing": regex.compile(r"\s$"),
    "doubled": regex.compile(r"\s(?=\s)"),
    "before a closing mark": regex.compile(r"\s(?=[.,;:!?)”。，])"),
    "behind an opening mark": regex.compile(r"(?<=[(“])\s"),
}


def stray(text: str) -> Counter[str]:
    """Return the spaces of a text that are where none should be, by where that is."""
    return Counter({name: len(pattern.findall(text)) for name, pattern in STRAY.items()})


@given(
    st.lists(
        st.sampled_from(
            ["good", "a", "it's", "好", "很", ".", ",", "!", "(", ")", "“", "”", " ", " ", " ", "\n"]
        )
    ),
    st.data(),
)
def test_deletions_leave_no_stray_space_that_the_text_did_not_have(
    parts: list[str], data: st.DataObject
) -> None:
    text = "".join(parts)
    words = [(start, end) for start, end in segment(text, "en") if text[start].isalpha()]
    gone = sorted(data.draw(st.sets(st.sampled_from(words)))) if words else []
    edits = [Edit(0, *span, text[slice(*span)], new, 0.0) for span, new in deletions(text, gone)]
    sample, _ = replay(text, None, edits)
    assert stray(sample) <= stray(text)


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("(good)", 1, "very "),
        ("good.", 4, " very"),
        ('"good"', 1, "very "),
        ("a good", 2, "very "),
        ("a", 1, " very"),
    ],
)
def test_an_insertion_puts_no_space_next_to_a_mark_or_a_space(text: str, at: int, expected: str) -> None:
    assert insertion(text, at, " very ") == expected


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [("用iPhone手机", 1, "very "), ("iPhone手机", 6, " very"), ("手机app", 1, "very"), ("", 0, "very")],
)
def test_an_insertion_does_not_glue_to_a_latin_word(text: str, at: int, expected: str) -> None:
    assert insertion(text, at, "very") == expected
