"""A model without gradients: what a pipeline leaves open is done otherwise and reported, what it names stays."""

from pathlib import Path

import numpy as np
import pytest

import augment
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import ModelConfig, ResourcesConfig
from augment.errors import RequestError
from augment.pipeline.adapting import adapted
from augment.pipeline.definition import pipeline_of
from augment.stages import Attribute, Rank, Tokenize
from tests.small import small_job


def good(texts: list[str]) -> np.ndarray:
    """Return how good texts are, by two words."""
    share = np.array([0.9 if "很好" in text or "great" in text else 0.2 for text in texts])
    return np.stack([1 - share, share], axis=1)


FUNCTION = FunctionModel(function=good, classes=("bad", "good"))


def test_a_model_with_gradients_changes_nothing() -> None:
    plan = pipeline_of("probe")
    assert adapted(plan, Job(model=ModelConfig(path="models/mine"))) == (plan, ())
    assert adapted(plan, Job()) == (plan, ())


@pytest.mark.parametrize(
    "name", ["augment", "augment-wide", "probe", "attack-ig", "explain", "balance", "counterfactual"]
)
def test_every_pipeline_that_names_no_method_is_explained_by_occlusion(name: str) -> None:
    plan, notices = adapted(pipeline_of(name), Job(model=FUNCTION))
    written = [
        stage.model_dump() for stage in plan.stages if stage.of_attribution and "method" in stage.model_dump()
    ]
    assert {(stage["method"], stage["quantity"]) for stage in written} == {("occlusion", "probability")}
    assert "occlusion" in notices[0]
    assert pipeline_of(plan) == plan


def test_words_near_in_embeddings_are_left_out_unless_an_encoder_gives_them() -> None:
    plan, notices = adapted(pipeline_of("attack-ig"), Job(model=FUNCTION))
    assert "neighbours" not in {name for stage in plan.stages for name in stage.word_sources}
    assert any("neighbours" in notice for notice in notices)
    encoder = ResourcesConfig(encoder="models/encoder")
    plan, notices = adapted(pipeline_of("attack-ig"), Job(model=FUNCTION, resources=encoder))
    assert "neighbours" in {name for stage in plan.stages for name in stage.word_sources}
    assert len(notices) == 1


def test_what_a_pipeline_names_stays(small: Path, tmp_path: Path) -> None:
    """And is refused."""
    stages = [Tokenize(), Attribute(method="gradient"), Rank(k=3)]
    with pytest.raises(RequestError, match="occlusion"):
        augment.run(stages, small_job(small).model_copy(update={"model": FUNCTION}), tmp_path / "out")


def test_a_run_by_a_function_reports_what_was_done_otherwise(small: Path, tmp_path: Path) -> None:
    job = small_job(small, limit=12).model_copy(update={"model": FUNCTION})
    for name in ("explain", "attack-ig"):
        summary = augment.run(name, job, tmp_path / name, progress=False)
        assert "occlusion" in summary.notices[0]
        assert augment.verify(tmp_path / name).ok
