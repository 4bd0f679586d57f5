"""Phrases that may be left out of a text so that what stays reads as if a person had written it."""

from augment.text.omission.find import Omission, omissions
from augment.text.omission.line import KINDS

__all__ = ["KINDS", "Omission", "omissions"]
