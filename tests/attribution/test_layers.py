"""A path through the inside of a model: complete, equal to Captum's, and refused where there is nothing to cut."""

from pathlib import Path

import numpy as np
import pytest
import torch
from captum.attr import LayerIntegratedGradients
from torch import Tensor, nn
from transformers import AutoModelForSequenceClassification

from augment.api.run import run
from augment.attribution.layers import Secant
from augment.attribution.path_integral import Plan, attribute, fixed, try_path
from augment.config.sections import CorpusConfig, ModelConfig
from augment.errors import RequestError
from augment.models.classifier import Classifier, load
from augment.models.model_folder import look
from augment.pipeline.definition import Pipeline
from tests.attribution.test_path_integral import RUN, inputs_of, opened
from tests.models.nets import NETS, save
from tests.small import small_job
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
    rows = inputs_of(bert, TEXT)
    whole = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64)))
    inside = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64), cut=cut))
    for row in range(len(TEXT)):
        change = whole.value[row] - whole.floor[row]
        assert inside.pieces[row].sum() == pytest.approx(change, abs=2e-3)
    if cut.endswith("word_embeddings"):
        for one, other in zip(whole.pieces, inside.pieces, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_scores_at_a_cut_are_those_of_captum(bert: Classifier) -> None:
    rows = inputs_of(bert, TEXT)
    mine = attribute(
        bert, rows, Plan(mode="fixed", chains=fixed(STEPS), cut="bert.embeddings", baseline="pad")
    )
    for row, pieces in enumerate(rows.pieces):
        ids = torch.tensor([pieces])
        blank = torch.tensor([[pieces[0], *[0] * (len(pieces) - 2), pieces[-1]]])
        layer = LayerIntegratedGradients(whole_forward(bert), bert.model.get_submodule("bert.embeddings"))
        scores = layer.attribute(
            ids, baselines=blank, target=int(rows.target[row]), n_steps=STEPS, method="gausslegendre"
        )
        theirs = scores.sum(-1)[0].detach().numpy()
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
        attribute(bert, inputs_of(bert, ["good"]), Plan(mode="fixed", chains=fixed(4), cut=cut))


def test_only_a_textcnn_has_a_closed_form(bert: Classifier) -> None:
    batch = bert.batch([[2, 9, 3]], [[0, 0, 0]])
    with pytest.raises(TypeError, match="only a TextCNN"):
        Secant(bert).logits(batch)


def test_eager_and_fused_attention_give_the_same_scores(bert: Classifier) -> None:
    rows = inputs_of(bert, TEXT)
    fused = attribute(bert, rows, Plan(mode="fixed", chains=fixed(STEPS)))
    assert bert.model.config._attn_implementation == "sdpa"
    bert.model.set_attn_implementation("eager")
    try:
        eager = attribute(bert, rows, Plan(mode="fixed", chains=fixed(STEPS)))
    finally:
        bert.model.set_attn_implementation("sdpa")
    for one, other in zip(fused.pieces, eager.pieces, strict=True):
        assert np.abs(one - other).max() <= 1e-4 * np.abs(other).sum()


@pytest.mark.parametrize(
    ("cut", "what", "hint"),
    [
        ("bert.encoder.layer.0.output.dense", "more than its output", "use `bert.encoder.layer.0.output`"),
        ("bert.encoder.layer.0.attention.self", "more than its output", "use `bert.encoder.layer.0.attention`"),
        ("bert.embeddings.token_type_embeddings", "more than its output", "use `bert.embeddings`"),
        ("bert.encoder.layer", "does not call it", "leave `cut` out"),
        ("bert", "not one vector a piece", "leave `cut` out"),
    ],
)  # fmt: skip
def test_a_module_that_the_text_goes_round_is_refused_with_one_that_fits(
    bert: Classifier, cut: str, what: str, hint: str
) -> None:
    with pytest.raises(RequestError) as caught:
        try_path(bert, Plan(cut=cut, baseline="mask"))
    assert caught.value.where == f"cut: {cut}"
    assert what in caught.value.what
    assert hint in caught.value.hint
    if hint.startswith("use"):
        try_path(bert, Plan(cut=hint.split("`")[1], baseline="mask"))


@pytest.mark.parametrize("cut", ["bert.encoder.layer.1", "bert.encoder", "bert.embeddings.LayerNorm"])
def test_a_module_that_all_goes_through_is_accepted(bert: Classifier, cut: str) -> None:
    if cut == "bert.encoder":
        with pytest.raises(RequestError, match="not one vector a piece"):
            try_path(bert, Plan(cut=cut))
    else:
        try_path(bert, Plan(cut=cut))


class Odd(nn.Module):
    """A module of a form that a path cannot run through."""

    def __init__(self, inner: nn.Module, form: str) -> None:
        """Wrap the embeddings of a model."""
        super().__init__()
        self.inner, self.form, self.other = inner, form, nn.Linear(32, 32)
        self.part = nn.Identity()

    def forward(self, *given: object, **named: object) -> Tensor:
        """Return the embeddings, through a part that is called twice, gives two tensors, or is not used."""
        result = torch.as_tensor(self.inner(*given, **named))
        if self.form == "twice":
            return torch.as_tensor(self.part(torch.tanh(self.part(result))))
        if self.form == "two":
            one, two = self.part((result, 2 * result))
            return torch.as_tensor(one + two)
        self.part(result)
        return result


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ("twice", "more than once"),
        ("two", "more than its output"),
        ("unused", "does not depend on its output"),
    ],
)
def test_a_module_of_an_odd_form_is_refused_in_a_sentence(tmp_path: Path, form: str, what: str) -> None:
    config = ModelConfig(path=str(save(NETS["bert"], tmp_path)))
    model, tokenizer = load(look(tmp_path), AutoModelForSequenceClassification)
    made = Classifier(model, tokenizer, config, RUN, look(tmp_path).classes)
    made.model.bert.embeddings = Odd(made.model.bert.embeddings, form)
    made.model.get_input_embeddings = lambda: made.model.bert.embeddings.inner.word_embeddings
    with pytest.raises(RequestError, match=what) as caught:
        try_path(made, Plan(cut="bert.embeddings.part"))
    assert caught.value.hint == "use `bert.embeddings`, which fits"


def test_a_run_with_a_cut_that_does_not_fit_writes_nothing(
    small: Path, pair_model: Path, tmp_path: Path
) -> None:
    stages = [{"kind": "tokenize"}, {"kind": "attribute", "cut": "bert.encoder.layer.1.output.dense"}]
    plan = Pipeline.model_validate({"name": "cut", "about": "a cut", "stages": stages})
    job = small_job(small).model_copy(update={"model": ModelConfig(path=str(pair_model))})
    job = job.model_copy(update={"corpus": CorpusConfig.model_validate({"root": tmp_path, "files": "a.csv"})})
    (tmp_path / "a.csv").write_text("text,label\n房间很好,相同\nthe room,不同\n", encoding="utf-8")
    with pytest.raises(RequestError, match="more than its output"):
        run(plan, job, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith(".")) == ["a.csv"]
