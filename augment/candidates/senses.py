"""What a word means, as far as its neighbours show: words that people use alike have vectors that point alike.

Positive pointwise mutual information of each word with its left and its right neighbours, kept apart, the counts of
neighbours smoothed by a power of 0.75, in 150 dimensions by singular value decomposition (Levy, Goldberg and Dagan,
"Improving distributional similarity", TACL 2015). Antonyms are used alike, too: what is near here is not yet a synonym.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment.candidates.word_counts import WordCounts

# Words with vectors, the most frequent; how often each must be seen; dimensions.
_WORDS, _LEAST, _DIMENSIONS = 20_000, 5, 150
_SMOOTHING = 0.75
# Of the iteration that finds the dimensions: passes over the matrix, and dimensions more than are kept.
_PASSES, _SPARE = 3, 10
SCHEMA = pa.schema([("vector_of", pa.list_(pa.int64())), ("vectors", pa.list_(pa.float32()))])


@dataclass(frozen=True)
class Senses:
    """Vectors of words. vector_of: [W] int64, the row of each word by its id, -1 for none; vectors: [V, D] float32, unit."""

    vector_of: np.ndarray
    vectors: np.ndarray

    def cosine(self, one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Return the cosines of words given by id, [N] float32, three digits; -1 where a word has no vector."""
        first, second = (np.where(ids >= 0, self.vector_of[ids], -1) for ids in (one, other))
        near = np.einsum("nd,nd->n", self.vectors[first], self.vectors[second]) if len(self.vectors) else 0.0
        return np.where((first >= 0) & (second >= 0), np.round(near, 3), -1.0)

    def table(self) -> pa.Table:
        """Return all of it as a table of one row."""
        return pa.table({"vector_of": [self.vector_of], "vectors": [self.vectors.ravel()]}, SCHEMA)


def senses_of(table: pa.Table) -> Senses:
    """Return what `Senses.table` wrote."""
    owner, flat = (
        np.asarray(table.column(name).combine_chunks()[0].values.to_numpy()) for name in SCHEMA.names
    )
    rows = int(owner.max(initial=-1)) + 1
    return Senses(owner, flat.reshape(rows, -1) if rows else np.zeros((0, 1), np.float32))


def learn_senses(evidence: WordCounts) -> Senses:
    """Return the vectors of the most frequent words; none for a text too short to have any."""
    from scipy import sparse

    often = np.flatnonzero(evidence.counts >= _LEAST)
    often = often[np.argsort(-evidence.counts[often], kind="stable")][:_WORDS]
    owner = np.full(len(evidence.words), -1, np.int64)
    owner[often] = np.arange(len(often))
    left, right = owner[evidence.left], owner[evidence.right]
    inside = (left >= 0) & (right >= 0)
    left, right, seen = left[inside], right[inside], evidence.seen[inside].astype(np.float64)
    size = len(often)
    if size <= _DIMENSIONS + _SPARE:
        return Senses(np.full(len(evidence.words), -1, np.int64), np.zeros((0, 1), np.float32))
    counts = evidence.counts[often].astype(np.float64)
    smooth = counts**_SMOOTHING / (counts**_SMOOTHING).sum()
    after = np.log(seen / (counts[left] * smooth[right]))
    before = np.log(seen / (counts[right] * smooth[left]))
    values = np.maximum(np.concatenate([after, before]), 0)
    index = (np.concatenate([left, right]), np.concatenate([right, left + size]))
    matrix = sparse.csr_matrix((values, index), shape=(size, 2 * size), dtype=np.float32)
    return Senses(owner, _unit(_left_vectors(matrix)))


def _left_vectors(matrix: "object") -> np.ndarray:
    """Return the main left singular vectors times the root of their values, [V, D] (Halko, Martinsson and Tropp 2011)."""
    from sklearn.utils.extmath import randomized_svd

    vectors, values, _ = randomized_svd(
        matrix, _DIMENSIONS, n_oversamples=_SPARE, n_iter=_PASSES, random_state=0
    )
    return np.asarray(vectors * np.sqrt(values))


def _unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors of length 1; those of length 0 as they are."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), np.float32)
