"""Samples of another class that read well: words of rows of that class, until the words of the text are of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from augment.candidates.class_evidence import ClassEvidence, lines_of, summed
from augment.candidates.entities import Entities
from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.word_counts import PairCounts, WordCounts
from augment.seeding import chance
from augment.stages.contrast_draws import ContrastDraws
from augment.text.edits import replay
from tests.stages.test_natural_draws import row_of, tokens_of

GOOD = ("房间很干净，", "房间很舒适，", "服务很周到，", "酒店很干净，早餐很丰富，")
BAD = ("房间很肮脏，", "房间很破旧，", "服务很冷淡，", "酒店很肮脏，早餐很单调，")
WORDS = {"bad": ("肮脏", "破旧", "冷淡", "单调"), "good": ("干净", "舒适", "周到", "丰富")}


QUALITIES = frozenset(word for words in WORDS.values() for word in words)


def used(evidence: WordCounts) -> Senses:
    """Return vectors by which all qualities are used alike, and all other words."""
    of_word = np.array([int(word in QUALITIES) for word in evidence.words], np.int64)
    return Senses(of_word, np.eye(2, dtype=np.float32))


def draws(
    *plain: str,
    least: float = 0.5,
    most: int = 3,
    rest: float = 0.5,
    kinds: Mapping[str, str] | None = None,
    of_both: Sequence[str] = (),
    senses: Callable[[WordCounts], Senses] = used,
) -> ContrastDraws:
    """Return what draws samples of the other class, from rows of two classes and plain text.

    rest: how likely the old class is for what is left of a text; kinds: the group of a dictionary that a word is in; of_both: words
    that rows of both classes have.
    """
    counts = PairCounts()
    for text in (*GOOD * 8, *BAD * 8, *plain):
        counts.add(tokens_of(text))
    counts.add(of_both)
    evidence = counts.evidence(None, 100)
    rows = [
        (label, [tokens_of(text), []])
        for label, texts in (("good", GOOD), ("bad", BAD))
        for text in texts * 8
    ]
    rows += [(label, [list(of_both), []]) for label in ("good", "bad") for _ in range(4)]
    known = ClassEvidence.of(pa.concat_tables(summed([lines_of(rows)], sum(WORDS.values(), ()))))

    def offered(row: object, token: int, label: str) -> Sequence[str]:
        return WORDS[label]

    return ContrastDraws(
        Plausibility(evidence, senses(evidence), USUAL),
        known,
        offered,
        lambda one, other: False,
        lambda row, number: "bad",
        Entities(()),
        least,
        most,
        moves=True,
        rest=lambda row, choice: rest,
        kinds=lambda word: frozenset([kinds[word]]) if kinds and word in kinds else frozenset(),
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


def test_a_text_with_a_word_that_turns_its_opinion_has_no_sample() -> None:
    assert samples(draws(), "房间很干净，", ["干净"])
    for text in (
        "虽然房间很干净，",
        "不过房间很干净，",
        "房间很干净，没电，",
        "最好的房间很干净，",
    ):
        assert samples(draws(), text, ["干净"]) == set()


def test_of_a_long_text_too_much_is_left_to_be_sure() -> None:
    assert samples(draws(), "房间很干净，大堂很大，电梯很新，", ["干净"]) == set()


def test_no_sample_is_made_where_the_model_sees_the_old_class_in_the_rest() -> None:
    assert samples(draws(rest=0.6), "房间很干净，", ["干净"]) == set()


def test_a_quality_of_the_same_group_of_a_dictionary_may_be_put_and_one_of_another_may_not() -> None:
    kinds = {"干净": "Ef12", "肮脏": "Ef12", "破旧": "Eb29", "丰富": "Ed30"}
    assert samples(draws(kinds=kinds), "房间很干净，", ["干净"]) == {"房间很肮脏，"}
    seen = ["早餐很肮脏。"] * 20
    assert samples(draws(*seen, kinds=kinds | {"丰富": "Ef12"}), "早餐很丰富。", ["丰富"]) == {"早餐很肮脏。"}


def test_a_word_that_is_used_as_words_of_no_class_are_is_not_put() -> None:
    def praise_apart(evidence: WordCounts) -> Senses:
        of_word = np.array([int(word in WORDS["good"]) for word in evidence.words], np.int64)
        return Senses(of_word, np.array([[1, 0.9], [0.9, 1]], np.float32) / np.sqrt(1.81))

    plain = [f"q{number}x" for number in range(30)]
    assert samples(draws(of_both=plain, senses=praise_apart), "房间很干净，", ["干净"]) == set()
    assert samples(draws(of_both=plain), "房间很干净，", ["干净"])


def test_a_title_stays() -> None:
    assert samples(draws(), "《房间很干净，》", ["干净"]) == set()


def test_edits_end_with_the_budget() -> None:
    assert samples(draws(least=0.93), "早餐很丰富，房间很干净，", ["丰富", "干净"]) == set()
