"""What is learned from the texts of a corpus, shared over its draws: a few rows more or less do not change it.

A draw has a hundred rows, the texts tens of thousands, and they have those rows already. Words and pairs are counted for every draw;
the vectors of words, and what counts are worth, are learned with the first draw of a corpus.

    share_learning(lambda: "hotel-zh")
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from augment.candidates.plausibility import FitScale, calibrate
from augment.candidates.senses import Senses, learn_senses
from augment.candidates.word_counts import WordCounts
from augment.seeding import Chance
from augment.stages import evidence

_learn, _calibrate = learn_senses, calibrate


def share_learning(corpus: Callable[[], str]) -> None:
    """Let `evidence` keep what it has learned of a corpus; `corpus` gives the name of the one at hand."""
    vectors: dict[str, tuple[dict[str, int], np.ndarray]] = {}
    scales: dict[tuple[str, int], FitScale] = {}

    def shared_senses(counts: WordCounts) -> Senses:
        """Return the vectors of the words of these counts."""
        if corpus() not in vectors:
            senses = _learn(counts)
            owner = zip(counts.words, senses.vector_of.tolist(), strict=True)
            vectors[corpus()] = ({word: row for word, row in owner if row >= 0}, senses.vectors)
        rows, known = vectors[corpus()]
        return Senses(np.array([rows.get(word, -1) for word in counts.words], np.int64), known)

    def shared_scale(
        counts: WordCounts,
        senses: Senses,
        words: Mapping[str, str],
        synonyms: Callable[[str], Sequence[str]],
        usual: FitScale,
        rng: Chance,
    ) -> FitScale:
        """Return what counts are worth in the language of `usual`."""
        key = corpus(), id(usual)
        if key not in scales:
            scales[key] = _calibrate(counts, senses, words, synonyms, usual, rng)
        return scales[key]

    # The texts of all corpora, not of two.
    setattr(evidence, "_counted", lru_cache(maxsize=16)(evidence._counted.__wrapped__))  # noqa: B010
    setattr(evidence, "learn_senses", shared_senses)  # noqa: B010
    setattr(evidence, "calibrate", shared_scale)  # noqa: B010
