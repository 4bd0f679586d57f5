"""Numbers written as text: labels that are equal in value are one label, however they are written.

plain("1.0")              # "1"
plain("007")              # "007": a code, not a number
whole_or_truth(["0", "1"])    # "int64"
"""

import re
from collections.abc import Iterable
from typing import Literal

LabelType = Literal["int64", "bool"]

# A sign, no leading zeros, and nothing but zeros behind the point: what spreadsheets and pandas make of a whole number.
_WHOLE = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.0+)?")
_TRUTHS = ({"True", "False"}, {"true", "false"}, {"TRUE", "FALSE"})
_LARGEST = (1 << 63) - 1


def plain(label: str) -> str:
    """Return a label without the `.0` behind a whole number; any other label as it is."""
    match = _WHOLE.fullmatch(label)
    if match is None:
        return label
    sign, digits = match.groups()
    return digits if digits == "0" else f"{sign}{digits}"


def whole_or_truth(labels: Iterable[str]) -> LabelType | None:
    """Return the type that all of these labels have as text: whole numbers, truth values in one spelling, or neither."""
    known = set(labels)
    if not known:
        return None
    if any(known <= truths for truths in _TRUTHS):
        return "bool"
    fits = (_WHOLE.fullmatch(label) and abs(int(plain(label))) <= _LARGEST for label in known)
    return "int64" if all(fits) else None
