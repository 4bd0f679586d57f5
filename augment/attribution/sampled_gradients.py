"""Methods that average gradients over random points: SmoothGrad, SmoothGrad-squared, VarGrad, and expected gradients.

SmoothGradient(moment="variance").attribute(classifier, rows)
ExpectedGradients(samples=64).attribute(classifier, rows)
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from pydantic import BaseModel, Field

from augment.attribution.method import Explained, Setting, TokenScores
from augment.attribution.piece_method import (
    BaselineSettings,
    PieceMethod,
    calibration_path,
    keep_references,
    references_of,
)
from augment.errors import RequestError

if TYPE_CHECKING:
    from torch import Tensor

    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.attribution.row_parts import RowPart, Shares
    from augment.models.classifier import Classifier


class SampleSettings(BaseModel, frozen=True, extra="forbid"):
    """How many points are averaged."""

    samples: int = Field(
        default=32,
        ge=2,
        le=4096,
        description="of `smooth_gradient`, `expected_gradients` and `qii`: random points or draws that are averaged",
    )


class SmoothSettings(BaseModel, frozen=True, extra="forbid"):
    """The keys of smoothed gradients."""

    noise: float = Field(
        default=0.15,
        gt=0,
        le=10,
        description="of `smooth_gradient`: standard deviation of the noise, as a share of the range of a row's embeddings",
    )
    moment: Literal["mean", "square", "variance"] = Field(
        default="mean",
        description="of `smooth_gradient`: the mean of the gradients, of their squares, or their variance (VarGrad)",
    )


class SmoothGradient(SmoothSettings, SampleSettings, PieceMethod):
    """The gradient averaged over random points around the text."""

    costs: ClassVar[str] = "which is one evaluation for each of its points"
    method: Literal["smooth_gradient"] = "smooth_gradient"

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        from augment.attribution.gradient_samples import smoothed
        from augment.attribution.row_parts import scored

        return scored(
            classifier,
            rows,
            plan,
            self.samples,
            lambda part: smoothed(part, self.noise, self.samples, self.moment),
        )


class ExpectedGradients(SampleSettings, PieceMethod):
    """The gradient averaged over random points between the text and several baselines.

    These are texts of the corpus; where there are no two, every filler that the model has.
    """

    costs: ClassVar[str] = "which starts from several baselines at random points of the way"
    method: Literal["expected_gradients"] = "expected_gradients"

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Keep texts of the corpus to start from."""
        keep_references("corpus", setting, rows)

    def explained(self, classifier: "Classifier", rows: Explained, setting: Setting | None) -> TokenScores:
        """Return the scores of every row."""
        from augment.attribution.gradient_samples import expected
        from augment.attribution.path_integral import Plan
        from augment.attribution.row_parts import scored

        known = setting is not None and setting.state is not None
        if known and setting is not None and calibration_path(setting, "references").exists():
            references = references_of(BaselineSettings(baseline="corpus"), classifier, setting)
        else:
            references = None
        if references is not None and references.count < 2:
            # A corpus of one text: from itself no way leads anywhere.
            references = None
        plan = Plan(quantity=rows.quantity)

        def sampled(inputs: "ModelInputs") -> "Scores":
            """Score rows of one window each."""
            starts = None if references is None else references.starts("corpus", inputs)

            def score(part: "RowPart") -> "Shares":
                """Score one batch."""
                return expected(
                    part, _fillers(part) if starts is None else _texts(part, starts), self.samples
                )

            return scored(classifier, inputs, plan, self.samples, score)

        scores = self.over_windows(classifier, rows, plan, sampled)
        return self.of_tokens(rows, scores, "fillers" if references is None else "corpus")


def _fillers(part: "RowPart") -> "list[Tensor]":
    """Return the embeddings of every filler that a model has, [B, T, D] each."""
    from augment.ig.baseline import FillerName

    results = []
    for name in get_args(FillerName):
        try:
            results.append(part.classifier.baseline(name, part.batch, part.inputs))
        except RequestError:
            continue
    return results


def _texts(part: "RowPart", starts: list[list[list[int]]]) -> "list[Tensor]":
    """Return the embeddings of other texts in place of those of a batch, [B, T, D] each."""
    segments = [part.rows.segments[row] for row in part.indices]
    return [
        part.classifier.embed(part.classifier.batch([starts[row][number] for row in part.indices], segments))
        for number in range(len(starts[part.indices[0]]))
    ]
