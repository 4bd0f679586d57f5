"""What there is: pipelines, configs and stages, each with a line about it."""

from typing import get_args

from augment.config.shipped import find, names
from augment.config.yaml_file import load
from augment.stages import AnyStage


def everything() -> dict[str, dict[str, str]]:
    """Return for pipelines, configs and stages the name and what it is."""
    pipelines = {
        name: _sentence(str(load(find("pipelines", name)).values["about"])) for name in names("pipelines")
    }
    configs = {name: _comment(name) for name in names("configs")}
    union = get_args(get_args(AnyStage)[0])
    stages = {
        get_args(stage.model_fields["kind"].annotation)[0]: _sentence(stage.__doc__ or "") for stage in union
    }
    return {"pipelines": pipelines, "configs": configs, "stages": stages}


def _sentence(text: str) -> str:
    """Return the first sentence."""
    return " ".join(text.split()).split(". ")[0].rstrip(".")


def _comment(name: str) -> str:
    """Return the comment on the first line of a shipped config."""
    first = find("configs", name).read_text(encoding="utf-8").split("\n", 1)[0]
    return first.removeprefix("#").strip()
