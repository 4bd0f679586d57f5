"""The largest responses of convolutions: the values and gradients of the plain way, ties and absences included."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import conv1d

from augment.models.responses import largest_responses

WIDTHS = (1, 2, 3, 4)


def plain(signal: Tensor, absent: Tensor, weights: list[Tensor]) -> Tensor:
    """Return the same by convolution and maximum."""
    found = []
    for weight in weights:
        answers = conv1d(signal.transpose(1, 2), weight)[:, :, : absent.shape[1]]
        found.append(answers.masked_fill(absent[:, None], -torch.inf).amax(-1))
    return torch.cat(found, -1)


def made(texts: int, times: int, size: int = 5, filters: int = 3) -> tuple[Tensor, Tensor, list[Tensor]]:
    """Return whole numbers, so that equal sums are equal to the last bit: repeated words, texts of all lengths."""
    luck = torch.Generator().manual_seed(texts * 100 + times)
    words = torch.randint(-3, 4, (4, size), generator=luck).double()
    signal = words[torch.randint(0, 4, (texts, times), generator=luck)]
    lengths = torch.randint(1, times + 1, (texts,), generator=luck)
    absent = torch.arange(times)[None] >= lengths[:, None]
    padded = torch.nn.functional.pad(signal.masked_fill(absent[:, :, None], 0.0), (0, 0, 0, max(WIDTHS) - 1))
    weights = [
        torch.randint(-2, 3, (filters, size, width), generator=luck).double().requires_grad_()
        for width in WIDTHS
    ]
    return padded.requires_grad_(), absent, weights


@pytest.mark.parametrize(("texts", "times"), [(1, 1), (1, 7), (4, 2), (9, 12)])
def test_values_and_gradients_are_those_of_the_plain_way(texts: int, times: int) -> None:
    """With ties shared alike, and nothing for what is absent."""
    signal, absent, weights = made(texts, times)
    ours, theirs = largest_responses(signal, absent, weights), plain(signal, absent, weights)
    assert torch.equal(ours, theirs)
    felt = torch.randn(ours.shape, generator=torch.Generator().manual_seed(0), dtype=torch.double)
    felt[:, 1] = 0.0
    found = torch.autograd.grad((ours * felt).sum(), [signal, *weights])
    known = torch.autograd.grad((theirs * felt).sum(), [signal, *weights])
    for one, other in zip(found, known, strict=True):
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
    found = torch.autograd.grad(largest_responses(fixed, absent, weights).sum(), weights)
    for one, other in zip(found, known_of_weights, strict=True):
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
    found = largest_responses(signal.detach().bfloat16(), absent, half)
    assert found.dtype == torch.bfloat16
    torch.testing.assert_close(found.double(), plain(signal, absent, weights).detach(), rtol=0.02, atol=0.02)
