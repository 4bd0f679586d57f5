"""How well answers fit rows of several labels: F1 of each label, over all decisions (micro) and over labels (macro).

counts = LabelCounts()
counts.add({"rude", "clean"}, {"clean"})        # what is right, what is answered
counts.micro                                    # 0.67: one label right, one missed
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class LabelCounts:
    """How often each label was answered rightly, missed, and answered wrongly."""

    right: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    def add(self, gold: Iterable[str], answered: Iterable[str]) -> None:
        """Count the labels of a row: those that are right, and those that it is answered with."""
        gold, answered = set(gold), set(answered)
        for counter, labels in (
            (self.right, gold & answered),
            (self.missed, gold - answered),
            (self.wrong, answered - gold),
        ):
            for label in labels:
                counter[label] += 1

    @property
    def labels(self) -> list[str]:
        """All labels that any row has or is answered with."""
        return sorted({*self.right, *self.missed, *self.wrong})

    def f1(self, label: str) -> float:
        """Return the F1 of a label."""
        return _f1(self.right[label], self.missed[label] + self.wrong[label])

    @property
    def micro(self) -> float:
        """The F1 over the decisions of all labels."""
        return _f1(self.right.total(), self.missed.total() + self.wrong.total())

    @property
    def macro(self) -> float:
        """The mean F1 of the labels."""
        return sum(map(self.f1, self.labels)) / len(self.labels) if self.labels else 0.0


def _f1(right: int, off: int) -> float:
    """Return an F1 for the labels answered rightly, and those missed or wrong together."""
    return 2 * right / (2 * right + off) if right + off else 0.0
