"""Parts of speech of English words in their sentence."""

import pytest

from augment.text import tagger as module
from augment.text.omission import omissions
from augment.text.tagger import Tagger, tagger, tagger_version

SENTENCE = ["The", "room", "was", "really", "clean", ",", "and", "we", "slept", "well", "."]


def known() -> Tagger:
    """Return the tagger; the test is skipped where its package is not installed."""
    loaded = tagger()
    if loaded is None:
        pytest.skip("needs denckring-en-pos")
    return loaded


def test_words_are_tagged_in_their_sentence_and_marks_are_not() -> None:
    tags = known().tags(SENTENCE)
    assert [tags[index] for index in (5, 10)] == ["", ""]
    assert [tag.split("|")[0] for tag in tags if tag] == [
        "DET",
        "NOUN",
        "AUX",
        "ADV",
        "ADJ",
        "CCONJ",
        "PRON",
        "VERB",
        "ADV",
    ]
    assert tags[2].endswith("|Fin")


def test_two_words_in_one_token_have_two_tags() -> None:
    assert known().tags(["It's", "good"])[0].split("+")[0].startswith("PRON")
    assert known().tags(["they", "don't", "work"])[1].count("+") == 1


def test_a_dictionary_decides_which_parts_of_speech_a_word_can_have() -> None:
    tokens = ["the", "plot", "flounders"]
    assert known().tags(tokens, lambda word: frozenset("v" if word == "flounders" else ""))[2] == "VERB|Fin"
    assert known().tags(tokens, lambda word: frozenset("n" if word == "flounders" else ""))[2] == "NOUN|-"


def test_the_version_is_known_where_it_is_installed() -> None:
    known()
    assert list(tagger_version()) == ["denckring-en-pos"]


def test_without_it_only_brackets_and_introductions_are_left_out_of_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "packaged_file", lambda *_: None)
    tagger.cache_clear()
    text = "In my opinion, the really old camera (the small one) works well."
    try:
        assert tagger_version() == {}
        assert {one.kind for one in omissions(text)} == {"fronted", "parenthesis"}
        assert "房间很大，早餐丰富。" in {
            text[: one.start] + text[one.end :]
            for text in ["房间很大，服务员很热情，早餐丰富。"]
            for one in omissions(text)
        }
    finally:
        monkeypatch.undo()
        tagger.cache_clear()
