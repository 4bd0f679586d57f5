"""Influence of a layer on what is explained: a distribution of interest, a quantity of interest, and a slice of the model.

Leino et al. 2018 (TruLens). The slice runs from a module's output z (`cut`) to the answer, or to a channel of a later module
(`to_cut`); the quantity is one of `ig.target`, any function of logits, or that channel; and the gradient of the quantity by z is
averaged over points of a distribution of interest around the text x, on the way from a baseline x':

    point:     x                         linear:  x' + a (x - x'), a in [0, 1]          gaussian:  x + noise

    internal influence (equation 1):     E dF/dz, and times z(x) - z(x') its contribution
    conductance (Dhamdhere, Sundararajan and Yan 2019, equation 3):     the integral of dF/dz . dz/da over the linear points,

which sums to F(x) - F(x') at every cut, because it follows the true path of z. dz/da is computed forwards, not by differences.

    shares = conductance(part, "bert.encoder.layer.1", steps=32)
    mean = influence(part, Slice("bert.encoder.layer.0", "bert.encoder.layer.1", channel=3), "linear", 32)     # [B, T, D]
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.attention import SDPBackend, sdpa_kernel

from augment.attribution.activation_maps import usual_layer
from augment.attribution.layers import Cut
from augment.attribution.row_parts import RowPart, Shares
from augment.errors import RequestError
from augment.ig.quadrature import gauss_legendre
from augment.models.textcnn import TextCNN

Distribution = Literal["point", "linear", "gaussian"]
# The noise of the gaussian distribution, as a share of the range of a row's embeddings.
_NOISE = 0.15


@dataclass(frozen=True)
class Slice:
    """A part of a model. start: the module whose output is varied, None for the input embeddings.

    end, channel: what is explained, the mean of one channel of a module over the pieces of a text; by default the quantity of
    the answer.
    """

    start: str | None = None
    end: str | None = None
    channel: int = 0


def usual_cut(part: RowPart, named: str | None) -> str | None:
    """Return the module that is looked at: the one named, that before the last layer, or None for the embeddings of a TextCNN."""
    if named is not None or isinstance(part.classifier.model, TextCNN):
        return named
    return usual_layer(part.classifier)


def influence(part: RowPart, where: Slice, distribution: Distribution, steps: int) -> Tensor:
    """Return the mean gradient by the output of the slice's start over a distribution, [B, T, D]."""
    total: Tensor | None = None
    for weight, inputs in points(part, distribution, steps):
        gradient = weight * _gradient(part, where, hidden_at(part, where.start, inputs))
        total = gradient if total is None else total + gradient
    if total is None:
        raise ValueError("a distribution has one point or more")
    return total


def contribution(part: RowPart, where: Slice, distribution: Distribution, steps: int) -> Shares:
    """Return the influence times the way that the layer goes from the baseline to the text, [B, T]."""
    with torch.no_grad():
        way = hidden_at(part, where.start, part.inputs) - hidden_at(part, where.start, part.start())
    return Shares((influence(part, where, distribution, steps) * way).sum(-1))


def conductance(part: RowPart, cut: str | None, steps: int) -> Shares:
    """Return the conductance of each piece of a layer. error: |gap| as a share of the change of F."""
    start = part.start()
    way, total = (
        part.inputs - start,
        torch.zeros(part.present.shape, dtype=torch.float64, device=part.inputs.device),
    )
    for weight, inputs in points(part, "linear", steps):
        hidden, speed = moving(part, cut, inputs, way)
        gradient = _gradient(part, Slice(cut), hidden)
        total += weight * (gradient * speed).sum(-1).double()
    floor, value = _ends(part, start)
    gap = (total.sum(-1) - (value - floor)).abs()
    return Shares(total, floor, gap / (value - floor).abs().clamp_min(1e-12), value)


def _ends(part: RowPart, start: Tensor) -> tuple[Tensor, Tensor]:
    """Return F at the baseline and at the text, [B] float64: in float32 both are rounded by more than all gradients between them.

    A model with constants of its own in float32 cannot compute in float64: its ends are those of float32.
    """
    with torch.no_grad():
        try:
            with part.classifier.in_float64():
                return _values(part, start), _values(part, part.inputs)
        except RuntimeError:
            return _values(part, start), _values(part, part.inputs)


def _values(part: RowPart, inputs: Tensor) -> Tensor:
    """Return F at some embeddings, [B] float64."""
    return part.value(part.classifier.logits(part.batch, inputs)).double()


def points(part: RowPart, distribution: Distribution, steps: int) -> Iterator[tuple[float, Tensor]]:
    """Yield weights, which sum to 1, with the embeddings [B, T, D] of the points of a distribution."""
    if distribution == "point":
        yield 1.0, part.inputs
    elif distribution == "linear":
        start = part.start()
        for node, weight in zip(*gauss_legendre(steps), strict=True):
            yield float(weight), torch.lerp(start, part.inputs, float(node))
    else:
        from augment.attribution.gradient_samples import around

        for inputs in around(part, _NOISE, steps, "gaussian"):
            yield 1 / steps, inputs


def hidden_at(part: RowPart, cut: str | None, inputs: Tensor) -> Tensor:
    """Return what a module gives at input embeddings, [B, T, D]."""
    return inputs if cut is None else Cut(part.classifier, cut).carried(part.batch, inputs)


def moving(part: RowPart, cut: str | None, inputs: Tensor, way: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a module gives, and how fast it moves when the inputs move along a way, both [B, T, D].

    Forward-mode differentiation, in one pass. RequestError for a model with an operation that torch cannot do so.
    """
    if cut is None or Cut(part.classifier, cut).is_input:
        return inputs, way
    seen: list[tuple[Tensor, Tensor]] = []

    def look(_: nn.Module, __: object, output: object) -> None:
        """Keep the output with its speed."""
        first = output[0] if isinstance(output, tuple) else output
        unpack: Callable[..., Any] = forward_ad.unpack_dual
        unpacked = unpack(torch.as_tensor(first))
        speed = torch.zeros_like(unpacked.primal) if unpacked.tangent is None else unpacked.tangent
        seen.append((unpacked.primal.detach(), speed.detach()))

    moves: Callable[..., Tensor] = forward_ad.make_dual
    module = Cut(part.classifier, cut).module()
    handle = module.register_forward_hook(look)
    try:
        with (
            _without_deprecations(),
            torch.no_grad(),
            forward_ad.dual_level(),
            sdpa_kernel(SDPBackend.MATH),
            part.classifier.every_piece(),
        ):
            part.classifier.logits(part.batch, moves(inputs, way))
    except (NotImplementedError, RuntimeError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        what = f"the model has an operation without a forward derivative: {str(error).splitlines()[0]}"
        raise RequestError(
            "method: conductance", what, "use `method: integrated_gradients` with `cut`"
        ) from None
    finally:
        handle.remove()
    return seen[0]


def _gradient(part: RowPart, where: Slice, hidden: Tensor) -> Tensor:
    """Return the gradient of what a slice explains by the output of its start, [B, T, D]."""
    here = hidden.detach().requires_grad_(True)
    network = part.classifier if where.start is None else Cut(part.classifier, where.start)
    with torch.enable_grad():
        if where.end is None:
            value = part.value(network.logits(part.batch, here))
        else:
            with _watched(part, where.end) as outputs:
                network.logits(part.batch, here)
            inside = part.present[:, :, None]
            means = (outputs[0] * inside).sum(1) / inside.sum(1)
            value = means[:, where.channel]
    if not value.requires_grad:
        what = f"`{where.end}` does not depend on `{where.start or 'the input embeddings'}`"
        raise RequestError("to_cut", what, "name a module behind the cut")
    (gradient,) = torch.autograd.grad(value.sum(), here)
    return gradient


@contextmanager
def _without_deprecations() -> Iterator[None]:
    """Hide within the block what torch warns of itself: its forward derivatives use its own scripts, which it deprecates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _watched(part: RowPart, name: str) -> Iterator[list[Tensor]]:
    """Yield the list that gets what a module gives within the block."""
    outputs: list[Tensor] = []

    def look(_: nn.Module, __: object, output: object) -> None:
        """Keep the output."""
        outputs.append(torch.as_tensor(output[0] if isinstance(output, tuple) else output))

    handle = Cut(part.classifier, name).module().register_forward_hook(look)
    try:
        yield outputs
    finally:
        handle.remove()
