"""The order in which training sees its rows: batches of like length, the batches themselves in random order.

Random batches of reviews spend up to half their work on padding. Sorting within windows of fifty batches and then
shuffling the batches keeps the order random where it matters.
"""

from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

_WINDOW = 50


class LengthBuckets(Sampler[int]):
    """Yields every row once a pass; consecutive `batch` rows are of like length. Each pass has its own order."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        """Keep the number of pieces of each row."""
        self._lengths, self._batch = list(lengths), batch
        self._generator = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield row numbers."""
        order = torch.randperm(len(self), generator=self._generator).tolist()
        window = _WINDOW * self._batch
        batches: list[list[int]] = []
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window], key=lambda row: self._lengths[row])
            batches += [rows[at : at + self._batch] for at in range(0, len(rows), self._batch)]
        # A short batch must stay last, or it would shift the borders of those behind it.
        short = [batch for batch in batches if len(batch) < self._batch]
        full = [batch for batch in batches if len(batch) == self._batch]
        for place in torch.randperm(len(full), generator=self._generator).tolist():
            yield from full[place]
        for batch in short:
            yield from batch
