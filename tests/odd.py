"""Odd command lines, configs, pipelines and models, drawn by hypothesis: what a command must survive in good order."""

import json
from typing import get_args

import yaml
from hypothesis import strategies as st
from pydantic import BaseModel

from augment.config.job import Job
from augment.config.shipped import folder, names
from augment.stages import AnyStage

Json = object
# Values that no key expects all of: each type, both ends of numbers, names and texts that trip up parsers and file systems.
VALUES: tuple[Json, ...] = (
    *(None, True, False, 0, 1, 2, -1, 3, 257, 1 << 31, 1 << 62, -(1 << 63), 1 << 64, 10**30),
    *(0.0, 0.5, -0.5, 1.5, 1e-300, 1e300, float("inf"), float("nan")),
    *(
        "",
        " ",
        "x",
        "好",
        "👍🏽",
        "1",
        "true",
        "auto",
        "cpu",
        "mask",
        "zero",
        "all",
        "label",
        "text",
        "zh",
        "train",
    ),
    *(
        "x" * 300,
        "x/" * 3000 + "x",
        ".",
        "..",
        "/",
        "a/b",
        "a\\b",
        "~",
        "\n",
        "a\nb",
        "\t",
        "%s",
        "{}",
        "[/b]",
        "=1+1",
    ),
    *(
        "\ud800",
        "\0",
        "\x1b[31m",
        "constructor",
        "__proto__",
        "(((",
        "[" * 3000,
        "(" * 3000,
        "(a+)+$",
        "*",
        "a{9999}{9999}",
    ),
    *(
        [],
        [None],
        ["x"],
        [1],
        [[]],
        ["x", "x"],
        [0, 1, 2],
        ["好", "坏"],
        [{}],
        {},
        {"x": 1},
        {"": None},
        {"0": "good"},
    ),
    *(
        "small.csv",
        "model",
        "mine.yaml",
        "nowhere",
        "nowhere.txt",
        "small.txt",
        "empty",
        "empty.csv",
        "wordnet",
    ),
)
values = st.sampled_from(VALUES) | st.text(max_size=12) | st.integers() | st.floats()
# Words of a command line, each as a shell would pass it; none of them leaves the current folder but to be refused.
WORDS = (
    *(
        "",
        " ",
        "-",
        "--",
        ".",
        "..",
        "/",
        "~",
        "x",
        "好",
        "-x",
        "--x",
        "--=",
        "=",
        "x" * 300,
        "x/" * 3000,
        "\udcff",
        "a\udcc4.yaml",
    ),
    *(
        "0",
        "1",
        "-1",
        "2",
        "99999999999999999999",
        "1.5",
        "nan",
        "\n",
        "\x1b[31m",
        "[/b]",
        "%s",
        "(((",
        "👍🏽",
    ),
    *(
        "demo-zh",
        "mine",
        "mine.yaml",
        "bad.yaml",
        "small.csv",
        "model",
        "empty",
        "finished",
        "../foreign",
        "/dev/null",
        "/dev/full",
    ),
    *(
        "explain",
        "augment",
        "eda",
        "keywords",
        "demo",
        "tokenize",
        "model.safetensors",
        "none",
        "augment:random",
        "eda+half",
    ),
    *(
        "run.limit=1",
        "run.limit=",
        "=1",
        "a.b.c=1",
        "model.path=model",
        "run.device=cpu",
        "seed=x",
        "corpus=[",
        "corpus={}",
    ),
)


def settings(model: type[BaseModel] = Job) -> list[tuple[str, ...]]:
    """Return the path of every key of a config."""
    combinations: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        inner = [one for one in (field.annotation, *get_args(field.annotation)) if _is_model(one)]
        combinations.append((name,))
        combinations += [(name, *rest) for one in inner for rest in settings(one)]
    return combinations


def _is_model(value: object) -> bool:
    """Return whether something is a class of settings."""
    return isinstance(value, type) and issubclass(value, BaseModel)


def stage_keys() -> list[str]:
    """Return every key that some stage has."""
    return sorted({key for stage in get_args(get_args(AnyStage)[0]) for key in stage.model_fields})


def put(values: Json, path: tuple[str | int, ...], value: Json) -> Json:
    """Return JSON with another value at a path, where the path exists up to its last step."""
    if not path:
        return value
    first, *rest = path
    if isinstance(values, dict):
        return {**values, first: put(values.get(first, {}), tuple(rest), value)}
    if isinstance(values, list) and isinstance(first, int) and first < len(values):
        return [*values[:first], put(values[first], tuple(rest), value), *values[first + 1 :]]
    return values


def shipped_pipelines() -> list[dict[str, Json]]:
    """Return what the shipped pipelines are made of."""
    texts = [
        (folder("pipelines") / f"{name}.yaml").read_text(encoding="utf-8") for name in names("pipelines")
    ]
    return [yaml.safe_load(text) for text in texts]


@st.composite
def configs(draw: st.DrawFn, good: dict[str, Json]) -> Json:
    """Draw a config in which one to three keys have odd values."""
    result: Json = good
    for path in draw(st.lists(st.sampled_from(settings()), min_size=1, max_size=3)):
        result = put(result, path, draw(values))
    return result


@st.composite
def pipelines(draw: st.DrawFn) -> Json:
    """Draw a shipped pipeline with stages moved, left out or doubled, and a few keys of theirs with odd values."""
    drawn = draw(st.sampled_from(shipped_pipelines()))
    listed = drawn["stages"]
    assert isinstance(listed, list)
    stages = draw(st.permutations(listed)) if draw(st.booleans()) else listed
    stages = stages[draw(st.integers(0, 1)) :] + stages[: draw(st.integers(0, 1))]
    changed: Json = {**drawn, "stages": stages}
    for _ in range(draw(st.integers(0, 2))):
        path = ("stages", draw(st.integers(0, 9)), draw(st.sampled_from(stage_keys())))
        changed = put(changed, path, draw(values))
    return changed


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """Draw a text with a few characters put in or taken out."""
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(text)))
        put_in = draw(
            st.sampled_from([*"[]{}:-#&*!|>'\"%@`\t\n ,?~=<\\", "", "\ud800", "[" * 2000, "- " * 2000])
        )
        text = text[:index] + put_in + text[index + draw(st.integers(0, 3)) :]
    return text


def as_yaml(value: Json) -> str:
    """Return JSON as YAML, which JSON is; what JSON has no word for is written as Python does."""
    return json.dumps(value)


@st.composite
def json_changes(draw: st.DrawFn, value: Json) -> Json:
    """Draw JSON in which one value anywhere is another, or gone."""
    if isinstance(value, dict) and value and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 9)):
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: draw(json_changes(value[key]))}
    return draw(values)
