"""Other small words: offered where both pairs with their neighbours are written, and only words that rows of train have."""

import numpy as np

from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.word_counts import PairCounts
from augment.candidates.wordings import Counted, Wordings, likely
from augment.text.rephrasing import rephrasings
from augment.text.segment import tokens_of

NO_VECTORS = Senses(np.zeros(0, np.int64), np.zeros((0, 1), np.float32))


def wordings_of(train: dict[str, int], held: tuple[str, ...] = ()) -> Wordings:
    """Return wordings by rows of train, each as often as given, and by other texts."""
    counts = PairCounts()
    for text, times in train.items():
        for _ in range(times):
            counts.add(tokens_of(text))
    own = counts.seen_first()
    for text in held:
        for _ in range(20):
            counts.add(tokens_of(text))
    return Wordings(Plausibility(counts.evidence(own, 1000), NO_VECTORS, USUAL))


FILLER = {f"其他 的 话 第{number} 句": 3 for number in "一二三四五六七八九"}


def test_words_that_people_write_there_are_likely_and_others_are_not() -> None:
    wordings = wordings_of({"味道很不错": 40, "味道不错": 40, "有点贵": 40, **FILLER})
    good, bad = wordings.offer([("味道", (), ("很",), "不错"), ("味道", (), ("有点",), "不错")])
    assert good.chance > 0.8 > bad.chance


def test_a_word_that_no_row_of_train_has_is_not_offered() -> None:
    wordings = wordings_of({"味道不错": 40, **FILLER}, ("味道很不错",))
    assert wordings.offer([("味道", (), ("很",), "不错")])[0].chance == 0


def test_words_are_dropped_where_their_neighbours_are_written_next_to_each_other() -> None:
    wordings = wordings_of({"酒店的位置": 40, "酒店位置": 2, "房间的颜色": 40})
    dropped, kept = wordings.offer([("酒店", ("的",), (), "位置"), ("房间", ("的",), (), "颜色")])
    assert dropped.chance > 0.8
    assert kept.chance == 0


def test_the_share_is_how_often_people_write_the_new_words_and_not_the_old() -> None:
    wordings = wordings_of({"价格有点贵": 30, "价格有些贵": 10})
    rare, often = wordings.offer([("价格", ("有点",), ("有些",), "贵"), ("价格", ("有些",), ("有点",), "贵")])
    assert rare.share < 0.5 < often.share
    assert abs(rare.share + often.share - 1) < 1e-9


def test_nothing_is_offered_for_nothing() -> None:
    assert wordings_of({"味道不错": 1}).offer([]) == []


def test_where_the_old_word_is_as_rare_a_rule_decides_and_where_it_is_usual_counts_do() -> None:
    wordings = wordings_of({"spy kids": 40, "kids play": 5, "children play": 5, "odd kids": 1})
    rare, usual = wordings.offer(
        [("odd", ("kids",), ("children",), "galore"), ("spy", ("kids",), ("children",), "galore")]
    )
    assert rare.chance < 0.8 < rare.with_rule(0.93)
    assert usual.with_rule(0.93) < 0.8


def test_a_word_that_train_does_not_have_is_refused_whatever_the_rule() -> None:
    (unknown,) = wordings_of({"odd kids": 9}).offer([("odd", ("kids",), ("children",), "")])
    assert unknown.with_rule(0.99) == 0


def test_words_that_no_one_writes_next_to_each_other_are_no_phrase() -> None:
    train = {"a lot of fun": 9, "lots of fun": 9, "of course , in the spite": 9}
    phrase, no_phrase = wordings_of(train).offer(
        [("", ("a", "lot", "of"), ("lots", "of"), "fun"), ("", ("despite",), ("in", "spite", "of"), "fun")]
    )
    assert phrase.with_rule(0.93) > 0.8
    assert no_phrase.with_rule(0.93) == 0


def test_a_form_is_likely_by_its_rule_and_a_word_more_by_counts_alone() -> None:
    tested = Counted(0.4, 0.5, 0.5)
    of_kind = {one.kind: one for one in rephrasings("i think it works , perhaps .")}
    assert likely(of_kind["form"], [tested]) > 0.8
    assert likely(of_kind["added"], [tested]) == 0.4
