"""Samples of another class that read well: words of rows of that class, until the words of the text are of it."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from augment.candidates.class_evidence import ClassEvidence, lines_of, summed
from augment.candidates.entities import Entities
from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.word_counts import PairCounts
from augment.seeding import chance
from augment.stages.contrast_draws import ContrastDraws
from augment.text.edits import replay
from tests.stages.test_natural_draws import row_of, tokens_of, vectors

GOOD = ("房间很干净，", "房间很舒适，", "服务很周到，", "酒店很干净，早餐很丰富，")
BAD = ("房间很肮脏，", "房间很破旧，", "服务很冷淡，", "酒店很肮脏，早餐很单调，")
WORDS = {"bad": ("肮脏", "破旧", "冷淡", "单调"), "good": ("干净", "舒适", "周到", "丰富")}


def draws(*plain: str, least: float = 0.5, most: int = 3) -> ContrastDraws:
    """Return what draws samples of the other class, from rows of two classes and plain text."""
    counts = PairCounts()
    for text in (*GOOD * 8, *BAD * 8, *plain):
        counts.add(tokens_of(text))
    evidence = counts.evidence(None, 100)
    rows = [
        (label, [tokens_of(text), []])
        for label, texts in (("good", GOOD), ("bad", BAD))
        for text in texts * 8
    ]
    known = ClassEvidence.of(pa.concat_tables(summed([lines_of(rows)], sum(WORDS.values(), ()))))

    def offered(row: object, token: int, label: str) -> Sequence[str]:
        return WORDS[label]

    return ContrastDraws(
        Plausibility(evidence, vectors(evidence), USUAL),
        known,
        offered,
        lambda one, other: False,
        lambda row, number: "bad",
        Entities(()),
        least,
        most,
        moves=True,
    )


def samples(draws: ContrastDraws, text: str, key: Sequence[str], count: int = 6) -> set[str]:
    """Return the different samples of a text whose key words are given."""
    row = row_of(text)
    tokens = tuple(row.tokens.index(word) for word in key)
    row = replace(row, free=tokens, key=tokens, label="good")
    drawn = [draws.draw(row, chance(0, "c", row.id, number), number) for number in range(count)]
    assert all(each is None or not each.edits or each.label == "bad" for each in drawn)
    return {replay(text, None, each.edits)[0] for each in drawn if each is not None and each.edits}


def test_a_word_is_put_where_rows_of_the_class_have_it() -> None:
    assert samples(draws(), "房间很干净，", ["干净"]) == {"房间很肮脏，", "房间很破旧，"}


def test_plain_text_alone_is_no_evidence_of_the_class() -> None:
    assert samples(draws(*["早餐很肮脏。"] * 20), "早餐很丰富。", ["丰富"]) == set()


def test_no_sample_is_made_where_the_words_of_the_text_stay_those_of_its_class() -> None:
    assert samples(draws(), "早餐很丰富，服务很周到，房间很干净，", ["干净"]) == set()
    both = samples(draws(least=0.2), "早餐很丰富，房间很干净，", ["丰富", "干净"])
    assert all("丰富" not in text for text in both)


def test_what_a_negation_speaks_of_stays() -> None:
    assert samples(draws(), "房间不干净，房间很干净，", ["干净"]) == set()


def test_a_title_stays() -> None:
    assert samples(draws(), "《房间很干净，》", ["干净"]) == set()


def test_edits_end_with_the_budget() -> None:
    assert samples(draws(least=0.93), "早餐很丰富，房间很干净，", ["丰富", "干净"]) == set()
