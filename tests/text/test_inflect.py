"""English forms, to the lemma and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.inflect import fits_article, inflect, irregular, lemmas, match_case
from tests.texts import TEXTS

EXCEPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "n": {"children": ("child",)},
    "v": {"went": ("go",), "gone": ("go",), "bought": ("buy",), "seeing": ("see",)},
    "a": {"better": ("good", "well"), "best": ("good",), "after": ("after",)},
    "r": {},
}
FORMS = [
    ("movie", "n", "plural", "movies"),
    ("city", "n", "plural", "cities"),
    ("day", "n", "plural", "days"),
    ("box", "n", "plural", "boxes"),
    ("salesman", "n", "plural", "salesmen"),
    ("human", "n", "plural", "humans"),
    ("watch", "v", "third", "watches"),
    ("carry", "v", "third", "carries"),
    ("go", "v", "third", "goes"),
    ("stop", "v", "past", "stopped"),
    ("visit", "v", "past", "visited"),
    ("like", "v", "past", "liked"),
    ("try", "v", "past", "tried"),
    ("enjoy", "v", "past", "enjoyed"),
    ("make", "v", "ing", "making"),
    ("see", "v", "ing", "seeing"),
    ("stop", "v", "ing", "stopping"),
    ("lie", "v", "ing", "lying"),
    ("show", "v", "ing", "showing"),
    ("happy", "a", "comparative", "happier"),
    ("big", "a", "superlative", "biggest"),
    ("nice", "a", "comparative", "nicer"),
    ("simple", "a", "superlative", "simplest"),
]
WORDS = st.from_regex(r"[a-z]{2,12}", fullmatch=True)


@pytest.mark.parametrize(("lemma", "pos", "form", "word"), FORMS)
def test_a_form_is_spelled_by_rule_and_read_back(lemma: str, pos: str, form: str, word: str) -> None:
    assert inflect(lemma, pos, form) == word
    assert (lemma, pos, form) in lemmas(word, {})


@given(WORDS, st.sampled_from([("n", "plural"), ("v", "third"), ("v", "past"), ("v", "ing")]))
def test_every_regular_form_is_read_back_to_its_lemma(lemma: str, kind: tuple[str, str]) -> None:
    pos, form = kind
    assert (lemma, pos, form) in lemmas(inflect(lemma, pos, form), {})


@given(st.text())
def test_every_word_may_be_a_base_form_of_each_part_of_speech(word: str) -> None:
    bases = [reading for reading in lemmas(word, {}) if reading[2] == "base"]
    assert bases == [(word.lower(), pos, "base") for pos in "nvar"]
    assert all(inflect(word, pos, "base") == word for pos in "nvar")


def test_exceptions_come_first_with_the_form_their_ending_shows() -> None:
    assert lemmas("Better", EXCEPTIONS)[:2] == (("good", "a", "comparative"), ("well", "a", "comparative"))
    assert lemmas("went", EXCEPTIONS)[0] == ("go", "v", "past")
    assert lemmas("seeing", EXCEPTIONS)[0] == ("see", "v", "ing")
    assert lemmas("children", EXCEPTIONS)[0] == ("child", "n", "plural")
    assert lemmas("after", EXCEPTIONS)[0] == ("after", "a", "base")


def test_irregular_forms_are_found_from_the_lemma() -> None:
    forms = irregular(EXCEPTIONS)
    assert forms["go", "v", "past"] == ("went", "gone")
    assert forms["good", "a", "superlative"] == ("best",)


@pytest.mark.parametrize(
    ("lemma", "pos"), [("beautiful", "a"), ("boring", "a"), ("quickly", "r"), ("expensive", "a")]
)
def test_long_adjectives_are_compared_with_more(lemma: str, pos: str) -> None:
    assert inflect(lemma, pos, "comparative") == f"more {lemma}"


@given(st.sampled_from(TEXTS), st.sampled_from(["film", "well-made", "电影", "ﬁlm", ""]))
def test_case_changes_nothing_but_case(model: str, word: str) -> None:
    assert match_case(model, word).casefold() == word.casefold()


@pytest.mark.parametrize(
    ("model", "word", "expected"),
    [
        ("movie", "Film", "film"),
        ("Movie", "film", "Film"),
        ("MOVIE", "film", "FILM"),
        ("iPhone", "film", "film"),
        ("A", "one", "One"),
        ("Well-made", "first-class", "First-class"),
        ("电影", "影片", "影片"),
        ("", "film", "film"),
    ],
)
def test_a_word_takes_the_case_of_its_model(model: str, word: str, expected: str) -> None:
    assert match_case(model, word) == expected


@pytest.mark.parametrize(
    ("previous", "word", "fits"),
    [
        ("a", "excellent", False),
        ("a", "good", True),
        ("An", "excellent", True),
        ("an", "good", False),
        ("A", "useful", True),
        ("a", "unimportant", False),
        ("an", "honest", True),
        ("a", "hour", False),
        ("the", "excellent", True),
        (None, "excellent", True),
        ("a", "", True),
        ("很", "好", True),
    ],
)
def test_an_article_before_a_word_must_still_fit(previous: str | None, word: str, fits: bool) -> None:
    assert fits_article(previous, word) is fits
