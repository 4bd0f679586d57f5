"""Classifiers that read from left to right: what pads a row, on which side, and next to which others changes nothing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForSequenceClassification,
    OPTConfig,
    OPTForSequenceClassification,
    PreTrainedTokenizerFast,
    XLNetConfig,
    XLNetForSequenceClassification,
)

import augment
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import ModelError
from augment.models.classifier import Classifier, Encoding, open_classifier
from tests.models.nets import CLASSES, NETS, SPREAD, Net, bytes_alone, bytes_padded, save

# With a piece that pads in the text itself, and a text of nothing else.
TEXTS = ["房间很干净，但是服务太差了。", "good", "the story <|endoftext|>", "<|endoftext|>"]


def llama(tokenizer: PreTrainedTokenizerFast) -> LlamaForSequenceClassification:
    """Return a small net with rotary positions and shared keys."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = LlamaConfig(
        vocab_size=len(tokenizer), num_key_value_heads=2, initializer_range=SPREAD, id2label=CLASSES, **sizes
    )
    return LlamaForSequenceClassification(config)


def opt(tokenizer: PreTrainedTokenizerFast) -> OPTForSequenceClassification:
    """Return a small net whose positions are counted by its mask."""
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "ffn_dim": 64}
    config = OPTConfig(
        vocab_size=len(tokenizer), word_embed_proj_dim=32, init_std=SPREAD, id2label=CLASSES, **sizes
    )
    return OPTForSequenceClassification(config)


DECODERS = {
    "gpt2": NETS["gpt2"],
    "qwen3": NETS["qwen3"],
    "llama": Net(bytes_padded, llama, "model.embed_tokens"),
    "llama without padding": Net(bytes_alone, llama, "model.embed_tokens"),
    "opt": Net(bytes_alone, opt, "model.decoder.embed_tokens"),
}


def answer(classifier: Classifier, rows: Sequence[Encoding]) -> torch.Tensor:
    """Return the logits of rows in one batch."""
    return classifier.answer([row.pieces for row in rows], [row.segments for row in rows])


@pytest.mark.parametrize("name", DECODERS)
def test_logits_are_the_same_with_either_padding_and_in_any_company(tmp_path: Path, name: str) -> None:
    answers = []
    for side in ("left", "right"):
        folder = save(DECODERS[name], tmp_path / side, side)
        config = ModelConfig(path=str(folder), max_length=64)
        classifier = open_classifier(config, RunConfig(device="cpu", threads=1))
        rows = classifier.encode(TEXTS, [None] * len(TEXTS))
        together = answer(classifier, rows)
        alone = torch.cat([answer(classifier, [row]) for row in rows])
        assert together.numpy() == pytest.approx(alone.numpy(), abs=1e-5)
        answers.append(together)
    assert torch.equal(*answers)


@pytest.mark.parametrize("name", ["gpt2", "llama without padding"])
def test_attributions_are_the_same_with_either_padding_and_in_any_company(tmp_path: Path, name: str) -> None:
    scores = []
    for side, budget in (("left", 4096), ("right", 4096), ("right", 64)):
        folder = save(DECODERS[name], tmp_path / f"{side}{budget}", side)
        run = RunConfig(device="cpu", threads=1, token_budget=budget)
        explained = augment.explain(TEXTS[:3], folder, method="integrated_gradients", run=run)
        scores.append(np.concatenate([one.scores for one in explained]))
    assert scores[1] == pytest.approx(scores[0])
    assert scores[2] == pytest.approx(scores[1], abs=1e-4 * np.abs(scores[1]).sum())


def test_a_model_that_answers_from_the_last_index_is_refused(tmp_path: Path) -> None:
    def xlnet(tokenizer: PreTrainedTokenizerFast) -> XLNetForSequenceClassification:
        """Return a small net that pools what is last in a batch."""
        return XLNetForSequenceClassification(
            XLNetConfig(vocab_size=len(tokenizer), d_model=16, n_layer=1, n_head=2, d_inner=16)
        )

    folder = save(Net(bytes_padded, xlnet, "transformer.word_embedding"), tmp_path / "xlnet")
    with pytest.raises(ModelError, match="may be padding"):
        open_classifier(ModelConfig(path=str(folder)), RunConfig(device="cpu"))
