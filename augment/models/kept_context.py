"""Answer texts in which some pieces are replaced, from the keys and values that all other pieces had before.

What a classifier reads is the vector of the first piece. A replaced piece changes what the first one attends to in every layer;
by way of the other pieces it changes less. So the first and the new pieces alone are computed, and attend to the keys and values
that the others have in the text as it was: two or three pieces for each candidate in place of all. Candidates come out nearly in the order that whole
rows give (Spearman's correlation 0.7 to 0.9 on five small encoders, where the gradient gives 0.3 to 0.7: `benchmarks/quality/screening.md`). What
is to be kept is then measured by whole rows. With nothing replaced, or everything, the answer is that of the whole row.

    kept = kept_context(model)                                 # None where a model has another form
    logits, context = kept.read(batch, classifier.logits)      # [B, C]
    kept.answer(context, [(0, PieceChange(pieces=(411,), positions=(3,), segments=(0,), gone=(3,)))], classifier.logits)     # [1, C]
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from augment.ig.gradients import Batch
from augment.models.encoder_layers import LayerForm, encoder_layers, in_heads, same_answers

# Asks a model for the logits of a batch, [B, C] float32.
Logits = Callable[[Batch], Tensor]
# Pieces of the rows that it is tried on.
_TRIED = (9, 6)


class PieceChange(NamedTuple):
    """New pieces of a row. positions: the position of each; segments: its segment; gone: the pieces that they take the place of."""

    pieces: tuple[int, ...]
    positions: tuple[int, ...]
    segments: tuple[int, ...]
    gone: tuple[int, ...]


@dataclass
class RowContext:
    """Keys and values of the rows of a batch in each layer, [B, H, T, D / H], and which pieces there are, [B, T]."""

    batch: Batch
    keys: list[Tensor] = field(default_factory=list)
    values: list[Tensor] = field(default_factory=list)

    def of(self, rows: Sequence[int]) -> "RowContext":
        """Return that of some of the rows."""
        at = list(rows)
        return RowContext(
            {name: values[at] for name, values in self.batch.items()},
            [keys[at] for keys in self.keys],
            [values[at] for values in self.values],
        )

    @property
    def there(self) -> Tensor:
        """Which pieces are no padding, [B, T]."""
        return self.batch["attention_mask"] == 1


class _PieceLayout:
    """Where the pieces of some changes are: each is a row of one piece, the first piece of a row before the new ones of its change."""

    def __init__(self, context: RowContext, changes: Sequence[tuple[int, PieceChange]], start: int) -> None:
        """Lay out changes, each with the number of its row; start: the position of the first piece."""
        device = context.batch["input_ids"].device

        def there(values: np.ndarray) -> Tensor:
            """Return values on the device."""
            return torch.from_numpy(values).to(device)

        rows = np.array([row for row, _ in changes])
        sizes = np.array([1 + len(change.pieces) for _, change in changes])
        ends = np.cumsum(sizes)
        begins = ends - sizes
        owner = np.repeat(np.arange(len(changes)), sizes)
        new = np.ones(ends[-1], bool)
        new[begins] = False
        self.firsts, self.widest = there(begins), int(sizes.max())
        # Which of the pieces of its row each is.
        row = rows[owner]
        order = np.argsort(row, kind="stable")
        counts = np.bincount(row, minlength=len(context.batch["input_ids"]))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order)) - (np.cumsum(counts) - counts)[row[order]]
        self.most = int(counts.max())
        self.slot = there(row * self.most + rank)
        gone = np.zeros((len(changes), context.batch["input_ids"].shape[1]), bool)
        gone[:, 0] = True
        gone[
            np.repeat(np.arange(len(changes)), [len(change.gone) for _, change in changes]),
            [piece for _, change in changes for piece in change.gone],
        ] = True
        self.left = (context.there[there(rows)] & ~there(gone))[there(owner)]
        # Each piece with every piece of its change; of the last layer the first pieces alone, by the number of their change.
        each = sizes[owner]
        one = np.repeat(np.arange(len(owner)), each)
        column = np.arange(len(one)) - np.repeat(np.cumsum(each) - each, each)
        self.pairs = (there(one), there(begins[owner[one]] + column), there(column))
        column = np.arange(ends[-1]) - begins[owner]
        self.first_pairs = (there(owner), there(np.arange(ends[-1])), there(column))

        def filled(first: np.ndarray, rest: Sequence[int]) -> Tensor:
            """Return a number for each piece, [P, 1]."""
            values = np.empty(ends[-1], np.int64)
            values[begins], values[new] = first, rest
            return there(values[:, None])

        first = context.batch["input_ids"][:, 0].cpu().numpy()[rows]
        nothing = np.zeros_like(rows)
        self.ids = filled(first, [piece for _, change in changes for piece in change.pieces])
        self.positions = start + filled(
            nothing, [position for _, change in changes for position in change.positions]
        )
        self.segments = filled(nothing, [kind for _, change in changes for kind in change.segments])


class KeptContext:
    """An encoder whose layers can be computed for some pieces alone."""

    def __init__(self, layers: nn.ModuleList, form: LayerForm, start: int) -> None:
        """Keep the layers; start: the position that the first piece of a row has."""
        self._layers, self._form, self._start = list(layers), form, start

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self._layers)

    def read(self, batch: Batch, logits: Logits) -> tuple[Tensor, RowContext]:
        """Return the logits of a batch, [B, C] float32, and what its pieces had in each layer. logits: asks the model."""
        context = RowContext(batch)
        handles = []
        for layer in self._layers:
            _, key, value = self._form.looks(layer)
            heads = self._form.heads(layer)
            for part, store in ((key, context.keys), (value, context.values)):
                handles.append(part.register_forward_hook(_storing(store, heads)))
        try:
            return logits(batch), context
        finally:
            for handle in handles:
                handle.remove()

    def answer(
        self, context: RowContext, changes: Sequence[tuple[int, PieceChange]], logits: Logits
    ) -> Tensor:
        """Return the logits [N, C] float32 of changes, each with the number of its row, of a batch that was read."""
        layout = _PieceLayout(context, changes, self._start)
        batch = {"input_ids": layout.ids, "position_ids": layout.positions}
        if "token_type_ids" in context.batch:
            batch["token_type_ids"] = layout.segments
        with torch.no_grad(), self._replaced(context, layout):
            return logits(batch)

    @contextmanager
    def _replaced(self, context: RowContext, layout: _PieceLayout) -> Iterator[None]:
        """Let the layers compute pieces as they are laid out, within the block."""
        before = [layer.forward for layer in self._layers]
        try:
            for number, layer in enumerate(self._layers):
                layer.forward = self._forward(number, context, layout)
            yield
        finally:
            for layer, forward in zip(self._layers, before, strict=True):
                layer.forward = forward

    def _forward(self, number: int, context: RowContext, layout: _PieceLayout) -> Callable[..., Tensor]:
        """Return what a layer computes: all pieces [P, 1, D], and the last one the first piece of each change [N, 1, D]."""
        layer, last = self._layers[number], number == len(self._layers) - 1

        def forward(hidden_states: Tensor, *_: object, **__: object) -> Tensor:
            """Compute it."""
            given = hidden_states[:, 0]
            asking = given[layout.firsts] if last else given
            query, key, value = self._form.looks(layer)
            seen = _attended(
                query(asking),
                key(given),
                value(given),
                context.keys[number],
                context.values[number],
                layout,
                self._form.heads(layer),
            )
            return self._form.rest(layer, seen[:, None], asking[:, None])

        return forward


def _attended(
    query: Tensor, key: Tensor, value: Tensor, keys: Tensor, values: Tensor, layout: _PieceLayout, heads: int
) -> Tensor:
    """Return what each piece gathers, [P, D]: from what is left of its row [B, H, T, d], and from the pieces of its change [P, D].

    Where there are fewer queries than keys they are those of the first pieces, [N, D].
    """
    query, key, value = (each.view(len(each), heads, -1) for each in (query, key, value))
    whole = len(query) == len(key)
    slot, left = layout.slot, layout.left
    one, two, column = layout.pairs if whole else layout.first_pairs
    if not whole:
        slot, left = slot[layout.firsts], left[layout.firsts]
    size, rows, width = len(query), len(keys), query.shape[-1]
    length = keys.shape[2]

    def by_row(each: Tensor) -> Tensor:
        """Return queries or weights by row, [B, H, most, .], of [P, H, .]."""
        padded = each.new_zeros(rows * layout.most, heads, each.shape[-1])
        padded[slot] = each
        return padded.view(rows, layout.most, heads, -1).transpose(1, 2)

    def by_piece(each: Tensor) -> Tensor:
        """Return what is by row, [B, H, most, .], by piece, [P, H, .]."""
        return each.transpose(1, 2).reshape(rows * layout.most, heads, -1)[slot]

    least = torch.finfo(query.dtype).min
    query = query / width**0.5
    weights = query.new_full((size, heads, length + layout.widest), least)
    weights[..., :length] = by_piece(by_row(query) @ keys.transpose(2, 3)).masked_fill(~left[:, None], least)
    # Where autocast sums in float32, as on CUDA devices, products of pieces have another dtype than those of matrices.
    weights.transpose(1, 2)[one, length + column] = (query[one] * key[two]).sum(-1).to(weights.dtype)
    weights = weights.softmax(-1)
    far = by_piece(by_row(weights[..., :length]) @ values)
    near = weights.transpose(1, 2)[one, length + column][..., None] * value[two]
    return far.index_add(0, one, near.to(far.dtype)).flatten(1)


def _storing(store: list[Tensor], heads: int) -> Callable[[nn.Module, object, Tensor], None]:
    """Return a hook that keeps what a part gives, by heads."""

    def keep(_: nn.Module, __: object, output: Tensor) -> None:
        """Keep it."""
        store.append(in_heads(output.detach(), heads).contiguous())

    return keep


def kept_context(model: PreTrainedModel) -> KeptContext | None:
    """Return a model whose answers can be had from kept keys and values; None if it cannot, or answers otherwise then.

    It is tried: where all pieces of another row but the first are replaced by those of a row, and where none is, the answer must be that of the row.
    """
    encoder = encoder_layers(model)
    if encoder is None:
        return None
    pad = model.config.pad_token_id or 0
    speaking = [piece for piece in range(min(model.config.vocab_size, 64)) if piece != pad]
    ids = torch.full((2, len(_TRIED), max(_TRIED)), pad)
    for row, length in enumerate(_TRIED):
        # Two texts that have the first piece in common.
        for version, step in enumerate((7, 5)):
            ids[version, row, :length] = torch.tensor(
                [speaking[(number * step + row) % len(speaking)] for number in range(length)]
            )
    mask = (torch.arange(max(_TRIED)) < torch.tensor(_TRIED)[:, None]).long().to(model.device)
    text, other = ({"input_ids": each.to(model.device), "attention_mask": mask} for each in ids)
    whole = [
        (row, PieceChange(tuple(ids[0, row, 1:length].tolist()), spots, (0,) * len(spots), spots))
        for row, length in enumerate(_TRIED)
        for spots in [tuple(range(1, length))]
    ]
    nothing = [(row, PieceChange((), (), (), ())) for row in range(len(_TRIED))]

    def logits(batch: Batch) -> Tensor:
        """Ask the model."""
        return torch.as_tensor(model(**batch).logits)

    for start in (0, pad + 1):
        kept = KeptContext(*encoder, start)
        try:
            with torch.no_grad():
                plain, own = kept.read(text, logits)
                _, others = kept.read(other, logits)
            answers = torch.cat([kept.answer(others, whole, logits), kept.answer(own, nothing, logits)])
        except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
            continue
        if same_answers(torch.cat([plain, plain]), answers):
            return kept
    return None
