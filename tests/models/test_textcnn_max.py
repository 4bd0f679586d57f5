"""The largest responses of convolutions: the values and gradients of the plain way, ties and absences included."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d

from augment.models.textcnn_max import largest_responses

WIDTHS = (1, 2, 3, 4)


def plain(signal: Tensor, absent: Tensor, weights: list[Tensor]) -> Tensor:
    """Return the same by convolution and maximum."""
    maxima = []
    for weight in weights:
        answers = conv1d(signal.transpose(1, 2), weight)[:, :, : absent.shape[1]]
        maxima.append(answers.masked_fill(absent[:, None], -torch.inf).amax(-1))
    return torch.cat(maxima, -1)


def kinds_of(signal: Tensor) -> Tensor:
    """Return numbers that are the same where the signal is."""
    rows = signal.detach().reshape(-1, signal.shape[2])
    kinds: Tensor = torch.unique(rows, dim=0, return_inverse=True)[1]
    return kinds.view(signal.shape[:2])


def made(texts: int, times: int, size: int = 5, filters: int = 3) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Return whole numbers, so that equal sums are equal to the last bit: repeated words, texts of all lengths."""
    rng = torch.Generator().manual_seed(texts * 100 + times)
    words = torch.randint(-3, 4, (4, size), generator=rng).double()
    signal = words[torch.randint(0, 4, (texts, times), generator=rng)]
    lengths = torch.randint(1, times + 1, (texts,), generator=rng)
    absent = torch.arange(times)[None] >= lengths[:, None]
    padded = torch.nn.functional.pad(signal.masked_fill(absent[:, :, None], 0.0), (0, 0, 0, max(WIDTHS) - 1))
    weights = [
        torch.randint(-2, 3, (filters, size, width), generator=rng).double().requires_grad_()
        for width in WIDTHS
    ]
    return padded.requires_grad_(), absent, weights


@pytest.mark.parametrize("with_kinds", [False, True])
@pytest.mark.parametrize(("texts", "times"), [(1, 1), (1, 7), (4, 2), (9, 12)])
def test_values_and_gradients_are_those_of_the_plain_way(texts: int, times: int, with_kinds: bool) -> None:
    """With ties shared alike, and nothing for what is absent; whether or not equal positions are given."""
    signal, absent, weights = made(texts, times)
    kinds = kinds_of(signal) if with_kinds else None
    ours, theirs = largest_responses(signal, absent, weights, kinds), plain(signal, absent, weights)
    assert torch.equal(ours, theirs)
    felt = torch.randn(ours.shape, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    felt[:, 1] = 0.0
    gradients = torch.autograd.grad((ours * felt).sum(), [signal, *weights])
    known = torch.autograd.grad((theirs * felt).sum(), [signal, *weights])
    for one, other in zip(gradients, known, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_only_the_gradients_that_are_wanted_are_made() -> None:
    """Of the signal with frozen weights, of the weights alone, and none at all."""
    signal, absent, weights = made(6, 9)
    frozen = [weight.detach() for weight in weights]
    known = torch.autograd.grad(plain(signal, absent, frozen).sum(), signal)[0]
    torch.testing.assert_close(
        torch.autograd.grad(largest_responses(signal, absent, frozen).sum(), signal)[0], known
    )
    fixed = signal.detach()
    known_of_weights = torch.autograd.grad(plain(fixed, absent, weights).sum(), weights)
    gradients = torch.autograd.grad(largest_responses(fixed, absent, weights).sum(), weights)
    for one, other in zip(gradients, known_of_weights, strict=True):
        torch.testing.assert_close(one, other)
    assert not largest_responses(fixed, absent, frozen).requires_grad
    with torch.no_grad():
        assert torch.equal(largest_responses(signal, absent, weights), plain(signal, absent, weights))


def test_a_text_without_a_window_gets_minus_infinity() -> None:
    signal, absent, weights = made(2, 3)
    absent[1] = True
    assert (largest_responses(signal, absent, weights)[1] == -torch.inf).all()


def test_other_precisions_take_the_plain_way() -> None:
    signal, absent, weights = made(3, 5)
    half = [weight.detach().bfloat16() for weight in weights]
    result = largest_responses(signal.detach().bfloat16(), absent, half)
    assert result.dtype == torch.bfloat16
    torch.testing.assert_close(result.double(), plain(signal, absent, weights).detach(), rtol=0.02, atol=0.02)


def test_slots_that_are_alike_in_one_text_only_are_distinguished_by_text() -> None:
    """As on a path from zero, where each text of a batch has come another way."""
    signal, absent, weights = made(9, 12)
    parts = torch.arange(9).double()[:, None, None]
    scaled = (signal.detach() * parts).requires_grad_()
    ours, theirs = (
        largest_responses(scaled, absent, weights, kinds_of(signal)),
        plain(scaled, absent, weights),
    )
    assert torch.equal(ours, theirs)


def test_wrong_kinds_change_nothing() -> None:
    signal, absent, weights = made(6, 9)
    wrong = torch.zeros(signal.shape[:2], dtype=torch.int64)
    assert torch.equal(largest_responses(signal, absent, weights, wrong), plain(signal, absent, weights))


@pytest.mark.parametrize("length", [3, 17, 64, 129])
def test_equal_windows_have_equal_responses_wherever_they_are(length: int) -> None:
    rng = torch.Generator().manual_seed(length)
    words = torch.randn(3, 128, generator=rng)
    kinds = torch.tensor([0, 1, 2] * (length // 3 + 1))[:length][None]
    kinds = torch.nn.functional.pad(kinds, (0, 1), value=0)
    weights = [torch.randn(100, 128, 2, generator=rng, requires_grad=True)]
    signal = words[kinds].requires_grad_()
    absent = torch.zeros(1, length, dtype=torch.bool)
    felt = torch.autograd.grad(largest_responses(signal, absent, weights, kinds).sum(), signal)[0]
    # Every third position is in the same windows, but for the last.
    inner = felt[0, 3:-3]
    torch.testing.assert_close(inner[:-3], inner[3:], rtol=1e-5, atol=1e-5)
