"""Find texts that are nearly the same: MinHash (Broder 1997, of datasketch), bands, and the exact share of each candidate pair.

Two texts are near if the share of sequences they have in common (`text.sequences`, Jaccard) is at least `near`. A pair
becomes a candidate where a band of their signatures is equal. In a bucket of more than 32 texts, a crowd such as rows of
one template, each text is compared with its neighbour and with the first text of each split, not with all: time and
memory grow with the texts, not with their square.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from augment.progress import Progress
from augment.text.shingles import alike, sequences

_HASHES = 128
# Missing a pair is worse than comparing one for nothing.
_WEIGHTS = (0.1, 0.9)
_AT_ONCE = 1024
_CROWD = 32
# How far below `near` the share that signatures estimate may be: 128 hashes have a standard error of 0.04 at most.
_SLACK = 0.16


def near_pairs(
    texts: Sequence[str], splits: Sequence[str], near: float, report: Progress
) -> Iterator[tuple[int, int, float]]:
    """Yield pairs of indices, the smaller first, whose texts are near, and their share, in the order of the pairs.

    texts: distinct ones; a missed pair is possible, a wrong one is not.
    """
    signatures = _signatures(texts, report)
    pairs = _candidates(signatures, splits, near)
    for begin in range(0, len(pairs), _AT_ONCE):
        some = pairs[begin : begin + _AT_ONCE]
        guess = (signatures[some[:, 0]] == signatures[some[:, 1]]).mean(1)
        for one, other in some[guess >= near - _SLACK].tolist():
            share = alike(sequences(texts[one]), sequences(texts[other]))
            if share >= near:
                yield one, other, share
        report("compare texts", min(begin + _AT_ONCE, len(pairs)), len(pairs))


def _signatures(texts: Sequence[str], report: Progress) -> np.ndarray:
    """Return the MinHash of each text: [N, 128] uint32."""
    from datasketch import MinHash

    signatures = np.zeros((len(texts), _HASHES), dtype=np.uint32)
    for begin in range(0, len(texts), _AT_ONCE):
        coded = (
            [sequence.encode() for sequence in sorted(sequences(text))]
            for text in texts[begin : begin + _AT_ONCE]
        )
        for row, hashed in enumerate(MinHash.generator(coded, num_perm=_HASHES, seed=1), begin):
            signatures[row] = hashed.hashvalues
        report("hash texts", min(begin + _AT_ONCE, len(texts)), len(texts))
    return signatures


def _candidates(signatures: np.ndarray, splits: Sequence[str], near: float) -> np.ndarray:
    """Return pairs of texts that share a band, each once and sorted: [P, 2] int64."""
    from datasketch import MinHashLSH

    shape = MinHashLSH(threshold=near, num_perm=_HASHES, weights=_WEIGHTS)
    names = {name: number for number, name in enumerate(sorted(set(splits)))}
    numbers = np.array([names[name] for name in splits], dtype=np.int64)
    pairs = np.zeros((0, 2), dtype=np.int64)
    for band in range(shape.b):
        part = np.ascontiguousarray(signatures[:, band * shape.r : (band + 1) * shape.r])
        keys = part.view(np.dtype((np.void, part.dtype.itemsize * shape.r))).ravel()
        _, own, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.lexsort((np.arange(len(own)), numbers, own))
        shared = order[sizes[own[order]] > 1]
        buckets = np.split(shared, np.flatnonzero(np.diff(own[shared])) + 1) if len(shared) else []
        fresh = [pair for bucket in buckets for pair in _in_bucket(bucket, numbers)]
        if fresh:
            pairs = np.unique(np.concatenate([pairs, np.array(fresh, dtype=np.int64)]), axis=0)
    return pairs


def _in_bucket(bucket: np.ndarray, splits: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a bucket that are compared, the smaller index first; the bucket is in the order of splits."""
    texts = bucket.tolist()
    if len(texts) <= _CROWD:
        yield from ((min(pair), max(pair)) for pair in combinations(texts, 2))
        return
    first = [texts[start] for start in np.flatnonzero(np.diff(splits[bucket], prepend=-1)).tolist()]
    for before, text in zip([texts[0], *texts], texts, strict=False):
        yield from ((min(text, other), max(text, other)) for other in {before, *first} - {text})
