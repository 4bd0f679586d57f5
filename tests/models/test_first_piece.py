"""The last layer computed for the first piece only: answers and gradients stay, and where that cannot be it is not done."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from augment.attribution.path_integral import Plan, attribute, fixed
from augment.models.classifier import Classifier
from augment.models.first_piece import first_only
from tests.attribution.test_gradient_methods import loaded
from tests.attribution.test_path_integral import inputs_of, opened
from tests.models.nets import NETS
from tests.texts import TEXTS

SHORT = ("bert", "roberta", "distilbert")
TEXT = [*TEXTS[:8], "a"]


def last_outputs(classifier: Classifier) -> list[torch.Size]:
    """Return the sizes of what the layers of an encoder give in an answer, the last one last."""
    sizes: list[torch.Size] = []

    def look(_: nn.Module, __: object, output: object) -> None:
        """Keep the size."""
        first = output[0] if isinstance(output, tuple) else output
        if isinstance(first, Tensor):
            sizes.append(first.shape)

    layers = next(part for part in classifier.model.modules() if isinstance(part, nn.ModuleList))
    handles = [layer.register_forward_hook(look) for layer in layers]
    rows = classifier.encode(TEXT, [None] * len(TEXT))
    classifier.logits(classifier.batch([row.pieces for row in rows], [row.segments for row in rows]))
    for handle in handles:
        handle.remove()
    return sizes


@pytest.mark.parametrize("name", SHORT)
def test_the_last_layer_gives_one_piece_unless_every_piece_is_requested(
    folders: dict[str, Path], name: str
) -> None:
    classifier = opened(folders[name])
    sizes = last_outputs(classifier)
    assert [size[1] for size in sizes[:-1]] == [sizes[0][1]] * (len(sizes) - 1)
    assert sizes[0][1] > 1 == sizes[-1][1]
    with classifier.every_piece():
        assert {size[1] for size in last_outputs(classifier)} == {sizes[0][1]}
    assert last_outputs(classifier)[-1][1] == 1


@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_answers_and_scores_stay_what_they_were(folders: dict[str, Path], name: str, attention: str) -> None:
    classifier = opened(folders[name])
    classifier.model.set_attn_implementation(attention)
    plan = Plan(mode="fixed", chains=fixed(8))
    try:
        short = attribute(classifier, inputs_of(classifier, TEXT), plan)
        with classifier.every_piece():
            whole = attribute(classifier, inputs_of(classifier, TEXT), plan)
    finally:
        classifier.model.set_attn_implementation("sdpa")
    np.testing.assert_allclose(short.value, whole.value, rtol=1e-5, atol=1e-6)
    for one, other in zip(short.pieces, whole.pieces, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5 * np.abs(other).sum())


@pytest.mark.parametrize("name", sorted(set(NETS) - set(SHORT)))
def test_models_of_another_form_are_left_alone(folders: dict[str, Path], name: str) -> None:
    model = loaded(folders[name])
    assert first_only(model) is None


def test_a_model_that_answers_from_all_pieces_is_left_alone(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    pooler = model.get_submodule("bert.pooler")
    plain = pooler.forward
    pooler.forward = lambda states: plain(states.mean(1, keepdim=True))
    before = forward_of_last_layer(model)
    assert first_only(model) is None
    assert forward_of_last_layer(model) == before


def test_a_model_that_needs_all_pieces_is_left_alone(folders: dict[str, Path]) -> None:
    model = loaded(folders["bert"])
    pooler = model.get_submodule("bert.pooler")
    plain = pooler.forward
    pooler.forward = lambda states: plain(states[:, 1:])
    assert first_only(model) is None


def forward_of_last_layer(model: PreTrainedModel) -> object:
    """Return what the last layer of a BERT calls."""
    return model.get_submodule("bert.encoder.layer")[-1].forward
