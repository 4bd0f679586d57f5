"""Change single keys of the stages of a pipeline: what `--set attack.delete=false` and `--set stages.2.share=0.2` do.

A stage is named by its kind, by its `name:`, or by its number from 0. Keys inside lists and mappings are reached alike:
`keep.rules.0.p_gold_at_least=0.8`. The stage is validated again, and the changed pipeline is what is recorded.

    with_settings(pipeline_of("attack"), ["attack.delete=false"])
    stage_settings(["run.device=cpu", "attack.delete=false"], plan)      # (["run.device=cpu"], ["attack.delete=false"])
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.config.yaml_file import NOT_A_SETTING, SETTING, Document, checked, setting
from augment.errors import RequestError, nearest_of
from augment.pipeline.definition import Pipeline, check_plan

_STAGES = "stages"


def stage_settings(words: Iterable[str], plan: Pipeline) -> tuple[list[str], list[str]]:
    """Return the words that set a value of the job, and those that set one of a stage; RequestError if neither has it.

    `judge` is a section and a kind of stage: a key of the section is the section's.
    """
    of_job: list[str] = []
    of_stages: list[str] = []
    for word in words:
        keys, _ = setting(word)
        first = keys[0]
        names = _names(plan)
        if len(keys) == 1 and first not in names:
            # A key without its section is answered with the sections that have it.
            of_job.append(word)
        elif first in Job.model_fields and (first not in names or _is_of_section(keys)):
            of_job.append(word)
        elif first in names or first == _STAGES:
            of_stages.append(word)
        else:
            sections = ", ".join(Job.model_fields)
            known = f"sections: {sections}; stages of `{plan.name}`: {', '.join(names)}"
            what = f"no section and no stage of `{plan.name}` is called `{first}`"
            raise RequestError(f"--set {word}", what, nearest_of(first, [*names, *Job.model_fields], known))
    return of_job, of_stages


def with_settings(plan: Pipeline, words: Sequence[str]) -> Pipeline:
    """Return a pipeline with some keys of its stages set; RequestError for a stage, key or value that it cannot have."""
    for word in words:
        keys, value = setting(word)
        try:
            plan = _with_value(plan, keys, value)
            check_plan(plan, Document(Path(plan.name), {}))
        except RequestError as error:
            raise RequestError(f"--set {word}", error.what, error.hint) from None
    return plan


def _with_value(plan: Pipeline, keys: Sequence[str], value: object) -> Pipeline:
    """Return a pipeline with one key of one stage set."""
    index, path = _stage_of(plan, keys)
    if not path:
        raise RequestError("", NOT_A_SETTING, SETTING)
    stage = plan.stages[index]
    known = [key for key in type(stage).model_fields if key != "kind"]
    if path[0] not in known:
        listed = f"keys of `{stage.kind}`: {', '.join(known)}"
        what = f"stage `{stage.kind}` has no key `{path[0]}`"
        raise RequestError("", what, nearest_of(path[0], known, listed))
    values = stage.model_dump(mode="json", exclude_unset=True)
    changed = checked(type(stage), Document(Path("--set"), {}), _replaced(values, path, value))
    return plan.model_copy(update={"stages": (*plan.stages[:index], changed, *plan.stages[index + 1 :])})


def _stage_of(plan: Pipeline, keys: Sequence[str]) -> tuple[int, Sequence[str]]:
    """Return the index of the stage that keys begin with, and the keys inside it."""
    if keys[0] == _STAGES:
        number = keys[1] if len(keys) > 1 else ""
        if not number.isdecimal() or int(number) >= len(plan.stages):
            listed = ", ".join(f"{index} {stage.kind}" for index, stage in enumerate(plan.stages))
            what = f"`{plan.name}` has no stage number {number or 'that is not given'}"
            raise RequestError("", what, f"stages: {listed}; for example --set stages.0.KEY=VALUE")
        return int(number), keys[2:]
    # The name of one stage counts before the kind of others.
    named = [index for index, stage in enumerate(plan.stages) if keys[0] in stage.called[:-1]]
    indices = named or [index for index, stage in enumerate(plan.stages) if keys[0] in stage.called]
    if len(indices) > 1:
        ways = " or ".join(f"stages.{index}" for index in indices)
        raise RequestError(
            "", f"`{plan.name}` has {len(indices)} stages `{keys[0]}`", f"write {ways} in its stead"
        )
    return indices[0], keys[1:]


def _names(plan: Pipeline) -> list[str]:
    """Return what the stages of a pipeline can be called by."""
    return list(dict.fromkeys(name for stage in plan.stages for name in reversed(stage.called)))


def _is_of_section(keys: Sequence[str]) -> bool:
    """Return whether keys name a section of the job that is no kind of stage, or a key of the section."""
    return keys[0] != "judge" or keys[1:2] == [] or keys[1] in ModelConfig.model_fields


def _replaced(values: object, path: Sequence[str], value: object) -> object:
    """Return values with the one at a path replaced; RequestError if nothing can be there."""
    if not path:
        return value
    key, *rest = path
    if isinstance(values, list):
        if not key.isdecimal() or int(key) >= len(values):
            what = f"`{key}` is no index of a list of {len(values)}"
            raise RequestError("", what, f"count from 0 to {len(values) - 1}")
        return [_replaced(each, rest, value) if at == int(key) else each for at, each in enumerate(values)]
    inside = values if isinstance(values, dict) else {}
    return {**inside, key: _replaced(inside.get(key), rest, value)}
