"""Paths that start from other texts: complete, of the same length and frame, and the text that was meant."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from augment.api.run import run
from augment.attribution.baseline_texts import AVERAGED, References
from augment.attribution.path_integral import ModelInputs, Plan, attribute, fixed
from augment.errors import RequestError
from augment.models.classifier import Classifier
from augment.pipeline.apply import apply
from augment.stages.attribute import Attribute
from tests.attribution.test_path_integral import inputs_of, opened
from tests.models.nets import NETS, save
from tests.small import small_job
from tests.stages.test_attribute import pipeline, scores
from tests.texts import TEXTS

TEXT = ["good bad 好", "very very good", *TEXTS[:3]]
OTHERS = ["bad", "好 bad very", "good good good good good good", *TEXTS[3:12]]
DENSE = Plan(mode="fixed", chains=fixed(64))


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    return opened(save(NETS["bert"], tmp_path_factory.mktemp("nets") / "bert"))


@pytest.fixture(scope="module")
def references(bert: Classifier) -> References:
    """Return some texts to start from."""
    return References(bert, inputs_of(bert, OTHERS).pieces)


@pytest.mark.parametrize("name", ["text", "corpus", "neutral", "boundary"])
def test_scores_sum_to_the_change_from_where_the_path_starts(
    bert: Classifier, references: References, name: str
) -> None:
    rows = inputs_of(bert, TEXT)
    result = references.attribute(name, rows, lambda many: attribute(bert, many, DENSE))
    starts = references.starts(name, rows)
    assert {len(some) for some in starts} == {AVERAGED if name == "corpus" else 1}
    for row, some in enumerate(starts):
        assert {len(start) for start in some} == {len(rows.pieces[row])}
        assert {(start[0], start[-1]) for start in some} == {(rows.pieces[row][0], rows.pieces[row][-1])}
        logits = bert.answer(some, [rows.segments[row]] * len(some))
        floor = float(logits[:, rows.target[row]].mean())
        assert result.floor[row] == pytest.approx(floor, abs=1e-5)
        assert result.pieces[row].sum() == pytest.approx(result.value[row] - floor, abs=3e-3)
        assert result.evals[row] == 64 * len(some)


def test_the_boundary_text_is_one_that_the_model_answers_otherwise(
    bert: Classifier, references: References
) -> None:
    rows = inputs_of(bert, TEXT)
    others = inputs_of(bert, OTHERS)
    by_text = {
        tuple(bert.content(pieces)): int(logits.argmax())
        for pieces, logits in zip(others.pieces, others.logits, strict=True)
    }
    if len(set(by_text.values())) > 1:
        for row, positions in enumerate(references._across(rows)):
            own = int(rows.logits[row].argmax())
            assert by_text[tuple(bert.content(others.pieces[positions[0]]))] != own


def test_the_neutral_text_is_nearest_to_the_mean_of_the_target(
    bert: Classifier, references: References
) -> None:
    rows = inputs_of(bert, TEXT)
    logits = inputs_of(bert, OTHERS).logits
    for row, some in enumerate(references.starts("neutral", rows)):
        target = int(rows.target[row])
        best = int((logits[:, target] - logits[:, target].mean()).abs().argmin())
        other = bert.content(inputs_of(bert, OTHERS).pieces[best])
        assert bert.content(some[0])[: len(other)] == other[: len(bert.content(some[0]))]


def test_a_row_that_starts_from_itself_has_no_scores(bert: Classifier) -> None:
    rows = inputs_of(bert, ["good bad"])
    same = ModelInputs(rows.pieces, rows.segments, rows.logits, rows.target, starts=rows.pieces)
    assert np.abs(attribute(bert, same, DENSE).pieces[0]).max() == 0


def test_a_path_and_its_way_back_have_opposite_scores(bert: Classifier) -> None:
    one, other = inputs_of(bert, ["good bad 好"]), inputs_of(bert, ["好 good bad"])
    assert len(one.pieces[0]) == len(other.pieces[0])
    target = torch.tensor([1])
    forth = attribute(
        bert, ModelInputs(one.pieces, one.segments, one.logits, target, starts=other.pieces), DENSE
    )
    back = attribute(
        bert, ModelInputs(other.pieces, one.segments, other.logits, target, starts=one.pieces), DENSE
    )
    np.testing.assert_allclose(forth.pieces[0], -back.pieces[0], atol=1e-4)


@pytest.mark.parametrize(
    "how", [{"baseline": "corpus"}, {"baseline": "boundary"}, {"baseline": "text", "text": "房间 还行"}]
)
def test_a_run_starts_from_the_requested_texts(small: Path, tmp_path: Path, how: dict[str, object]) -> None:
    run(pipeline(**how, fixed=4), small_job(small, limit=20), tmp_path / "out")
    assert len(scores(tmp_path / "out")) == 20
    kept = tmp_path / "out" / "run" / "calibration-ig-references.json"
    assert kept.exists() == (how["baseline"] != "text")


def test_a_corpus_baseline_without_a_corpus_is_refused(small: Path) -> None:
    rows = pa.table(
        {"id": ["a"], "text": ["很好"], "text_pair": [None], "label": ["good"], "split": ["test"]}
    )
    with pytest.raises(RequestError, match="starts from other texts of a corpus"):
        apply(pipeline(baseline="boundary"), rows, small_job(small))


@pytest.mark.parametrize("how", [{"baseline": "text"}, {"text": "a"}, {"tolerance": 0.1, "fixed": 3}])
def test_settings_that_do_not_go_together_are_refused(how: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"together|cannot both"):
        Attribute.model_validate({"kind": "attribute", **how})
