"""What an attack does to the answers of models of several labels, or of numbers, over all rows: F1, mean error.

answers = UnderAttack("multi", ";")
answers.add(table)              # a shard with the columns of `attack` and `judge`
answers.figures()               # {"micro F1 before the attack": 0.91, "micro F1 under attack": 0.42, ...}
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from augment.config.label_sets import SEPARATOR, parted
from augment.models.kind import Kind
from augment.models.label_counts import LabelCounts
from augment.models.labels import number_of

BEFORE, UNDER = "before the attack", "under attack"
# What a share of rows that a model is right on is called.
_RIGHT: dict[Kind, str] = {
    "single": "accuracy",
    "multi": "subset accuracy",
    "regression": "accuracy within the tolerance",
}
_READ = ("source_id", "id", "label", "attack", "pred_before", "pred_after", "soft_label")


@dataclass
class UnderAttack:
    """The answers to attacked rows before and under the attack, where a model has no single class.

    Rows that the model is wrong on are not attacked: their answers are the same under it. within: rows of numbers that it is
    right on under the attack.
    """

    kind: Kind = "single"
    separator: str = SEPARATOR
    counts: dict[str, LabelCounts] = field(
        default_factory=lambda: {when: LabelCounts() for when in (BEFORE, UNDER)}
    )
    errors: dict[str, float] = field(default_factory=lambda: dict.fromkeys((BEFORE, UNDER), 0.0))
    rows: int = 0
    within: int = 0

    @property
    def right(self) -> str:
        """What the share of rows is called that the model is right on."""
        return _RIGHT[self.kind]

    def labels(self, label: str) -> tuple[str, ...]:
        """Return the labels of a row."""
        return parted(label, self.separator) if self.kind == "multi" else (label,)

    def add(self, table: pa.Table) -> None:
        """Count the rows of a shard; nothing where no stage `judge` answered them."""
        if self.kind == "single" or not set(_READ) <= set(table.column_names):
            return
        for source, after in _attacked(table):
            self.rows += 1
            for when, row in ((BEFORE, source), (UNDER, after)):
                seen = source["pred_before"] if row is source else row["pred_after"]
                if self.kind == "multi":
                    self.counts[when].add(self.labels(source["label"]), self.labels(seen))
                else:
                    # A number that moved may still be within the tolerance of its label.
                    self.within += when == UNDER and seen == source["label"]
                    self.errors[when] += abs(row["soft_label"][0] - (number_of(source["label"]) or 0.0))

    def figures(self) -> dict[str, float]:
        """Return the figures by name; none where nothing was counted."""
        if not self.rows:
            return {}
        if self.kind == "regression":
            errors = {f"mean error {when}": error / self.rows for when, error in self.errors.items()}
            return {f"{self.right} {UNDER}": self.within / self.rows, **errors}
        return {
            f"{name} F1 {when}": value
            for when, counts in self.counts.items()
            for name, value in (("micro", counts.micro), ("macro", counts.macro))
        }


def _attacked(table: pa.Table) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each source row that a model was to be attacked on, and what there is of it under attack: its sample, or itself."""
    rows = table.select(list(_READ)).to_pylist()
    samples = {row["source_id"]: row for row in rows if row["source_id"] is not None}
    for row in rows:
        if row["source_id"] is None and row["attack"] is not None and row["label"] is not None:
            yield row, samples.get(row["id"], row) if row["attack"] == "changed" else row
