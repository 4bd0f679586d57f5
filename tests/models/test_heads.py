"""A model whose answers are not one class of several is refused by its config, before anything reads them by softmax."""

import json
import shutil
from pathlib import Path

import pytest

from augment.api.check import check_run
from augment.api.explain import explain
from augment.api.run import run
from augment.errors import ModelError
from augment.models.heads import require_exclusive
from tests.small import small_job

NAMES = {"0": "bad", "1": "good"}


def folder(tmp_path: Path, **config: object) -> Path:
    """Return a folder with this config."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert", **config}), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"id2label": NAMES, "problem_type": "multi_label_classification"}, "multi-label"),
        ({"id2label": NAMES, "problem_type": "regression"}, "regression"),
        ({"id2label": NAMES, "problem_type": "多标签"}, "'多标签', which is not known"),
        ({"id2label": {"0": "LABEL_0"}}, "one output"),
        ({"id2label": {"0": "分数"}, "problem_type": "single_label_classification"}, "one output"),
        ({"num_labels": 1}, "one output"),
        ({"id2label": NAMES, "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, "sigmoid"),
        ({"id2label": NAMES, "sbert_ce_default_activation_function": "torch.nn.Sigmoid"}, "sigmoid"),
    ],
)  # fmt: skip
def test_answers_that_are_not_one_class_of_several_are_refused(
    tmp_path: Path, config: dict[str, object], what: str
) -> None:
    with pytest.raises(ModelError, match=what) as caught:
        require_exclusive(folder(tmp_path, **config))
    assert caught.value.exit_code == 6
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"id2label": NAMES},
        {"id2label": NAMES, "problem_type": None},
        {"id2label": NAMES, "problem_type": "single_label_classification"},
        {"id2label": NAMES, "sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}},
    ],
)
def test_classes_of_which_one_is_right_are_accepted(tmp_path: Path, config: dict[str, object]) -> None:
    require_exclusive(folder(tmp_path, **config))


@pytest.mark.parametrize("problem", ["multi_label_classification", "regression"])
def test_check_run_and_explain_refuse_such_a_model_alike(small: Path, tmp_path: Path, problem: str) -> None:
    shutil.copytree(small / "model", tmp_path / "model")
    shutil.copy(small / "small.csv", tmp_path)
    path = tmp_path / "model" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "problem_type": problem}), encoding="utf-8")
    job = small_job(tmp_path)
    with pytest.raises(ModelError, match=r"it is a (multi-label|regression) model"):
        check_run("explain", job)
    with pytest.raises(ModelError, match=r"it is a (multi-label|regression) model"):
        run("explain", job, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    with pytest.raises(ModelError, match=r"it is a (multi-label|regression) model"):
        explain("很好", tmp_path / "model")
