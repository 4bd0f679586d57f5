"""Near texts: what is listed is near, what is near is found, and a crowd does not cost its square."""

import random

import pytest

from augment.audit import near
from augment.audit.near import near_pairs
from augment.progress import silent
from augment.text.shingles import alike, sequences

WORDS = [
    "the",
    "room",
    "was",
    "clean",
    "and",
    "quiet",
    "breakfast",
    "late",
    "staff",
    "kind",
    "view",
    "lake",
    "bed",
    "hard",
    "price",
    "fair",
    "again",
    "never",
]
SIGNS = "房间很干净服务早餐不错位置方便下次还来价格便宜环境安静前台热情空调坏隔音差"


def corpus() -> list[str]:
    """Return texts in Chinese and English, each with a version in which one word or sign of its end differs."""
    chance = random.Random(0)
    texts = []
    for _ in range(60):
        words = chance.choices(WORDS, k=30)
        texts += [" ".join(words), " ".join([*words[:-1], "else"])]
        signs = chance.choices(SIGNS, k=40)
        texts += ["".join(signs), "".join([*signs[:-1], "啊"])]
    return texts


def test_near_pairs_are_those_of_comparing_every_text_with_every_other() -> None:
    texts = corpus()
    made = [sequences(text) for text in texts]
    wanted = {
        (one, other): share
        for one in range(len(texts))
        for other in range(one + 1, len(texts))
        if (share := alike(made[one], made[other])) >= 0.8
    }
    pairs = {
        (one, other): share for one, other, share in near_pairs(texts, ["train"] * len(texts), 0.8, silent)
    }
    assert len(wanted) == 120
    assert pairs == wanted


def test_two_runs_give_the_same_pairs_in_the_same_order() -> None:
    texts = corpus()
    one, two = (list(near_pairs(texts, ["train"] * len(texts), 0.7, silent)) for _ in range(2))
    assert one == two == sorted(one)


def test_of_a_crowd_each_text_meets_a_neighbour_and_every_split(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 rows of one template: pairs grow with the rows, not with their square, and none is left alone."""
    compared = []

    def counted(one: frozenset[str], other: frozenset[str]) -> float:
        """Return what `alike` does, counting."""
        compared.append(one)
        return alike(one, other)

    monkeypatch.setattr(near, "alike", counted)
    stem = " ".join(WORDS * 3)
    texts = [f"{stem} room number {row}" for row in range(300)]
    splits = ["test" if row % 10 == 0 else "train" for row in range(300)]
    result = list(near_pairs(texts, splits, 0.8, silent))
    met: dict[int, set[str]] = {row: set() for row in range(300)}
    for one, other, _ in result:
        met[one].add(splits[other])
        met[other].add(splits[one])
    assert all(names == {"train", "test"} for names in met.values())
    assert len(compared) < 300 * 10


@pytest.mark.parametrize("texts", [[], ["a"], ["", "", "!", "👍🏽"]])
def test_few_texts_and_texts_without_a_word_are_no_trouble(texts: list[str]) -> None:
    assert list(near_pairs(texts, ["train"] * len(texts), 0.8, silent)) in ([], [(0, 1, 1.0)])
