"""What a model's classes mean to each other."""

from typing import Literal

# single: one class of several, its probabilities add up to 1.
Kind = Literal["single"]
