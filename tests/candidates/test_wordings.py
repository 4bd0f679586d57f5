"""Other small words: offered where both pairs with their neighbours are written, and only words that rows of train have."""

import numpy as np

from augment.candidates.plausibility import USUAL, Plausibility
from augment.candidates.senses import Senses
from augment.candidates.word_counts import PairCounts
from augment.candidates.wordings import Wordings
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
