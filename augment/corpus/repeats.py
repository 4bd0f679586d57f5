"""Count texts that occur more than once: in two splits, which makes a test too easy, and with two labels, one of them wrong.

Texts are compared code point for code point, as hashes of 64 bits; a row takes 16 bytes.

    counter = RepeatCounter()
    counter.add(["fine", "fine"], [None, None], ["good", "bad"], ["train", "test"])
    list(repeat_notices(counter.count()))
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

# Rows counted at most, so that memory is bounded: 0.5 GB.
_MOST_ROWS = 1 << 25
# Splits compared at most, those with most rows; a column of splits may hold anything.
_MOST_SPLITS = 8
_ORDER = {"train": 0, "validation": 1, "test": 2}


@dataclass(frozen=True)
class Repeats:
    """How many rows each split has, and which texts occur more than once.

    shared: by split, then by an earlier split (train, validation, test, others by name), the rows whose text is there too.
    texts, labelled: texts with two labels or more, and their rows. whole: whether every row was counted.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    shared: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    texts: int = 0
    labelled: int = 0
    whole: bool = True

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Repeats":
        """Return the counts from their plain JSON values."""
        return cls(**values)


class RepeatCounter:
    """The hash, split and label of each row met so far."""

    def __init__(self) -> None:
        """Start with no rows."""
        self._keys, self._splits, self._labels = array("Q"), array("i"), array("i")
        self._split_names: dict[str, int] = {}
        self._label_names: dict[str, int] = {}
        self._whole = True

    def add(
        self,
        texts: Iterable[str],
        pairs: Iterable[str | None],
        labels: Iterable[str | None],
        splits: Iterable[str],
    ) -> None:
        """Count rows, a value of each column for each."""
        for text, pair, label, split in zip(texts, pairs, labels, splits, strict=True):
            if len(self._keys) >= _MOST_ROWS:
                self._whole = False
                return
            self._keys.append(text_key(text, pair))
            self._splits.append(self._split_names.setdefault(split, len(self._split_names)))
            number = -1 if label is None else self._label_names.setdefault(label, len(self._label_names))
            self._labels.append(number)

    def count(self) -> Repeats:
        """Return what repeats among the rows added."""
        keys = np.frombuffer(self._keys, dtype=np.uint64)
        splits = np.frombuffer(self._splits, dtype=np.intc)
        labels = np.frombuffer(self._labels, dtype=np.intc)
        sizes = np.bincount(splits, minlength=len(self._split_names)).tolist()
        rows = {name: sizes[number] for name, number in self._split_names.items()}
        chosen = sorted(sorted(rows, key=lambda name: (-rows[name], name))[:_MOST_SPLITS], key=_split_order)
        of = {name: keys[splits == self._split_names[name]] for name in chosen}
        there = {name: np.unique(part) for name, part in of.items()}
        shared: dict[str, dict[str, int]] = {}
        for index, name in enumerate(chosen):
            for earlier in chosen[:index]:
                count = int(np.isin(of[name], there[earlier]).sum())
                if count:
                    shared.setdefault(name, {})[earlier] = count
        texts, labelled = _two_labels(keys[labels >= 0], labels[labels >= 0])
        return Repeats(
            {name: rows[name] for name in sorted(rows, key=_split_order)},
            shared,
            texts,
            labelled,
            self._whole,
        )


def text_key(text: str, pair: str | None) -> int:
    """Return 64 bits that depend on the texts of a row alone."""
    parts = text.encode() if pair is None else text.encode() + b"\xff" + pair.encode()
    return int.from_bytes(blake2b(parts, digest_size=8).digest(), "little")


def repeat_notices(repeats: Repeats) -> Iterator[str]:
    """Yield a notice on texts in two splits, and one on texts with two labels, where there are any."""
    seen = sum(repeats.rows.values())
    over = "" if repeats.whole else f" (of the {seen:,} rows looked at; `augment audit` reads all)"
    shared = [
        f"{count:,} of {repeats.rows[name]:,} rows of {name} ({_percent(count, repeats.rows[name])}) are also in {earlier}"
        for name, others in repeats.shared.items()
        for earlier, count in others.items()
    ]
    if shared:
        yield (
            f"the same text is in two splits: {', '.join(shared)}; scores on such rows are too good: "
            f"`augment audit` lists them{over}"
        )
    if repeats.texts:
        texts = "1 text" if repeats.texts == 1 else f"{repeats.texts:,} texts"
        yield (
            f"the same text is labelled in two ways: {texts}, in {repeats.labelled:,} of {seen:,} rows "
            f"({_percent(repeats.labelled, seen)}); at most one way is right for each: `augment audit` lists them{over}"
        )


def repeats_of(columns: Sequence[Sequence[Any]]) -> Repeats:
    """Return what repeats among rows given as columns: texts, pairs, labels, splits."""
    counter = RepeatCounter()
    counter.add(*columns)
    return counter.count()


def _two_labels(keys: np.ndarray, labels: np.ndarray) -> tuple[int, int]:
    """Return how many texts have two labels or more, and in how many rows they are."""
    if not len(keys):
        return 0, 0
    order = np.argsort(keys, kind="stable")
    keys, labels = keys[order], labels[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    differ = np.minimum.reduceat(labels, starts) != np.maximum.reduceat(labels, starts)
    sizes = np.diff(np.r_[starts, len(keys)])
    return int(differ.sum()), int(sizes[differ].sum())


def _split_order(split: str) -> tuple[int, str]:
    """Return where a split is in their order."""
    return _ORDER.get(split, len(_ORDER)), split


def _percent(part: int, whole: int) -> str:
    """Return a share as a percentage, of whole points from ten on."""
    share = 100 * part / whole
    return f"{share:.0f} %" if share >= 10 else f"{share:.1f} %" if share >= 0.1 else "< 0.1 %"
