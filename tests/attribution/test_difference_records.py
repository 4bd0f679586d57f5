"""What references leave for texts: one computation for those that several texts have, and an error where a model branches."""

import pytest
import torch
from torch import Tensor

from augment.attribution.difference_pass import SharedBaselines, changes_of
from augment.attribution.difference_records import ReferenceRecords
from augment.errors import RequestError
from tests.attribution.nine import answer, net_of, six_rows
from tests.attribution.test_difference_rules import by_rules


def test_a_baseline_of_several_texts_is_computed_once_and_gives_each_the_same_scores() -> None:
    model = net_of("bert", torch.float64)
    ids, mask = six_rows()
    inputs = model.get_input_embeddings()(ids).detach()
    zero = torch.zeros_like(inputs)
    seen: list[int] = []

    def once(embeddings: Tensor) -> Tensor:
        seen.append(len(embeddings))
        handle = model.get_input_embeddings().register_forward_hook(lambda *_: embeddings)
        try:
            logits: Tensor = model(input_ids=ids[[0, 3]], attention_mask=mask[[0, 3]]).logits
        finally:
            handle.remove()
        return logits

    shared = SharedBaselines([0, 3], torch.tensor([0, 0, 0, 1, 1, 1]), once)
    each, few = (
        changes_of(
            lambda both: answer(model, both),
            inputs,
            zero,
            lambda logits: logits.softmax(-1)[:, 1],
            shared=way,
        )
        for way in (None, shared)
    )
    assert seen == [2]
    torch.testing.assert_close(few.pieces, each.pieces, rtol=0, atol=1e-12)
    torch.testing.assert_close(few.floor, each.floor, rtol=0, atol=1e-12)


def test_a_model_that_branches_by_its_numbers_is_an_error() -> None:
    def branching(x: Tensor) -> Tensor:
        return torch.tanh(x) if float(x.detach().sum()) > 0 else torch.sigmoid(x)

    def hidden(x: Tensor) -> Tensor:
        with torch.no_grad():
            positive = bool(x.sum() > 0)
        return torch.tanh(x) if positive else torch.sigmoid(x)

    with pytest.raises(RequestError, match="`detach`"):
        by_rules(branching, torch.ones(2, 3), -torch.ones(2, 3))
    with pytest.raises(RequestError, match="computes `tanh` of a text where it computes something else"):
        by_rules(hidden, torch.ones(2, 3), -torch.ones(2, 3))


def test_what_is_kept_is_not_overwritten_with_the_tensor_it_came_from() -> None:
    records = ReferenceRecords(2)
    kept = torch.ones(2, 3)
    pair = records.met("tanh", [kept])
    records.protect(kept[:1])
    kept.zero_()
    assert bool((pair.texts()[0] == 1).all())
