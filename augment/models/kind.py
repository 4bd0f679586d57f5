"""The kinds of models: one class of several, several labels, or a number."""

from typing import Literal

# single: one class of several, their probabilities add up to 1; multi: each label has a probability of its own; regression: a number.
Kind = Literal["single", "multi", "regression"]
