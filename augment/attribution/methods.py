"""The attribution methods. Adding one: its file, three names here, its test, docs/pipelines.md.

method_of({"method": "occlusion", "replace_by": "mask"}).attribute(predictor, rows)
"""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, TypeAdapter

from augment.attribution.coalitions import SamplingSettings
from augment.attribution.deeplift import DeepLift, DeepLiftSettings
from augment.attribution.gradient_methods import (
    Gradient,
    GradientXInput,
    IntegratedGradients,
    StopSettings,
)
from augment.attribution.influence_methods import (
    Conductance,
    Influence,
    InfluenceSettings,
    StepSettings,
)
from augment.attribution.layer_methods import (
    DeconvNet,
    GradCam,
    GuidedBackprop,
    GuidedGradCam,
    HiResCam,
    PoolingWeights,
    WeightingSettings,
)
from augment.attribution.lime import Lime
from augment.attribution.lrp import Lrp, LrpSettings
from augment.attribution.method import AttributionMethod
from augment.attribution.occlusion import Occlusion, OcclusionSettings
from augment.attribution.piece_method import BaselineSettings, CutSettings
from augment.attribution.qii import Qii
from augment.attribution.sampled_gradients import (
    ExpectedGradients,
    SampleSettings,
    SmoothGradient,
    SmoothSettings,
)
from augment.attribution.shapley import Shapley, ShapleySettings

MethodName = Literal[
    "integrated_gradients",
    "expected_gradients",
    "gradient",
    "gradient_x_input",
    "smooth_gradient",
    "deeplift",
    "lrp",
    "guided_backprop",
    "deconvnet",
    "grad_cam",
    "guided_grad_cam",
    "hires_cam",
    "pooling_weights",
    "conductance",
    "influence",
    "occlusion",
    "shapley",
    "lime",
    "qii",
]
AnyMethod = Annotated[
    IntegratedGradients
    | ExpectedGradients
    | Gradient
    | GradientXInput
    | SmoothGradient
    | DeepLift
    | Lrp
    | GuidedBackprop
    | DeconvNet
    | GradCam
    | GuidedGradCam
    | HiResCam
    | PoolingWeights
    | Conductance
    | Influence
    | Occlusion
    | Shapley
    | Lime
    | Qii,
    Field(discriminator="method"),
]
METHODS: dict[str, type[AttributionMethod]] = {
    kind.model_fields["method"].default: kind for kind in get_args(get_args(AnyMethod)[0])
}
_ANY: TypeAdapter[AttributionMethod] = TypeAdapter(AnyMethod)


class _Choice(BaseModel, frozen=True, extra="forbid"):
    """Which method."""

    method: MethodName = "integrated_gradients"


class Settings(
    StepSettings,
    InfluenceSettings,
    LrpSettings,
    WeightingSettings,
    SmoothSettings,
    SampleSettings,
    DeepLiftSettings,
    ShapleySettings,
    SamplingSettings,
    OcclusionSettings,
    StopSettings,
    BaselineSettings,
    CutSettings,
    _Choice,
):
    """The keys of all methods together, as a stage has them; each method has some of them."""


def method_of(values: Mapping[str, object]) -> AttributionMethod:
    """Return the method that `method` names, with its settings; pydantic's ValidationError for a key it does not have."""
    return _ANY.validate_python(values)
