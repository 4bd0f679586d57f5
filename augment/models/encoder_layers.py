"""The layers of an encoder in which every piece attends to every piece: what their parts are called, and how they compute.

encoder = encoder_layers(model)          # None for a decoder, or where the parts have other names
layers, form = encoder
form.queries(layers[0])(hidden)        # [B, T, D]
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from transformers import PreTrainedModel

_SAME = 1e-4


@dataclass(frozen=True)
class LayerForm:
    """The names of the parts of a layer; rest: what follows its attention, from that and what the layer was given, each [B, T, D]."""

    query: str
    key: str
    value: str
    heads: Callable[[nn.Module], int]
    rest: Callable[[nn.Module, Tensor, Tensor], Tensor]
    others: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All parts that a layer of this form has."""
        return (self.query, self.key, self.value, *self.others)

    def looks(self, layer: nn.Module) -> tuple[nn.Module, nn.Module, nn.Module]:
        """Return the parts that give queries, keys and values."""
        return layer.get_submodule(self.query), layer.get_submodule(self.key), layer.get_submodule(self.value)


def encoder_layers(model: PreTrainedModel) -> tuple[nn.ModuleList, LayerForm] | None:
    """Return the layers of an encoder and their form; None if it is none, or of another form."""
    if getattr(model.config, "is_decoder", False):
        return None
    for layers in reversed(
        [part for part in model.modules() if isinstance(part, nn.ModuleList) and len(part)]
    ):
        inside = dict(layers[-1].named_modules())
        for form in _FORMS:
            if all(name in inside for name in form.names):
                return layers, form
    return None


def same_answers(one: Tensor, other: Tensor) -> bool:
    """Return whether two ways to compute logits agree, to the last bits of float32 with room, relative to the largest."""
    return one.shape == other.shape and bool((one - other).abs().max() <= _SAME * one.abs().max())


def in_heads(vectors: Tensor, heads: int) -> Tensor:
    """Return vectors [B, T, D] by heads, [B, H, T, D / H]."""
    return vectors.view(*vectors.shape[:2], heads, -1).transpose(1, 2)


def attend(query: Tensor, key: Tensor, value: Tensor, heads: int, mask: Tensor | None) -> Tensor:
    """Return what attention of several heads gives, [B, Q, D], for query [B, Q, D] and key, value [B, T, D]."""
    each = [in_heads(vectors, heads) for vectors in (query, key, value)]
    seen = scaled_dot_product_attention(each[0], each[1], each[2], attn_mask=mask)
    return seen.transpose(1, 2).flatten(2)


def _bert(layer: nn.Module, seen: Tensor, given: Tensor) -> Tensor:
    """Return what a layer of BERT, RoBERTa or ELECTRA gives."""
    part = layer.get_submodule
    spoken = part("attention.output")(seen, given)
    return torch.as_tensor(part("output")(part("intermediate")(spoken), spoken))


def _distilbert(layer: nn.Module, seen: Tensor, given: Tensor) -> Tensor:
    """Return what a layer of DistilBERT gives."""
    part = layer.get_submodule
    spoken = part("sa_layer_norm")(part("attention.out_lin")(seen) + given)
    return torch.as_tensor(part("output_layer_norm")(part("ffn")(spoken) + spoken))


def _heads(name: str) -> Callable[[nn.Module], int]:
    """Return what reads the number of heads of a layer's attention."""
    where, _, attribute = name.rpartition(".")
    return lambda layer: int(str(getattr(layer.get_submodule(where), attribute)))


# Where the parts of a layer are called so, it is computed so.
_FORMS = (
    LayerForm(
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        _heads("attention.self.num_attention_heads"),
        _bert,
        ("attention.output", "intermediate", "output"),
    ),
    LayerForm(
        "attention.q_lin",
        "attention.k_lin",
        "attention.v_lin",
        _heads("attention.n_heads"),
        _distilbert,
        ("attention.out_lin", "sa_layer_norm", "ffn", "output_layer_norm"),
    ),
)
