"""Matrix products in bfloat16: what is rounded, what keeps all digits, and where the block ends."""

from collections.abc import Callable
from threading import Thread

import pytest
import torch
from torch import Tensor
from torch.nn.functional import embedding, linear

from augment.models.bfloat16_products import Bfloat16Products, multiplies_bfloat16

ROUNDED = 2**-8


def some(*shape: int, seed: int = 0) -> Tensor:
    """Return numbers that want a gradient."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).requires_grad_(True)


def conv1d_of_gpt2(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the same as `linear` in the form that GPT-2 calls."""
    return torch.addmm(bias, x.view(-1, x.shape[-1]), weight.t()).view(*x.shape[:-1], -1)


def without_bias(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return a product to which the bias is added afterwards, as Qwen's layers have none."""
    return linear(x, weight) + bias


def results(function: Callable[..., Tensor], parts: tuple[Tensor, ...]) -> list[Tensor]:
    """Return what a function gives, and the gradients of all its parts."""
    value = function(*parts)
    weights = torch.linspace(-1, 1, value.numel()).view(value.shape)
    return [value.detach(), *torch.autograd.grad((value * weights).sum(), parts)]


def apart(one: Tensor, other: Tensor) -> float:
    """Return the norm of the difference, as a share of the norm."""
    return float((one - other).norm() / other.norm())


@pytest.mark.parametrize("function", [linear, conv1d_of_gpt2, without_bias])
@pytest.mark.parametrize("forward", [True, False])
def test_answers_and_all_gradients_are_those_of_float32_but_for_rounding(
    function: Callable[..., Tensor], forward: bool
) -> None:
    parts = (some(3, 5, 64), some(48, 64, seed=1), some(48, seed=2))
    exact = results(function, parts)
    with Bfloat16Products(forward):
        short = results(function, parts)
    assert torch.equal(short[0], exact[0]) is not forward
    assert all(
        one.dtype == torch.float32 and one.shape == other.shape
        for one, other in zip(short, exact, strict=True)
    )
    assert all(apart(one, other) < 2 * ROUNDED for one, other in zip(short, exact, strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(short[1:3], exact[1:3], strict=True))
    with Bfloat16Products(forward):
        again = results(function, parts)
    assert all(torch.equal(one, other) for one, other in zip(short, again, strict=True))


def test_a_backward_pass_after_the_block_is_that_of_the_block() -> None:
    x, weight = some(4, 64), some(64, 64, seed=1).detach()
    with Bfloat16Products(forward=False):
        inside = linear(x, weight)
    (late,) = torch.autograd.grad(inside.sum(), x)
    (exact,) = torch.autograd.grad(linear(x, weight).sum(), x)
    assert 0 < apart(late, exact) < 2 * ROUNDED


def test_what_is_no_product_with_a_weight_or_a_small_one_keeps_all_digits() -> None:
    x, head, double = some(4, 64), some(3, 64, seed=1), some(64, 64, seed=2).double()
    others: list[Callable[[], Tensor]] = [
        lambda: linear(x, head),
        lambda: linear(x.double(), double),
        lambda: x @ x.t(),
        lambda: embedding(torch.tensor([1, 2]), x),
        lambda: torch.addmm(x, some(4, 64, seed=3), some(64, 64, seed=4)),
    ]
    for other in others:
        with Bfloat16Products(forward=True):
            inside = other()
        assert torch.equal(inside, other())


def test_the_block_ends_with_an_error_and_within_another() -> None:
    x, weight = some(4, 64), some(64, 64, seed=1)
    exact = linear(x, weight)
    with pytest.raises(RuntimeError), Bfloat16Products(forward=True):
        linear(x, weight[:, :32])
    assert torch.equal(linear(x, weight), exact)
    with Bfloat16Products(forward=False):
        with Bfloat16Products(forward=True):
            assert not torch.equal(linear(x, weight), exact)
        assert torch.equal(linear(x, weight), exact)


def test_another_thread_is_not_in_the_block() -> None:
    x, weight = some(4, 64), some(64, 64, seed=1)
    exact, seen = linear(x, weight), []
    with Bfloat16Products(forward=True):
        other = Thread(target=lambda: seen.append(linear(x, weight)))
        other.start()
        other.join()
    assert torch.equal(seen[0], exact)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, False),
        ({"avx512_f": True, "avx512_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"architecture": "arm64", "bf16": True}, True),
    ],
)
def test_a_processor_multiplies_bfloat16_if_it_has_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, known: dict[str, object], expected: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    assert multiplies_bfloat16() is expected
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not multiplies_bfloat16()


def test_a_torch_that_does_not_know_the_processor_is_taken_not_to_multiply_bfloat16(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not multiplies_bfloat16()
