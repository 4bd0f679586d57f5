"""Nine architectures as transformers makes them, with random weights far from linear: what DeepLIFT's exactness is tested on."""

from typing import Any

import torch
from torch import Tensor
from transformers import (
    AlbertConfig,
    AlbertForSequenceClassification,
    BertConfig,
    BertForSequenceClassification,
    DebertaV2Config,
    DebertaV2ForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    GPT2Config,
    GPT2ForSequenceClassification,
    ModernBertConfig,
    ModernBertForSequenceClassification,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

SIZES: dict[str, Any] = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "vocab_size": 300,
    "num_labels": 3,
    "max_position_embeddings": 66,
}
ENDS = {"pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2, "bos_token_id": 1, "eos_token_id": 2}
OWN_SIZES = {"num_labels": 3, "vocab_size": 300}
NINE: dict[str, tuple[type[Any], type[Any], dict[str, Any]]] = {
    "bert": (BertForSequenceClassification, BertConfig, SIZES),
    "roberta": (RobertaForSequenceClassification, RobertaConfig, {**SIZES, "pad_token_id": 0}),
    "distilbert": (
        DistilBertForSequenceClassification,
        DistilBertConfig,
        {**OWN_SIZES, "dim": 64, "n_layers": 3, "n_heads": 4, "hidden_dim": 128},
    ),
    "electra": (ElectraForSequenceClassification, ElectraConfig, {**SIZES, "embedding_size": 32}),
    "albert": (AlbertForSequenceClassification, AlbertConfig, {**SIZES, "embedding_size": 32}),
    "deberta-v2": (
        DebertaV2ForSequenceClassification,
        DebertaV2Config,
        {
            **SIZES,
            "relative_attention": True,
            "pos_att_type": ["p2c", "c2p"],
            "position_buckets": 16,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
        },
    ),
    "gpt2": (
        GPT2ForSequenceClassification,
        GPT2Config,
        {
            **OWN_SIZES,
            "n_embd": 64,
            "n_layer": 3,
            "n_head": 4,
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
        },
    ),
    "modernbert": (ModernBertForSequenceClassification, ModernBertConfig, {**SIZES, **ENDS}),
    "qwen3": (
        Qwen3ForSequenceClassification,
        Qwen3Config,
        {**SIZES, "num_key_value_heads": 2, "head_dim": 16, "pad_token_id": 0},
    ),
}
# Their first norm undoes the scale of the embeddings: next to the zero embedding no multiplier has a limit.
NORMED_FIRST = ("modernbert", "qwen3")


def net_of(name: str, dtype: torch.dtype, attention: str = "eager") -> PreTrainedModel:
    """Return a frozen model whose matrices are four times as large as drawn."""
    kind, config, sizes = NINE[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        model: PreTrainedModel = kind(config(**sizes, attn_implementation=attention)).to(dtype).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data.mul_(4)
        parameter.requires_grad_(False)
    return model


def six_rows() -> tuple[Tensor, Tensor]:
    """Return ids [6, 20] and their mask; the last three rows end in five pieces of padding."""
    rng = torch.Generator().manual_seed(2)
    ids = torch.randint(5, 300, (6, 20), generator=rng)
    ids[:, 0] = 3
    mask = torch.ones_like(ids)
    mask[3:, 15:] = ids[3:, 15:] = 0
    return ids, mask


def answer(model: PreTrainedModel, embeddings: Tensor | None = None) -> Tensor:
    """Return the logits of the six rows, or of these embeddings [6 k, 20, D] in their place."""
    ids, mask = six_rows()
    times = 1 if embeddings is None else len(embeddings) // len(ids)
    given = [] if embeddings is None else [embeddings]
    handle = model.get_input_embeddings().register_forward_hook(lambda *_: given.pop() if given else None)
    try:
        logits: Tensor = model(
            input_ids=ids.repeat(times, 1), attention_mask=mask.repeat(times, 1), use_cache=False
        ).logits
    finally:
        handle.remove()
    return logits
