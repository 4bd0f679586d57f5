"""How well answers fit rows of several labels: F1 of each label, over all decisions (micro) and over labels (macro).

counts = LabelCounts()
counts.add({"rude", "clean"}, {"clean"})        # what is right, what is answered
counts.micro                                    # 0.67: one label found, one missed
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class LabelCounts:
    """How often each label was found, missed, and answered wrongly."""

    found: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, right: Iterable[str], answered: Iterable[str], count: int = 1) -> None:
        """Count the labels of rows that have the same and are answered the same."""
        right, answered = set(right), set(answered)
        for counter, labels in (
            (self.found, right & answered),
            (self.missed, right - answered),
            (self.wrong, answered - right),
        ):
            for label in labels:
                counter[label] += count

    @property
    def labels(self) -> list[str]:
        """All labels that any row has or is answered with."""
        return sorted({*self.found, *self.missed, *self.wrong})

    def f1(self, label: str) -> float:
        """Return the F1 of a label."""
        return _f1(self.found[label], self.missed[label] + self.wrong[label])

    @property
    def micro(self) -> float:
        """The F1 over the decisions of all labels."""
        return _f1(self.found.total(), self.missed.total() + self.wrong.total())

    @property
    def macro(self) -> float:
        """The mean F1 of the labels."""
        return sum(map(self.f1, self.labels)) / len(self.labels) if self.labels else 0.0


def _f1(found: int, off: int) -> float:
    """Return an F1 for the labels found, and those missed or wrong together."""
    return 2 * found / (2 * found + off) if found + off else 0.0
