"""Pooling of windows: weights by their formulas, answers that no padding changes, and scores that add up whatever pools."""

from pathlib import Path
from typing import get_args

import pytest
import torch

from augment.attribution.deeplift import DeepLift
from augment.attribution.methods import method_of
from augment.config.sections import ModelConfig, RunConfig
from augment.models.classifier import Classifier
from augment.models.pooling import Attention, PoolingName, pooling_weights
from augment.models.textcnn import TextCNN, TextCNNConfig
from tests.attribution.test_occlusion import rows_of
from tests.models.nets import word_pieces

EVERY = pytest.mark.parametrize("name", get_args(PoolingName))
TEXTS = ["服务很好", "a good film", "bad"]


def classifier(name: PoolingName) -> Classifier:
    """Return a small TextCNN that pools so."""
    tokenizer = word_pieces("right")
    torch.manual_seed(1)
    config = TextCNNConfig(vocab_size=len(tokenizer), hidden_size=16, filters=8, num_labels=3, pooling=name)
    net = TextCNN(config)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Classifier(
        net, tokenizer, ModelConfig(path="net"), RunConfig(device="cpu", threads=1), ("a", "b", "c")
    )


@EVERY
def test_weights_sum_to_one_over_the_windows_of_a_text(name: PoolingName) -> None:
    responses = torch.rand(2, 5, 4)
    present = torch.tensor([[True] * 5, [True, True, False, False, False]])
    responses = responses * present[:, :, None]
    weights = pooling_weights(name, responses, present, Attention(4))
    torch.testing.assert_close(weights.sum(1), torch.ones(2, weights.shape[-1]))
    assert not weights[1, 2:].any()


def test_minimum_variance_weighs_windows_by_the_inverse_of_their_variance() -> None:
    responses = torch.tensor([[[0.0, 2.0], [0.0, 4.0]]])
    weights = pooling_weights("minimum_variance", responses, torch.ones(1, 2, dtype=torch.bool))
    assert weights[0, :, 0].tolist() == pytest.approx([4.001 / 5.002, 1.001 / 5.002])


def test_attention_is_the_softmax_of_the_context_times_the_tanh_of_the_keys() -> None:
    attention, responses = Attention(3), torch.rand(1, 4, 3)
    energy = torch.tanh(responses @ attention.key.weight.T + attention.key.bias) @ attention.context.weight[0]
    weights = pooling_weights("attention", responses, torch.ones(1, 4, dtype=torch.bool), attention)
    torch.testing.assert_close(weights[:, :, 0], energy.softmax(1))


@EVERY
def test_company_and_padding_change_no_answer(name: PoolingName) -> None:
    model = classifier(name)
    together = rows_of(model, TEXTS).logits
    for row, text in enumerate(TEXTS):
        torch.testing.assert_close(rows_of(model, [text]).logits[0], together[row], rtol=1e-4, atol=1e-5)


@EVERY
def test_deeplift_adds_up_and_integrated_gradients_converge(name: PoolingName) -> None:
    model = classifier(name)
    rows = rows_of(model, TEXTS)
    assert set(DeepLift().attribute(model, rows).facts["status"]) == {"exact"}
    path = method_of({"method": "integrated_gradients"}).attribute(model, rows)
    assert set(path.facts["status"]) == {"exact" if name == "max" else "converged"}


@EVERY
def test_a_saved_net_pools_as_before(name: PoolingName, tmp_path: Path) -> None:
    model = classifier(name)
    model.model.save_pretrained(tmp_path)
    again = TextCNN.from_pretrained(tmp_path).eval()
    batch = model.batch([[5, 6, 7]], [[0, 0, 0]])
    torch.testing.assert_close(again(**batch).logits, model.model(**batch).logits)


def test_another_pooling_is_refused() -> None:
    with pytest.raises(ValueError, match="is none of max"):
        TextCNN(TextCNNConfig(pooling="median"))
