"""What a change by code points touches: tokens covered in part too, of its side alone."""

import pytest

from augment.stages.editing import Row
from augment.stages.touching import may_go, scored_edit, touched
from augment.text.edits import Edit

ROW = Row(
    0,
    "r1",
    "a big room",
    "my bed",
    "good",
    ("a", "big", "room", "my", "bed"),
    (0, 0, 0, 1, 1),
    ((0, 1), (2, 5), (6, 10), (0, 2), (3, 6)),
    (1.0, 2.0, 4.0, 8.0, 16.0),
    (),
    5,
)


@pytest.mark.parametrize(
    ("side", "start", "end", "tokens"),
    [
        (0, 0, 10, [0, 1, 2]),
        (0, 4, 7, [1, 2]),
        (0, 3, 3, [1]),
        (0, 2, 2, []),
        (0, 5, 6, []),
        (0, 10, 10, []),
        (1, 1, 4, [3, 4]),
        (1, 2, 3, []),
    ],
)
def test_tokens_are_touched_that_share_a_code_point_or_have_a_cut_inside(
    side: int, start: int, end: int, tokens: list[int]
) -> None:
    assert touched(ROW, side, start, end) == tokens


def test_an_edit_has_the_scores_of_the_tokens_it_touches() -> None:
    assert scored_edit(ROW, 0, 2, 10, "hall") == Edit(0, 2, 10, "big room", "hall", 6.0)
    assert scored_edit(ROW, 1, 3, 3, "old ") == Edit(1, 3, 3, "", "old ", 0.0)


def test_a_way_may_go_where_all_that_it_touches_is_free() -> None:
    way = ((0, 2, ""), (6, 10, "hall"))
    assert may_go(ROW, 0, way, frozenset({0, 2}))
    assert not may_go(ROW, 0, way, frozenset({0, 1}))
