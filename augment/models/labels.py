"""Which class of a model a label of the corpus is, and back.

Inside the package a label is a name. A corpus may write numbers for names, a model may call its classes LABEL_0, LABEL_1:
`corpus.label_names` (number: name) bridges either.

    labels = LabelMap(("LABEL_0", "LABEL_1"), {"0": "negative", "1": "positive"})
    labels.index("positive")        # 1
    labels.name(0)                  # "negative"
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher, get_close_matches
from typing import Protocol

from augment.config.job import Job
from augment.config.label_sets import SEPARATOR, joined, parted
from augment.config.numerals import plain
from augment.errors import DataError
from augment.models.heads import EVEN
from augment.models.kind import Kind

_ANONYMOUS = re.compile(r"LABEL_(\d+)")
_PLAIN = re.compile(r"\w[\w.+-]*")
_SHOWN = 20  # names in a message
# From here on two names are alike; the rarer one must have at most so large a share of the other's rows.
_ALIKE, _RARE, _COMPARED = 0.85, 1 / 3, 100
# What is between labels in a cell, and how many labels must have it to look like lists.
_BETWEEN, _FEWEST = (";", "；", "|", ",", "，", "、", "/"), 3
# What joins the words of a name.
_JOINT = re.compile(r"(?<=\w)[\s_-]+(?=\w)")


class HasClasses(Protocol):
    """A model of which the classes are known, and what they mean to each other."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes, in order."""
        ...

    @property
    def kind(self) -> Kind:
        """What they mean to each other."""
        ...


@dataclass(frozen=True)
class LabelMap:
    """The classes of a model, in order, what they mean to each other, and the names a corpus gives to numbers.

    separator: what is between the labels of a row of several.
    """

    classes: tuple[str, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "single"
    separator: str = SEPARATOR

    @classmethod
    def of(cls, predictor: HasClasses, job: Job) -> "LabelMap":
        """Return the classes of a model as the corpus of a job names them."""
        return cls(predictor.classes, job.label_names, predictor.kind, job.label_separator)

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

    def right(self, label: str | None) -> tuple[int, ...] | None:
        """Return the classes that are right by a label, none for `[]`; None if the model does not know one, or the row has no label."""
        if label is None:
            return None
        names = parted(label, self.separator) if self.kind == "multi" else (label,)
        indices = [self.index(name) for name in names]
        known = tuple(index for index in indices if index is not None)
        return known if len(known) == len(indices) else None

    def gold(self, label: str | None) -> tuple[float, ...] | None:
        """Return the answer that a label is, [C]: 1 for each class that is right, else 0; of a number itself.

        None for one that the model does not know, or where the row has no label.
        """
        if self.kind == "regression":
            number = number_of(label)
            return None if number is None else (number,)
        right = self.right(label)
        return None if right is None else tuple(float(index in right) for index in range(len(self.classes)))

    def predicted(self, answer: Sequence[float]) -> str:
        """Return what a model predicts, as the corpus writes labels, for its probabilities [C]; a number with four digits."""
        if self.kind == "regression":
            return plain(f"{answer[0]:.4g}")
        if self.kind == "multi":
            return joined((self.name(index) for index, p in enumerate(answer) if p >= EVEN), self.separator)
        return self.name(max(range(len(answer)), key=lambda index: (answer[index], -index)))

    def nearest(self, answer: Sequence[float], to: Sequence[str | None], tolerance: float) -> str:
        """Return what a model predicts; of a number the first of `to` that it is within the tolerance of, else the number."""
        if self.kind == "regression":
            for label in to:
                number = number_of(label)
                if label is not None and number is not None and abs(float(answer[0]) - number) <= tolerance:
                    return label
        return self.predicted(answer)

    def sureness(self, answer: Sequence[float], label: str | None, tolerance: float) -> float | None:
        """Return how probable a label is, from 0 to 1, by an answer [C]; None for one that the model does not know.

        Of several labels it is that of the label the model is furthest from: 0.5 and more where each is on its side. Of a
        number it falls from 1 by half over the tolerance, so it is 0.5 and more within it.
        """
        if self.kind == "regression":
            gold = number_of(label)
            return None if gold is None else max(0.0, 1 - abs(float(answer[0]) - gold) / (2 * tolerance))
        right = self.right(label)
        if right is None:
            return None
        if self.kind == "single":
            return float(answer[right[0]])
        sides = [float(p if index in right else 1 - p) for index, p in enumerate(answer)]
        return min(sides)

    def require(self, labels: Iterable[str]) -> None:
        """Raise DataError naming every label that is no class of the model, and what to write about it."""
        if self.kind == "regression":
            wrong = [label for label in sorted(labels) if number_of(label) is None]
            if wrong:
                what = f"the model answers a number, and the label `{wrong[0]}` is none"
                raise DataError("corpus.label", what, "name the column with the numbers, or use a classifier")
            return
        if self.kind == "multi":
            labels = {name for label in labels for name in parted(label, self.separator)}
        unknown = [label for label in sorted(labels) if self.index(label) is None]
        if unknown:
            shown = ", ".join(repr(label) for label in unknown[:_SHOWN]) + (", …" if unknown[_SHOWN:] else "")
            raise DataError(
                f"label{'s' if unknown[1:] else ''} {shown}",
                f"not known to the model; its classes are {listed(self.ordered)}",
                f"{self._advice(unknown)}; or choose rows with corpus.labels",
            )

    def idle(self, labels: Iterable[str]) -> list[str]:
        """Return a notice if no row has some of the classes, though rows have labels: it may be the model of another corpus."""
        if self.kind == "regression":
            return []
        if self.kind == "multi":
            labels = {name for label in labels for name in parted(label, self.separator)}
        there = set(labels)
        alone = [name for name in self.ordered if name not in there]
        if not there or not alone:
            return []
        some = f"class{'es' if alone[1:] else ''} {listed(alone)}"
        return [
            f"the model has {len(self.classes)} classes, and no row seen has the label of its {some}: is it the model of this corpus?"
        ]

    def _advice(self, unknown: list[str]) -> str:
        """Return the `corpus.label_names` to write: what a number or another name in the corpus is to the model."""
        numbered = [match[1] for name in self.classes if (match := _ANONYMOUS.fullmatch(name))]
        if numbered and not set(numbered) <= set(self.names):
            named = {number: f"NAME{number}" for number in numbered} | dict(self.names)
            return f"name the model's numbered classes, `corpus.label_names: {_mapping(named)}`"
        guesses = {label: self._guess(label) for label in unknown}
        if set(unknown) <= set(self.names.values()):
            # The corpus names its labels, and not as the model does: what is written must name them anew.
            renamed = {label: guesses.get(name, name) for label, name in self.names.items()}
            return f"name the labels as the model does, for example `corpus.label_names: {_mapping(renamed)}`"
        numbers = all(label.isdecimal() for label in unknown)
        advice = "name the label of each number" if numbers else "name the class of each label"
        return f"{advice}, for example `corpus.label_names: {_mapping({**self.names, **guesses})}`"

    def _guess(self, label: str) -> str:
        """Return the class that a label may mean, one of a like name; else `CLASS`: a number may mean any."""
        folded = {name.casefold(): name for name in self.ordered}
        close = get_close_matches(label.casefold(), folded, n=1, cutoff=0.5)
        return folded[close[0]] if close else "CLASS"


def number_of(label: str | None) -> float | None:
    """Return the number that a label is, None if it is none."""
    try:
        number = math.nan if label is None else float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def listed(names: Sequence[str]) -> str:
    """Return names for a message, the first twenty of many."""
    return ", ".join(names[:_SHOWN]) + (f", … ({len(names)} in all)" if names[_SHOWN:] else "")


def misspelt(counts: Mapping[str, int]) -> list[str]:
    """Return a notice for each label that reads like a more frequent one; counts: rows by label.

    Names that differ in digits are not compared, as those number classes, nor are names of over 100 labels.

        >>> misspelt({"positive": 7, "postive": 2, "negative": 5})
        ['the label `postive` (rows: 2) reads like `positive` (rows: 7): is it misspelt?']
    """
    suspects = []
    for label, rows in sorted(counts.items()) if len(counts) <= _COMPARED else ():
        alike = (other for other in sorted(counts) if rows <= counts[other] * _RARE and _alike(label, other))
        other = next(alike, None)
        if other is not None:
            like = f"reads like `{other}` (rows: {counts[other]:,}): is it misspelt?"
            suspects.append(f"the label `{label}` (rows: {rows:,}) {like}")
    return suspects


def lists_in_cells(counts: Mapping[str, int]) -> str | None:
    """Return what is between labels that look like several in a cell, None where they look like single ones; counts: rows by label.

    Three labels or more have it, and every part of them is in another label too: Sci/Tech is one label.

        >>> lists_in_cells({"room;food": 9, "food": 7, "room;staff": 5, "staff;food": 2})
        ';'
    """
    for separator in _BETWEEN:
        lists = [parted(label, separator) for label in counts]
        met = Counter(part for parts in lists for part in parts)
        several = [parts for parts in lists if len(parts) > 1]
        if len(several) >= _FEWEST and all(met[part] > 1 for parts in several for part in parts):
            return separator
    return None


def listed_notices(counts: Mapping[str, int]) -> list[str]:
    """Return a notice where labels look like several in a cell."""
    separator = lists_in_cells(counts)
    if separator is None:
        return []
    example = next(label for label in sorted(counts) if separator in label)
    return [
        f"labels such as `{example}` look like several in a cell, and each combination is a class of its own: if a row may have several, set "
        f"corpus.label_separator (--set 'corpus.label_separator={separator}')"
    ]


def _alike(one: str, other: str) -> bool:
    """Return whether two names of classes are almost the same."""
    one, other = (
        _JOINT.sub("", unicodedata.normalize("NFKC", name).casefold().strip()) for name in (one, other)
    )
    if one == other:
        return True
    match = SequenceMatcher(None, one, other, autojunk=False)
    return _digits(one) == _digits(other) and match.quick_ratio() >= _ALIKE and match.ratio() >= _ALIKE


def _digits(name: str) -> str:
    """Return the digits of a name."""
    return "".join(filter(str.isdigit, name))


def _mapping(names: Mapping[str, str]) -> str:
    """Return a mapping as it is written in YAML, the first twenty of many."""
    pairs = [f"{_quoted(label)}: {_quoted(name)}" for label, name in names.items()]
    return "{" + ", ".join(pairs[:_SHOWN]) + (", …" if pairs[_SHOWN:] else "") + "}"


def _quoted(word: str) -> str:
    """Return a word as YAML takes it: plain where that is safe, else in quotes."""
    return word if _PLAIN.fullmatch(word) else json.dumps(word, ensure_ascii=False)
