"""One gradient evaluation: the right point, the right row, the right class, and nothing left behind."""

from collections.abc import Callable

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.ig.gradients import Batch, Gradients, Question, evaluate


class Formula:
    """A network that is a formula: logits [B, C] of embeddings [B, T, D], which are its inputs."""

    def __init__(self, formula: Callable[[Tensor], Tensor]) -> None:
        """Keep the formula."""
        self._formula = formula

    def embed(self, batch: Batch) -> Tensor:
        """Return the inputs."""
        return batch["inputs"]

    def logits(self, batch: Batch, embeddings: Tensor | None = None) -> Tensor:
        """Return the formula's value, at `embeddings` if given."""
        return self._formula(batch["inputs"] if embeddings is None else embeddings)


def at(
    formula: Callable[[Tensor], Tensor], inputs: Tensor, baseline: Tensor, alphas: Tensor, target: Tensor
) -> Gradients:
    """Return the evaluation of the target's logit."""
    return evaluate(
        Formula(formula), {"inputs": inputs}, inputs, baseline, alphas, Question("logit", target, target)
    )


def drawn(seed: int, *shape: int) -> Tensor:
    """Return normal numbers, float64, the same for the same seed."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def curved(embeddings: Tensor) -> Tensor:
    """Return two logits [B, 2] in which all pieces and dimensions take part."""
    mixed = torch.tanh(embeddings.cumsum(1))
    return torch.stack([mixed.sum((1, 2)), (mixed * embeddings).sum((1, 2))], dim=-1)


@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_the_share_of_a_piece_is_what_a_small_step_along_it_changes(seed: int) -> None:
    inputs, baseline = drawn(seed, 3, 4, 2), drawn(seed + 1, 3, 4, 2)
    alphas, target = torch.rand(3, generator=torch.Generator().manual_seed(seed)), torch.tensor([0, 1, 0])
    result = at(curved, inputs, baseline, alphas, target)
    here = torch.lerp(baseline, inputs, alphas.double()[:, None, None])
    rows, step = torch.arange(3), 1e-6
    torch.testing.assert_close(result.value, curved(here)[rows, target])
    for piece in range(4):
        change = torch.zeros_like(inputs)
        change[:, piece] = step * (inputs - baseline)[:, piece]
        slope = (curved(here + change) - curved(here - change))[rows, target] / (2 * step)
        torch.testing.assert_close(result.along[:, piece], slope, rtol=1e-6, atol=1e-7)


def test_steepness_is_the_length_of_the_gradient_and_needs_no_direction() -> None:
    slope = drawn(0, 4, 2)
    inputs = drawn(1, 1, 4, 2)
    result = at(lambda x: (x * slope).sum((1, 2))[:, None], inputs, inputs, torch.ones(1), torch.tensor([0]))
    torch.testing.assert_close(result.steepness[0], slope.norm(dim=-1))
    assert (result.along == 0).all()


@given(st.integers(0, 10**6))
@settings(max_examples=10)
def test_a_row_does_not_depend_on_the_rows_next_to_it(seed: int) -> None:
    inputs, target = drawn(seed, 5, 3, 2), torch.tensor([0, 1, 1, 0, 1])
    baseline, alphas = torch.zeros_like(inputs), torch.linspace(0, 1, 5)
    together = at(curved, inputs, baseline, alphas, target)
    for row in range(5):
        one = slice(row, row + 1)
        alone = at(curved, inputs[one], baseline[one], alphas[one], target[one])
        torch.testing.assert_close(together.along[one], alone.along)
        torch.testing.assert_close(together.steepness[one], alone.steepness)


def test_the_gradient_is_found_where_gradients_are_switched_off_and_leaves_none_behind() -> None:
    weight = torch.ones(2, dtype=torch.float64, requires_grad=True)
    inputs = drawn(0, 1, 3, 2)
    with torch.no_grad():
        result = at(
            lambda x: (x * weight).sum((1, 2))[:, None],
            inputs,
            torch.zeros_like(inputs),
            torch.ones(1),
            torch.tensor([0]),
        )
    torch.testing.assert_close(result.along, inputs.sum(-1))
    assert weight.grad is None
    assert not inputs.requires_grad
    assert not any(tensor.requires_grad for tensor in (result.along, result.steepness, result.value))
