"""Conductance and internal influence as methods: what each piece of a layer contributes.

Conductance(cut="bert.encoder.layer.0").attribute(classifier, rows)
Influence(distribution="gaussian").attribute(classifier, rows)
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from augment.attribution.piece_method import BaselineMethod, CutSettings
from augment.errors import RequestError

if TYPE_CHECKING:
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier


class StepSettings(BaseModel, frozen=True, extra="forbid"):
    """How many points of a distribution."""

    steps: int = Field(
        default=32,
        ge=1,
        le=4096,
        description="of `conductance` and `influence`: points of the path, or of the noise",
    )


class InfluenceSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of internal influence."""

    distribution: Literal["point", "linear", "gaussian"] = Field(
        default="linear",
        description="of `influence`: points that are averaged: the text, those between baseline and text, or noise around the text",
    )


class _LayerMethod(StepSettings, CutSettings, BaselineMethod):
    """What both share: they look at the output of a module, by default that before the last layer."""

    costs: ClassVar[str] = "which is one evaluation or two for each of its points"

    def check(self, classifier: "Classifier") -> None:
        """Raise RequestError if the model does not have the module, or an operation that the method needs."""
        from augment.attribution.difference_pass import few_pieces
        from augment.attribution.path_integral import Plan

        self.scores(classifier, few_pieces(classifier), Plan(baseline="mean"))

    def without_baseline(self, classifier: "Classifier") -> str:
        """Return `zero`, or `mask` or `mean` where the answer jumps next to it."""
        from augment.attribution.difference_pass import usual_baseline

        try:
            return usual_baseline(classifier)
        except RequestError:
            # Of an operation without a rule of DeepLIFT, by which the jump is seen.
            return "mask" if classifier.has_mask else "mean"


class Conductance(_LayerMethod):
    """The change of the answer that flows through each piece of a layer."""

    method: Literal["conductance"] = "conductance"

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.influence import conductance, usual_cut
        from augment.attribution.row_parts import scored

        return scored(
            classifier,
            rows,
            plan,
            2 * self.steps,
            lambda part: conductance(part, usual_cut(part, self.cut), self.steps),
        )


class Influence(InfluenceSettings, _LayerMethod):
    """The mean gradient by a layer over a distribution of interest, times the way of the layer from the baseline."""

    method: Literal["influence"] = "influence"

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.influence import Slice, contribution, usual_cut
        from augment.attribution.row_parts import scored

        steps = 1 if self.distribution == "point" else self.steps
        return scored(
            classifier,
            rows,
            plan,
            steps,
            lambda part: contribution(part, Slice(usual_cut(part, self.cut)), self.distribution, steps),
        )
