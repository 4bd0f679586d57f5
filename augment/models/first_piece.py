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
from torch.nn.functional import scaled_dot_product_attention
from transformers import PreTrainedModel

# Answers of the two ways may differ by this, relative to the largest: the last bits of float32, with room.
_SAME = 1e-4
_TRIED = (9, 4, 6)


Form = Callable[[nn.Module, Tensor, Tensor | None], Tensor]


class FirstOnly:
    """The last layer of an encoder, computed for the first piece only while `on`."""

    def __init__(self, layer: nn.Module, form: Form) -> None:
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
            output: object = self._form(self._layer, hidden_states, None)
        elif self.on and isinstance(mask, Tensor) and mask.dim() == 4:
            output = self._form(self._layer, hidden_states, mask[:, :, :1])
        else:
            output = self._plain(hidden_states, *rest, **named)
            self._tuple = isinstance(output, tuple)
            return output
        return (output,) if self._tuple else output


def first_only(model: PreTrainedModel) -> FirstOnly | None:
    """Let the last layer of a model compute the first piece only; None if it cannot, or answers otherwise then."""
    last_layer = _last_layer(model)
    if last_layer is None:
        return None
    ids = torch.full((len(_TRIED), max(_TRIED)), model.config.pad_token_id or 0)
    for row, length in enumerate(_TRIED):
        ids[row, :length] = torch.arange(1, length + 1) * 7 % model.config.vocab_size
    mask = (torch.arange(max(_TRIED)) < torch.tensor(_TRIED)[:, None]).long()
    batch = {"input_ids": ids.to(model.device), "attention_mask": mask.to(model.device)}
    replaced = FirstOnly(*last_layer)
    try:
        with torch.no_grad():
            replaced.on = False
            plain = model(**batch).logits
            replaced.on = True
            short = model(**batch).logits
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        replaced.remove()
        return None
    if plain.shape != short.shape or (plain - short).abs().max() > _SAME * plain.abs().max():
        replaced.remove()
        return None
    return replaced


def _last_layer(model: PreTrainedModel) -> tuple[nn.Module, Form] | None:
    """Return the last layer of an encoder, in which every piece attends to every piece, and how it computes."""
    if getattr(model.config, "is_decoder", False):
        return None
    for layers in reversed(
        [part for part in model.modules() if isinstance(part, nn.ModuleList) and len(part)]
    ):
        inside = dict(layers[-1].named_modules())
        for parts, form in _FORMS.items():
            if all(part in inside for part in parts):
                return layers[-1], form
    return None


def _bert(layer: nn.Module, hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Return what a layer of BERT, RoBERTa or ELECTRA gives for the first piece, [B, 1, D]."""
    part, first = layer.get_submodule, hidden[:, :1]
    look = part("attention.self")
    query, key, value = (look.get_submodule(name) for name in ("query", "key", "value"))
    seen = _attend(query(first), key(hidden), value(hidden), look.num_attention_heads, mask)
    spoken = part("attention.output")(seen, first)
    return torch.as_tensor(part("output")(part("intermediate")(spoken), spoken))


def _distilbert(layer: nn.Module, hidden: Tensor, mask: Tensor | None) -> Tensor:
    """Return what a layer of DistilBERT gives for the first piece, [B, 1, D]."""
    part, first = layer.get_submodule, hidden[:, :1]
    look = part("attention")
    query, key, value, out = (look.get_submodule(f"{name}_lin") for name in ("q", "k", "v", "out"))
    seen = _attend(query(first), key(hidden), value(hidden), look.n_heads, mask)
    spoken = part("sa_layer_norm")(out(seen) + first)
    return torch.as_tensor(part("output_layer_norm")(part("ffn")(spoken) + spoken))


def _attend(query: Tensor, key: Tensor, value: Tensor, heads: object, mask: Tensor | None) -> Tensor:
    """Return what attention of several heads gives, [B, 1, D], for query [B, 1, D] and key, value [B, T, D]."""
    rows, count = len(query), int(str(heads))
    each = [
        vectors.view(rows, vectors.shape[1], count, -1).transpose(1, 2) for vectors in (query, key, value)
    ]
    seen = scaled_dot_product_attention(each[0], each[1], each[2], attn_mask=mask)
    return seen.transpose(1, 2).flatten(2)


# Where the parts of a layer are called so, it is computed so.
_FORMS: dict[tuple[str, ...], Form] = {
    ("attention.self.query", "attention.self.key", "attention.output", "intermediate", "output"): _bert,
    ("attention.q_lin", "attention.k_lin", "attention.out_lin", "sa_layer_norm", "ffn"): _distilbert,
}
