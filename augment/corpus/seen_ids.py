"""Remember which of very many values were met, in eight bytes each.

seen = Seen()
seen.add("a"), seen.add("b"), seen.add("a")        # (True, True, False): whether it is new
"""

from hashlib import blake2b

import numpy as np

# Hashes that are looked up one by one before they are sorted into an array, which costs its length.
_RECENT = 1 << 14


class SeenHashes:
    """Values met so far, each as a hash of 64 bits: of a billion, one in forty runs takes two for the same."""

    def __init__(self) -> None:
        """Start with none."""
        self._recent: set[int] = set()
        self._sorted: list[np.ndarray] = []

    def add(self, value: str) -> bool:
        """Remember a value; whether it is new."""
        key = int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big")
        if key in self._recent or any(_has(keys, key) for keys in self._sorted):
            return False
        self._recent.add(key)
        if len(self._recent) >= _RECENT:
            self._settle()
        return True

    def _settle(self) -> None:
        """Sort what is recent into an array, and join arrays of like length, so that there are few."""
        fresh = np.sort(np.fromiter(self._recent, dtype=np.uint64, count=len(self._recent)))
        self._recent = set()
        while self._sorted and len(self._sorted[-1]) <= 2 * len(fresh):
            fresh = np.sort(np.concatenate([self._sorted.pop(), fresh]))
        self._sorted.append(fresh)


def _has(keys: np.ndarray, key: int) -> bool:
    """Return whether a sorted array holds a key."""
    index = int(np.searchsorted(keys, np.uint64(key)))
    return index < len(keys) and int(keys[index]) == key
