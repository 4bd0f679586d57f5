"""Vectors of words: words between the same neighbours are near each other, others are not."""

import numpy as np

from augment.candidates.senses import learn_senses, senses_of
from augment.candidates.word_counts import PairCounts, WordCounts


def texts(pairs: int = 120) -> WordCounts:
    """Return counts of sentences in which each word `a7` has a twin `b7` between the same neighbours."""
    rng, counts = np.random.default_rng(0), PairCounts()
    for _ in range(6000):
        number = int(rng.integers(pairs))
        word = f"{rng.choice(['a', 'b'])}{number}x"
        counts.add([f"l{number % 40}x", word, f"r{number // 3}x"])
    return counts.evidence(None, 6000)


def test_words_between_the_same_neighbours_are_nearer_than_others() -> None:
    evidence = texts()
    senses = learn_senses(evidence)
    one = evidence.ids(f"a{number}x" for number in range(60))
    twin = evidence.ids(f"b{number}x" for number in range(60))
    other = evidence.ids(f"b{number + 57}x" for number in range(60))
    near, far = senses.cosine(one, twin), senses.cosine(one, other)
    assert near.mean() > 0.8
    assert far.mean() < 0.3


def test_a_table_gives_back_the_vectors_and_a_word_without_one_has_no_cosine() -> None:
    evidence = texts()
    senses = learn_senses(evidence)
    back = senses_of(senses.table())
    ids = evidence.ids(["a1x", "b1x", "never"])
    assert back.cosine(ids[:2], ids[:2]).tolist() == [1.0, 1.0]
    assert back.cosine(ids[:1], ids[2:]).tolist() == [-1.0]


def test_too_few_words_have_no_vectors() -> None:
    counts = PairCounts()
    counts.add(["房间", "很", "干净"])
    evidence = counts.evidence(None, 1)
    senses = learn_senses(evidence)
    assert senses_of(senses.table()).cosine(evidence.ids(["房间"]), evidence.ids(["干净"])).tolist() == [-1.0]
