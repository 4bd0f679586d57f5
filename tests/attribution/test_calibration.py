"""Calibration: rules that hold on texts they have not seen, named for what they are, and kept for the workers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from augment.attribution.calibration import Calibration, calibrate, cautious, choose, trial, trial_nodes
from augment.attribution.calibration_file import Finished, Learned, Origin, load, load_finished, save
from augment.attribution.float32_retry import attribute_precisely
from augment.attribution.gradient_methods import IntegratedGradients
from augment.attribution.method import Setting
from augment.attribution.model_calibration import calibrate_model
from augment.attribution.path_integral import (
    ModelInputs,
    Plan,
    Scores,
    Traced,
    attribute,
    bounded,
    fixed,
    trace,
    uncalibrated,
)
from augment.attribution.rule_trials import (
    CAUTIOUS,
    EASY,
    LARGER,
    LEAST_ENTRIES,
    LEAST_FACTOR,
    POWER,
    PROMISE,
    USUAL,
    Trial,
)
from augment.config.job import Job
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import RequestError
from augment.ig.quadrature import gauss_legendre
from augment.models.classifier import Classifier, open_classifier
from augment.models.model_folder import model_folder
from tests.attribution.test_path_integral import inputs_of, opened
from tests.models.nets import NETS
from tests.models.nets import save as save_net
from tests.texts import TEXTS

WORDS = [word for text in TEXTS for word in text.split()][:40] or ["a"]
TEACH = [" ".join(WORDS[k::7] * (1 + k % 2))[:60] or "a" for k in range(24)]
FACTS = {"model": "abc", "quantity": "logit"}


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    """Return a net whose paths need many plain nodes."""
    return opened(save_net(NETS["distilbert"], tmp_path_factory.mktemp("net") / "distilbert"))


@pytest.fixture(scope="module")
def learned(curved: Classifier) -> tuple[ModelInputs, Calibration, Scores]:
    """Return texts, the calibration they give at 5 %, and their scores."""
    rows = inputs_of(curved, TEACH)
    return (rows, *calibrate(curved, rows, Plan()))


def some(positions: list[int], scores: Scores) -> Scores:
    """Return the scores of a few rows."""
    return Scores(
        [scores.pieces[index] for index in positions],
        scores.value[positions],
        scores.floor[positions],
        scores.gap[positions],
        scores.error[positions],
        scores.evals[positions],
        [scores.status[index] for index in positions],
    )


def test_texts_are_chosen_from_the_predicted_classes_in_turn() -> None:
    assert choose([0, 0, 0, 1, 0, 2, 1], 5) == [0, 3, 5, 1, 6]
    assert choose([0, 0], 5) == [0, 1]


def test_a_calibrated_chain_keeps_its_nodes_and_weights_that_are_means(
    learned: tuple[ModelInputs, Calibration, Scores],
) -> None:
    _, result, _ = learned
    assert result.factor > 0
    assert result.shape in ("smooth", "rough", "jump")
    for level in result.chain.levels:
        assert level.weights.sum() == pytest.approx(1, abs=1e-9)
    (chain,) = result.plan(Plan()).chains
    assert chain.levels[: len(result.chain.levels)] == result.chain.levels
    assert [level.count for level in chain.levels][-1] == 192
    assert result.plan(Plan()).factor == result.factor


def test_the_texts_that_were_traced_come_out_finished(
    curved: Classifier, learned: tuple[ModelInputs, Calibration, Scores]
) -> None:
    rows, _, done = learned
    dense = attribute(curved, rows, Plan(mode="fixed", chains=fixed(64)))
    for row in range(len(done.pieces)):
        np.testing.assert_allclose(done.pieces[row], dense.pieces[row], rtol=1e-3, atol=1e-5)
    assert done.evals.tolist() == [64] * len(done.pieces)


@pytest.mark.parametrize("bad", [1, 12, 24])
def test_texts_whose_gradients_are_not_finite_teach_nothing_and_stay_so(tmp_path: Path, bad: int) -> None:
    net = opened(save_net(NETS["distilbert"], tmp_path / "net"))
    rows = inputs_of(net, TEACH)
    table = net.model.get_input_embeddings().weight
    poison = next(
        piece for piece in reversed(range(len(table))) if all(piece not in row for row in rows.pieces)
    )
    worse = [[*row[:-1], poison] if folder < bad else row for folder, row in enumerate(rows.pieces)]
    with torch.no_grad():
        # The net is the process's only one of its weights, so they are put back.
        before = table[poison].clone()
        table[poison] = torch.nan
        try:
            calibration, done = calibrate(net, replace(rows, pieces=worse), Plan())
        finally:
            table[poison] = before
    finite = [bool(np.isfinite(scores).all()) for scores in done.pieces]
    assert finite == [folder >= bad for folder in range(len(TEACH))][: len(finite)]
    assert calibration.texts == len(TEACH) - bad
    assert all(np.isfinite(level.weights).all() for level in calibration.chain.levels)
    assert np.isfinite(calibration.factor)


def test_every_calibrated_rule_nears_the_same_integral(
    curved: Classifier, learned: tuple[ModelInputs, Calibration, Scores]
) -> None:
    rows = inputs_of(curved, TEXTS[:6])
    plan = learned[1].plan(Plan(tolerance=1e-9))
    nodes, weights = gauss_legendre(128)
    paths = trace(curved, rows, plan, nodes)
    fine = attribute(curved, rows, plan)
    assert set(fine.status) == {"not_converged"}
    for path, scores in zip(paths, fine.pieces, strict=True):
        exact = weights @ path.along
        assert np.abs(scores - exact).sum() <= 0.02 * np.abs(exact).sum() + 1e-5


@pytest.mark.parametrize(("tolerance", "shape"), [(0.2, "smooth"), (0.03, "rough")])
def test_paths_that_the_traced_nodes_cannot_follow_are_rough_where_they_miss_the_tolerance(
    curved: Classifier, monkeypatch: pytest.MonkeyPatch, tolerance: float, shape: str
) -> None:
    """Waves too short for 64 nodes: no factor learned from such nodes means anything, whatever 12 nodes show."""

    def waves(_: Classifier, rows: ModelInputs, plan: Plan, nodes: np.ndarray) -> list[Traced]:
        calibration: list[Traced] = []
        for row, pieces in enumerate(rows.pieces):
            pace = 600 + 37 * (len(calibration) + sum(pieces) % 91)
            slope = 1 + 0.3 * np.cos(pace * nodes + row)
            shares = np.linspace(1, 2, len(pieces)) / np.linspace(1, 2, len(pieces)).sum()
            values = nodes + 0.3 / pace * (np.sin(pace * nodes + row) - np.sin(row))
            end = 1 + 0.3 / pace * (np.sin(pace + row) - np.sin(row))
            calibration.append(Traced(slope[:, None] * shares, values, 0.0, float(end)))
        return calibration

    for threshold in ("_ROUGH_MEDIAN", "_ROUGH_TAIL"):
        monkeypatch.setattr(f"augment.attribution.calibration.{threshold}", np.inf)
    monkeypatch.setattr("augment.attribution.calibration.trace", waves)
    calibration, _ = calibrate(curved, inputs_of(curved, TEACH), Plan(tolerance=tolerance))
    assert calibration.shape == shape


def test_a_model_whose_paths_are_easy_is_taught_with_less(tmp_path: Path) -> None:
    bert = opened(save_net(NETS["bert"], tmp_path / "bert"))
    rows = inputs_of(bert, TEACH)
    calibration, done = calibrate(bert, rows, Plan(tolerance=0.9))
    assert [level.count for level in calibration.chain.levels] == list(EASY.counts)
    assert (calibration.texts, done.evals.tolist()) == (
        EASY.texts,
        [64] * 4 + [EASY.nodes] * (EASY.texts - 4),
    )
    dense = attribute(bert, rows, Plan(mode="fixed", chains=fixed(64)))
    few = attribute(bert, rows, calibration.plan(Plan(tolerance=0.9)))
    assert few.evals.max() <= 12
    for one, other in zip(few.pieces, dense.pieces, strict=True):
        assert np.abs(one - other).sum() <= 0.9 * np.abs(other).sum()


def test_a_calibration_is_read_as_it_was_written(
    tmp_path: Path, learned: tuple[ModelInputs, Calibration, Scores]
) -> None:
    rows, result, done = learned
    path = tmp_path / "calibration-ig.json"
    ids = tuple(f"r{row}" for row in range(len(done.pieces)))
    save(path, FACTS, Learned(result, Finished(ids, done)))
    again, finished = load(path, FACTS), load_finished(path)
    np.testing.assert_array_equal(again.chain.nodes, result.chain.nodes)
    assert replace(again, chain=result.chain) == result
    assert finished.ids == ids
    assert all(
        np.array_equal(one, other) for one, other in zip(finished.scores.pieces, done.pieces, strict=True)
    )
    assert finished.scores.status == done.status
    assert len(rows.pieces) >= len(ids)


def test_a_calibration_for_something_else_is_refused_by_name(
    tmp_path: Path, learned: tuple[ModelInputs, Calibration, Scores]
) -> None:
    path = tmp_path / "calibration-ig.json"
    save(path, FACTS, Learned(learned[1], Finished((), some([], learned[2]))))
    with pytest.raises(RequestError, match="another quantity: 'logit', here it is 'probability'"):
        load(path, {**FACTS, "quantity": "probability"})


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"made_for": {}, "chain": 3}'])
def test_what_is_no_calibration_is_reported_to_be_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "c.json").write_text(content, encoding="utf-8")
    with pytest.raises(RequestError, match="it is no calibration"):
        load(tmp_path / "c.json", FACTS)


def test_finished_rows_are_taken_as_they_are_and_the_others_computed(
    curved: Classifier, learned: tuple[ModelInputs, Calibration, Scores]
) -> None:
    rows, result, done = learned
    four = rows.take([3, 1, 0, 2])
    finished = Finished(
        ("b", "a"),
        some([1, 2], done),
    )
    plan = result.plan(Plan())
    mixed = attribute_precisely(curved, four, plan, ["x", "b", "y", "a"], finished)
    alone = attribute(curved, four, plan)
    np.testing.assert_array_equal(mixed.pieces[1], done.pieces[1])
    np.testing.assert_array_equal(mixed.pieces[3], done.pieces[2])
    for row in (0, 2):
        np.testing.assert_allclose(mixed.pieces[row], alone.pieces[row], rtol=1e-4, atol=1e-5)
    assert mixed.evals.tolist() == [alone.evals[0], 64, alone.evals[2], 64]


def test_fewer_digits_are_held_to_their_floor_and_what_misses_it_is_done_in_float32(
    curved: Classifier,
) -> None:
    rows = inputs_of(curved, TEXTS[:6])
    exact = attribute(curved, rows, Plan(tolerance=0.01))
    curved.dtype = "bfloat16"
    try:
        scores = attribute_precisely(curved, rows, Plan(tolerance=0.01), list("abcdef"), None)
    finally:
        curved.dtype = "float32"
    assert set(scores.status) <= {"converged", "precision_floor", "not_converged"}
    for row, status in enumerate(scores.status):
        if status == "converged":
            missed = np.abs(scores.pieces[row] - exact.pieces[row]).sum()
            assert missed <= 0.05 * np.abs(exact.pieces[row]).sum()


def test_a_factor_of_few_errors_near_the_tolerance_is_a_cautious_one() -> None:
    """Nine errors well within their estimates are no evidence; as many as are have a floor all the same."""
    for count, least in ((0, CAUTIOUS), (9, CAUTIOUS), (LEAST_ENTRIES, LEAST_FACTOR)):
        errors = np.full((max(count, 1), 1), 0.04 if count else 0.001)
        trial = Trial(errors, errors * 10, errors, errors)
        assert (trial.entries(0.05), trial.factor(0.05, PROMISE)) == (count, least)
    steep = Trial(np.full((9, 1), 0.04), np.full((9, 1), 0.01), np.zeros((9, 1)), np.zeros((9, 1)))
    ratio = 0.04 / float(bounded(np.asarray(0.01), 1.0, POWER, 0.05))
    assert steep.factor(0.05, PROMISE) == pytest.approx(1.7 * ratio)
    wide = replace(steep, errors=np.full((9, 1), 0.08))
    assert wide.factor(0.05, PROMISE) == pytest.approx(max(1.15 * 2 * ratio, 4.0))
    assert steep.factor(0.05, USUAL) == pytest.approx(max(1.15 * ratio, CAUTIOUS))


def test_what_a_chain_costs_is_where_bound_and_gap_end_its_texts() -> None:
    """Of three texts one ends at the first rule, one has a gap there, and one ends nowhere before the last."""
    errors = np.full((3, 3), 0.001)
    estimates = np.asarray([[0.001] * 3, [0.001] * 3, [0.5] * 3])
    gaps = np.asarray([[0.0] * 3, [0.06, 0.0, 0.0], [0.0] * 3])
    assert Trial(errors, estimates, errors, gaps).cost(0.05, (5, 7, 12)) == pytest.approx((5 + 7 + 12) / 3)


def test_smaller_rules_are_left_out_where_most_texts_pass_them_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bert = opened(save_net(NETS["bert"], tmp_path / "bert"))
    monkeypatch.setattr("augment.attribution.calibration.EASY_COST", 4.0)
    calibration, _ = calibrate(bert, inputs_of(bert, TEACH), Plan(tolerance=0.9))
    assert [level.count for level in calibration.chain.levels] == list(LARGER.counts)


def test_texts_that_teach_too_little_are_followed_by_as_many_again(curved: Classifier) -> None:
    """At a wide tolerance few errors are near it, though a dozen nodes miss it in some text."""
    rows = inputs_of(curved, [*TEACH, *(text[::-1] for text in TEACH)])
    calibration, done = calibrate(curved, rows, Plan(tolerance=0.6))
    assert (calibration.texts, len(done.pieces)) == (48, 48)
    calibration, done = calibrate(curved, rows.take(range(30)), Plan(tolerance=0.6))
    assert (calibration.texts, len(done.pieces)) == (30, 30)


def test_a_calibration_holds_where_its_bounds_are_kept_and_paths_can_be_followed(tmp_path: Path) -> None:
    bert = opened(save_net(NETS["bert"], tmp_path / "bert"))
    plan = Plan(tolerance=0.3)
    calibration, _ = calibrate(bert, inputs_of(bert, TEACH), plan)
    rows = inputs_of(bert, TEXTS[:6])
    scores = trial(bert, rows, calibration, plan)
    assert scores is not None
    assert set(scores.evals.tolist()) <= {32, 64}
    assert trial(bert, rows, replace(calibration, factor=1e-9), replace(plan, tolerance=0.001)) is None
    assert cautious(replace(calibration, factor=0.9)).factor == pytest.approx(CAUTIOUS)
    assert cautious(replace(calibration, factor=9.0)).factor == 9.0


def test_a_model_is_tried_with_less_where_a_dozen_nodes_nearly_do() -> None:
    known = Calibration(uncalibrated()[0], 0.05, 1.0, 1.0, "zero", "smooth", 0.0, 0.002, 24)
    assert [trial_nodes(replace(known, roughness=each), 0.05) for each in (0.002, 0.01)] == [32, 64]


def test_a_model_keeps_its_calibration_and_is_the_same_model(tmp_path: Path) -> None:
    folder = save_net(NETS["bert"], tmp_path / "bert")
    config = ModelConfig(path=str(folder), max_length=48)
    job = Job(model=config, run=RunConfig(device="cpu", threads=1))
    before = model_folder(config, job.run).digest()
    calibrate_model(job, TEACH, [None] * len(TEACH))
    assert model_folder(config, job.run).digest() == before
    setting = Setting(job, None, "ig", "gold", "logit")
    calibrating = IntegratedGradients().calibrating(open_classifier(config, job.run), setting)
    assert calibrating is not None
    assert calibrating.is_known()
    assert not replace(calibrating, mode="new").is_known()
    rows = inputs_of(calibrating.classifier, TEACH)
    used = calibrating.learned(rows, [f"r{row}" for row in range(len(TEACH))], 100)
    assert used is not None
    assert (used.origin, used.finished.ids) == (Origin("model", 5), ("r0", "r1", "r2", "r3", "r4"))
    assert used.calibration.factor >= CAUTIOUS
