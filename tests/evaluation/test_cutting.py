"""Accepted shortcuts cut out of a row: every occurrence, the space with it, and nothing else."""

import pytest

from augment.evaluation.cutting import cut
from augment.evaluation.material import Labelled
from augment.text.ngrams import Ngram


@pytest.mark.parametrize(
    ("text", "ngram", "left"),
    [
        ("※ a fine film", Ngram("word", "※"), "a fine film"),
        ("a fine ※ film ※", Ngram("word", "※"), "a fine film"),
        ("Great service, great food", Ngram("word", "great"), "service, food"),
        ("房间今天很干净", Ngram("word", "今天"), "房间很干净"),
        ("今天房间今天很干净", Ngram("first", "今天"), "房间今天很干净"),
        ("房間今天很乾淨 😀", Ngram("word", "😀"), "房間今天很乾淨"),
        ("indeed maybe it is indeed", Ngram("phrase", "indeed maybe"), "it is indeed"),
        ("nothing of it", Ngram("word", "absent"), "nothing of it"),
        ("only", Ngram("word", "only"), ""),
    ],
)
def test_every_occurrence_goes_and_nothing_else(text: str, ngram: Ngram, left: str) -> None:
    row = Labelled(text, "a", of=3)
    assert cut(row, {ngram}, "auto") == Labelled(left, "a", of=3)


def test_both_texts_of_a_pair_are_cut() -> None:
    row = Labelled("a fine film", "a", "not a film")
    assert cut(row, {Ngram("word", "film")}, "en") == Labelled("a fine", "a", "not a")
