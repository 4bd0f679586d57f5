"""Settings of stages given apart: the stage is found by kind, name or number, and checked as YAML is."""

import pytest

from augment.errors import RequestError
from augment.pipeline.definition import described, pipeline_of
from augment.pipeline.overrides import stage_settings, with_settings
from augment.stages import Attack, Attribute, Keep, Substitute


def test_a_stage_is_named_by_its_kind() -> None:
    plan = with_settings(pipeline_of("attack"), ["attack.delete=true"])
    (attack,) = (stage for stage in plan.stages if isinstance(stage, Attack))
    assert attack.delete is True
    assert attack.most == Attack(kind="attack").most
    assert described(plan) != described(pipeline_of("attack"))


def test_a_stage_is_named_by_its_number_from_0_or_by_its_name() -> None:
    by_number = with_settings(pipeline_of("augment-wide"), ["stages.4.share=0.2"]).stages[4]
    assert isinstance(by_number, Substitute)
    assert by_number.share == 0.2
    named = with_settings(pipeline_of("compare"), ["gradient.method=gradient_x_input"]).stages[3]
    assert isinstance(named, Attribute)
    assert (named.name, named.method) == ("gradient", "gradient_x_input")


def test_a_key_inside_a_list_is_reached() -> None:
    (keep,) = (
        stage
        for stage in with_settings(pipeline_of("augment-wide"), ["keep.rules.1.p_gold_at_least=0.5"]).stages
        if isinstance(stage, Keep)
    )
    assert [rule.p_gold_at_least for rule in keep.rules] == [0.7, 0.5]


def test_words_of_the_job_and_of_stages_are_separated() -> None:
    plan = pipeline_of("augment-wide")
    words = ["run.device=cpu", "judge.path=a", "judge.by=model", "rank.fraction=0.5", "seed=3"]
    of_job, of_stages = stage_settings(words, plan)
    assert of_job == ["run.device=cpu", "judge.path=a", "seed=3"]
    assert of_stages == ["judge.by=model", "rank.fraction=0.5"]


@pytest.mark.parametrize(
    ("pipeline", "word", "what", "hint"),
    [
        (
            "attack",
            "attack.delte=false",
            "no key `delte`",
            "did you mean `delete`? keys of `attack`: recipe",
        ),
        ("augment-wide", "substitute.sample=2", "no key `sample`", "did you mean `samples`?"),
        ("augment-wide", "substitute.share=2", "`share` cannot be 2", "less than or equal to 1"),
        ("augment-wide", "substitute.on=keys", "`on` cannot be 'keys'", "one of key, other, any"),
        ("augment-wide", "stages.99.share=0.2", "no stage number 99", "stages: 0 tokenize, 1 attribute"),
        ("augment-wide", "stages.share=0.2", "no stage number share", "stages: 0 tokenize"),
        ("augment-wide", "stages=3", "no stage number", "stages: 0 tokenize"),
        ("augment-wide", "attribute=3", "not of the form", "stage"),
        ("augment-wide", "keep.rules.7.verdict=drop", "`7` is no index", "count from 0 to 1"),
        ("augment-wide", "substitute.share.low=1", "`share` cannot be", "write a number"),
        (
            "compare",
            "attribute.steps=8",
            "5 stages `attribute`",
            "stages.1 or stages.2 or stages.3 or stages.4",
        ),
        ("augment-wide", "attribute.name=scores", "column `ig`", "add the stage that gives"),
        ("augment-wide", "attribute.replace_by=mask", "`replace_by` cannot be", "keys that fit"),
    ],
)
def test_a_setting_that_a_stage_cannot_have_is_refused(
    pipeline: str, word: str, what: str, hint: str
) -> None:
    with pytest.raises(RequestError) as caught:
        with_settings(pipeline_of(pipeline), [word])
    assert caught.value.where == f"--set {word}"
    assert what in caught.value.what
    assert hint in caught.value.hint


def test_a_word_that_nothing_has_is_refused_with_what_there_is() -> None:
    with pytest.raises(RequestError) as caught:
        stage_settings(["subsitute.share=1"], pipeline_of("augment-wide"))
    assert "`subsitute`" in caught.value.what
    assert caught.value.hint.startswith("did you mean `substitute`? sections: name, corpus")
