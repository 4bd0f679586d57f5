"""Skip in the last layer of an encoder what no classifier reads: the vectors of all pieces but the first.

BERT and its kin answer from the vector of the first piece. In the last layer the other pieces give keys and values to
it, and their own queries, attention and feed-forward network are computed for nothing: five sixths of that layer, a
seventh of a model of six layers, forwards and backwards. Answers and gradients stay what they were.

    first = first_only(model)          # None where the model has another form, or another answer that way
    first.on = False                   # all pieces again
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from augment.models.encoder_layers import LayerForm, attend, encoder_layers, same_answers

_TRIED = (9, 4, 6)


class FirstOnly:
    """The last layer of an encoder, computed for the first piece only while `on`."""

    def __init__(self, layer: nn.Module, form: LayerForm) -> None:
        """Take the place of the layer's forward pass."""
        self.on = True
        self._layer, self._form = layer, form
        self._plain: Callable[..., object] = layer.forward
        self._tuple = False
        layer.forward = self._forward

    def remove(self) -> None:
        """Give the layer its own forward pass back."""
        self._layer.forward = self._plain

    def _forward(self, hidden_states: Tensor, *rest: object, **named: object) -> object:
        """Return the layer's output, [B, 1, D] while `on`, else [B, T, D]; a tuple where the layer gives one."""
        mask = named.get("attention_mask", rest[0] if rest else None)
        if self.on and mask is None:
            output: object = self._first(hidden_states, None)
        elif self.on and isinstance(mask, Tensor) and mask.dim() == 4:
            output = self._first(hidden_states, mask[:, :, :1])
        else:
            output = self._plain(hidden_states, *rest, **named)
            self._tuple = isinstance(output, tuple)
            return output
        return (output,) if self._tuple else output

    def _first(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        """Return what the layer gives for the first piece, [B, 1, D]."""
        layer, form, first = self._layer, self._form, hidden[:, :1]
        query, key, value = form.looks(layer)
        seen = attend(query(first), key(hidden), value(hidden), form.heads(layer), mask)
        return form.rest(layer, seen, first)


def first_only(model: PreTrainedModel) -> FirstOnly | None:
    """Let the last layer of a model compute the first piece only; None if it cannot, or answers otherwise then."""
    encoder = encoder_layers(model)
    if encoder is None:
        return None
    ids = torch.full((len(_TRIED), max(_TRIED)), model.config.pad_token_id or 0)
    for row, length in enumerate(_TRIED):
        ids[row, :length] = torch.arange(1, length + 1) * 7 % model.config.vocab_size
    mask = (torch.arange(max(_TRIED)) < torch.tensor(_TRIED)[:, None]).long()
    batch = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    replaced = FirstOnly(encoder[0][-1], encoder[1])
    try:
        with torch.no_grad():
            replaced.on = False
            plain = model(**batch).logits
            replaced.on = True
            short = model(**batch).logits
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        replaced.remove()
        return None
    if not same_answers(plain, short):
        replaced.remove()
        return None
    return replaced
