"""Insults are known in their forms and scripts, and harmless words that look like them are none."""

import pytest

from augment.candidates.filters import Filters, WordTests
from augment.candidates.insults import is_insult
from augment.config.job import Job


@pytest.mark.parametrize(
    "word", ["杂种", "混蛋", "雜種", "bastard", "Bastards", "pissed", "pissing", "shitty"]
)
def test_an_insult_is_known_in_any_form(word: str) -> None:
    assert is_insult(word)


@pytest.mark.parametrize(
    "word", ["东西", "酒店", "片", "class", "assess", "tartan", "titles", "cocktail", "screen", "success", ""]
)
def test_a_harmless_word_is_none(word: str) -> None:
    assert not is_insult(word)


def test_an_insult_is_offered_for_another_one_only() -> None:
    tests = WordTests(Filters(pos=False), Job(), ())
    assert tests.passing("东西", ("杂种", "物品")) == ("物品",)
    assert tests.passing("坏蛋", ("混蛋",)) == ("混蛋",)
    assert tests.passing("makes", ("piss", "creates")) == ("creates",)
