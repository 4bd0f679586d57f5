"""The kinds of models: one class of several, several labels, or a number."""

from typing import Literal

# single: one class of several, its probabilities add up to 1.
Kind = Literal["single"]
