"""Which class of a model a label of the corpus is, and back.

Inside, a label is a name. A corpus may write numbers for names, a model may call its classes LABEL_0, LABEL_1:
`corpus.label_names` (number: name) bridges either.

    labels = LabelMap(("LABEL_0", "LABEL_1"), {"0": "negative", "1": "positive"})
    labels.index("positive")        # 1
    labels.name(0)                  # "negative"
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from augment.errors import DataError

_ANONYMOUS = re.compile(r"LABEL_(\d+)")


@dataclass(frozen=True)
class LabelMap:
    """The classes of a model, in order, and the names a corpus gives to numbers."""

    classes: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, index: int) -> str:
        """Return the corpus's name of a class: the model's own, or the mapped number if the model has none."""
        given = self.classes[index]
        anonymous = _ANONYMOUS.fullmatch(given)
        if anonymous:
            return self.names.get(anonymous[1], anonymous[1])
        return self.names.get(given, given)

    @property
    def ordered(self) -> tuple[str, ...]:
        """The corpus's name of every class, in the model's order."""
        return tuple(self.name(index) for index in range(len(self.classes)))

    def index(self, label: str | None) -> int | None:
        """Return the class of a label, or None if the model has no such class or the row no label."""
        if label is None:
            return None
        ordered = self.ordered
        return ordered.index(label) if label in ordered else None

    def require(self, labels: Iterable[str]) -> None:
        """Raise DataError naming the first label that is no class of the model."""
        for label in sorted(labels):
            if self.index(label) is None:
                raise DataError(
                    f"label {label!r}",
                    f"the model does not know it; its classes are {', '.join(self.ordered)}",
                    "map numbers to names with corpus.label_names, or choose rows with corpus.labels",
                )
