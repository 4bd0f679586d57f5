"""Gradients averaged over random points: the same in any company, equal to what the papers define, honest about their error."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from augment.attribution.gradient_samples import smoothed
from augment.attribution.method import AttributionMethod
from augment.attribution.methods import method_of
from augment.attribution.row_parts import RowPart
from augment.attribution.sampled_gradients import ExpectedGradients, SmoothGradient
from augment.models.classifier import Classifier
from tests.attribution.small_nets import opened, part_of
from tests.attribution.test_occlusion import rows_of

TEXTS = ["服务很好", "a good film", "bad", "服务 good 很差，but the film is good"]
METHODS = [
    SmoothGradient(samples=4),
    SmoothGradient(samples=4, moment="variance"),
    ExpectedGradients(samples=4),
]


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a small BERT."""
    return opened("bert", tmp_path_factory.mktemp("nets"))


@pytest.mark.parametrize("method", METHODS, ids=["smooth", "variance", "expected"])
def test_a_row_has_the_same_scores_in_any_company(bert: Classifier, method: AttributionMethod) -> None:
    together = method.attribute(bert, rows_of(bert, TEXTS))
    assert set(together.cost) == {4}
    for row, text in enumerate(TEXTS):
        alone = method.attribute(bert, rows_of(bert, [text]))
        assert alone.scores[0] == pytest.approx(together.scores[row], rel=1e-3, abs=1e-4)


def test_the_mean_square_is_the_square_of_the_mean_and_the_variance(bert: Classifier) -> None:
    part = part_of(bert, TEXTS)
    mean, square, variance = (
        smoothed(part, 0.2, 8, moment).pieces for moment in ("mean", "square", "variance")
    )
    torch.testing.assert_close(square, mean.square() + variance, rtol=1e-4, atol=1e-5)
    assert not square[~part.present].any()


def test_little_noise_gives_the_plain_gradient(bert: Classifier) -> None:
    rows = rows_of(bert, TEXTS)
    smooth = SmoothGradient(samples=2, noise=1e-6).attribute(bert, rows)
    plain = method_of({"method": "gradient"}).attribute(bert, rows)
    for one, other in zip(smooth.scores, plain.scores, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_noise_is_a_share_of_the_range_of_the_embeddings(bert: Classifier) -> None:
    """Points are x + noise (max - min) z, with the z of each row's own generator."""
    part = part_of(bert, TEXTS[:1])
    seen: list[torch.Tensor] = []

    class Seeing(RowPart):
        """A part that keeps the points at which it is evaluated."""

        def gradient(self, embeddings: torch.Tensor) -> torch.Tensor:
            """Return the gradient."""
            seen.append(embeddings)
            return super().gradient(embeddings)

    smoothed(Seeing(**vars(part)), 0.5, 24, "mean")
    spread = torch.stack(seen).sub(part.inputs).std()
    assert float(spread / (part.inputs.max() - part.inputs.min())) == pytest.approx(0.5, rel=0.05)


def test_expected_gradients_near_the_mean_change_as_samples_grow(bert: Classifier) -> None:
    rows = replace(rows_of(bert, TEXTS[:2]), quantity="difference")
    few, many = (ExpectedGradients(samples=count).attribute(bert, rows) for count in (5, 160))
    gaps = [np.abs(np.asarray(scores.facts["gap"], dtype=float)).mean() for scores in (few, many)]
    errors = [np.asarray(scores.facts["error"], dtype=float).mean() for scores in (few, many)]
    assert gaps[1] < gaps[0] / 2
    assert errors[1] < errors[0] / 2
    assert set(many.facts["baseline"]) == {"fillers"}
