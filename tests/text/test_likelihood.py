"""The right reading of bytes is the likeliest text."""

import math

import pytest

from augment.text.frequent import HAN
from augment.text.likelihood import log_likelihood
from tests.texts import TEXTS


def test_every_text_has_a_likelihood() -> None:
    assert all(math.isfinite(log_likelihood(text)) for text in TEXTS)
    assert log_likelihood("") == 0


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("很好", "ºÜºÃ"), ("don’t", "don抰"), ("café", "caf茅"), ("café", "cafй"), ("很好", "緊疑")],
)
def test_the_right_reading_is_likelier(right: str, wrong: str) -> None:
    assert log_likelihood(right) > log_likelihood(wrong)


def test_frequent_characters_are_named_once() -> None:
    assert len(set(HAN)) == len(HAN) == 3600
