"""DeepLIFT: the change of the answer between a text and its baseline, shared out by rules, in one pass of both.

Shrikumar, Greenside and Kundaje 2017. The model is used as it is, whatever its architecture: `difference_mode` replaces the
operations of one forward pass, and an operation without a rule is an error that names it. Scores add up to
F(x) - F(baseline).

    DeepLift(baseline="mask").attribute(classifier, rows)
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from augment.attribution.piece_method import BaselineMethod

if TYPE_CHECKING:
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier


class DeepLift(BaselineMethod):
    """Share out the change of the answer by the Rescale rule."""

    costs: ClassVar[str] = "which is one evaluation of each row and its baseline"
    complete: ClassVar[bool] = True
    method: Literal["deeplift"] = "deeplift"

    def check(self, classifier: "Classifier") -> None:
        """Raise RequestError if the model has an operation without a rule."""
        from augment.attribution.difference_pass import try_rules

        try_rules(classifier)

    def without_baseline(self, classifier: "Classifier") -> str:
        """Return `zero`, or `mask` or `mean` where the multipliers explode next to it."""
        from augment.attribution.difference_pass import usual_baseline

        return usual_baseline(classifier)

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.difference_pass import attribute

        return attribute(classifier, rows, plan)
