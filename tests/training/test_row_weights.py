"""The loss of rows that count differently."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from augment.training.row_weights import weighted_loss


class Answers(nn.Module):
    """Answers each row with its own logits."""

    def forward(self, logits: Tensor) -> dict[str, Tensor]:
        """Return what was given."""
        return {"logits": logits}


LOGITS = torch.tensor([[2.0, -1.0, 0.5], [0.1, 0.2, 0.3], [-1.0, 3.0, 0.0]])
INPUTS = {"logits": LOGITS, "labels": torch.tensor([0, 2, 0]), "row": torch.tensor([4, 0, 2])}


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equal_weights_give_the_usual_loss(smoothing: float) -> None:
    loss = weighted_loss(Answers(), INPUTS, [3.0] * 5, smoothing, 0.0)
    assert torch.allclose(loss, cross_entropy(LOGITS, INPUTS["labels"], label_smoothing=smoothing))


def test_a_row_counts_as_often_as_its_weight() -> None:
    weights = [2.0, 9.0, 1.0, 9.0, 1.0]
    loss = weighted_loss(Answers(), INPUTS, weights, 0.0, 0.0)
    repeated = [0, 1, 1, 2]
    assert torch.allclose(loss, cross_entropy(LOGITS[repeated], INPUTS["labels"][repeated]))


def test_r_drop_of_equal_passes_adds_nothing() -> None:
    loss = weighted_loss(Answers(), INPUTS, [1.0] * 5, 0.0, 1.0)
    assert torch.allclose(loss, weighted_loss(Answers(), INPUTS, [1.0] * 5, 0.0, 0.0))
