"""The names of what can be explained; without torch, so that settings can be read before any model is."""

from typing import Literal

QuantityName = Literal["logit", "probability", "log_probability", "difference"]
