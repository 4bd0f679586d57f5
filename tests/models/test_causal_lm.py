"""What a causal language model gives texts: the perplexity of a whole one, and how likely a part of it is after what is before."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from augment.config.sections import RunConfig
from augment.models.causal_lm import CausalModel, open_causal
from tests.models.nets import word_pieces

TEXTS = ("好 a 店", "好 b 店", "very a b good", "店")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> CausalModel:
    """Return a random causal model, whose tokenizer has no piece that begins a text."""
    folder: Path = tmp_path_factory.mktemp("causal")
    tokenizer = word_pieces("right")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        shape = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64, "initializer_range": 0.3}
        GPT2LMHeadModel(GPT2Config(vocab_size=len(tokenizer), **shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return open_causal(str(folder), RunConfig(device="cpu", threads=1))


def test_a_whole_text_is_as_likely_as_it_is_perplexing(model: CausalModel) -> None:
    likely = model.likely(TEXTS, [(0, len(text)) for text in TEXTS])
    assert np.allclose(-np.log(model.perplexity(TEXTS)), likely, atol=1e-3, equal_nan=True)
    assert np.isnan(likely[-1]), "a first piece has nothing before it"


def test_a_part_is_as_likely_in_whatever_batch_and_whatever_follows(model: CausalModel) -> None:
    spans = [(2, 3), (2, 3), (5, 6)]
    together = model.likely(TEXTS[:3], spans)
    alone = [model.likely([text], [span])[0] for text, span in zip(TEXTS[:3], spans, strict=True)]
    assert np.allclose(together, alone, atol=2e-4)
    assert np.allclose(model.likely(["好 a"], [(2, 3)]), together[:1], atol=2e-4)
