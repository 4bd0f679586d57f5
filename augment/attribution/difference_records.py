"""What a pass over references leaves for the pass over texts: what every operation with a rule was computed from, in order.

References go first, without a backward pass; a reference that several texts have is computed once. Then each operation on
the texts meets what the same operation was computed from on their references.

    records = ReferenceRecords(len(baselines), owner)        # owner: [B], the reference of each text; None where each has its own
    with Rules(records):
        floor = records.shared(forward(baselines))
    records.begin_texts(len(inputs))
    with Rules(records):
        value = forward(inputs)
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from torch import Tensor

from augment.errors import RequestError


def refuse_model(what: str) -> NoReturn:
    """Raise RequestError for what a model computes."""
    hint = "use `method: integrated_gradients`, which needs gradients only"
    raise RequestError("method: deeplift", what, hint)


@dataclass
class KeptTensors:
    """What an operation is computed from. name: the operation; owner: the reference of each text, if they share."""

    name: str
    tensors: list[Tensor]
    owner: Tensor | None


@dataclass
class TextAndReference:
    """The same for texts and their references."""

    _texts: KeptTensors
    _references: KeptTensors
    _rows: int

    def texts(self) -> list[Tensor]:
        """Return what it was for the texts."""
        return self._texts.tensors

    def references(self) -> list[Tensor]:
        """Return what it was for the reference of each text."""
        return [_spread(tensor, self._references.owner, self._rows) for tensor in self._references.tensors]


class ReferenceRecords:
    """What was kept of the references, and which of it the texts have met."""

    def __init__(self, references: int, owner: Tensor | None = None) -> None:
        """Begin with the references. owner: the reference of each text; None where each has its own."""
        self.rows = self._references = references
        self._owner = owner
        self._kept: list[KeptTensors] = []
        self._of_texts: list[KeptTensors] = []
        self._coming: Iterator[KeptTensors] | None = None

    @property
    def on_texts(self) -> bool:
        """Whether the texts are computed now."""
        return self._coming is not None

    def shared(self, answers: Tensor) -> Tensor:
        """Return the answers at the references, one for each text; what comes behind is of each text alone."""
        if self._owner is None:
            return answers
        self.rows, owner, self._owner = len(self._owner), self._owner, None
        return answers.index_select(0, owner)

    def begin_texts(self, rows: int) -> None:
        """Go on with the texts."""
        self.rows, self._coming = rows, iter(self._kept)

    def met(self, name: str, tensors: Sequence[Tensor]) -> TextAndReference:
        """Return what an operation is computed from together with what it was for the references.

        While these are computed it is kept, and serves as both. RequestError if the references had another operation there.
        """
        here = KeptTensors(name, [tensor.detach() for tensor in tensors], self._owner)
        if self._coming is None:
            self._kept.append(here)
            return TextAndReference(here, here, self._references)
        other = next(self._coming, None)
        if other is None or other.name != name or _shapes(other) != _shapes(here):
            what = f"the model computes `{name}` of a text where it computes something else of its baseline"
            refuse_model(what)
        self._of_texts.append(here)
        return TextAndReference(here, other, self._references)

    def protect(self, tensor: Tensor) -> None:
        """Keep copies of what is about to be overwritten with a tensor."""
        storage = tensor.untyped_storage().data_ptr()
        for kept in (*self._kept, *self._of_texts):
            kept.tensors[:] = [
                one.clone() if one.untyped_storage().data_ptr() == storage else one for one in kept.tensors
            ]


def _shapes(kept: KeptTensors) -> list[tuple[int, ...]]:
    """Return the shapes of tensors but for their rows."""
    return [tuple(tensor.shape[1:]) for tensor in kept.tensors]


def _spread(tensor: Tensor, owner: Tensor | None, references: int) -> Tensor:
    """Return the rows of a tensor that belong to each text: one or several of each reference, one after the other."""
    if owner is None:
        return tensor
    if len(tensor) == references:
        return tensor.index_select(0, owner)
    return tensor.reshape(references, -1, *tensor.shape[1:]).index_select(0, owner).flatten(0, 1)
