"""RevealCancel: the examples of the paper, sums that stay exact, and Rescale wherever no ReLU follows an affine map."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from augment.attribution.difference_pass import changes_of
from augment.errors import RequestError
from tests.attribution.test_difference_pass import captum_texts, plain_forward

# Weights of i1 - i2.
APART = torch.tensor([[1.0, -1.0]], dtype=torch.float64)


def smaller_of(inputs: Tensor) -> Tensor:
    """Return min(i1, i2) = i1 - relu(i1 - i2) of pieces [B, 2, 1], as figure 2 of the paper has it, [B, 1]."""
    both = inputs[:, :, 0]
    return both[:, :1] - torch.relu(torch.nn.functional.linear(both, APART))


def minimum(inputs: Tensor) -> Tensor:
    """Return the same by torch's own minimum."""
    return torch.minimum(inputs[:, 0], inputs[:, 1])


def shares(function: Callable[[Tensor], Tensor], inputs: list[float], revealing: bool) -> list[float]:
    """Return the share of each of two pieces in the change from zero."""
    here = torch.tensor(inputs, dtype=torch.float64).view(1, 2, 1)
    changes = changes_of(function, here, torch.zeros_like(here), lambda logits: logits[:, 0], revealing)
    return [float(piece) for piece in changes.pieces[0]]


@pytest.mark.parametrize("function", [smaller_of, minimum])
@pytest.mark.parametrize("inputs", [[1.0, 3.0], [3.0, 1.0], [2.0, 2.0]])
def test_each_of_two_inputs_has_half_of_their_minimum(
    function: Callable[[Tensor], Tensor], inputs: list[float]
) -> None:
    assert shares(function, inputs, revealing=True) == pytest.approx([min(inputs) / 2] * 2, abs=1e-12)


def test_rescale_gives_one_input_all_of_the_minimum() -> None:
    assert shares(smaller_of, [1.0, 3.0], revealing=False) == pytest.approx([1.0, 0.0])


def test_scores_of_a_textcnn_sum_to_the_change_and_differ_from_rescale() -> None:
    net, ids, inputs = captum_texts()
    baseline = torch.zeros_like(inputs)
    forward = plain_forward(net, ids)
    ours, plain = (
        changes_of(forward, inputs, baseline, lambda logits: logits[:, 1], revealing)
        for revealing in (True, False)
    )
    gap = ours.pieces.sum(-1) - (ours.value - ours.floor)
    assert gap.abs().max() < 1e-12
    assert not torch.allclose(ours.pieces, plain.pieces, atol=1e-3)
    torch.testing.assert_close(ours.value, plain.value)


def test_a_model_without_such_a_relu_is_refused() -> None:
    with pytest.raises(RequestError, match="no ReLU of this model follows an affine map"):
        shares(lambda inputs: torch.tanh(inputs.sum(1)), [1.0, 2.0], revealing=True)
