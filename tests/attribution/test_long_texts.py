"""Texts of several windows: their scores are those of the mean of the windows, complete, and cost what the windows cost."""

from pathlib import Path

import numpy as np
import pytest
import torch

from augment.api.explain import explain
from augment.attribution.gradient_methods import IntegratedGradients
from augment.attribution.method import Explained, TokenScores
from augment.attribution.methods import method_of
from augment.config.sections import ModelConfig, RunConfig
from augment.ig.quadrature import gauss_legendre
from augment.models.classifier import Classifier, open_classifier
from augment.models.windows import Pooling
from tests.attribution.test_occlusion import rows_of
from tests.models.nets import NETS, save

CPU = RunConfig(device="cpu", threads=1)
LENGTH = 24
LONG = "房间很干净，但是服务太差了。the room was clean but the staff rude. " * 3
SHORT = "服务很好"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a small net."""
    return save(NETS["bert"], tmp_path_factory.mktemp("net") / "bert")


def opened(folder: Path, windows: Pooling = "mean") -> Classifier:
    """Return the net with short windows."""
    return open_classifier(ModelConfig(path=str(folder), max_length=LENGTH, windows=windows), CPU)


def explained(classifier: Classifier, texts: list[str], **how: object) -> tuple[Explained, TokenScores]:
    """Return rows and their scores."""
    rows = rows_of(classifier, texts)
    return rows, method_of({"method": "integrated_gradients", **how}).attribute(classifier, rows)


def sums(scores: TokenScores) -> np.ndarray:
    """Return the sum over all pieces of each row."""
    rest = np.asarray(scores.facts["rest"], dtype=float)
    return np.asarray([sum(row) for row in scores.scores] + rest, dtype=float)


def joint(classifier: Classifier, rows: Explained, steps: int) -> list[float]:
    """Return integrated gradients of the mean logit along the path of the whole text, each window fed its part of it."""
    pieces, owner = (rows.pieces or [])[0], np.asarray((rows.owner or [])[0])
    parts = classifier.windows.of([pieces])
    assert parts is not None
    batch = classifier.batch(parts.spread([pieces]), [[0] * LENGTH] * len(parts.row))
    whole = classifier.embed(classifier.batch([pieces], [[0] * len(pieces)]))[0]
    slots = torch.from_numpy(np.stack(parts.slots))
    total = torch.zeros(len(pieces))
    for node, weight in zip(*gauss_legendre(steps), strict=True):
        here = (float(node) * whole).requires_grad_(True)
        value = classifier.logits(batch, here[slots])[:, int(rows.target[0])].mean()
        total += float(weight) * (torch.autograd.grad(value, here)[0] * whole).sum(-1)
    scores = np.bincount(owner[owner >= 0], total.numpy()[owner >= 0], len(rows.spans[0]))
    return [float(score) for score in scores]


def test_scores_are_integrated_gradients_of_the_mean_over_the_windows(folder: Path) -> None:
    """By another way: all windows along one path, their embeddings parts of those of the text."""
    classifier = opened(folder)
    rows, scores = explained(classifier, [LONG], fixed=24)
    assert len((rows.pieces or [])[0]) > 3 * LENGTH
    assert scores.scores[0] == pytest.approx(joint(classifier, rows, 24), abs=1e-5)


@pytest.mark.parametrize("quantity", ["logit", "difference", "probability", "log_probability"])
@pytest.mark.parametrize("windows", ["mean", "max"])
def test_scores_add_up_over_windows_within_the_tolerance(
    folder: Path, windows: Pooling, quantity: str
) -> None:
    classifier = opened(folder, windows)
    rows = rows_of(classifier, [LONG, SHORT])
    rows = Explained(**{**vars(rows), "quantity": quantity})
    scores = IntegratedGradients(tolerance=0.02).attribute(classifier, rows)
    assert scores.facts["status"] == ["converged", "converged"]
    gap = np.asarray(scores.facts["gap"], dtype=float)
    change = sums(scores) - gap
    assert (np.abs(gap) <= 0.02 * np.abs(change) + 1e-4).all()
    assert (np.asarray(scores.facts["error"]) <= 0.02).all()
    if quantity == "logit":
        assert scores.value == pytest.approx(rows.logits.max(-1).values.numpy(), abs=1e-5)


@pytest.mark.parametrize("how", [{}, {"baseline": "text", "text": "好 good"}, {"ranking": 3}])
def test_a_text_that_fits_has_the_scores_that_it_has_alone(folder: Path, how: dict[str, object]) -> None:
    classifier = opened(folder)
    _, both = explained(classifier, [LONG, SHORT], **how)
    _, alone = explained(classifier, [SHORT], **how)
    assert both.scores[1] == pytest.approx(alone.scores[0], rel=1e-4, abs=1e-6)
    assert (both.cost[1], both.facts["status"][1]) == (alone.cost[0], alone.facts["status"][0])


OF_BERT = (
    "gradient",
    "gradient_x_input",
    "smooth_gradient",
    "expected_gradients",
    "deeplift",
    "lrp",
    "influence",
    "occlusion",
)


@pytest.mark.parametrize("method", OF_BERT)
def test_every_method_sees_the_end_of_a_long_text(folder: Path, method: str) -> None:
    rows, scores = explained(opened(folder), [LONG], method=method)
    assert len(scores.scores[0]) == len(rows.spans[0])
    assert any(score != 0 for score in scores.scores[0][-4:])


def test_with_the_maximum_the_window_that_decides_has_all_shares(folder: Path) -> None:
    classifier = opened(folder, "max")
    rows, scores = explained(classifier, [LONG], fixed=4)
    pieces = (rows.pieces or [])[0]
    parts = classifier.windows.of([pieces])
    assert parts is not None
    logits = classifier.answer(parts.spread([pieces]), [[0] * LENGTH] * len(parts.row))
    best = int(logits[:, int(rows.target[0])].argmax())
    inside = {owner for slot, owner in enumerate((rows.owner or [])[0]) if slot in parts.slots[best]}
    assert {token for token, score in enumerate(scores.scores[0]) if score} <= inside
    assert rows.logits[0].tolist() == pytest.approx(logits.max(0).values.tolist())


def test_a_text_costs_what_its_windows_cost(folder: Path) -> None:
    classifier = opened(folder)
    rows, scores = explained(classifier, [LONG, LONG * 2], fixed=4)
    parts = classifier.windows.of(rows.pieces or [])
    assert parts is not None
    assert scores.cost == [4 * count for count in parts.counts()]


def test_explain_reads_texts_over_the_length_of_the_model_to_their_end(small: Path) -> None:
    """A text of 5,000 words in either language, at the usual length of windows."""
    for words in ("房间很干净，" * 1500, "the room was clean and nice. " * 800):
        attribution = explain(words, small / "model", run=CPU)
        assert (attribution.unseen, attribution.status) == (0, "exact")
        assert attribution.gap == pytest.approx(0, abs=1e-4)


def test_a_long_pair_is_explained_whole(folder: Path) -> None:
    """Each window has the shorter text; scores of both add up, and every word has one."""
    classifier = opened(folder)
    rows = rows_of(classifier, [SHORT, LONG], [LONG, SHORT])
    assert all(-1 not in owned[1:] or max(owned) == len(rows.spans[0]) - 1 for owned in rows.owner or [])
    scores = IntegratedGradients(tolerance=0.02).attribute(classifier, rows)
    assert scores.facts["status"] == ["converged", "converged"]
    gap = np.asarray(scores.facts["gap"], dtype=float)
    assert (np.abs(gap) <= 0.02 * np.abs(sums(scores) - gap) + 1e-4).all()
    for row in scores.scores:
        assert np.count_nonzero(row) == len(row)
