"""What hides or controls is shown by name: on one line for a message, as escapes in JSON."""

import json

from hypothesis import given
from hypothesis import strategies as st

from augment.text.visible import escaped, one_line, visible
from tests.texts import TEXTS

ACTING = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u202a\u202e\u2066\u2069\u200e\u061c\u2028\u2029\ufeff",
]


@given(st.text(st.one_of(st.sampled_from(ACTING), st.characters())))
def test_a_line_has_no_character_that_acts(text: str) -> None:
    shown = one_line(text)
    assert not set(ACTING) & set(shown) - {"\t"}
    assert visible(shown) == shown
    shown.encode()


def test_ordinary_text_is_as_it_is() -> None:
    for text in (*TEXTS, "好评", "它's <b> [/b] [link=x] 100%"):
        if text.isprintable():
            assert visible(text) == one_line(text) == text


@given(st.dictionaries(st.text(), st.text(st.one_of(st.sampled_from(ACTING), st.characters(codec="utf-16")))))
def test_json_has_the_same_value_without_characters_that_act(value: dict[str, str]) -> None:
    shown = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(shown) == value
    assert not set(ACTING) & set(shown) - {"\ufeff"}


def test_a_lone_surrogate_is_shown_and_survives_json() -> None:
    assert one_line("a\udc80") == "a⟨U+DC80⟩"
    assert json.loads(escaped(json.dumps("a\udc80", ensure_ascii=False))) == "a\udc80"
