"""A Python function as a model: it answers texts, and has no pieces, embeddings or gradients.

predictor = Function(FunctionModel(function=scores_of, classes=("bad", "good")))
predictor.ask(["很好"], [None])                 # [1, 2] float32
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from augment.config.in_memory import FunctionModel
from augment.errors import AugmentError, ModelError
from augment.models.kind import Kind

# Texts of one call of the function.
_BATCH = 256
# Probabilities in float16 or from a softmax of another library add up to 1 within this.
_CLOSE = 1e-2


class Function:
    """A function with its class names. It satisfies `augment.models.predictor.Predictor`."""

    kind: ClassVar[Kind] = "single"

    def __init__(self, config: FunctionModel) -> None:
        """Keep the function; it is first called at the first prediction."""
        self.classes = config.classes
        self._config = config

    def ask(self, texts: Sequence[str], pairs: Sequence[str | None]) -> np.ndarray:
        """Return the probability of each class, [N, C] float32; ModelError if the function fails or answers otherwise."""
        given = self._given(texts, pairs)
        parts = [self._call(given[begin : begin + _BATCH]) for begin in range(0, len(given), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.classes)), np.float32)

    def _given(self, texts: Sequence[str], pairs: Sequence[str | None]) -> list[object]:
        """Return what the function is given: texts, or tuples of two where it takes pairs."""
        if self._config.pairs:
            return list(zip(texts, pairs, strict=True))
        if any(pair is not None for pair in pairs):
            raise ModelError(
                self._config.path,
                "the function takes one text, and a row has two",
                "write it for tuples of two texts, and set `pairs=True`",
            )
        return list(texts)

    def _call(self, given: list[object]) -> np.ndarray:
        """Return the checked answer of one call."""
        try:
            answer = np.asarray(self._config.function(given), dtype=np.float32)
        except AugmentError:
            raise
        except Exception as error:
            # The function is the user's: it may fail in any way, and its traceback stays as the cause.
            first = (str(error).splitlines() or [""])[0]
            what = f"the function failed: {type(error).__name__}: {first}"
            raise ModelError(self._config.path, what, "correct the function") from error
        wanted = (len(given), len(self.classes))
        if answer.shape != wanted:
            what = f"the function returned an array of shape {answer.shape} for {wanted[0]} texts and {wanted[1]} classes"
            raise ModelError(
                self._config.path, what, f"return one row a text and one column a class: {wanted}"
            )
        off = np.abs(answer.sum(1) - 1) > _CLOSE
        if not np.isfinite(answer).all() or (answer < 0).any() or off.any():
            what = "the function returned numbers that are no probabilities"
            raise ModelError(
                self._config.path, what, "return probabilities: finite, at least 0, each row adding up to 1"
            )
        return answer
