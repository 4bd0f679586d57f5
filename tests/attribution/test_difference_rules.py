"""DeepLIFT's rules one by one: times the differences the multipliers sum to the change, near and far, in both precisions."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from augment.attribution.difference_mode import Rules
from augment.attribution.difference_records import ReferenceRecords
from augment.errors import RequestError

SEEDS = st.integers(0, 10**6)
# How far text and reference are apart: not at all, by rounding, a little, far.
FAR = (0.0, 1e-9, 1e-4, 1.0, 5.0)
Function = Callable[[Tensor], Tensor]
OPERATIONS: dict[str, Function] = {
    "gelu": functional.gelu,
    "gelu by tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "silu": functional.silu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "erf": torch.erf,
    "relu": torch.relu,
    "relu by maximum": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "relu in place": lambda x: functional.relu(x * 1, inplace=True),
    "written over": lambda x: functional.gelu(x).add_(x).mul_(2).tanh_(),
    "clamp to each its own": lambda x: x.clamp(torch.linspace(-2, 0, 4).to(x), torch.linspace(0, 1, 4).to(x)),
    "leaky relu": functional.leaky_relu,
    "elu": functional.elu,
    "abs": torch.abs,
    "clamp": lambda x: x.clamp(-1, 1),
    "square": lambda x: x * x,
    "cube": lambda x: x**3,
    "power": lambda x: (x * x + 1) ** 0.3,
    "root": lambda x: (x * x + 1).sqrt(),
    "reciprocal root": lambda x: (x * x + 1e-3).rsqrt(),
    "exponential": torch.exp,
    "logarithm": lambda x: (x.square() + 1).log(),
    "product": lambda x: x[:, :2] * x[:, 1:],
    "quotient": lambda x: x[:, :2] / (x[:, 1:].square() + 1),
    "of a constant": lambda x: 2 / (x.square() + 1),
    "matrix product": lambda x: x @ x.mT,
    "einsum": lambda x: torch.einsum("bij,bkj->bik", x, x.flip(1)),
    "softmax": lambda x: x.softmax(-1),
    "softmax with a mask": lambda x: x.masked_fill(torch.eye(3, 4) > 0, -torch.inf).softmax(-1),
    "softmax of another dimension": lambda x: x.softmax(1),
    "log softmax": lambda x: x.log_softmax(-1),
    "log sum exp": lambda x: x.logsumexp(-1),
    "layer norm": lambda x: functional.layer_norm(x, (4,)),
    "norm of root mean squares": lambda x: functional.rms_norm(x, (4,), eps=1e-3),
    "unit length": lambda x: functional.normalize(x, dim=-1),
    "maximum along a dimension": lambda x: x.amax(1),
    "maximum with indices": lambda x: x.max(-1)[0],
    "maximum of windows": lambda x: functional.max_pool1d(x, 2),
    "larger of two": lambda x: torch.maximum(x[:, :1], x[:, 1:2]),
    "smaller of two": lambda x: torch.minimum(x[:, :1], x[:, 1:2]),
    "attention": lambda x: functional.scaled_dot_product_attention(x, x.flip(1), x),
    "causal attention": lambda x: functional.scaled_dot_product_attention(x, x, x, is_causal=True),
}


def by_rules(function: Function, texts: Tensor, references: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a function gives for texts and for their references, and the texts as it knows them."""
    records = ReferenceRecords(len(references))
    here = texts.clone().requires_grad_(True)
    with Rules(records):
        floor = function(references.clone().requires_grad_(True))
    records.begin_texts(len(texts))
    with Rules(records):
        output = function(here)
    return output, floor.detach(), here


def gap_of(function: Function, texts: Tensor, references: Tensor) -> Tensor:
    """Return for each row how far multipliers times differences are from the change of the sum of outputs."""
    output, floor, here = by_rules(function, texts, references)
    weights = torch.linspace(0.5, 1.5, output[0].numel(), dtype=output.dtype).view(output.shape[1:])
    values, before = ((each * weights).flatten(1).sum(1) for each in (output, floor))
    (multipliers,) = torch.autograd.grad(values.sum(), here)
    changes = ((texts - references) * multipliers).flatten(1).sum(1)
    size = torch.maximum(*(each.detach().abs().flatten(1).sum(1) for each in (output, floor)))
    return (changes - (values.detach() - before)).abs() / (1 + size)


@pytest.mark.parametrize("far", FAR)
@pytest.mark.parametrize("name", OPERATIONS)
@given(seed=SEEDS)
@settings(max_examples=2)
def test_multipliers_times_differences_sum_to_the_change(name: str, far: float, seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    texts = torch.randn(4, 3, 4, generator=rng, dtype=torch.float64)
    references = texts - far * torch.randn(4, 3, 4, generator=rng, dtype=torch.float64)
    for dtype, most in ((torch.float64, 1e-13), (torch.float32, 2e-5)):
        gaps = gap_of(OPERATIONS[name], texts.to(dtype), references.to(dtype))
        assert gaps.max() <= most, (dtype, gaps)


def test_a_softmax_has_finite_multipliers_however_far_text_and_reference_are_apart() -> None:
    texts = torch.tensor([[1000.0, 0.0, -1000.0]], dtype=torch.float64)
    assert gap_of(OPERATIONS["softmax"], texts, -texts - 3000).item() < 1e-12


def test_where_text_and_reference_meet_a_multiplier_is_the_derivative() -> None:
    smooth = [name for name in OPERATIONS if name not in ("relu", "abs")]
    texts = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for name in smooth:
        output, _, here = by_rules(OPERATIONS[name], texts, texts)
        (multipliers,) = torch.autograd.grad(output.sum(), here)
        plain = texts.clone().requires_grad_(True)
        (derivative,) = torch.autograd.grad(OPERATIONS[name](plain).sum(), plain)
        torch.testing.assert_close(multipliers, derivative, rtol=1e-6, atol=1e-8, msg=name)


def test_the_maximum_is_shared_by_the_part_of_the_way_on_which_each_is_larger() -> None:
    """From (0, 3) to (4, 1) the first is larger behind the middle of the way: it has 4 x 1/2, the other -2 x 1/2."""
    largest, _, here = by_rules(
        lambda x: x.amax(-1), torch.tensor([[[4.0, 1.0]]]), torch.tensor([[[0.0, 3.0]]])
    )
    (multipliers,) = torch.autograd.grad(largest.sum(), here)
    torch.testing.assert_close(multipliers[0, 0], torch.tensor([0.5, 0.5]))


REFUSED: dict[str, Function] = {
    "sort": lambda x: x.sort(-1)[0],
    "gt": lambda x: torch.where(x > 0, x, 0.0),
    "detach": lambda x: x - x.detach(),
    "cosine_similarity": lambda x: functional.cosine_similarity(x, x.flip(1), dim=-1),
    "prod": lambda x: x.prod(-1),
    "softmax": lambda x: x.softmax(0),
    "dropout": lambda x: functional.dropout(x, 0.5, training=True),
    "tanh": lambda x: torch.tanh(x.transpose(0, 1)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_operation_without_a_rule_is_an_error_that_names_it(name: str) -> None:
    with pytest.raises(RequestError, match=f"`{name}`"):
        gap_of(REFUSED[name], torch.ones(4, 3, 4), torch.zeros(4, 3, 4))
