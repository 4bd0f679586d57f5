"""Methods that look at what a layer computes: Grad-CAM and its kin, guided backpropagation, DeconvNet, and pooling weights.

GradCam().attribute(classifier, rows)           # a TextCNN: its windows; an encoder: hidden states of a layer
PoolingWeights(weighting="head").attribute(textcnn, rows)
"""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, Field

from augment.attribution.piece_method import CutSettings, PieceMethod

if TYPE_CHECKING:
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.attribution.row_parts import RowPart, Shares
    from augment.models.classifier import Classifier


class OnePassMethod(PieceMethod):
    """A method of one forward and one backward pass, which scores a batch at a time."""

    costs: ClassVar[str] = "which is one evaluation of each row"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        raise NotImplementedError(f"method {self.method!r} cannot score a batch")

    def check(self, classifier: "Classifier") -> None:
        """Raise RequestError if the model is of a kind that the method cannot explain: it is tried on a few pieces."""
        from augment.attribution.difference_pass import few_pieces
        from augment.attribution.path_integral import Plan

        self.scores(classifier, few_pieces(classifier), Plan())

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.row_parts import scored

        return scored(classifier, rows, plan, 1, self.shares)


class GuidedBackprop(OnePassMethod):
    """The length of the gradient where ReLUs let only what is positive back, and only where they were open."""

    method: Literal["guided_backprop"] = "guided_backprop"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.relu_gradients import modified_gradient
        from augment.attribution.row_parts import Shares

        return Shares(modified_gradient(part, "guided", self.method).norm(dim=-1))


class DeconvNet(OnePassMethod):
    """The length of the gradient where ReLUs let only what is positive back."""

    method: Literal["deconvnet"] = "deconvnet"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.relu_gradients import modified_gradient
        from augment.attribution.row_parts import Shares

        return Shares(modified_gradient(part, "deconvnet", self.method).norm(dim=-1))


class GradCam(CutSettings, OnePassMethod):
    """The activations of a layer, weighted by the mean gradient of each channel; what is negative counts as 0."""

    method: Literal["grad_cam"] = "grad_cam"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.activation_maps import mapped

        return mapped(part, "grad_cam", self.cut)


class HiResCam(CutSettings, OnePassMethod):
    """The activations of a layer times their gradients, summed over channels."""

    method: Literal["hires_cam"] = "hires_cam"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.activation_maps import mapped

        return mapped(part, "hires_cam", self.cut)


class GuidedGradCam(OnePassMethod):
    """Grad-CAM times guided backpropagation, piece by piece (Selvaraju et al. 2017, section 3.2)."""

    method: Literal["guided_grad_cam"] = "guided_grad_cam"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.activation_maps import mapped
        from augment.attribution.relu_gradients import modified_gradient
        from augment.attribution.row_parts import Shares

        guided = modified_gradient(part, "guided", self.method).norm(dim=-1)
        return Shares(mapped(part, "grad_cam", None).pieces * guided)


class WeightingSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of pooling weights."""

    weighting: Literal["plain", "head"] = Field(
        default="plain",
        description="of `pooling_weights`: plain: the weights of the pooling alone, for no class; head: with those of the class",
    )


class PoolingWeights(WeightingSettings, OnePassMethod):
    """The weights by which a textcnn pools the windows of a text."""

    method: Literal["pooling_weights"] = "pooling_weights"

    def shares(self, part: "RowPart") -> "Shares":
        """Return the scores of one batch."""
        from augment.attribution.window_weights import pooled

        return pooled(part, self.weighting == "head")
