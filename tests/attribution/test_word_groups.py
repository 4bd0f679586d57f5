"""Groups of words: clauses by their marks, phrases by their small words, in both languages, every word once."""

from hypothesis import given
from hypothesis import strategies as st

from augment.attribution.word_groups import groups
from augment.text.segment import tokens_of
from tests.texts import TEXTS


def test_clauses_end_with_their_marks_and_phrases_begin_at_small_words() -> None:
    assert groups(["the", "food", "of", "this", "place", ",", "good"]) == [[[0, 1], [2, 3, 4, 5]], [[6]]]
    assert groups(["服务", "很", "好", "！", "！", "房间", "太", "小"]) == [
        [[0], [1, 2, 3, 4]],
        [[5], [6, 7]],
    ]


@given(st.sampled_from([text for text in TEXTS if text.strip()]))
def test_every_word_is_in_one_phrase_in_order(text: str) -> None:
    words = tokens_of(text)
    assert [index for clause in groups(words) for phrase in clause for index in phrase] == list(
        range(len(words))
    )


def test_no_words_make_no_clauses() -> None:
    assert groups([]) == []
