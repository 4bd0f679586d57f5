"""Influence and conductance of layers: complete at every cut, equal to Captum, from slices and for quantities of a user's own."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum.attr import InternalInfluence, LayerConductance
from torch import Tensor

from augment.api.explain import explain
from augment.attribution.influence import Slice, conductance, hidden_at, influence
from augment.attribution.influence_methods import Conductance, Influence
from augment.attribution.method import AttributionMethod
from augment.attribution.row_parts import RowPart
from augment.errors import RequestError
from augment.models.classifier import Classifier
from tests.attribution.small_nets import CPU, opened, part_of
from tests.attribution.test_occlusion import rows_of
from tests.models.nets import NETS, save

TEXTS = ["服务很好", "a good film", "bad", "服务 good 很差，but the film is good"]
CUTS = [None, "bert.embeddings", "bert.encoder.layer.0"]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    return opened("bert", tmp_path_factory.mktemp("nets"))


def forward_of(part: RowPart) -> Callable[[Tensor], Tensor]:
    """Return the logits at embeddings that are the rows of a batch several times, as Captum calls it."""

    def forward(embeddings: Tensor) -> Tensor:
        times = len(embeddings) // len(part.inputs)
        batch = {name: tensor.repeat_interleave(times, 0) for name, tensor in part.batch.items()}
        return part.classifier.logits(batch, embeddings)

    return forward


@pytest.mark.parametrize("cut", CUTS)
def test_conductance_is_complete_at_every_cut(bert: Classifier, cut: str | None) -> None:
    part = part_of(bert, TEXTS[:1])
    shares = conductance(part, cut, 32)
    assert shares.value is not None
    assert shares.floor is not None
    change = shares.value - shares.floor
    gap = (shares.pieces.sum(-1) - change).abs() / change.abs().clamp_min(1)
    assert float(gap.max()) <= 1e-6
    assert not shares.pieces[~part.present].any()


def test_influence_of_a_layer_is_that_of_captum(bert: Classifier) -> None:
    part = part_of(bert, TEXTS[:1])
    module = bert.model.get_submodule("bert.encoder.layer.0")
    with bert.every_piece():
        captum = InternalInfluence(forward_of(part), module).attribute(
            part.inputs, part.start(), target=part.target, n_steps=12, method="gausslegendre"
        )
    ours = influence(part, Slice("bert.encoder.layer.0"), "linear", 12)
    torch.testing.assert_close(ours, captum[0] if isinstance(captum, tuple) else captum, rtol=1e-4, atol=1e-5)


def test_conductance_is_that_of_captum_in_the_limit(bert: Classifier) -> None:
    part = part_of(bert, TEXTS[:1])
    module = bert.model.get_submodule("bert.encoder.layer.0")
    with bert.every_piece():
        captum = LayerConductance(forward_of(part), module).attribute(
            part.inputs, part.start(), target=part.target, n_steps=120
        )
    expected = (captum[0] if isinstance(captum, tuple) else captum).detach().sum(-1).double()
    ours = conductance(part, "bert.encoder.layer.0", 32).pieces
    torch.testing.assert_close(ours, expected, rtol=0, atol=0.03 * float(expected.abs().max()))


def test_a_slice_ends_at_a_channel_of_a_later_module(bert: Classifier) -> None:
    """The mean of channel 3 over the pieces, whose gradient by the layer before is seen by finite differences."""
    part = part_of(bert, TEXTS[1:2])
    where = Slice("bert.embeddings", "bert.encoder.layer.0", channel=3)
    ours = influence(part, where, "point", 1)
    way = torch.randn(part.inputs.shape, generator=torch.Generator().manual_seed(0))
    layer = bert.model.get_submodule("bert.encoder.layer.0")
    hidden = hidden_at(part, "bert.embeddings", part.inputs)
    ends = [
        torch.as_tensor(layer(hidden + step * way)[0]).reshape(*way.shape)[0, :, 3].mean()
        for step in (1e-3, -1e-3)
    ]
    slope = float((ends[0] - ends[1]) / 2e-3)
    assert float((ours * way).sum()) == pytest.approx(slope, rel=0.02, abs=1e-3)


def test_a_slice_that_runs_backwards_is_refused(bert: Classifier) -> None:
    part = part_of(bert, TEXTS[:1])
    with pytest.raises(RequestError, match="does not depend on"):
        influence(part, Slice("bert.encoder.layer.0", "bert.embeddings"), "point", 1)


@pytest.mark.parametrize(
    "method",
    [
        Conductance(steps=4),
        Influence(steps=4),
        Influence(distribution="point"),
        Influence(distribution="gaussian", steps=4),
    ],
    ids=["conductance", "linear", "point", "gaussian"],
)
def test_a_row_has_the_same_scores_in_any_company(bert: Classifier, method: AttributionMethod) -> None:
    together = method.attribute(bert, rows_of(bert, TEXTS[:3]))
    for row, text in enumerate(TEXTS[:3]):
        alone = method.attribute(bert, rows_of(bert, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift", "smooth_gradient", "shapley"])
def test_a_quantity_may_be_a_function_of_the_user(
    bert: Classifier, method: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def twice(logits: Tensor, target: Tensor, against: Tensor) -> Tensor:
        return 2 * logits.gather(-1, target[:, None])[:, 0]

    folder = save(NETS["bert"], tmp_path_factory.mktemp("net"))
    own, plain = (
        explain("a good film", folder, run=CPU, method=method, quantity=quantity)
        for quantity in (twice, None)
    )
    np.testing.assert_allclose(own.scores, 2 * np.asarray(plain.scores), rtol=0.02, atol=1e-3)
    assert own.quantity == "twice"
