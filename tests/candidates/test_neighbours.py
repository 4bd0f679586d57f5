"""Neighbours in the model's own embedding space, on a model trained in the test."""

from pathlib import Path

import pytest

from augment.candidates.neighbours import Neighbours, open_neighbours
from augment.candidates.slot import Slot
from augment.text.script import language
from tests.small import BAD, GOOD, small_job
from tests.texts import TEXTS

MOST = 4


@pytest.fixture(scope="module")
def neighbours(small: Path) -> Neighbours:
    """Return the neighbours of the small model."""
    job = small_job(small)
    return open_neighbours(job, MOST)


def alone(word: str) -> Slot:
    """Return the place of a text that is one token."""
    return Slot("r1", 0, word, None, 0, 0, len(word), None)


def test_words_that_push_the_same_way_are_near(neighbours: Neighbours) -> None:
    english = [{word for word in words if word.isascii()} for words in (GOOD, BAD)]
    for own, other in (english, english[::-1]):
        for word in own:
            (result,) = neighbours.offer([alone(word)])
            assert result
            assert set(result) & own
            assert not set(result) & other


def test_of_some_words_those_are_close_that_push_the_same_way(neighbours: Neighbours) -> None:
    assert neighbours.close("great", ["terrible", "wonderful", "xyzzyq"]) == ("wonderful",)
    assert neighbours.close("喜欢", ["很差", "满意"]) == ("满意",)
    assert neighbours.close("xyzzyq", ["great"]) == ()
    assert neighbours.close("great", []) == ()


def test_chinese_words_are_the_mean_of_their_characters(neighbours: Neighbours) -> None:
    for result in neighbours.offer([alone("很好"), alone("喜欢"), alone("很差")]):
        assert result
        assert all(language(word) == "zh" and len(word) > 1 for word in result)


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_its_own_neighbour_or_meets_another_language(neighbours: Neighbours, text: str) -> None:
    (result,) = neighbours.offer([alone(text)])
    assert len(result) == len(set(result)) <= 2 * MOST + 1
    assert text.casefold() not in {word.casefold() for word in result}
    assert {language(word) for word in result} <= {language(text)}


@pytest.mark.parametrize("token", ["", ".", "𠮷", "👍🏽", "鑫", "xyzzyq"])
def test_what_the_model_never_saw_has_no_neighbours(neighbours: Neighbours, token: str) -> None:
    assert neighbours.offer([alone(token)]) == [()]


def test_places_are_answered_in_order_and_the_same_each_time(neighbours: Neighbours) -> None:
    slots = [alone(word) for word in (*GOOD, *BAD, *GOOD)]
    offers = neighbours.offer(slots)
    assert offers == [neighbours.offer([where])[0] for where in slots]
    assert neighbours.offer(slots) == offers
    assert neighbours.offer([]) == []


def test_the_token_is_read_on_its_own_side(neighbours: Neighbours) -> None:
    pair = Slot("r1", 0, "great", "so awful", 1, 3, 8, "so")
    assert neighbours.offer([pair]) == neighbours.offer([alone("awful")])
