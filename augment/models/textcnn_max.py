"""The largest response of every convolution filter over time, with a gradient that visits only where it is reached.

A maximum passes its gradient to one position of a text. The backward pass of a convolution multiplies the zeros at all others
too; this one does not. Nor does the forward pass compute a filter again on a piece that was already in the batch: most pieces
come often. Ties share the gradient alike, as `amax` has it. What both save on a CPU: benchmarks/engine/responses.md.

    largest_responses(signal, absent, [torch.randn(100, 128, 3)])       # [B, 100]
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv1d, pad


def largest_responses(
    signal: Tensor, absent: Tensor, weights: Sequence[Tensor], kinds: Tensor | None = None
) -> Tensor:
    """Return the largest response of each filter to windows that begin where nothing is absent, [B, filters in all].

    signal: float [B, T + K - 1, D], zero behind the text; absent: bool [B, T]; weights: of each width k <= K one
    [filters, D, k]. A text without any window gets -inf. kinds: int64 [B, T + K - 1], where places of one kind have the same
    signal, or those of one text have: then each filter meets each kind once. Where they have not, it makes no difference.
    """
    exact = signal.dtype in (torch.float32, torch.float64) and not torch.is_autocast_enabled(
        signal.device.type
    )
    if signal.device.type == "cpu" and exact:
        apply: Callable[..., Tensor] = _Largest.apply
        return apply(signal.contiguous(), absent, kinds, *weights)
    return convolved_responses(signal, absent, weights)


def convolved_responses(signal: Tensor, absent: Tensor, weights: Sequence[Tensor]) -> Tensor:
    """Return the same as `largest_responses` by convolutions and their maximum, on any device, in any precision."""
    rows, behind = signal.transpose(1, 2), absent[:, None, :]
    answers = (conv1d(rows, weight)[:, :, : absent.shape[1]] for weight in weights)
    return torch.cat([answer.masked_fill(behind, -torch.inf).amax(-1) for answer in answers], dim=-1)


class _BackwardContext(Protocol):
    """What torch carries from the forward to the backward pass."""

    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keep tensors."""


class _Largest(torch.autograd.Function):
    """Matrix products forward; backward, sparse ones over the places of the maxima."""

    @staticmethod
    def forward(
        ctx: _BackwardContext, signal: Tensor, absent: Tensor, kinds: Tensor | None, *weights: Tensor
    ) -> Tensor:
        """Return the maxima, and keep their positions if a gradient will be computed."""
        (texts, length, _), times = signal.shape, absent.shape[1]
        behind = torch.zeros(absent.shape, dtype=signal.dtype).masked_fill_(absent, -torch.inf)[:, :, None]
        maxima, positions, columns, ties, first = [], [], [], [], 0
        for weight, responses in zip(weights, _responses(signal, times, kinds, weights), strict=True):
            filters = weight.shape[0]
            answers = responses.view(texts, times, filters).add_(behind)
            largest = answers.amax(1)
            maxima.append(largest)
            if any(ctx.needs_input_grad):
                text, time, column = (answers == largest[:, None]).nonzero(as_tuple=True)
                ties.append(
                    torch.bincount(text * filters + column, minlength=texts * filters).view(texts, -1)
                )
                positions.append(text * length + time)
                columns.append(column + first)
            first += filters
        if positions:
            ctx.save_for_backward(
                signal, torch.cat(positions), torch.cat(columns), torch.cat(ties, dim=1), *weights
            )
        return torch.cat(maxima, dim=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: _BackwardContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the signal and of the weights."""
        signal, positions, columns, ties, *weights = ctx.saved_tensors
        (texts, length, size), longest = signal.shape, max(weight.shape[2] for weight in weights)
        shares = (gradient / ties)[positions // length, columns]
        felt = shares != 0
        shares, positions, columns = shares[felt], positions[felt], columns[felt]
        filters, rows = gradient.shape[1], texts * length
        of_signal: Tensor | None = None
        of_weights: list[Tensor | None] = [None] * len(weights)
        if ctx.needs_input_grad[0]:
            wide = torch.cat([pad(weight, (0, longest - weight.shape[2])) for weight in weights])
            flat = wide.transpose(1, 2).reshape(filters, longest * size)
            spread = _product(positions, columns, shares, rows, flat).view(rows, longest, size)
            of_signal = spread[:, 0].clone()
            for offset in range(1, longest):
                of_signal[offset:] += spread[: rows - offset, offset]
            of_signal = of_signal.view(texts, length, size)
        if any(ctx.needs_input_grad[3:]):
            windows = _windows(signal.view(1, rows, size), longest, rows - longest + 1)[0]
            of_filters = _product(columns, positions, shares, filters, windows).view(filters, longest, size)
            parts = torch.split(of_filters.transpose(1, 2), [weight.shape[0] for weight in weights])
            of_weights = [
                part[:, :, : w.shape[2]].contiguous() for part, w in zip(parts, weights, strict=True)
            ]
        return (of_signal, None, None, *of_weights)


def _responses(
    signal: Tensor, times: int, kinds: Tensor | None, weights: Sequence[Tensor]
) -> Iterator[Tensor]:
    """Yield the responses of the filters of each width to all windows, [B * times, filters]."""
    texts, length, size = signal.shape
    known = None if kinds is None else _known(signal, kinds)
    if known is not None:
        yield from _by_kind(*known, times, weights)
        return
    windows = _windows(signal, length - times + 1, times).reshape(texts * times, -1)
    for weight in weights:
        filters, _, width = weight.shape
        yield windows[:, : width * size] @ weight.permute(2, 1, 0).reshape(width * size, filters)


def _known(signal: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return the signal of each kind, [U, D], and the number of each place's kind, [B, T + K - 1].

    On a path each text is changed in its own way: there only places of one text are alike. None where not even those are.
    """
    texts, _, size = signal.shape
    for apart in (False, True):
        if apart:
            kinds = kinds + (int(kinds.max()) - int(kinds.min()) + 1) * torch.arange(texts)[:, None]
        distinct, kind = torch.unique(kinds, return_inverse=True)
        one_of_each = torch.empty(len(distinct), dtype=torch.int64)
        one_of_each.scatter_(0, kind.view(-1), torch.arange(kind.numel()))
        rows = signal.view(-1, size)[one_of_each]
        if torch.equal(rows[kind], signal):
            return rows, kind
    return None


def _by_kind(rows: Tensor, kind: Tensor, times: int, weights: Sequence[Tensor]) -> Iterator[Tensor]:
    """Yield the responses from what each place of a window adds, which is computed for each kind of place once.

    So windows of the same pieces have the same response to the bit, wherever they are: a product of matrices does not
    promise that.
    """
    count, size = rows.shape
    for weight in weights:
        filters, _, width = weight.shape
        parts = (rows @ weight.permute(1, 2, 0).reshape(size, width * filters)).view(count, width, filters)
        sums = parts[:, 0].contiguous()[kind[:, :times].reshape(-1)]
        for offset in range(1, width):
            sums += parts[:, offset].contiguous()[kind[:, offset : offset + times].reshape(-1)]
        yield sums


def _windows(signal: Tensor, width: int, times: int) -> Tensor:
    """Return a view of the windows of `width` pieces that begin at the first times, [B, times, width * D]."""
    texts, length, size = signal.shape
    return signal.as_strided((texts, times, width * size), (length * size, size, 1))


def _product(rows: Tensor, columns: Tensor, values: Tensor, count: int, dense: Tensor) -> Tensor:
    """Return the product of a sparse matrix of `count` rows and a dense one."""
    shape = (count, dense.shape[0])
    sparse = torch.sparse_coo_tensor(torch.stack([rows, columns]), values, shape, check_invariants=False)
    product: Tensor = torch.sparse.mm(sparse, dense)
    return product
