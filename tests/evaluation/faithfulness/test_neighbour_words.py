"""Words that replace others: the corpus has them between the same neighbours."""

from augment.evaluation.faithfulness.neighbour_words import NeighbourWords
from augment.seeding import chance

KNOWN = NeighbourWords(
    [
        ["房间", "很", "大", "。"],
        ["房间", "很", "小", "。"],
        ["早餐", "很", "好", "！"],
        ["a", "fine", "Film"],
    ]
)


def test_a_word_gives_way_to_one_between_the_same_neighbours() -> None:
    assert KNOWN.instead(["房间", "很", "大", "。"], 2, chance(0, "", "", 0)) == "小"


def test_a_mark_gives_way_to_a_mark() -> None:
    assert KNOWN.instead(["早餐", "很", "好", "！"], 3, chance(0, "", "", 0)) == "。"


def test_a_word_stays_where_there_is_no_other() -> None:
    assert NeighbourWords([["好"]]).instead(["好"], 0, chance(0, "", "", 0)) == "好"
