"""Randomness as an argument: every generator of the package comes from here and depends only on what it is for.

The same seed, stage, row and sample number give the same choices on any machine, in any order, in any process.

    chance(0, "substitute_other", "hotel.csv:7", 2).sample(["a", "b", "c"], 2)

`Chance` makes choices for rows. `array_rng` and `tensor_rng` are for arrays and tensors of many numbers, whose values numpy and torch
keep the same between versions.
"""

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import torch

Item = TypeVar("Item")


class Chance:
    """A generator of choices. Built on `random()` alone, whose values Python keeps the same between versions."""

    def __init__(self, seed: int) -> None:
        """Start from a seed."""
        self._source = random.Random(seed)

    def below(self, count: int) -> int:
        """Return a whole number from 0 to count - 1."""
        return int(self._source.random() * count)

    def share(self) -> float:
        """Return a number from 0 to below 1."""
        return self._source.random()

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Return `count` of the items without repetition, or all of them shuffled if there are fewer."""
        pool = list(items)
        for position in range(min(count, len(pool))):
            other = position + self.below(len(pool) - position)
            pool[position], pool[other] = pool[other], pool[position]
        return pool[:count]


def chance(seed: int, stage: str, row: str, number: int) -> Chance:
    """Return the generator for one sample of one row in one stage."""
    return Chance(key_of(str(seed), stage, row, str(number)))


def key_of(*parts: str) -> int:
    """Return 64 bits that are the same for the same parts, on any machine."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=8).digest(), "big")


def array_rng(seed: int) -> "np.random.Generator":
    """Return a generator of arrays."""
    import numpy as np

    return np.random.default_rng(seed)


def tensor_rng(seed: int) -> "torch.Generator":
    """Return a generator of tensors, on the CPU."""
    import torch

    return torch.Generator().manual_seed(seed)
