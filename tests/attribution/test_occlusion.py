"""Occlusion: exact where the answer is a sum over words, the same in any company, for functions and classifiers."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.api.explain import explain
from augment.attribution.method import Explained
from augment.attribution.methods import METHODS, method_of
from augment.attribution.occlusion import Occlusion, without
from augment.config.in_memory import FunctionModel
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import RequestError
from augment.models.classifier import Classifier, open_classifier
from augment.text.align import owners
from augment.text.segment import segment
from tests.models.nets import NETS, save
from tests.texts import TEXTS

CPU = RunConfig(device="cpu", threads=1)
WEIGHTS = {"很": 0.5, "好": 2.0, "差": -1.5, "good": 1.0, "bad": -2.0, "film": 0.25, "服务": 0.75}
TEXT = [text for text in TEXTS if text.strip()]


def bag(texts: list[str]) -> np.ndarray:
    """Return the probabilities of a linear model over words: logits 0 and the sum of the weights."""
    amount = np.asarray(
        [sum(WEIGHTS.get(text[s:e], 0.0) for s, e in segment(text, "auto", "word")) for text in texts]
    )
    good = 1 / (1 + np.exp(-amount))
    return np.stack([1 - good, good], axis=1)


LINEAR = FunctionModel(function=bag, classes=("bad", "good"))


def rows_of(model: Classifier, texts: list[str], pairs: list[str | None] | None = None) -> Explained:
    """Return texts as rows to explain, by the predicted class."""
    given = pairs or [None] * len(texts)
    cut = [
        [segment(side, "auto", "word") if side is not None else [] for side in both]
        for both in zip(texts, given, strict=True)
    ]
    spans = [first + second for first, second in cut]
    sides = [[0] * len(first) + [1] * len(second) for first, second in cut]
    fed = model.encode(texts, given)
    owner = [owners(spans[row], sides[row], one.offsets, one.sides) for row, one in enumerate(fed)]
    pieces, segments = [one.pieces for one in fed], [one.segments for one in fed]
    logits = model.answer(pieces, segments)
    ids = [str(row) for row in range(len(texts))]
    return Explained(ids, texts, given, spans, sides, pieces, segments, owner, logits, logits.argmax(-1))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    folder = save(NETS["bert"], tmp_path_factory.mktemp("nets") / "bert")
    return open_classifier(ModelConfig(path=str(folder), max_length=64), CPU)


@pytest.mark.parametrize("text", ["服务很好", "服务很差", "a good film", "bad bad film", "good 服务 很 差"])
def test_the_scores_of_a_linear_function_are_its_weights(text: str) -> None:
    """F(x) - F(x without w) is the weight of w, where F is the difference of two logits."""
    attribution = explain(text, LINEAR, target="good", quantity="difference", run=CPU, method="occlusion")
    assert attribution.scores == pytest.approx(
        [WEIGHTS.get(token, 0.0) for token in attribution.tokens], abs=1e-5
    )
    assert attribution.evaluations == len(attribution.tokens)
    assert (attribution.gap, attribution.error, attribution.rest, attribution.unseen) == (None, None, 0.0, 0)


@pytest.mark.parametrize("text", TEXT)
def test_any_text_is_explained_by_a_function_and_its_scores_are_finite(text: str) -> None:
    attribution = explain(text, LINEAR, run=CPU, method="occlusion")
    assert len(attribution.scores) == len(attribution.tokens)
    assert np.isfinite(attribution.scores).all()
    assert attribution.tokens == tuple(text[start:end] for start, end in attribution.spans)


@pytest.mark.parametrize("replace_by", ["nothing", "mask", "unk"])
def test_each_score_is_the_change_of_the_answer_of_a_classifier(bert: Classifier, replace_by: str) -> None:
    """Each variant is answered alone here, and packed with others there."""
    rows = rows_of(bert, ["good 好 very", "bad"], [None, None])
    scores = Occlusion.model_validate({"replace_by": replace_by}).attribute(bert, rows)
    assert rows.owner is not None
    assert rows.pieces is not None
    for row in range(2):
        target = int(rows.target[row])
        for token, (start, end) in enumerate(rows.spans[row]):
            if replace_by == "nothing":
                fed = bert.encode([without(rows.texts[row], start, end)], [None])[0].pieces
            else:
                fill = bert.tokenizer.mask_token_id if replace_by == "mask" else bert.tokenizer.unk_token_id
                fed = [
                    fill if of == token else piece
                    for piece, of in zip(rows.pieces[row], rows.owner[row], strict=True)
                ]
            alone = bert.answer([fed], [[0] * len(fed)])[0, target]
            assert scores.scores[row][token] == pytest.approx(
                float(rows.logits[row, target] - alone), abs=1e-5
            )


@pytest.mark.parametrize("replace_by", ["nothing", "mask"])
def test_a_row_has_the_same_scores_in_any_company_and_each_time(bert: Classifier, replace_by: str) -> None:
    way = Occlusion.model_validate({"replace_by": replace_by})
    texts = TEXT[:8]
    together, again = (way.attribute(bert, rows_of(bert, texts)) for _ in range(2))
    assert again.scores == together.scores
    for row, text in enumerate(texts):
        alone = way.attribute(bert, rows_of(bert, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], abs=1e-4)
        assert alone.cost[0] == together.cost[row]


def test_both_sides_of_a_pair_are_explained(bert: Classifier) -> None:
    def overlap(rows: list[tuple[str, str | None]]) -> list[list[float]]:
        shares = [0.8 if "好" in first and "good" in str(second) else 0.3 for first, second in rows]
        return [[1 - share, share] for share in shares]

    pairs = FunctionModel(function=overlap, classes=("no", "yes"), pairs=True)
    attribution = explain("很 好", pairs, "so good", run=CPU, method="occlusion")
    scores = dict(zip(attribution.tokens, attribution.scores, strict=True))
    assert attribution.side == (0, 0, 1, 1)
    assert scores == pytest.approx({"很": 0.0, "好": 0.5, "so": 0.0, "good": 0.5}, abs=1e-6)
    rows = rows_of(bert, ["good 好"], ["bad very"])
    assert len(Occlusion().attribute(bert, rows).scores[0]) == 4


def test_a_token_that_the_model_does_not_see_scores_zero_and_costs_nothing(tmp_path: Path) -> None:
    folder = save(NETS["bert"], tmp_path / "bert")
    short = open_classifier(ModelConfig(path=str(folder), max_length=8, windows="first"), CPU)
    rows = rows_of(short, ["good bad " * 20])
    scores = Occlusion().attribute(short, rows)
    assert scores.cost[0] <= 6
    assert set(scores.scores[0][scores.cost[0] :]) == {0.0}


def test_gradients_of_a_function_are_refused_and_occlusion_is_named() -> None:
    for method in ("integrated_gradients", "gradient", "gradient_x_input"):
        with pytest.raises(RequestError, match="method: occlusion"):
            explain("很好", LINEAR, run=CPU, method=method_of({"method": method}))


def test_what_a_function_does_not_have_is_refused() -> None:
    with pytest.raises(RequestError, match="no logit follows"):
        explain("很好", LINEAR, quantity="logit", run=CPU, method="occlusion")
    with pytest.raises(RequestError, match="which has no pieces"):
        explain("很好", LINEAR, run=CPU, method=Occlusion(replace_by="mask"))


def test_every_method_is_found_by_its_name() -> None:
    assert {name: method_of({"method": name}).method for name in METHODS} == {name: name for name in METHODS}


@given(st.text("a 好\n　", max_size=12), st.data())
def test_leaving_out_a_word_takes_at_most_one_space_with_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    rest = text[:start] + text[end:]
    result = without(text, start, end)
    assert len(rest) - len(result) in (0, 1)
    assert "".join(result.split()) == "".join(rest.split())


def test_leaving_out_a_word_leaves_one_space() -> None:
    assert without("a good film", 2, 6) == "a film"
    assert without("good film", 0, 4) == "film"
    assert without("a film", 2, 6) == "a"
    assert without("服务很好", 2, 3) == "服务好"


def test_torch_logits_of_certain_answers_stay_finite() -> None:
    sure = FunctionModel(function=lambda texts: [[0.0, 1.0]] * len(texts), classes=("bad", "good"))
    attribution = explain("很好", sure, target="bad", quantity="log_probability", run=CPU, method="occlusion")
    assert torch.isfinite(torch.tensor(attribution.scores)).all()
