"""Windows over texts that are longer than a model reads: each is a text of its own in the same frame, and they overlap.

A text that fits is one window, itself. The windows of a longer one all have `length` pieces and are spread evenly over it;
its logits are the mean, or the maximum of each class, of those of its windows.

    windows = Windows(length=8, before=1, after=1, overlap=0.25, most=64, pooling="mean")
    parts = windows.of([list(range(20))])       # None where all texts fit
    parts.slots[0]                              # the pieces of the first window: those that frame the text, and a part of it
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import torch
from torch import Tensor

Pooling = Literal["mean", "max", "first"]
_Known = TypeVar("_Known")


@dataclass(frozen=True)
class TextWindows:
    """The windows of some rows. row: the row of each window; slots: which pieces of that row it has, [length] int64 each."""

    row: list[int]
    slots: list[np.ndarray]
    pooling: Pooling

    def spread(self, rows: Sequence[Sequence[_Known]]) -> list[Sequence[_Known]]:
        """Return what is known of each piece of the rows, for each window."""
        return [
            rows[row] if len(slots) == len(rows[row]) else [rows[row][slot] for slot in slots.tolist()]
            for row, slots in zip(self.row, self.slots, strict=True)
        ]

    def counts(self) -> list[int]:
        """Return how many windows each row has."""
        return [int(count) for count in np.bincount(self.row)]

    def pooled(self, logits: Tensor) -> Tensor:
        """Return the logits [N, C] of the rows for those of their windows, [W, C]."""
        if self.pooling != "max":
            return self.mean(logits)
        index = torch.tensor(self.row)[:, None].expand_as(logits)
        empty = logits.new_zeros(self.row[-1] + 1, logits.shape[1])
        return empty.scatter_reduce(0, index, logits, "amax", include_self=False)

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean [N, D] over the windows of each row of values [W, D], those of one window to the last bit."""
        sums = torch.zeros(self.row[-1] + 1, values.shape[1], dtype=torch.float64)
        sums.index_add_(0, torch.tensor(self.row), values.double())
        return (sums / torch.tensor(self.counts())[:, None]).to(values.dtype)


@dataclass(frozen=True)
class Windows:
    """How texts are cut. length: pieces of a window; before, after: those of it that frame a text on either side.

    overlap: share of a window that the next one has too; most: how many windows a text has at most.
    """

    length: int
    before: int
    after: int
    overlap: float
    most: int
    pooling: Pooling

    @property
    def longest(self) -> int:
        """The pieces that a text may have; the rest of it is not read."""
        inside = self._inside
        if self.pooling == "first" or inside < 1:
            return self.length
        return self.length + (self.most - 1) * self._step

    def of(self, rows: Sequence[Sequence[object]]) -> TextWindows | None:
        """Return the windows of rows of pieces; None where each row is its own only window."""
        if all(len(row) <= self.length for row in rows):
            return None
        row_of, slots = [], []
        for row, pieces in enumerate(rows):
            these = self._slots(len(pieces))
            row_of += [row] * len(these)
            slots += these
        return TextWindows(row_of, slots, self.pooling)

    @property
    def _inside(self) -> int:
        """How many pieces of the text itself a window has."""
        return self.length - self.before - self.after

    @property
    def _step(self) -> int:
        """How many pieces a window is behind the one before, at most."""
        return max(self._inside - round(self.overlap * self._inside), 1)

    def _slots(self, count: int) -> list[np.ndarray]:
        """Return the pieces of each window of a row of `count` pieces."""
        if count <= self.length:
            return [np.arange(count)]
        rest = count - self.length
        windows = 1 + -(-rest // self._step)
        first = np.arange(self.before)
        last = np.arange(count - self.after, count)
        begins = [round(number * rest / (windows - 1)) for number in range(windows)]
        return [
            np.concatenate([first, np.arange(self.before + begin, self.before + begin + self._inside), last])
            for begin in begins
        ]
