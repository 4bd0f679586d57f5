"""DeepLIFT: the change of the answer between a text and its baseline, shared out by rules, in one pass of both.

Shrikumar, Greenside and Kundaje 2017; `rule` names one of their two, Rescale (section 3.5.1) or RevealCancel (3.5.2). The model is used as it is, whatever its architecture: `difference_mode` replaces the
operations of one forward pass, and an operation without a rule is an error that names it. Scores add up to
F(x) - F(baseline).

    DeepLift(baseline="mask").attribute(classifier, rows)
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from augment.attribution.piece_method import BaselineMethod

if TYPE_CHECKING:
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier


class DeepLiftSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of DeepLIFT."""

    rule: Literal["rescale", "reveal_cancel"] = Field(
        default="rescale",
        description="of `deeplift`: reveal_cancel shares out what speaks for and against a ReLU apart, and is rescale elsewhere",
    )


class DeepLift(DeepLiftSettings, BaselineMethod):
    """Share out the change of the answer by one of the two rules."""

    costs: ClassVar[str] = "which is one evaluation of each row and its baseline"
    method: Literal["deeplift"] = "deeplift"

    def check(self, classifier: "Classifier") -> None:
        """Raise RequestError if the model has an operation without a rule."""
        from augment.attribution.difference_pass import try_rules

        try_rules(classifier, self.rule == "reveal_cancel")

    def without_baseline(self, classifier: "Classifier") -> str:
        """Return `zero`, or `mask` or `mean` where the multipliers explode next to it."""
        from augment.attribution.difference_pass import usual_baseline

        return usual_baseline(classifier)

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.difference_pass import attribute

        return attribute(classifier, rows, plan, self.rule == "reveal_cancel")
