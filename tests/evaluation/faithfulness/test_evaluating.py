"""A whole evaluation of methods on a small corpus: known reasons are shown, chance stays chance, a folder goes on."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from augment.cli.commands import app
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import FaithfulnessConfig
from augment.errors import DataError, FingerprintError, ModelError, RequestError
from augment.evaluation.faithfulness import Faithfulness, evaluate_attribution
from augment.evaluation.faithfulness.evaluating import FILE, PAGE, PICTURE, called, chosen_methods
from augment.evaluation.faithfulness.result import PERMUTED, RANDOM
from augment.evaluation.faithfulness.row_costs import counted_rows
from augment.evaluation.faithfulness.twin_models import shuffled, with_word
from augment.models.classifier import open_classifier
from tests.small import GOOD, small_job

SETTINGS: Mapping[str, object] = {"rows": 6, "mosaics": 3, "planted": 4, "steps": 4, "beam": 1}
METHODS = ("integrated_gradients", "occlusion", "gradient")


def job(small: Path, **settings: object) -> Job:
    """Return the job of the small corpus with few texts."""
    config = FaithfulnessConfig.model_validate({**SETTINGS, **settings})
    return small_job(small).model_copy(update={"faithfulness": config})


@pytest.fixture(scope="module")
def result(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Faithfulness:
    """Return three methods, measured."""
    return evaluate_attribution(job(small), tmp_path_factory.mktemp("faith") / "out", methods=METHODS)


def test_every_method_is_measured_in_every_way(result: Faithfulness) -> None:
    assert result.methods == [*METHODS, PERMUTED, RANDOM]
    assert result.measures == ["deleted", "masked", "replaced", "mosaics", "planted", "shuffled"]
    assert result.facts["texts"] == 6
    assert result.reference == METHODS[0]


def test_known_reasons_are_shown_by_methods_with_a_sign_and_not_by_chance(result: Faithfulness) -> None:
    means = result.means
    assert means["integrated_gradients"]["mosaics"] > 0.8
    assert means["integrated_gradients"]["planted"] > 0.7
    assert means["occlusion"]["deleted"] > means[PERMUTED]["deleted"]
    assert 0.2 < means["gradient"]["mosaics"] < 0.8
    assert abs(means["integrated_gradients"]["shuffled"]) < 0.8


def test_figures_are_within_their_limits(result: Faithfulness) -> None:
    for method in result.methods:
        for way in ("deleted", "masked", "replaced"):
            values = np.asarray(result.values(method, way))
            assert (np.abs(values) <= 1 + 1e-9).all()
            parts = [
                np.asarray(result.values(method, f"{way}/{part}"))
                for part in ("comprehensiveness", "sufficiency")
            ]
            assert np.allclose(parts[0] + parts[1] - 1, values)


def test_the_cost_is_counted_in_rows(result: Faithfulness) -> None:
    cost = {name: result.cells[name]["cost"] for name in METHODS}
    assert cost["occlusion"]["backward"] == 0 < cost["gradient"]["backward"]
    assert cost["occlusion"]["forward"] > cost["gradient"]["forward"]


def test_what_is_reported_is_in_the_folder(result: Faithfulness) -> None:
    page = (result.folder / PAGE).read_text(encoding="utf-8")
    assert "| occlusion |" in page
    assert (result.folder / PICTURE).read_text(encoding="utf-8").startswith("<svg")
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["agreement"]["occlusion"]["occlusion"] == 1.0
    assert set(plain["measures"]["deleted"]["occlusion"]) == {"texts", "mean", "low", "high"}


def test_a_folder_goes_on_with_methods_that_it_does_not_have(result: Faithfulness, small: Path) -> None:
    before = json.loads((result.folder / FILE).read_text(encoding="utf-8"))["methods"]
    more = evaluate_attribution(
        job(small), result.folder, methods=["occlusion", {"method": "lime", "evaluations": 32}]
    )
    assert "lime (evaluations 32)" in more.methods
    assert {name: more.cells[name] for name in before} == before
    assert more.reference == METHODS[0]


def test_a_folder_of_another_request_is_refused(result: Faithfulness, small: Path) -> None:
    with pytest.raises(FingerprintError, match=r"settings\.rows"):
        evaluate_attribution(job(small, rows=7), result.folder, methods=METHODS)
    given = job(small)
    first = given.needs_model().model_copy(update={"windows": "first"})
    with pytest.raises(FingerprintError, match="windows"):
        evaluate_attribution(given.model_copy(update={"model": first}), result.folder, methods=METHODS)


def test_a_copy_of_a_model_reads_as_much_of_a_text_as_the_model(small: Path) -> None:
    given = job(small)
    reading = {"max_length": 8, "windows": "max", "overlap": 0.25, "most_windows": 3}
    model = given.needs_model().model_copy(update=reading)
    classifier = open_classifier(model, given.run)
    assert open_classifier(shuffled(classifier, 0), given.run).windows == classifier.windows


def test_a_folder_of_others_is_not_touched(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RequestError, match="holds no figures"):
        evaluate_attribution(job(small), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_function_is_measured_by_methods_that_need_answers_alone(small: Path, tmp_path: Path) -> None:
    def good(texts: list[str]) -> np.ndarray:
        """Return high probabilities for texts with a good word."""
        share = np.asarray([0.9 if any(word in text for word in GOOD) else 0.1 for text in texts])
        return np.stack([1 - share, share], axis=1)

    model = FunctionModel(function=good, classes=("bad", "good"), name="by words")
    given = job(small, rows=4, mosaics=2).model_copy(update={"model": model})
    result = evaluate_attribution(given, tmp_path / "out", methods=["occlusion"])
    assert result.measures == ["deleted", "replaced", "mosaics"]
    assert RANDOM in result.refused
    assert any("Python function" in notice for notice in result.notices)
    assert list(chosen_methods((), True)) == ["occlusion", "shapley", "lime"]


def test_too_few_texts_and_unknown_methods_are_errors_with_a_hint(small: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="held-out texts have 3 to 3 words"):
        evaluate_attribution(job(small, words=3), tmp_path / "a", methods=["gradient"])
    with pytest.raises(RequestError, match="deeplift"):
        evaluate_attribution(job(small), tmp_path / "b", methods=["deeplfit"])
    with pytest.raises(RequestError, match="its keys are replace_by"):
        evaluate_attribution(job(small), tmp_path / "c", methods=[{"method": "occlusion", "steps": 3}])
    assert not list(tmp_path.iterdir())


def test_a_method_is_called_by_its_keys() -> None:
    (name,) = chosen_methods([{"method": "shapley", "estimator": "kernel", "evaluations": 64}], False)
    assert name == "shapley (evaluations 64, estimator kernel)"
    (method,) = chosen_methods(["gradient"], False).values()
    assert called(method) == "gradient"


def test_a_planted_word_is_a_token_of_its_own_where_it_is_named() -> None:
    for text in ("这家酒店的服务很好", "a good film"):
        planted, start = with_word(text, "海棠", 3, 0)
        assert planted[start : start + 2] == "海棠"
        assert planted.replace("海棠", "").replace(" ", "") == text.replace(" ", "")


def test_rows_are_counted_forwards_and_backwards(small: Path) -> None:
    given = small_job(small)
    classifier = open_classifier(given.needs_model(), given.run)
    with counted_rows(classifier) as rows:
        classifier.ask(["很好", "bad"], [None, None])
    assert (rows.forward, rows.backward) == (2, 0)


def test_the_command_measures_methods_and_refuses_options_of_draws(
    result: Faithfulness, small: Path, tmp_path: Path
) -> None:
    config = tmp_path / "small.yaml"
    lines = [
        f"corpus: {{root: {small}, files: small.csv}}",
        f"model: {{path: {small / 'model'}, max_length: 64}}",
    ]
    few = "{rows: 4, mosaics: 0, planted: 0, steps: 3, beam: 1}"
    config.write_text(
        "\n".join([*lines, "run: {device: cpu, threads: 1}", f"faithfulness: {few}"]), encoding="utf-8"
    )
    words = ["evaluate", "--attribution", "gradient", "-q", "-c", str(config), "-o", str(tmp_path / "out")]
    shown = CliRunner().invoke(app, words)
    assert shown.exit_code == 0, shown.output
    assert "gradient" in shown.stdout
    assert PAGE in shown.stdout
    with pytest.raises(RequestError, match="--seeds"):
        CliRunner().invoke(app, [*words, "--seeds", "2"], catch_exceptions=False)


def with_problem(small: Path, folder: Path, problem: str) -> Job:
    """Return the job of the small corpus with a copy of its model whose answers mean something else."""
    model = Path(shutil.copytree(small / "model", folder / "model"))
    settings = json.loads((model / "config.json").read_text(encoding="utf-8"))
    settings["problem_type"] = problem
    if problem == "regression":
        settings |= {"id2label": {"0": "score"}, "label2id": {"score": 0}}
    (model / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    given = job(small)
    return given.model_copy(update={"model": given.needs_model().model_copy(update={"path": str(model)})})


def test_labels_that_are_no_alternatives_are_not_set_against_each_other(small: Path, tmp_path: Path) -> None:
    given = with_problem(small, tmp_path, "multi_label_classification")
    result = evaluate_attribution(given, tmp_path / "out", methods=["gradient"])
    assert result.measures == ["deleted", "masked", "replaced", "shuffled"]
    assert any("several labels may be right" in notice for notice in result.notices)


def test_a_model_of_a_number_is_refused(small: Path, tmp_path: Path) -> None:
    given = with_problem(small, tmp_path, "regression")
    with pytest.raises(ModelError, match="measuring attribution methods needs one class of several"):
        evaluate_attribution(given, tmp_path / "out")
    assert not (tmp_path / "out").exists()
