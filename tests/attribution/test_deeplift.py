"""DeepLIFT as a method: any architecture and text, every baseline, the same scores in any company."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from augment.api.explain import explain
from augment.attribution.deeplift import DeepLift
from augment.attribution.methods import method_of
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import RequestError
from augment.ig.quantities import QuantityName
from augment.models.classifier import Classifier, open_classifier
from tests.attribution.test_occlusion import LINEAR, TEXT, rows_of
from tests.models.nets import NETS, save

CPU = RunConfig(device="cpu", threads=1)
SIX = pytest.mark.parametrize("name", NETS)


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Classifier]:
    """Return small classifiers of six architectures."""
    root = tmp_path_factory.mktemp("nets")
    return {
        name: open_classifier(
            ModelConfig(path=str(save(NETS[name], root / name)), max_length=64),
            RunConfig(device="cpu", threads=1, token_budget=512),
        )
        for name in NETS
    }


@SIX
def test_any_text_is_explained_by_any_architecture_and_its_scores_add_up(
    nets: dict[str, Classifier], name: str
) -> None:
    rows = rows_of(nets[name], TEXT)
    scores = DeepLift().attribute(nets[name], rows)
    assert set(scores.facts["status"]) == {"exact"}
    assert np.abs(np.asarray(scores.facts["gap"], dtype=float)).max() < 2e-5
    assert set(scores.facts["baseline"]) == {"mean" if name == "qwen3" else "zero"}
    # Two rows for each window of a text.
    assert min(scores.cost) == 2
    assert all(cost % 2 == 0 for cost in scores.cost)
    value = rows.logits.gather(1, rows.target[:, None])[:, 0].numpy()
    np.testing.assert_allclose(scores.value, value, atol=1e-4)


@SIX
def test_a_row_has_the_same_scores_in_any_company(nets: dict[str, Classifier], name: str) -> None:
    together = DeepLift(baseline="mean").attribute(nets[name], rows_of(nets[name], TEXT[:6]))
    for row, text in enumerate(TEXT[:6]):
        alone = DeepLift(baseline="mean").attribute(nets[name], rows_of(nets[name], [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], abs=1e-4)


def test_a_textcnn_has_the_scores_of_integrated_gradients(nets: dict[str, Classifier]) -> None:
    rows = rows_of(nets["textcnn"], TEXT)
    ours = DeepLift().attribute(nets["textcnn"], rows)
    others = method_of({"method": "integrated_gradients"}).attribute(nets["textcnn"], rows)
    for one, other in zip(ours.scores, others.scores, strict=True):
        assert one == pytest.approx(other, abs=1e-5)


@pytest.mark.parametrize("quantity", get_args(QuantityName))
@pytest.mark.parametrize("baseline", ["zero", "mask", "pad", "unk", "mean"])
def test_every_quantity_and_baseline_adds_up(
    nets: dict[str, Classifier], baseline: str, quantity: QuantityName
) -> None:
    rows = replace(rows_of(nets["bert"], TEXT[:5]), quantity=quantity)
    scores = method_of({"method": "deeplift", "baseline": baseline}).attribute(nets["bert"], rows)
    assert set(scores.facts["status"]) == {"exact"}
    assert np.abs(np.asarray(scores.facts["gap"], dtype=float)).max() < 1e-5


def test_a_text_is_compared_with_another_one(nets: dict[str, Classifier]) -> None:
    rows = rows_of(nets["bert"], ["good film", "很好"])
    scores = DeepLift(baseline="text", text="bad film").attribute(nets["bert"], rows)
    assert set(scores.facts["status"]) == {"exact"}
    assert set(scores.facts["baseline"]) == {"text"}
    same = DeepLift(baseline="text", text="good film").attribute(
        nets["bert"], rows_of(nets["bert"], ["good film"])
    )
    assert set(same.scores[0]) == {0.0}
    with pytest.raises(RequestError, match="texts of a corpus"):
        DeepLift(baseline="neutral").attribute(nets["bert"], rows)


def test_a_function_is_refused() -> None:
    with pytest.raises(RequestError, match="method: occlusion"):
        explain("很好", LINEAR, run=CPU, method="deeplift")


def test_words_of_two_languages_are_explained_from_a_folder(tmp_path: Path) -> None:
    folder = save(NETS["bert"], tmp_path / "bert")
    for text in ("服务很好", "a good film"):
        attribution = explain(text, folder, run=CPU, method="deeplift")
        assert attribution.status == "exact"
        assert attribution.gap == pytest.approx(0, abs=1e-5)
        assert any(attribution.scores)
