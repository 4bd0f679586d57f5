"""What a prompt needs of all rows, and what a run is estimated by: labels, a few texts of each, rows and bytes.

facts = PromptFacts.of_rows([("good", "A fine room."), ("bad", "A damp room.")])
facts.labels, facts.examples["good"], facts.rows        # (("bad", "good"), ("A fine room.",), 2)
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from augment.seeding import key_of

LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("label", pa.string()),
        ("text", pa.string()),
        ("rows", pa.int64()),
        ("size", pa.int64()),
    ]
)
TABLE = pa.schema([field for field in LINES if field.name not in ("key", "row")])
# Rows kept of a label as examples, and the code points of the longest.
KEPT, LONGEST = 8, 200


@dataclass(frozen=True)
class PromptFacts:
    """What a prompt needs of all rows: the labels, a few texts of each, and for the estimate how many rows and bytes there are."""

    labels: tuple[str, ...]
    examples: Mapping[str | None, tuple[str, ...]]
    rows: int
    size: int

    @classmethod
    def of_lines(cls, lines: Sequence[Mapping[str, Any]]) -> "PromptFacts":
        """Return it from lines by label, as the stage learns them."""
        examples: dict[str | None, list[str]] = defaultdict(list)
        for line in lines:
            if line["text"] is not None:
                examples[line["label"]].append(line["text"])
        labels = sorted({line["label"] for line in lines if line["label"] is not None})
        return cls(
            tuple(labels),
            {label: tuple(texts) for label, texts in examples.items()},
            sum(line["rows"] for line in lines),
            sum(line["size"] for line in lines),
        )

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[str | None, str]]) -> "PromptFacts":
        """Return it from the labels and texts of rows that are all there are."""
        return cls.of_lines(lines_of(rows))


def lines_of(rows: Iterable[tuple[str | None, str]]) -> list[dict[str, Any]]:
    """Return the lines of labels and texts: of each label its rows and bytes, and the texts that may be examples."""
    return by_label(
        {
            "label": label,
            "text": text if len(text) <= LONGEST and "\n" not in text else None,
            "rows": 1,
            "size": len(text.encode()),
        }
        for label, text in rows
    )


def by_label(lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return lines summed by label, with the texts that may be examples of it."""
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    texts: dict[str | None, set[str]] = defaultdict(set)
    for line in lines:
        sums[line["label"]][0] += line["rows"]
        sums[line["label"]][1] += line["size"]
        if line["text"] is not None:
            texts[line["label"]].add(line["text"])
    return [line for label in sorted(sums, key=str) for line in _of_label(label, sums[label], texts[label])]


def _of_label(label: str | None, sums: Sequence[int], texts: set[str]) -> list[dict[str, Any]]:
    """Return the lines of a label: its sums, and the texts with the smallest keys."""
    chosen = sorted(texts, key=lambda text: (key_of("example", text), text))[:KEPT]
    totals = {"label": label, "text": None, "rows": sums[0], "size": sums[1]}
    return [totals, *({"label": label, "text": text, "rows": 0, "size": 0} for text in chosen)]
