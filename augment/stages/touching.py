"""Changes of a text by code points, as edits of a row: the tokens that they touch, and whether these may go.

touched(row, 0, 4, 9)                     # [1, 2]: tokens that share a code point with 4 to 9
scored_edit(row, 0, 4, 9, "hall")         # their edit, with their scores
"""

from bisect import bisect_left, bisect_right
from math import fsum

from augment.stages.editing import Row
from augment.text.edits import Edit
from augment.text.rephrasing import Way


def touched(row: Row, side: int, start: int, end: int) -> list[int]:
    """Return the tokens of a side that some code points cover, also in part."""
    begin, stop = bisect_left(row.side, side), bisect_right(row.side, side)
    stop = bisect_left(row.spans, (end, 0), begin, stop)
    first = bisect_left(row.spans, (start, 0), begin, stop)
    if first > begin and row.spans[first - 1][1] > start:
        first -= 1
    return list(range(first, stop))


def scored_edit(row: Row, side: int, start: int, end: int, new: str) -> Edit:
    """Return the edit that puts `new` in place of some code points, with the scores of the tokens that it touches."""
    text = (row.text, row.text_pair or "")[side]
    score = fsum(row.scores[token] for token in touched(row, side, start, end))
    return Edit(side, start, end, text[start:end], new, score)


def may_go(row: Row, side: int, way: Way, free: frozenset[int]) -> bool:
    """Return whether no change takes a token away that has to stay."""
    return all(free.issuperset(touched(row, side, start, end)) for start, end, _ in way)
