"""Samples with words that people do not write are distinguished from source rows, others are not."""

import random

from augment.output.two_sample import LEAST, two_sample_auc

WORDS = [f"w{number}" for number in range(60)]


def pairs(count: int, rare: float) -> list[tuple[list[str], list[str]]]:
    """Return rows of common words with samples in which one word is another, at a rate a rare one."""
    rng = random.Random(0)
    made = []
    for _ in range(count):
        row = rng.choices(WORDS, k=12)
        sample = list(row)
        sample[rng.randrange(12)] = rng.choice(["较之", "约略"]) if rng.random() < rare else rng.choice(WORDS)
        made.append((row, sample))
    return made


def test_rare_words_give_samples_away_and_common_ones_do_not() -> None:
    given_away, hidden = two_sample_auc(pairs(300, rare=1.0)), two_sample_auc(pairs(300, rare=0.0))
    assert given_away is not None
    assert hidden is not None
    assert given_away > 0.9
    assert abs(hidden - 0.5) < 0.1


def test_few_pairs_have_no_figure() -> None:
    assert two_sample_auc(pairs(LEAST - 1, rare=1.0)) is None


def test_texts_without_a_common_word_have_no_figure() -> None:
    assert two_sample_auc([([f"a{row}"], [f"b{row}"]) for row in range(LEAST)]) is None
