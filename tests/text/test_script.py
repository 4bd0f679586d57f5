"""Language by script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.script import language
from tests.texts import TEXTS


@pytest.mark.parametrize("text", TEXTS)
def test_every_awkward_text_has_a_language(text: str) -> None:
    assert language(text) in ("zh", "en", "mixed")


@given(st.text())
def test_a_text_twice_has_the_language_it_has_once(text: str) -> None:
    assert language(text + text) == language(text)


@given(st.text(st.characters(categories=("P", "N", "S", "Z"))))
def test_a_text_without_letters_is_english(text: str) -> None:
    assert language("".join(c for c in text if not "\u2e80" <= c <= "\u3040")) == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这家酒店的服务很好", "zh"),
        ("𠮷野家", "zh"),
        ("The room was clean", "en"),
        ("ＡＢＣ", "en"),
        ("👍🏽 123", "en"),
        ("", "en"),
        ("iPhone6手机很好用", "mixed"),
        ("用了一周的T恤，质量很好，洗了几次也没有变形", "zh"),
        ("They said 好 and nothing else at all", "en"),
        ("我们 I", "mixed"),
    ],
)
def test_a_tenth_of_the_letters_makes_a_text_mixed(text: str, expected: str) -> None:
    assert language(text) == expected
