"""Whether a model's answers are classes of which exactly one is right, or something that softmax would misread.

A model of several labels answers each by a sigmoid of its own, and one of numbers gives a number. Both load as sequence
classifiers, and a softmax over their answers is wrong without a warning: 0.335 where the model gives 0.95.

    require_exclusive(Path("models/mine"))      # ModelError for a regression or a multi-label model; reads config.json only
"""

import json
from collections.abc import Mapping
from pathlib import Path

from augment.errors import ModelError

_SINGLE = "single_label_classification"
_MEANINGS = {
    "multi_label_classification": "it is a multi-label model: each class has a probability of its own, and several can be right",
    "regression": "it is a regression model: its answer is a number, not a class",
}
_HINT = "use a model of which exactly one class is right; `augment train` makes one"


def require_exclusive(folder: Path) -> None:
    """Raise ModelError if the answers of the model in a folder are not classes of which exactly one is right.

    A config that names no `problem_type` is taken at the number of its classes; one that names a sigmoid is believed.
    """
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    problem = config.get("problem_type")
    if problem not in (None, _SINGLE):
        _refuse(
            folder, _MEANINGS.get(str(problem), f"its `problem_type` is {problem!r}, which is not known here")
        )
    if _outputs(config) == 1:
        _refuse(
            folder,
            "it has one output: that is a number, or a yes and no of its own kind, not a class among others",
        )
    if "sigmoid" in _activation(config):
        _refuse(folder, "it applies a sigmoid to each output: several classes can be right")


def _refuse(folder: Path, what: str) -> None:
    """Raise ModelError."""
    raise ModelError(str(folder / "config.json"), what, _HINT)


def _outputs(config: Mapping[str, object]) -> int | None:
    """Return how many outputs a config names; None if it names none, which for transformers means two."""
    names = config.get("id2label")
    if isinstance(names, Mapping) and names:
        return len(names)
    count = config.get("num_labels", config.get("_num_labels"))
    return count if isinstance(count, int) else None


def _activation(config: Mapping[str, object]) -> str:
    """Return the function that a cross-encoder of sentence-transformers applies to its outputs, in lower case."""
    own = config.get("sentence_transformers")
    named = own.get("activation_fn") if isinstance(own, Mapping) else None
    return str(named or config.get("sbert_ce_default_activation_function") or "").lower()
