"""The labels of a row of several, as one text: sorted, each once, with the separator of the corpus between them.

joined(["rude", "clean"], ";")      # "clean;rude"
parted("clean;rude", ";")           # ("clean", "rude")
joined([], ";")                     # "[]": none of the labels is right
"""

from collections.abc import Iterable

SEPARATOR = ";"
# A row of which no label is right.
NONE = "[]"


def joined(labels: Iterable[str], separator: str) -> str:
    """Return labels as one text."""
    return separator.join(sorted(set(labels))) or NONE


def parted(text: str, separator: str) -> tuple[str, ...]:
    """Return the labels in a text, those of a file too, which may have blanks around them; none of `[]`."""
    if text.strip() == NONE:
        return ()
    return tuple(sorted({label.strip() for label in text.split(separator)} - {""}))
