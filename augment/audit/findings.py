"""The findings of an audit: a line for each row and reason, with the rows it is about.

lines(texts, groups, "same text")         # Finding("7", "test", "good", "same text, other split", ("3",), ("good",), 1.0, "…")
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np

from augment.audit.doubts import Doubt
from augment.audit.texts import Texts

SAME, LIKE, NEAR = "same text", "same text but for case, width or space", "nearly the same text"
LABEL, SPLIT, WITHIN = "other label", "other split", "same split"
DOUBT = "label doubtful"
REASONS = (*(f"{kind}, {where}" for kind in (SAME, LIKE, NEAR) for where in (LABEL, SPLIT, WITHIN)), DOUBT)
# Other rows named in a line, the nearest first.
_NAMED = 5
# Characters of a text that a line shows.
_SHOWN = 200

Links = Mapping[int, Sequence[tuple[int, float]]]


class Finding(NamedTuple):
    """A row, why it is listed, the ids and labels of at most five rows it is about, a score, and the start of its text.

    score: the share of sequences in common, 1 for the same text; of a doubtful label its probability out of fold.
    """

    id: str
    split: str
    label: str | None
    reason: str
    others: tuple[str, ...]
    other_labels: tuple[str, ...]
    score: float
    text: str


def groups(keys: np.ndarray) -> Iterator[list[int]]:
    """Yield the rows of each key that two rows or more have, in their order, the groups in the order of their first row."""
    order = np.argsort(keys, kind="stable")
    bounds = np.flatnonzero(np.diff(keys[order])) + 1
    parts = [part for part in np.split(order, bounds) if len(part) > 1]
    yield from (part.tolist() for part in sorted(parts, key=lambda part: int(part[0])))


def group_findings(texts: Texts, rows: Iterable[Sequence[int]], kind: str) -> Iterator[Finding]:
    """Yield the findings of rows that are the same: each row with others of its group, of `LIKE` with another text."""
    for group in rows:
        company = _Company(texts, group)
        for row in group:
            others = company.of(row)
            if kind == LIKE:
                others = [other for other in others if texts.exact[other] != texts.exact[row]]
            yield from _lines(texts, row, [(other, 1.0) for other in others], kind)


def link_findings(texts: Texts, links: Links) -> Iterator[Finding]:
    """Yield the findings of rows that are nearly the same; links: for each row the others, the nearest first."""
    for row in sorted(links):
        yield from _lines(texts, row, links[row], NEAR)


class _Company:
    """The first rows of each split, label and text of a group: the ones named with a row, without looking at all of them."""

    def __init__(self, texts: Texts, group: Sequence[int]) -> None:
        """Keep a few rows of each."""
        keys = texts.exact[np.asarray(group)].tolist()
        columns = ([texts.splits[row] for row in group], [texts.labels[row] for row in group], keys)
        self._values: list[dict[int, object]] = [dict(zip(group, column, strict=True)) for column in columns]
        self._first: tuple[dict[object, list[int]], ...] = ({}, {}, {})
        for row in group:
            for values, first in zip(self._values, self._first, strict=True):
                known = first.setdefault(values[row], [])
                if len(known) <= _NAMED:
                    known.append(row)

    def of(self, row: int) -> list[int]:
        """Return rows with the split of a row, with other splits, other labels and other texts, where the group has any."""
        company = set(self._first[0][self._values[0][row]])
        for values, first in zip(self._values, self._first, strict=True):
            others = (rows for value, rows in first.items() if value != values[row])
            company.update(*islice(others, _NAMED))
        return sorted(company - {row})


def doubt_findings(
    texts: Texts, rows: Sequence[int], classes: Sequence[str], doubts: Iterable[Doubt]
) -> Iterator[Finding]:
    """Yield the findings of doubtful labels; rows: the row of each index of the doubts."""
    for doubt in doubts:
        row = rows[doubt.row]
        yield _finding(texts, row, DOUBT, (), (classes[doubt.better],), doubt.own)


def _lines(texts: Texts, row: int, others: Iterable[tuple[int, float]], kind: str) -> Iterator[Finding]:
    """Yield a finding for each reason that other rows give."""
    kept: dict[str, list[tuple[int, float]]] = {}
    for other, score in others:
        reasons = [SPLIT if texts.splits[other] != texts.splits[row] else WITHIN]
        labels = texts.labels[row], texts.labels[other]
        reasons += [LABEL] if None not in labels and labels[0] != labels[1] else []
        for reason in reasons:
            known = kept.setdefault(reason, [])
            if len(known) < _NAMED:
                known.append((other, score))
    for reason, known in kept.items():
        ids = tuple(texts.ids[other] for other, _ in known)
        labels_ = tuple(texts.labels[other] or "" for other, _ in known)
        yield _finding(texts, row, f"{kind}, {reason}", ids, labels_, known[0][1])


def _finding(
    texts: Texts, row: int, reason: str, others: tuple[str, ...], labels: tuple[str, ...], score: float
) -> Finding:
    """Return a finding with what is known of its row."""
    start = texts.texts[row][:_SHOWN]
    return Finding(
        texts.ids[row], texts.splits[row], texts.labels[row], reason, others, labels, round(score, 4), start
    )
