"""A path through the inside of a model: complete, equal to Captum's, and refused where there is nothing to cut."""

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from torch import Tensor

from augment.errors import RequestError
from augment.models.classifier import Classifier
from augment.models.integrate import Plan, attribute, fixed
from augment.models.views import Secant
from tests.models.nets import NETS, save
from tests.models.test_integrate import asked, opened
from tests.texts import TEXTS

TEXT = ["good bad 好", "very very good", *TEXTS[:3]]
STEPS = 24


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    return opened(save(NETS["bert"], tmp_path_factory.mktemp("nets") / "bert"))


@pytest.mark.parametrize(
    "cut", ["bert.embeddings.word_embeddings", "bert.embeddings", "bert.encoder.layer.0"]
)
def test_scores_at_a_cut_sum_to_the_same_change_as_at_the_embeddings(bert: Classifier, cut: str) -> None:
    rows = asked(bert, TEXT)
    whole = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64)))
    inside = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64), cut=cut))
    for row in range(len(TEXT)):
        change = whole.value[row] - whole.floor[row]
        assert inside.pieces[row].sum() == pytest.approx(change, abs=2e-3)
    if cut.endswith("word_embeddings"):
        for one, other in zip(whole.pieces, inside.pieces, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_scores_at_a_cut_are_those_of_captum(bert: Classifier) -> None:
    rows = asked(bert, TEXT)
    mine = attribute(
        bert, rows, Plan(mode="fixed", chains=fixed(STEPS), cut="bert.embeddings", baseline="pad")
    )
    for row, pieces in enumerate(rows.pieces):
        ids = torch.tensor([pieces])
        blank = torch.tensor([[pieces[0], *[0] * (len(pieces) - 2), pieces[-1]]])
        layer = LayerIntegratedGradients(whole_forward(bert), bert.model.get_submodule("bert.embeddings"))
        found = layer.attribute(
            ids, baselines=blank, target=int(rows.target[row]), n_steps=STEPS, method="gausslegendre"
        )
        theirs = found.sum(-1)[0].detach().numpy()
        assert np.abs(mine.pieces[row] - theirs).max() <= 1e-4 * np.abs(theirs).sum()


def whole_forward(classifier: Classifier) -> "torch.nn.Module":
    """Return a module that gives the logits of ids."""

    class Forward(torch.nn.Module):
        """The model as a function of ids alone."""

        def forward(self, ids: Tensor) -> Tensor:
            """Return the logits."""
            return torch.as_tensor(classifier.model(input_ids=ids).logits)

    return Forward()


@pytest.mark.parametrize(
    ("cut", "what"),
    [
        ("bert.embedings", "no module of that name"),
        ("bert.pooler", "not one vector a piece"),
        ("", "no module of that name"),
    ],
)
def test_what_cannot_be_cut_is_refused_by_name(bert: Classifier, cut: str, what: str) -> None:
    with pytest.raises(RequestError, match=what):
        attribute(bert, asked(bert, ["good"]), Plan(mode="fixed", chains=fixed(4), cut=cut))


def test_only_a_textcnn_has_a_closed_form(bert: Classifier) -> None:
    batch = bert.batch([[2, 9, 3]], [[0, 0, 0]])
    with pytest.raises(TypeError, match="only a TextCNN"):
        Secant(bert).logits(batch)


def test_eager_and_fused_attention_give_the_same_scores(bert: Classifier) -> None:
    rows = asked(bert, TEXT)
    fused = attribute(bert, rows, Plan(mode="fixed", chains=fixed(STEPS)))
    assert bert.model.config._attn_implementation == "sdpa"
    bert.model.set_attn_implementation("eager")
    try:
        eager = attribute(bert, rows, Plan(mode="fixed", chains=fixed(STEPS)))
    finally:
        bert.model.set_attn_implementation("sdpa")
    for one, other in zip(fused.pieces, eager.pieces, strict=True):
        assert np.abs(one - other).max() <= 1e-4 * np.abs(other).sum()
