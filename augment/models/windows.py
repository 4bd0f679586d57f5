"""Windows over texts that are longer than a model reads: each is a text of its own in the same frame, and they overlap.

A text that fits is one window, itself. The windows of a longer one all have `length` pieces and are spread evenly over it;
its logits are the mean, or the maximum of each class, of those of its windows. Of a pair they are spread over the longer text, and
each has the shorter one, of which no more is read than three quarters of what a window has room for.

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
# Of the room for texts in a window of a pair, what the shorter text may take.
_SHORTER = 0.75


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

    overlap: share of a window that the next one has too; most: how many windows a text has at most; between: pieces between the texts
    of a pair, None where a pair is read in one window, as its texts cannot be distinguished.
    """

    length: int
    before: int
    after: int
    overlap: float
    most: int
    pooling: Pooling
    between: int | None = None

    @property
    def longest(self) -> int:
        """The pieces that a text may have; the rest of it is not read."""
        inside = self.length - self.before - self.after
        if self.pooling == "first" or inside < 1:
            return self.length
        return self.length + (self.most - 1) * self._step(inside)

    @property
    def longest_pair(self) -> int:
        """The pieces that are to be known of a pair, so that `read_of_pair` can choose among them."""
        return self.length if self.between is None or self.pooling == "first" else 2 * self.longest

    def read_of_pair(self, sides: Sequence[int | None], from_end: bool = False) -> list[int] | None:
        """Return which pieces of a pair are read, None for all. sides: the text of each piece; from_end: of a text the last ones."""
        if len(sides) <= self.length:
            return None
        counts = [sides.count(0), sides.count(1)]
        room = self.length - (len(sides) - sum(counts))
        longer = int(counts[1] > counts[0])
        shorter = min(counts[1 - longer], max(round(_SHORTER * room), 0))
        most = [shorter, shorter]
        most[longer] = room - shorter + (self.most - 1) * self._step(room - shorter)
        if most[0] >= counts[0] and most[1] >= counts[1]:
            return None
        ranks = [0, 0]
        read = []
        for index, side in enumerate(sides):
            if side is not None:
                ranks[side] += 1
                behind = counts[side] - ranks[side] if from_end else ranks[side] - 1
                if behind >= most[side]:
                    continue
            read.append(index)
        return read

    def of(
        self, rows: Sequence[Sequence[object]], segments: Sequence[Sequence[int]] | None = None
    ) -> TextWindows | None:
        """Return the windows of rows of pieces; None where each row is its own only window.

        segments: of the rows, from the first piece of a second text on other than 0; without them no row is a pair.
        """
        if all(len(row) <= self.length for row in rows):
            return None
        row_of, slots = [], []
        for row, pieces in enumerate(rows):
            these = self._slots(len(pieces), () if segments is None else segments[row])
            row_of += [row] * len(these)
            slots += these
        return TextWindows(row_of, slots, self.pooling)

    def _step(self, inside: int) -> int:
        """Return how many pieces a window is behind the one before, at most, if it has `inside` pieces of the text."""
        return max(inside - round(self.overlap * inside), 1)

    def _slots(self, count: int, segments: Sequence[int]) -> list[np.ndarray]:
        """Return the pieces of each window of a row of `count` pieces."""
        if count <= self.length:
            return [np.arange(count)]
        begin, end = self._cut(count, segments)
        rest = count - self.length
        inside = end - begin - rest
        windows = 1 + -(-rest // self._step(inside))
        first, last = np.arange(begin), np.arange(end, count)
        begins = [begin + round(number * rest / (windows - 1)) for number in range(windows)]
        return [np.concatenate([first, np.arange(here, here + inside), last]) for here in begins]

    def _cut(self, count: int, segments: Sequence[int]) -> tuple[int, int]:
        """Return which pieces of a row its windows are spread over: those of the text, or of the longer one of a pair."""
        second = next((index for index, segment in enumerate(segments) if segment), None)
        if second is None or self.between is None:
            return self.before, count - self.after
        texts = ((self.before, second - self.between), (second, count - self.after))
        return max(texts, key=lambda text: text[1] - text[0])
