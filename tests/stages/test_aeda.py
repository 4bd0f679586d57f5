"""AEDA, one of the peers to compare with: marks between the words of a text, as its authors describe it."""

import pytest

from augment.seeding import chance
from augment.stages import Aeda
from tests.stages.edited import CHINESE, ENGLISH, MARKS, row, words


@pytest.mark.parametrize("text", [ENGLISH, CHINESE])
def test_from_one_mark_to_a_third_of_the_words_are_put_between_words_that_stay(text: str) -> None:
    stage, source = Aeda(kind="aeda"), row(text)
    for number in range(50):
        edits = stage.marked(source, chance(0, "aeda", "r", number))
        assert 1 <= len(edits) <= int(0.3 * len(words(text))) + 1
        assert all(not edit.old and edit.new.strip() in MARKS for edit in edits)
        assert all((ord(edit.new.strip()) > 0x3000) == (text is CHINESE) or text is CHINESE for edit in edits)
