"""A textcnn over the word vectors of an encoder: theirs in shape, fixed, of one scale, and refused where they do not fit."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from augment.errors import ModelError
from augment.models.textcnn import TextCNNConfig
from augment.training.pretrained_vectors import on_vectors
from tests.models.nets import NETS, save, word_pieces
from tests.texts import TEXTS


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an encoder of 48 dimensions and its tokenizer."""
    folder, tokenizer = tmp_path_factory.mktemp("encoder"), word_pieces("right")
    shape = {"hidden_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(BertConfig(vocab_size=len(tokenizer), **shape)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_whole_vectors_keep_their_angles(encoder: Path) -> None:
    model, tokenizer = on_vectors(encoder, TextCNNConfig(hidden_size=48))
    theirs = BertModel.from_pretrained(encoder).get_input_embeddings().weight.detach()
    assert len(model.embedding.weight) == len(tokenizer) == len(theirs)
    centred = theirs - theirs.mean(0)
    result, requested = (
        torch.nn.functional.normalize(vectors[1:]) for vectors in (model.embedding.weight, centred)
    )
    torch.testing.assert_close(result @ result.T, requested @ requested.T, atol=1e-4, rtol=0)


def test_fewer_dimensions_keep_the_most_of_them(encoder: Path) -> None:
    model, _ = on_vectors(encoder, TextCNNConfig(hidden_size=8))
    theirs = BertModel.from_pretrained(encoder).get_input_embeddings().weight.detach()
    spread = torch.linalg.svdvals(theirs - theirs.mean(0))[:8].flip(0)
    result = model.embedding.weight[1:].square().sum(0).sqrt()
    torch.testing.assert_close(result / result[-1], spread / spread[-1], atol=0.02, rtol=0)
    assert float(model.embedding.weight[1:].square().mean()) == pytest.approx(1, abs=0.02)


def test_vectors_are_fixed_and_padding_is_nothing(encoder: Path) -> None:
    model, tokenizer = on_vectors(encoder, TextCNNConfig(hidden_size=8))
    assert not model.embedding.weight.requires_grad
    assert all(part.requires_grad for part in model.convolutions.parameters())
    assert not model.embedding.weight[tokenizer.pad_token_id].any()
    batch = tokenizer(list(TEXTS[:4]), padding=True, return_tensors="pt")
    alone = tokenizer(TEXTS[0], return_tensors="pt")
    model.eval()
    together = model(batch["input_ids"], batch["attention_mask"]).logits[0]
    torch.testing.assert_close(together, model(**{"input_ids": alone["input_ids"]}).logits[0])


def test_the_net_above_is_the_same_whether_the_vectors_are_read_or_remembered(encoder: Path) -> None:
    # A checkpoint of another head lacks parts of the encoder, which are then drawn by chance.
    weights = load_file(encoder / "model.safetensors")
    save_file(
        {name: weight for name, weight in weights.items() if "pooler" not in name},
        encoder / "model.safetensors",
        metadata={"format": "pt"},
    )
    items = []
    for _ in range(2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            items.append(on_vectors(encoder, TextCNNConfig(hidden_size=8))[0].state_dict())
    for name, weight in items[0].items():
        assert torch.equal(weight, items[1][name]), name


def test_vectors_that_are_too_short_are_refused(tmp_path: Path) -> None:
    folder = save(NETS["bert"], tmp_path / "bert")
    with pytest.raises(ModelError, match=r"train\.vectors: .*bert\n.*32 numbers.*128"):
        on_vectors(folder, TextCNNConfig())
