"""Locked words as marks: each goes out once and comes back as it was, in both languages, whatever brackets the text itself has."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.rewriting.checking import Problem
from augment.rewriting.placeholders import MarkedText, marked_text, put_back
from augment.text.segment import segment


def marked(text: str, locked: str, exact: str = "") -> MarkedText:
    """Return a text with marks for words of it, each the next that reads so."""
    spans = list(segment(text))
    tokens = [text[start:end] for start, end in spans]
    chosen: list[tuple[int, int]] = []
    last: dict[str, int] = {}
    for word in locked.split():
        last[word] = tokens.index(word, last.get(word, -1) + 1)
        chosen.append(spans[last[word]])
    return marked_text(text, chosen, {spans[tokens.index(word)] for word in exact.split()})


@pytest.mark.parametrize(
    ("text", "locked", "sent"),
    [
        ("The room was clean.", "room clean", "The [1] was [2]."),
        ("Very good food, good staff.", "good good", "Very [1] food, [2] staff."),
        ("The room was not clean.", "room not clean", "The [1] was [2]."),
        ("房间很干净，服务也很好。", "干净 好", "房间很[1]，服务也很[2]。"),
        ("房間很乾淨。", "乾淨", "房間很[1]。"),
        ("好吃，真的好吃！", "好吃 好吃", "[1]，真的[2]！"),
        ("这个 app 很好用 👍🏽!", "app 👍🏽", "这个 [1] 很好用 [2]!"),
        ("See [1] and 【2】: a good room", "good room", "See [1] and 【2】: a [3]"),
        ("好 ［１］ 好", "好 好", "[2] ［１］ [3]"),
        ("one\ntwo", "one two", "[1]\n[2]"),
        ("👩‍👩‍👧 love it", "👩‍👩‍👧", "[1] love it"),
    ],
)
def test_each_locked_word_is_a_mark_that_the_text_has_not(text: str, locked: str, sent: str) -> None:
    result = marked(text, locked)
    assert result.text == sent
    assert put_back(result, sent) == text


@pytest.mark.parametrize(
    ("text", "locked", "rewrite", "expected"),
    [
        ("The room was clean.", "room clean", "[2] it was, this [1]!", "Clean it was, this room!"),
        ("Great film, really.", "Great", "What a [1] film!", "What a great film!"),
        ("a great film", "great", "[1] it is", "great it is"),
        ("We saw Paris.", "Paris", "[1] was what we saw.", "Paris was what we saw."),
        ("Very good food, good staff.", "good good", "[2] staff and [1] food.", "Good staff and good food."),
        ("房间很干净，服务也很好。", "干净 好", "服务［２］，屋子【 1 】。", "服务好，屋子干净。"),
        ("见 [1]：很好", "好", "[1] 里写了，[2]", "[1] 里写了，好"),
        ("见 [1]：很好", "好", "真的[2]", "真的好"),
    ],
)
def test_the_words_come_back_where_their_marks_are(
    text: str, locked: str, rewrite: str, expected: str
) -> None:
    assert put_back(marked(text, locked), rewrite) == expected


def test_a_name_keeps_its_capitals_at_the_beginning_too() -> None:
    assert put_back(marked("iPhone cases.", "iPhone", exact="iPhone"), "[1] it is") == "iPhone it is"
    assert put_back(marked("Paris is nice.", "Paris", exact="Paris"), "nice [1]") == "nice Paris"


@pytest.mark.parametrize(
    ("rewrite", "problem"),
    [
        ("A [1].", Problem("missing", ("[2]",))),
        ("A clean room.", Problem("missing", ("[1]", "[2]"))),
        ("A [1], [2], [2].", Problem("twice", ("[2]",))),
        ("A [1], [2] [3].", Problem("mark", ("[3]",))),
    ],
)
def test_a_mark_that_is_missing_repeated_or_of_nothing_is_a_problem(rewrite: str, problem: Problem) -> None:
    assert put_back(marked("The room was clean.", "room clean"), rewrite) == problem


_TEXT = st.text(
    st.sampled_from(list("ab 好的[]［］【】12１,.。\n😀")) | st.characters(codec="utf-8"), max_size=40
)


@settings(max_examples=40)
@given(_TEXT, st.data())
def test_marks_put_back_give_the_text_and_all_locked_words(text: str, data: st.DataObject) -> None:
    spans = [span for span in segment(text) if text[slice(*span)].strip()]
    locked = data.draw(st.lists(st.sampled_from(spans), unique=True)) if spans else []
    result = marked_text(text, locked, locked)
    assert put_back(result, result.text) == text
    assert all(word in text for word in result.words.values())
