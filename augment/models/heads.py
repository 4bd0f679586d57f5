"""What the answers of a model mean: one class of several, labels of which several may be right, or a number.

All load as sequence classifiers, and a softmax over the answers of the last two is wrong without a warning: 0.335 where a
model of several labels gives 0.95. Each label of such a model has a sigmoid of its own.

    head_of(config, "models/mine/config.json")      # "multi"; reads what config.json holds
    probabilities(logits, "multi")                  # [N, C], the number itself for "regression"
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from augment.errors import ModelError, RequestError
from augment.ig.quantities import QuantityFunction, QuantityName
from augment.models.kind import PROBLEMS, Kind

if TYPE_CHECKING:
    from torch import Tensor

_PROBLEMS: Mapping[object, Kind | None] = {
    None: None,
    **{problem: kind for kind, problem in PROBLEMS.items()},
}
_MEANINGS: Mapping[Kind, str] = {
    "multi": "it is a multi-label model: each class has a probability of its own, and several can be right",
    "regression": "it is a regression model: its answer is a number, not a class",
}
# From here on a label is taken as right.
EVEN = 0.5


def head_of(config: Mapping[str, object], where: str) -> Kind:
    """Return what the answers mean; ModelError for what is not known.

    A config that names no `problem_type` is taken at the number of its classes; one that names a sigmoid is believed.
    """
    problem = config.get("problem_type")
    if problem not in _PROBLEMS:
        what = f"its `problem_type` is {problem!r}, which is not known here"
        raise ModelError(where, what, f"it may be {', '.join(str(name) for name in _PROBLEMS if name)}")
    if _PROBLEMS[problem] == "multi" or "sigmoid" in _activation(config):
        return "multi"
    if _PROBLEMS[problem] == "regression" and (_outputs(config) or 2) > 1:
        what = f"it answers {_outputs(config) or 2} numbers, and one is supported"
        raise ModelError(where, what, "use a regression model of one output")
    if _PROBLEMS[problem] == "single" and _outputs(config) == 1:
        what = "it has one output, which is no class among others"
        raise ModelError(where, what, "set its `problem_type` to regression or multi_label_classification")
    return "regression" if _outputs(config) == 1 else _PROBLEMS[problem] or "single"


def require_single(head: Kind, where: str, user: str) -> None:
    """Raise ModelError if a model is not one of one class of several, and `user` can use no other."""
    if head != "single":
        raise ModelError(where, f"{_MEANINGS[head]}; {user} needs one class of several", _HINT)


_HINT = "use a model of which exactly one class is right; `augment train` makes one"


def probabilities(logits: "Tensor", head: Kind) -> "Tensor":
    """Return the probability of each class, [N, C], for logits; of a regression model the number itself."""
    if head == "single":
        return logits.softmax(-1)
    return logits.sigmoid() if head == "multi" else logits


def quantity_of(name: QuantityName | QuantityFunction, head: Kind) -> QuantityName | QuantityFunction:
    """Return the quantity of that name for a kind of model; RequestError for one that has no meaning there."""
    if head == "single" or callable(name) or name == "logit":
        return name
    if head == "multi" and name != "difference":
        from augment.ig.target import label_log_probability, label_probability

        return label_probability if name == "probability" else label_log_probability
    meant = "other labels are no alternatives" if head == "multi" else "its answer is a number"
    what = f"the model has no such quantity: {meant}"
    hint = "use `quantity: logit`" + (", probability or log_probability" if head == "multi" else "")
    raise RequestError(f"quantity: {name}", what, hint)


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
