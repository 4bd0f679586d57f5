"""Which words differ between two texts: the smallest difference, as replacements that give the one from the other.

>>> old, new = "The room was very clean.", "The big room was clean."
>>> differences(old, segment(old), new, segment(new))
[(4, 4, 'big '), (13, 18, '')]
"""

from collections.abc import Collection, Sequence

from augment.text.align import Span
from augment.text.common import equal_ends, longest_common

# How much more a word that has to stay counts than another, so that it is never a part of a difference that avoids it.
_WEIGHT = 64


def differences(
    old: str, old_spans: Sequence[Span], new: str, new_spans: Sequence[Span], staying: Collection[int] = ()
) -> list[tuple[int, int, str]]:
    """Return (start, end, replacement) in order, which made on `old` give `new`: those between the words both have.

    As many words as possible are kept; of old words those at the indices `staying` before all others.
    """
    pairs = common(
        [old[start:end] for start, end in old_spans], [new[start:end] for start, end in new_spans], staying
    )
    result: list[tuple[int, int, str]] = []
    done, made = 0, 0
    for left, right in [*pairs, (len(old_spans), len(new_spans))]:
        start, end = old_spans[left] if left < len(old_spans) else (len(old), len(old))
        begin, behind = new_spans[right] if right < len(new_spans) else (len(new), len(new))
        if old[done:start] != new[made:begin]:
            result.append(_trimmed(old, done, start, new[made:begin]))
        done, made = end, behind
    return result


def common(old: Sequence[str], new: Sequence[str], staying: Collection[int] = ()) -> list[tuple[int, int]]:
    """Return pairs of indices of equal words in both orders: as many as possible, the first of several ways."""
    same, last = equal_ends(old, new)
    weights = [_WEIGHT if index in staying else 1 for index in range(len(old))]
    inner = longest_common(
        old[same : len(old) - last], new[same : len(new) - last], weights[same : len(old) - last]
    )
    before = [(index, index) for index in range(same)]
    behind = [(len(old) - index, len(new) - index) for index in range(last, 0, -1)]
    return [*before, *((left + same, right + same) for left, right in inner), *behind]


def _trimmed(old: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """Return a replacement without the space that both have around it."""
    while start < end and new and old[start] == new[0] and new[0].isspace():
        start, new = start + 1, new[1:]
    while start < end and new and old[end - 1] == new[-1] and new[-1].isspace():
        end, new = end - 1, new[:-1]
    return start, end, new
