"""The edits that turn one text into another, word by word.

>>> [tuple(edit)[1:5] for edit in differences("the room is clean", "the room is spotless", 0)]
[(12, 17, 'clean', 'spotless')]
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from augment.text.common import equal_ends
from augment.text.edits import Edit
from augment.text.segment import segment

# Tokens between the first and the last change, beyond which they are one edit: comparing takes the square of it.
_MOST = 4000


def differences(old: str, new: str, side: int) -> list[Edit]:
    """Return edits of one side, in order, which made on the old text give the new one; none where they are the same."""
    before, after = _pieces(old), _pieces(new)
    first, last = equal_ends(before, after)
    inner, fresh = before[first : len(before) - last], after[first : len(after) - last]
    offsets = _offsets(before)
    edits = []
    for start, end, text in _changes(inner, fresh):
        begin, stop = offsets[first + start], offsets[first + end]
        edits.append(Edit(side, begin, stop, old[begin:stop], text, 0.0))
    return edits


def _changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return (start, end, text) of the stretches of old pieces that another text takes the place of."""
    if not old and not new:
        return []
    if len(old) > _MOST or len(new) > _MOST:
        return [(0, len(old), "".join(new))]
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(start, end, "".join(new[low:high])) for kind, start, end, low, high in codes if kind != "equal"]


def _pieces(text: str) -> list[str]:
    """Return the tokens of a text and what is between them, which together are the text."""
    cuts = sorted({0, len(text), *(bound for span in segment(text) for bound in span)})
    return [text[start:end] for start, end in pairwise(cuts)]


def _offsets(pieces: Sequence[str]) -> list[int]:
    """Return where each piece begins, and where the last one ends."""
    offsets = [0]
    for piece in pieces:
        offsets.append(offsets[-1] + len(piece))
    return offsets
