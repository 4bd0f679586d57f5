"""How training sees its rows: in batches of like length, the batches themselves in random order, padded to the longest.

Random batches of reviews spend up to half their work on padding. Sorting within windows of fifty batches and then
shuffling the batches keeps the order random where it matters. Of few rows it would not: the same rows would meet in every
pass, copies of a row, which have one length, even fill a batch; they come in random order.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Sampler
from transformers import PreTrainedTokenizerBase

from augment.seeding import tensor_rng

_WINDOW = 50
# Fewer windows than this are few rows.
_LEAST = 4


class LengthBuckets(Sampler[int]):
    """Yields every row once a pass; of many, consecutive `batch` rows are of like length. Each pass has its own order."""

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        """Keep the number of pieces of each row."""
        self._lengths, self._batch = list(lengths), batch
        self._rng = tensor_rng(seed)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        """Yield row numbers."""
        order = torch.randperm(len(self), generator=self._rng).tolist()
        window = _WINDOW * self._batch
        if len(order) <= _LEAST * window:
            yield from order
            return
        batches: list[list[int]] = []
        for start in range(0, len(order), window):
            rows = sorted(order[start : start + window], key=lambda row: self._lengths[row])
            batches += [rows[at : at + self._batch] for at in range(0, len(rows), self._batch)]
        # A short batch must stay last, or it would shift the borders of those behind it.
        short = [batch for batch in batches if len(batch) < self._batch]
        full = [batch for batch in batches if len(batch) == self._batch]
        for index in torch.randperm(len(full), generator=self._rng).tolist():
            yield from full[index]
        for batch in short:
            yield from batch


def padding(
    tokenizer: PreTrainedTokenizerBase,
) -> Callable[[Sequence[Mapping[str, int | float | list[int]]]], dict[str, Tensor]]:
    """Return what makes a batch of rows, lists padded to the longest: `DataCollatorWithPadding`, several times as quick.

    It pads on the right whatever the tokenizer would do, as the model is fed later: on the left the positions of GPT-2 move.
    It takes rows of numbers and lists of numbers, and returns int64 tensors, [N] and [N, L], by name; scores are float32.
    """
    fill = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}

    def batch(rows: Sequence[Mapping[str, int | float | list[int]]]) -> dict[str, Tensor]:
        """Return the rows as tensors."""
        return {name: torch.from_numpy(column([row[name] for row in rows], name)) for name in rows[0]}

    def column(values: Sequence[int | float | list[int]], name: str) -> np.ndarray:
        """Return one column, [N] or [N, L] int64."""
        lists = [value for value in values if isinstance(value, list)]
        if not lists:
            scores = any(isinstance(value, float) for value in values)
            return np.asarray(values, dtype=np.float32 if scores else np.int64)
        padded = np.full((len(lists), max(map(len, lists))), fill.get(name) or 0, dtype=np.int64)
        for line, value in zip(padded, lists, strict=True):
            line[: len(value)] = value
        return padded

    return batch
