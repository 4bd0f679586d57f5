"""What an augmenter is made with, checked before any model is loaded.

plan_with("augment", {"substitute.samples": 2})
job_with(seed=0, language="zh", resources={"protect": ["酒店"]}, run=None, allow_download=False)
"""

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path

from augment.config.given_model import label_name
from augment.config.job import Job
from augment.config.yaml_file import Document, checked
from augment.errors import DataError, RequestError, WrongTypeError, nearest
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.overrides import stage_settings, with_settings
from augment.stages.protocol import Stage


def plan_with(pipeline: str | Path | Pipeline | Sequence[Stage], settings: Mapping[str, object]) -> Pipeline:
    """Return the pipeline meant with some keys of its stages set; RequestError for a key or value that it cannot have."""
    plan = pipeline_of(pipeline)
    if not isinstance(settings, Mapping):
        hint = 'give a mapping, for example settings={"substitute.samples": 2}'
        raise WrongTypeError("settings", f"{type(settings).__name__} is not taken", hint)
    for key, value in settings.items():
        word = f"{key}={json.dumps(value, ensure_ascii=False, default=str)}"
        try:
            of_job, _ = stage_settings([word], plan)
            if of_job:
                hint = "settings are keys of stages; `run` and `resources` have arguments of their own"
                raise RequestError(key, "this is no key of a stage", hint)
            plan = with_settings(plan, [word])
        except RequestError as error:
            raise RequestError(f"settings[{key!r}]", error.what, error.hint.replace("--set ", "")) from None
    return plan


def require_labels(only: Iterable[Hashable], labels: Sequence[Hashable]) -> None:
    """Raise DataError if no text has one of the labels that are to get samples."""
    known = {label_name(label) for label in labels}
    for label in only:
        if label_name(label) not in known:
            raise DataError("only", f"no text has the label {label!r}", nearest(str(label), sorted(known)))


def require_model(plan: Pipeline, job: Job) -> None:
    """Raise RequestError if a pipeline asks a model and there is none."""
    if job.model is None and any("model" in stage.uses for stage in plan.stages):
        hint = 'give one, Augmenter(model, …), or a pipeline that asks none: pipeline="eda" or "aeda"'
        raise RequestError("model", f"the pipeline `{plan.name}` asks a model, and none is given", hint)


def job_with(
    seed: int,
    language: str,
    resources: Mapping[str, object] | None,
    run: Mapping[str, object] | None,
    allow_download: bool,
) -> Job:
    """Return the job of the settings, without a model; RequestError for a key or value that it cannot have."""
    for name, section in (("resources", resources), ("run", run)):
        if section is not None and not isinstance(section, Mapping):
            raise WrongTypeError(name, f"{type(section).__name__} is not taken", "give a mapping of settings")
    sections: dict[str, object] = {
        # Of the corpus only the language and the folder count: the texts come with each call.
        "corpus": {"root": ".", "files": "texts", "language": language},
        "run": {**(run or {}), **({"allow_download": True} if allow_download else {})},
        "resources": dict(resources or {}),
        "seed": seed,
    }
    return checked(Job, Document(Path("Augmenter"), {}), sections)
