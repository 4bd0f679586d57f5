"""Which words are part of a fixed string with a neighbour: a term, a name in a lower-case title, a set phrase.

A word is, where the rarer of the two has the other as its neighbour in many of its occurrences, far more often than by chance,
and the neighbour is a content word: "special effects", 性价比.

    fixed(evidence, left, word, right)      # arrays of ids; [N] bool
"""

import numpy as np

from augment.candidates.word_counts import WordCounts
from augment.text.editable import is_content

# A neighbour is part of a fixed string with a word where the rarer of the two has the other in this share of its occurrences, in
# this many at least, and by this factor more often than by chance.
_SHARE, _SEEN, _MORE = 0.15, 4, 20


def fixed(counts: WordCounts, left: np.ndarray, word: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return whether words, given by id with their neighbours, are part of a fixed string, [N] bool."""
    bound_somewhere = np.zeros(len(word), bool)
    for other, pairs in ((left, counts.pairs(left, word)), (right, counts.pairs(word, right))):
        rarer, often = (
            pick(counts.counted(word), counts.counted(other)) for pick in (np.minimum, np.maximum)
        )
        bound = (pairs >= _SEEN) & (pairs >= _SHARE * rarer)
        bound &= pairs * counts.total >= _MORE * rarer * often
        for at in np.flatnonzero(bound & (other > 0)).tolist():
            bound_somewhere[at] |= is_content(counts.words[other[at]])
    return bound_somewhere
