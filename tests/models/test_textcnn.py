"""The convolutional classifier: padding tells it nothing, short texts are texts, and it survives being saved."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.models.textcnn import TextCNN, TextCNNConfig

IDS = st.lists(st.integers(1, 29), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def net() -> TextCNN:
    """Return a random TextCNN with windows of one to four pieces."""
    return build(initializer_range=0.3)


def build(**changes: object) -> TextCNN:
    """Return a random TextCNN, the same each time."""
    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = TextCNN(TextCNNConfig(vocab_size=30, hidden_size=8, filters=6, num_labels=3, **changes))
    net.eval()
    return net


def logits(net: TextCNN, pieces: list[int], left: int = 0, right: int = 0) -> Tensor:
    """Return the logits [C] of some pieces, with padding before and after them."""
    ids = torch.tensor([[0] * left + pieces + [0] * right])
    mask = torch.tensor([[0] * left + [1] * len(pieces) + [0] * right])
    with torch.no_grad():
        return torch.as_tensor(net(ids, mask).logits[0])


@given(IDS, st.integers(0, 6), st.integers(0, 6))
@settings(max_examples=60)
def test_padding_on_either_side_does_not_change_the_logits(pieces: list[int], left: int, right: int) -> None:
    net = build(initializer_range=0.3)
    torch.testing.assert_close(logits(net, pieces, left, right), logits(net, pieces), rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_text_shorter_than_the_widest_window_is_answered(net: TextCNN, length: int) -> None:
    pieces = [4, 7, 9][:length]
    assert logits(net, pieces).isfinite().all()
    torch.testing.assert_close(logits(net, pieces, left=5, right=5), logits(net, pieces), rtol=0, atol=1e-6)
    assert not torch.equal(logits(net, pieces), logits(net, pieces[::-1] if length > 1 else [8]))


def test_what_is_under_the_mask_is_not_read(net: TextCNN) -> None:
    mask = torch.tensor([[1, 1, 0, 0]])
    assert torch.equal(
        net(torch.tensor([[5, 6, 0, 0]]), mask).logits, net(torch.tensor([[5, 6, 8, 9]]), mask).logits
    )


def test_without_a_mask_every_piece_is_read(net: TextCNN) -> None:
    ids = torch.tensor([[5, 6, 7]])
    assert torch.equal(net(ids).logits, net(ids, torch.ones_like(ids)).logits)


def test_a_text_that_is_all_padding_is_answered_as_an_empty_one(net: TextCNN) -> None:
    nothing = torch.zeros(1, 3, dtype=torch.int64)
    assert torch.equal(net(nothing, nothing).logits[0], net.classifier.bias)


def test_labels_give_the_cross_entropy(net: TextCNN) -> None:
    ids, labels = torch.tensor([[5, 6, 7], [8, 9, 1]]), torch.tensor([2, 0])
    answer = net(ids, labels=labels)
    expected = -answer.logits.log_softmax(-1)[torch.arange(2), labels].mean()
    torch.testing.assert_close(answer.loss, expected)
    assert net(ids).loss is None


@given(st.integers(1, 29), st.integers(2, 6))
@settings(max_examples=30)
def test_repeated_pieces_share_the_gradient_evenly(piece: int, times: int) -> None:
    net = build(initializer_range=0.3, windows=(1,))
    shares = gradient(net, [piece] * times)
    once = gradient(net, [piece])
    torch.testing.assert_close(shares, once.expand(times, -1) / times)


def test_a_pair_that_occurs_three_times_shares_the_gradient_evenly() -> None:
    net = build(windows=(2,))
    with torch.no_grad():
        net.embedding.weight[[5, 6]] = torch.eye(8)[[0, 1]]
        weight, bias = net.convolutions.parameters()
        weight.zero_()
        bias.zero_()
        # Every filter answers to 5 followed by 6, and less to either alone.
        weight[:, [0, 1], [0, 1]] = 1.0
    shares, once = gradient(net, [5, 6, 9, 5, 6, 5, 6]), gradient(net, [5, 6])
    for folder in (0, 3, 5):
        torch.testing.assert_close(shares[folder : folder + 2], once / 3)
    assert (shares[2] == 0).all()


def gradient(net: TextCNN, pieces: list[int]) -> Tensor:
    """Return the gradient of the first logit by the embedding of each piece, [T, D]."""
    seen: list[Tensor] = []

    def note(_: object, __: object, output: Tensor) -> Tensor:
        seen.append(output.detach().requires_grad_())
        return seen[-1]

    handle = net.embedding.register_forward_hook(note)
    try:
        net(torch.tensor([pieces])).logits[0, 0].backward()
    finally:
        handle.remove()
        net.zero_grad()
    assert seen[0].grad is not None
    return seen[0].grad[0]


def test_saved_and_loaded_it_answers_the_same(net: TextCNN, tmp_path: Path) -> None:
    net.save_pretrained(tmp_path)
    again = TextCNN.from_pretrained(tmp_path).eval()
    assert (tmp_path / "model.safetensors").is_file()
    assert list(again.config.windows) == list(net.config.windows)
    for pieces in ([1], [5, 6], list(range(1, 20))):
        assert torch.equal(logits(again, pieces), logits(net, pieces))


def test_dropout_works_in_training_only(net: TextCNN) -> None:
    ids = torch.tensor([list(range(1, 20))])
    net.train()
    try:
        assert not torch.equal(net(ids).logits, net(ids).logits)
    finally:
        net.eval()
    assert torch.equal(net(ids).logits, net(ids).logits)


def test_the_embedding_a_path_replaces_is_the_one_it_reads(net: TextCNN) -> None:
    assert net.get_input_embeddings() is net.embedding


def test_training_answers_as_testing_does_but_for_dropout() -> None:
    net = TextCNN(TextCNNConfig(vocab_size=20, hidden_size=8, filters=5, dropout=0.0))
    ids = torch.tensor([[3, 4, 3, 4, 3, 4, 3, 0], [0, 5, 3, 3, 3, 3, 3, 3], [0] * 8])
    mask = (ids != 0).long()
    torch.testing.assert_close(net.train()(ids, mask).logits, net.eval()(ids, mask).logits)
