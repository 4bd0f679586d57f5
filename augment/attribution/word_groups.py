"""Clauses, phrases and words of a text as a tree: the groups that join a text together in partition Shapley values.

>>> groups(["这", "酒店", "很", "好", "，", "but", "far", "away"])
[[[0, 1], [2, 3, 4]], [[5, 6, 7]]]

A clause ends with its mark, Chinese or English. In a clause a phrase begins at a small word (的, the, of) or one of degree (很, 太)
behind a word of content: such words and then what they lead to.
"""

import re
from collections.abc import Sequence

from augment.text.editable import STOP_WORDS
from augment.text.segment import tag

# Tags of words of degree and of negation.
_DEGREES = ("d", "zg")
_MARK = re.compile(r"[，。！？；：、…,.!?;:\n]+")


def groups(words: Sequence[str]) -> list[list[list[int]]]:
    """Return the indices of words by clause and phrase, in order; every word is in one phrase."""
    clauses: list[list[list[int]]] = []
    closed, content = True, False
    for index, word in enumerate(words):
        mark = _MARK.fullmatch(word) is not None
        small = word.casefold() in STOP_WORDS or tag(word) in _DEGREES
        if closed and not (mark and clauses):
            clauses.append([[index]])
        elif small and content and not mark:
            clauses[-1].append([index])
        else:
            clauses[-1][-1].append(index)
        closed = mark
        content = not small and not mark
    return clauses
