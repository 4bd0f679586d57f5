"""Which words are part of a fixed string."""

import numpy as np
import pytest

from augment.candidates.fixed_strings import fixed
from augment.candidates.word_counts import PairCounts
from augment.text.segment import segment

TEXTS = (
    *["the special effects are good"] * 6,
    *["a good film", "the good plot", "it is good", "good and funny", "a film is good"] * 8,
    *["酒店性价比很高"] * 6,
    *["房间很高", "大堂很高", "酒店很好", "房间很大"] * 8,
)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("special effects are", "effects", True),
        ("the special effects", "special", True),
        ("a good film", "good", False),
        ("房间很高", "高", False),
    ],
)
def test_a_word_that_mostly_has_another_content_word_as_its_neighbour_is_part_of_a_fixed_string(
    text: str, word: str, expected: bool
) -> None:
    counts = PairCounts()
    for each in TEXTS:
        counts.add([each[start:end] for start, end in segment(each)])
    evidence = counts.evidence(None, len(TEXTS))
    tokens = ["", *(text[start:end] for start, end in segment(text)), ""]
    at = tokens.index(word)
    left, own, right = (np.array([evidence.id(token)]) for token in tokens[at - 1 : at + 2])
    assert fixed(evidence, left, own, right).tolist() == [expected]
