"""Vectors a model answers from: what its last linear layer is given, in any company, on every architecture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier, open_classifier
from augment.models.text_vectors import last_linear, vectors
from tests.models.nets import NETS, save

CPU = RunConfig(device="cpu", threads=1)
SOME = ["这家酒店的服务很好", "a lovely film", "mixed 很好 👍🏽 ＡＢＣ 𠮷", ""]


@pytest.fixture(scope="module", params=["bert", "distilbert", "gpt2"])
def net(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder = tmp_path_factory.mktemp("vectors") / str(request.param)
    return open_classifier(ModelConfig(path=str(save(NETS[str(request.param)], folder)), max_length=64), CPU)


def test_they_have_length_one_and_are_the_same_in_any_company(net: Classifier) -> None:
    together = vectors(net, SOME, [None] * len(SOME))
    alone = np.vstack([vectors(net, [text], [None]) for text in SOME])
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together, alone, atol=1e-5)


def test_the_logits_come_from_them(net: Classifier) -> None:
    """Up to the length, which the linear layer sees and the cosine does not."""
    last = last_linear(net.model, len(net.classes))
    assert last is not None
    result = torch.from_numpy(vectors(net, SOME[:3], [None] * 3))
    shift = getattr(last, "bias", None)
    encodings = net.encode(SOME[:3], [None] * 3)
    logits = net.answer([row.pieces for row in encodings], [row.segments for row in encodings])
    logits = logits if shift is None else logits - shift
    directions = nn.functional.normalize(result @ last.weight.T)
    assert torch.allclose(directions, nn.functional.normalize(logits), atol=1e-3)


def test_without_a_linear_layer_the_mean_of_the_embeddings_is_used(
    net: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("augment.models.text_vectors.last_linear", lambda *_: None)
    result = vectors(net, SOME, ["second", None, "后面", None])
    assert np.allclose(np.linalg.norm(result, axis=1), 1, atol=1e-5)
    assert result.shape[1] == net.embed(net.batch([[1]], [[0]])).shape[2]


def test_no_texts_have_no_vectors(net: Classifier) -> None:
    assert len(vectors(net, [], [])) == 0


def test_the_built_in_model_has_a_number_for_each_filter(small: Path) -> None:
    net = open_classifier(ModelConfig(path=str(small / "model"), max_length=64), CPU)
    assert vectors(net, ["很好"], [None]).shape == (
        1,
        net.model.config.filters * len(net.model.config.windows),
    )
