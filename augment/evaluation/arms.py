"""What is compared: a pipeline, the same one on random or statistical words, and how it is trained on.

Arm.of("augment:random+r_drop").plan(variants=4, epochs=12)
"""

from dataclasses import dataclass

from augment.errors import RequestError, nearest
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.stages import Weigh
from augment.stages.protocol import Stage
from augment.tables.columns import SAMPLE

# The rows as often as others have variants, and the rows alone for as many steps.
DUPLICATE = "duplicate"
ALONE = "none"
_TWINS = ("random", "log_odds")
_WAYS = ("r_drop", "online", "half")
_WEIGHT = "weight"
_PARENT = SAMPLE[0].name


@dataclass(frozen=True)
class Arm:
    """One arm: its name as given, its pipeline, whose words are edited, and the ways it differs in training.

    `duplicate` and `none` have no pipeline. r_drop: two passes a step; online: new variants in every pass; half: half the steps.
    """

    name: str
    pipeline: str
    words: str | None
    ways: frozenset[str]

    @classmethod
    def of(cls, name: str) -> "Arm":
        """Return the arm of a name; RequestError if a part of it is unknown."""
        whole, *ways = name.split("+")
        pipeline, _, words = whole.partition(":")
        for part, known in ((words, _TWINS), *((way, _WAYS) for way in ways)):
            if part and part not in known:
                raise RequestError(
                    f"evaluate.arms: {name}",
                    f"`{part}` is unknown",
                    nearest(part, list(known)),
                )
        arm = cls(name, pipeline, words or None, frozenset(ways))
        if arm.is_copying and (words or "online" in ways):
            raise RequestError(
                f"evaluate.arms: {name}", "copies have no words that are edited", f"write `{DUPLICATE}`"
            )
        return arm

    @property
    def is_copying(self) -> bool:
        """Whether there are the rows of the draw and no others."""
        return self.pipeline in (DUPLICATE, ALONE)

    def plan(self, epochs: int) -> Pipeline:
        """Return the pipeline that makes its samples, `epochs` times as many where they are new in every pass."""
        plan = pipeline_of(self.pipeline)
        stages: list[Stage] = list(plan.stages)
        if not any(column.name == _PARENT for stage in stages for column in stage.adds):
            raise RequestError(
                f"evaluate.arms: {self.name}",
                "this pipeline makes no samples, so there is nothing to train on",
                "name one that edits rows; `augment list` says what each does",
            )
        if self.words is not None:
            stages = twin(stages, self.words, self.name)
        if "online" in self.ways:
            stages = [_times(stage, epochs) for stage in stages]
        described = [stage.model_dump(mode="json") for stage in stages]
        name = "-".join([plan.name, *([self.words.replace("_", "-")] if self.words else [])])
        return pipeline_of(
            Pipeline.model_validate(
                {"name": name, "about": plan.about, "splits": ["train"], "stages": described}
            )
        )


def twin(stages: list[Stage], by: str, name: str) -> list[Stage]:
    """Return stages that do to random or statistical words what they did to key words; RequestError if none are ranked."""
    if not any(stage.kind == "rank" for stage in stages):
        raise RequestError(
            f"evaluate.arms: {name}",
            "this pipeline ranks no words, so there are no others to compare with",
            "leave out what follows the colon",
        )
    found: list[Stage] = []
    for stage in stages:
        if stage.kind in ("attribute", "keywords"):
            continue
        key = "by" if stage.kind == "rank" else "score"
        changed = stage.model_copy(update={key: _WEIGHT}) if key in type(stage).model_fields else stage
        found.append(changed)
        if stage.kind == "tokenize":
            found.append(Weigh.model_validate({"kind": "weigh", "by": by, "name": _WEIGHT}))
    return found


def _times(stage: Stage, count: int) -> Stage:
    """Return a stage that makes so many times its samples."""
    samples = getattr(stage, "samples", None)
    if not isinstance(samples, int) or stage.kind == "select":
        return stage
    return stage.model_copy(update={"samples": samples * count})
