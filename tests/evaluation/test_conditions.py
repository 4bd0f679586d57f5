"""Conditions: pipelines, their twins on other words, and how they are trained on."""

import pytest

from augment.errors import RequestError
from augment.evaluation.conditions import Condition
from augment.stages import Rank, Substitute, Weigh
from augment.stages.editor import Editor


@pytest.mark.parametrize("words", ["random", "log_odds"])
@pytest.mark.parametrize("pipeline", ["augment", "probe"])
def test_a_twin_does_the_same_to_other_words_and_asks_no_attribution(pipeline: str, words: str) -> None:
    plan, own = Condition.of(f"{pipeline}:{words}").plan(1), Condition.of(pipeline).plan(1)
    left_out = ("attribute", "keywords")
    assert [stage.kind for stage in plan.stages if stage.kind != "weigh"] == [
        stage.kind for stage in own.stages if stage.kind not in left_out
    ]
    weigh = next(stage for stage in plan.stages if isinstance(stage, Weigh))
    assert weigh.by == words
    assert all(stage.by == weigh.name for stage in plan.stages if isinstance(stage, Rank))
    for twin, stage in zip(
        *([stage for stage in one.stages if isinstance(stage, Substitute)] for one in (plan, own)),
        strict=True,
    ):
        assert twin == stage.model_copy(update={"score": weigh.name})


def test_an_attribution_method_takes_the_place_of_the_usual_one() -> None:
    plan, own = Condition.of("augment-wide:deeplift").plan(1), Condition.of("augment-wide").plan(1)
    changed = [(one, two) for one, two in zip(plan.stages, own.stages, strict=True) if one != two]
    assert [(one.kind, getattr(one, "method", None)) for one, _ in changed] == [("attribute", "deeplift")]
    assert getattr(changed[0][0], "target", None) == "gold"
    assert plan.name == "augment-wide-deeplift"


def test_new_variants_in_every_pass_are_as_many_more_samples() -> None:
    many, few = (Condition.of(name).plan(12).stages for name in ("augment+online", "augment"))
    pairs = [(stage, own) for stage, own in zip(many, few, strict=True) if isinstance(own, Editor)]
    assert pairs
    for stage, own in pairs:
        assert isinstance(stage, Editor)
        assert stage.count == 12 * own.count


def test_ways_are_read_from_the_name() -> None:
    condition = Condition.of("augment:random+r_drop+half")
    assert (condition.pipeline, condition.words) == ("augment", "random")
    assert condition.ways == {"r_drop", "half"}
    assert Condition.of("duplicate+r_drop").is_copying


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("augment:randm", "random"),
        ("augment+rdrop", "r_drop"),
        ("duplicate:random", "copies"),
        ("none+online", "copies"),
    ],
)
def test_a_wrong_part_is_named(name: str, message: str) -> None:
    with pytest.raises(RequestError) as refused:
        Condition.of(name)
    assert message in f"{refused.value.what} {refused.value.hint}"


def test_a_pipeline_that_ranks_nothing_has_no_twin() -> None:
    with pytest.raises(RequestError, match="ranks no words"):
        Condition.of("eda:random").plan(1)


@pytest.mark.parametrize("pipeline", ["explain", "compare", "keywords", "keywords:random"])
def test_a_pipeline_that_edits_nothing_is_no_condition(pipeline: str) -> None:
    with pytest.raises(RequestError, match="makes no samples") as caught:
        Condition.of(pipeline).plan(1)
    assert caught.value.where == f"evaluate.arms: {pipeline}"
