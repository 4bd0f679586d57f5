"""The kinds of models: one class of several, several labels, or a number."""

from collections.abc import Mapping
from typing import Literal

# single: one class of several, their probabilities add up to 1; multi: each label has a probability of its own; regression: a number.
Kind = Literal["single", "multi", "regression"]
# What the config of a model calls each, as its `problem_type`.
PROBLEMS: Mapping[Kind, str] = {
    "single": "single_label_classification",
    "multi": "multi_label_classification",
    "regression": "regression",
}
