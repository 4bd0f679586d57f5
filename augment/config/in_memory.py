"""Models that a program holds in memory, in place of a model folder: a Python function, or a loaded transformers model.

They are sections of a job like `ModelConfig`, so a job names them as `model` or `judge`. A name distinguishes runs: only a
named model may be resumed or sent to other processes, since the program promises that the name always means the same model.

    mine = FunctionModel(function=scores_of, classes=("bad", "good"), name="keywords-v1")
    Job(corpus=..., judge=mine)
"""

from collections.abc import Callable
from typing import Self
from uuid import uuid4

from pydantic import Field, field_validator, model_validator

from augment.config.sections import ModelConfig

_UNNAMED = "a model in memory, without a name"


class InMemoryModel(ModelConfig):
    """A model that is not in a folder. classes: its labels, in the order of its probabilities."""

    path: str = Field(default=_UNNAMED, description="set from `name`")
    name: str | None = Field(
        default=None, min_length=1, description="what the model is known by in other runs"
    )
    classes: tuple[str, ...] = Field(min_length=2, description="labels, in the order of the probabilities")
    token: str = Field(default_factory=lambda: uuid4().hex, description="distinguishes unnamed models")

    @field_validator("classes")
    @classmethod
    def _different(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse two classes of one name."""
        if len(set(classes)) < len(classes):
            raise ValueError("two classes have the same name")
        return classes

    @model_validator(mode="before")
    @classmethod
    def _called(cls, values: object) -> object:
        """Show the name where the path of a folder would be shown."""
        name = values.get("name") if isinstance(values, dict) else None
        return {**values, "path": f"python:{name}"} if isinstance(values, dict) and name else values

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        """Refuse what only a folder has."""
        for key in ("revision", "folds"):
            if getattr(self, key) is not None:
                raise ValueError(
                    f"`{key}` belongs to a model folder, and this model is in memory: leave it out"
                )
        return self

    @property
    def identity(self) -> str:
        """What replaces the hash of the model's content in fingerprints."""
        return f"name {self.name}" if self.name is not None else f"token {self.token}"


class FunctionModel(InMemoryModel):
    """A Python function from texts to probabilities: `list[str] -> [N, C]`; with `pairs`, `list[tuple[str, str | None]]`."""

    function: Callable[..., object]
    pairs: bool = Field(default=False, description="the function takes tuples of text and second text")

    @model_validator(mode="after")
    def _sees_all(self) -> Self:
        """Refuse settings of a tokenizer and of gradients, which a function does not have."""
        idle = {"max_length", "windows", "overlap", "most_windows", "calibration"} & self.model_fields_set
        if idle:
            raise ValueError(f"`{min(idle)}` does nothing with a function: leave it out")
        return self


class LoadedModel(InMemoryModel):
    """A transformers sequence classifier with its fast tokenizer, both loaded; classes as in its `id2label` by default."""

    classes: tuple[str, ...] = Field(
        default=(), min_length=1, description="labels, in the order of the logits"
    )
    model: object
    tokenizer: object

    @model_validator(mode="before")
    @classmethod
    def _named_by_itself(cls, values: object) -> object:
        """Take the classes from the model's own config."""
        if not isinstance(values, dict) or "classes" in values:
            return values
        names = getattr(getattr(values.get("model"), "config", None), "id2label", None) or {}
        return {**values, "classes": tuple(str(names[number]) for number in sorted(names))}
