"""What an attribution method is: frozen settings with one function, from a predictor and rows to a score for each token.

class Mine(AttributionMethod):
    method: Literal["mine"] = "mine"

    def attribute(self, predictor, rows): return TokenScores(...)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import BaseModel

from augment.config.job import Job
from augment.ig.quantities import QuantityFunction, QuantityName

if TYPE_CHECKING:
    from torch import Tensor

    from augment.models.predictor import Predictor


@dataclass(frozen=True)
class Explained:
    """N rows to explain, and what is explained in each.

    spans: code-point range of each token in its side. pieces, segments, owner: what the model is fed and the token of each
    piece, -1 for none; None for a model without pieces. logits: [N, C] float32 at the text; of a model that gives
    probabilities only, their logarithm. target: [N] int64, the class explained. Tensors on the CPU.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    pairs: Sequence[str | None]
    spans: Sequence[Sequence[tuple[int, int]]]
    sides: Sequence[Sequence[int]]
    pieces: Sequence[Sequence[int]] | None
    segments: Sequence[Sequence[int]] | None
    owner: Sequence[Sequence[int]] | None
    logits: "Tensor"
    target: "Tensor"
    quantity: "QuantityName | QuantityFunction" = "logit"


@dataclass(frozen=True)
class TokenScores:
    """Scores of N rows. scores: for each row one number a token, in the unit of the quantity.

    value: [N], the quantity F at the text; cost: [N], model or gradient evaluations. facts: values for other columns of
    the stage, by the end of their names (`rest`, `gap`, `error`, `status`, `baseline`, `path`); columns without are null.
    broken: rows whose scores are not finite.
    """

    scores: Sequence[Sequence[float]]
    value: np.ndarray
    cost: Sequence[int]
    facts: Mapping[str, Sequence[object]]
    broken: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Setting:
    """Where a method is used: the job, the folder with what was prepared, and the name, target and quantity of the stage."""

    job: Job
    state: Path | None
    name: str
    target: str
    quantity: QuantityName


Explainer = Callable[[Explained], TokenScores]
# The largest number of evaluations of a row that the column can hold.
MOST_EVALUATIONS = 32767


class AttributionMethod(BaseModel, frozen=True, extra="forbid"):
    """One way to give each token a score.

    costs: how it is done, for the message on a key that has no effect. means: what its estimated error is, `{}` for the share.
    """

    costs: ClassVar[str] = ""
    means: ClassVar[str] = "scores within {}"
    method: str

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the scores of every row."""
        raise NotImplementedError(f"method {self.method!r} cannot attribute")

    @property
    def calibrates(self) -> bool:
        """Whether what it learns holds for any texts of a model: how its paths are integrated, and nothing of the corpus."""
        return False

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Write to `setting.state` what is learned from a sample of `size` rows. Most methods learn nothing."""

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows; the model is loaded here. RequestError if it does not fit the method."""
        from augment.models.predictor import open_predictor

        return partial(self.attribute, open_predictor(setting.job.needs_model(), setting.job.run))
