"""R-Drop: two answers to the same text, and how far they are apart."""

import math

import torch

from augment.training.r_drop import disagreement, doubled


def test_a_doubled_batch_holds_all_rows_and_then_all_rows_again() -> None:
    batch = doubled({"input_ids": torch.tensor([[1, 2], [3, 4]]), "labels": torch.tensor([0, 1])})
    assert batch["input_ids"].tolist() == [[1, 2], [3, 4], [1, 2], [3, 4]]
    assert batch["labels"].tolist() == [0, 1, 0, 1]


def test_equal_answers_do_not_disagree() -> None:
    logits = torch.tensor([[1.0, -2.0], [0.3, 0.1]])
    assert abs(float(disagreement(torch.cat([logits, logits])))) < 1e-7


def test_the_disagreement_is_the_mean_of_both_divergences() -> None:
    chances = ((0.9, 0.1), (0.6, 0.4))
    there, back = (
        sum(p * math.log(p / q) for p, q in zip(one, other, strict=True))
        for one, other in (chances, chances[::-1])
    )
    result = float(disagreement(torch.tensor(chances, dtype=torch.float64).log()))
    assert abs(result - (there + back) / 2) < 1e-6
