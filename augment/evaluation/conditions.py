"""The conditions that are compared: a pipeline, the same one on other words (random, statistical, of another attribution method), and how to train on it.

Condition.of("augment:random+r_drop").plan(variants=4, epochs=12)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from augment.attribution.methods import METHODS
from augment.errors import RequestError, nearest
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.stages import Weigh
from augment.stages.protocol import Stage
from augment.tables.columns import RANK, TOKENIZE, Column

# The rows as often as others have variants, the rows alone for as many steps, and the rows without accepted shortcuts.
DUPLICATE = "duplicate"
ALONE = "none"
CUT = "cut"
_TWINS = ("random", "log_odds")
_WAYS = ("r_drop", "online", "half")
_WEIGHT = "weight"


@dataclass(frozen=True)
class Condition:
    """One condition: its name as given, its pipeline, whose words are edited, and the ways it differs in training.

    `duplicate`, `none` and `cut` have no pipeline; given: a pipeline that is no file. r_drop: two passes a step; online: new variants in every pass; half: half the steps.
    """

    name: str
    pipeline: str
    words: str | None
    ways: frozenset[str]
    given: Pipeline | None = None

    @classmethod
    def of(cls, name: str, pipelines: Mapping[str, Pipeline] = MappingProxyType({})) -> "Condition":
        """Return the condition of a name, of one of some pipelines or of a shipped one; RequestError if a part of it is unknown."""
        whole, *ways = name.split("+")
        pipeline, _, words = whole.partition(":")
        for part, known in ((words, (*_TWINS, *METHODS)), *((way, _WAYS) for way in ways)):
            if part and part not in known:
                raise RequestError(
                    f"evaluate.arms: {name}",
                    f"`{part}` is unknown",
                    nearest(part, list(known)),
                )
        condition = cls(name, pipeline, words or None, frozenset(ways), pipelines.get(pipeline))
        if condition.is_copying and (words or "online" in ways):
            raise RequestError(
                f"evaluate.arms: {name}", "copies have no words that are edited", f"write `{DUPLICATE}`"
            )
        return condition

    @property
    def is_copying(self) -> bool:
        """Whether there are the rows of the draw and no others."""
        return self.pipeline in (DUPLICATE, ALONE, CUT)

    def plan(self, epochs: int) -> Pipeline:
        """Return the pipeline that makes its samples, `epochs` times as many where they are new in every pass."""
        plan = pipeline_of(self.given or self.pipeline)
        stages: list[Stage] = list(plan.stages)
        if not any(stage.makes_samples for stage in stages):
            raise RequestError(
                f"evaluate.arms: {self.name}",
                "this pipeline makes no samples, so there is nothing to train on",
                "name one that edits rows; `augment list` describes each",
            )
        if self.words in _TWINS:
            stages = twin(stages, self.words, self.name)
        elif self.words is not None:
            stages = of_method(stages, self.words, self.name)
        if "online" in self.ways:
            stages = [stage.times(epochs) for stage in stages]
        name = "-".join([plan.name, *([self.words.replace("_", "-")] if self.words else [])])
        return pipeline_of(Pipeline(name=name, about=plan.about, splits=("train",), stages=tuple(stages)))


def twin(stages: list[Stage], by: str, name: str) -> list[Stage]:
    """Return stages that do to random or statistical words what they did to key words; RequestError if none are ranked."""
    _require_ranks(stages, name)
    twins: list[Stage] = []
    for stage in stages:
        if stage.of_attribution:
            continue
        twins.append(stage.scored_by(_WEIGHT))
        if _adds(stage, TOKENIZE[0]):
            twins.append(Weigh.model_validate({"by": by, "name": _WEIGHT}))
    return twins


def of_method(stages: list[Stage], method: str, name: str) -> list[Stage]:
    """Return stages that rank by another attribution method at its defaults; RequestError if none are ranked."""
    _require_ranks(stages, name)
    return [stage.explained_by(method) for stage in stages]


def _require_ranks(stages: list[Stage], name: str) -> None:
    """Raise RequestError for a pipeline that ranks no words."""
    if not any(_adds(stage, RANK[0]) for stage in stages):
        raise RequestError(
            f"evaluate.arms: {name}",
            "this pipeline ranks no words, so there are no others to compare with",
            "leave out what follows the colon",
        )


def _adds(stage: Stage, column: Column) -> bool:
    """Return whether a stage adds a column."""
    return column in stage.adds
