"""How a phrase is taken out: marks, spaces, capitals and articles where it was."""

import pytest

from augment.text.omission.cut import article_before, cut, letters
from augment.text.omission.line import Line, Match


def without(text: str, phrase: str) -> str | None:
    """Return a text without the tokens of a phrase; None where that leaves no good text."""
    line = Line(text)
    start = text.index(phrase)
    inside = [
        index
        for index, (begin, end) in enumerate(line.spans)
        if start <= begin and end <= start + len(phrase)
    ]
    made = cut(line, Match("clause", inside[0], inside[-1] + 1))
    return None if made is None else text[: made[0]] + made[2] + text[made[1] :]


@pytest.mark.parametrize(
    ("text", "phrase", "stays"),
    [
        ("房间很大，服务员很热情，早餐丰富。", "服务员很热情，", "房间很大，早餐丰富。"),
        ("房间很大，早餐丰富。", "，早餐丰富", "房间很大。"),
        ("位置好 房间大 早餐一般", "房间大", "位置好 早餐一般"),
        ("It is good, really good.", ", really good", "It is good."),
        ("it is good , really good .", ", really good", "it is good ."),
        ("It is really good.", "really", "It is good."),
        ("In short, it works.", "In short,", "It works."),
        ("in short , it works .", "in short ,", "it works ."),
        ("It works. Really, it does.", "Really,", "It works. It does."),
        ("He has an old camera.", "old", "He has a camera."),
        ("He has a really old camera.", "really", "He has an old camera."),
        ("An old camera works.", "old", "A camera works."),
        ("The battery (the old one) lasts.", "(the old one)", "The battery lasts."),
        ("前台（一楼）很热情", "（一楼）", "前台很热情"),
    ],
)
def test_what_stays_has_its_marks_spaces_capitals_and_articles(text: str, phrase: str, stays: str) -> None:
    assert without(text, phrase) == stays


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("房间（很大，服务员）很热情", "很大，服务员）"),
        ("他说“房间很大，早餐丰富”。", "“房间很大，"),
        ("很大，早餐丰富。", "很大"),
        ("房间很大。", "房间很大"),
    ],
)
def test_nothing_is_taken_out_that_leaves_a_bracket_alone_or_a_mark_without_words(
    text: str, phrase: str
) -> None:
    assert without(text, phrase) is None


def test_an_article_fits_the_sound_of_its_word() -> None:
    an = ("old", "hour", "honest", "umbrella", "idea", "unusual", "uninteresting", "eye")
    a = ("camera", "useful", "one-way", "university", "unique", "euro", "user", "house")
    assert [word for word in an if article_before(word) != "an"] == []
    assert [word for word in a if article_before(word) != "a"] == []


def test_letters_and_digits_are_counted_of_any_script() -> None:
    assert letters("房间 2 ok，!") == 5
