"""Words that a rewrite has to keep: each as often as the text, whole, with its capitals where it is a name."""

import pytest

from augment.rewriting.locks import LockedWord, in_order, spans_of


def there(words: str, text: str, exact: bool = False) -> list[str | None]:
    """Return what a text has of words that have to stay, None for each it has not."""
    spans = spans_of([LockedWord(word, exact) for word in words.split()], text)
    return [None if span is None else text[slice(*span)] for span in spans]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("good room", "Good indeed, this Room.", ["Good", "Room"]),
        ("room good", "Good indeed, this Room.", ["Room", "Good"]),
        ("art", "the party started", [None]),
        ("good good", "a good room", ["good", None]),
        ("isn't", "it isn’t clean", ["isn’t"]),
        ("好 好吃", "这家好吃，也好看", ["好", "好吃"]),
        ("干净", "房间打扫得很干净", ["干净"]),
        ("干净", "房间很乾淨", [None]),
        ("iPhone6", "我的iPhone6坏了", ["iPhone6"]),
        ("👍🏽", "not bad 👍🏽!", ["👍🏽"]),
    ],
)
def test_a_word_is_there_whole_and_as_often_as_in_the_text(
    words: str, text: str, expected: list[str | None]
) -> None:
    assert there(words, text) == expected


def test_the_capitals_of_a_name_stay() -> None:
    assert there("Paris", "in paris", exact=True) == [None]
    assert there("Paris", "in Paris", exact=True) == ["Paris"]


def test_the_order_of_words_is_seen() -> None:
    locks = [LockedWord("room", False), LockedWord("good", False)]
    assert in_order(spans_of(locks, "The room is good."))
    assert not in_order(spans_of(locks, "A good room."))
