"""The audit of a corpus: read once, compared in three ways, and compared with the answers of fold models where there are any."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment.audit.doubts import doubts
from augment.audit.findings import (
    DOUBT,
    LABEL,
    LIKE,
    NEAR,
    REASONS,
    SAME,
    SPLIT,
    WITHIN,
    Finding,
    Links,
    doubt_findings,
    group_findings,
    groups,
    link_findings,
)
from augment.audit.near import near_pairs
from augment.audit.texts import Texts, read_texts
from augment.config.job import Job
from augment.corpus import inspect, with_label_names
from augment.corpus.repeats import repeat_notices, repeats_of
from augment.models.labels import listed, listed_notices, misspelt
from augment.progress import Progress, silent
from augment.training.out_of_fold import Answers, read_answers

# Rows of one text that a row of another, near text is linked to.
_VARIED = 8


@dataclass(frozen=True)
class Audit:
    """What was found in a corpus.

    rows: by split; labels: rows by label; rejected: rows that cannot be used; near: the share from which two texts are
    near; compared: rows of train whose label was compared with answers out of fold, None without any.
    """

    rows: Mapping[str, int]
    labels: Mapping[str, int]
    rejected: int
    near: float
    notices: tuple[str, ...]
    compared: int | None
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows for each reason, those of no rows too."""
        reasons = Counter(finding.reason for finding in self.findings)
        return {reason: reasons[reason] for reason in REASONS}

    def facts(self) -> dict[str, str]:
        """Return names and sentences for a terminal."""
        counts = self.counts
        splits = ", ".join(f"{name} {rows:,}" for name, rows in self.rows.items())
        refused = f"; {self.rejected:,} more cannot be used" if self.rejected else ""
        by_reason = {
            "rows": f"{sum(self.rows.values()):,}: {splits}{refused}",
            "labels": listed([f"{label} ({rows:,})" for label, rows in self.labels.items()]) or "none",
        }
        for kind in (SAME, LIKE, NEAR):
            parts = (f"{counts[f'{kind}, {where}']:,} {where}" for where in (WITHIN, SPLIT, LABEL))
            by_reason[kind] = f"rows with another: {', '.join(parts)}"
        by_reason[NEAR] += f" (from {self.near:.0%} in common on)"
        by_reason[DOUBT] = self._doubted()
        return by_reason | {f"note {number}": notice for number, notice in enumerate(self.notices, 1)}

    def _doubted(self) -> str:
        """Return how many labels are doubtful, or what to do to know."""
        if self.compared is None:
            return "not looked for: it takes the answers that `augment train --folds 5` stores with the model"
        return f"{self.counts[DOUBT]:,} of {self.compared:,} rows of train with answers out of fold"

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values."""
        return {
            "rows": dict(self.rows),
            "labels": dict(self.labels),
            "rejected": self.rejected,
            "near": self.near,
            "notices": list(self.notices),
            "asked": self.compared,
            "counts": self.counts,
            "findings": [finding._asdict() for finding in self.findings],
        }


def audit(job: Job, near: float = 0.8, progress: Progress | None = None) -> Audit:
    """Return what is doubtful in the corpus of a job; its texts are compared in memory.

    near: the share of sequences in common from which two texts are nearly the same. RequestError or DataError if the
    corpus cannot be read, RequestError if stored answers are damaged.
    """
    report = progress or silent
    shape = inspect(job.needs_corpus(), job.run.allow_download)
    job = with_label_names(job, shape)
    texts = read_texts(job, report)
    labels = dict(sorted(Counter(label for label in texts.labels if label is not None).items()))
    repeats = repeats_of([texts.texts, [None] * len(texts), texts.labels, texts.splits])
    findings = [*group_findings(texts, groups(texts.exact), SAME)]
    like = (group for group in groups(texts.normal) if len(set(texts.exact[group].tolist())) > 1)
    findings += group_findings(texts, like, LIKE)
    findings += link_findings(texts, _links(texts, near, report))
    answers = read_answers(Path(job.model.path)) if job.model is not None else None
    rows, doubtful = _doubts(texts, answers) if answers is not None else (None, [])
    findings += doubtful
    order = {reason: index for index, reason in enumerate(REASONS)}
    return Audit(
        repeats.rows,
        labels,
        texts.rejected,
        near,
        (
            *repeat_notices(repeats),
            *misspelt(labels),
            *(listed_notices(labels) if shape.separator is None else ()),
        ),
        rows,
        tuple(sorted(findings, key=lambda finding: order[finding.reason])),
    )


def _links(texts: Texts, near: float, report: Progress) -> Links:
    """Return for each row the rows of other texts that are near, the nearest first; of each text at most five rows."""
    _, first, whose = np.unique(texts.normal, return_index=True, return_inverse=True)
    # Distinct texts in the order of the corpus.
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    whose = rank[whose]
    members: dict[int, list[int]] = defaultdict(list)
    for row, text in enumerate(whose.tolist()):
        members[text].append(row)
    firsts = np.sort(first).tolist()
    links: dict[int, list[tuple[int, float]]] = defaultdict(list)
    pairs = near_pairs(
        [texts.texts[row] for row in firsts], [texts.splits[row] for row in firsts], near, report
    )
    for one, other, share in pairs:
        for mine, theirs in ((one, other), (other, one)):
            shown = _varied(texts, members[theirs])
            for row in members[mine]:
                links[row] += [(linked, share) for linked in shown]
    return {
        row: sorted(known, key=lambda pair: (-round(pair[1], 6), pair[0])) for row, known in links.items()
    }


def _varied(texts: Texts, rows: list[int]) -> list[int]:
    """Return the first row of each split and label among rows of one text."""
    first_of = {(texts.splits[row], texts.labels[row]): row for row in reversed(rows)}
    return sorted(first_of.values())[:_VARIED]


def _doubts(texts: Texts, answers: Answers) -> tuple[int, list[Finding]]:
    """Return how many rows of train have answers, and the findings of those whose label is doubtful."""
    number = {name: index for index, name in enumerate(answers.classes)}
    compared = [
        (row, answers.rows[key], number[str(texts.labels[row])])
        for row, key in enumerate(texts.exact.tolist())
        if texts.splits[row] == "train" and key in answers.rows and texts.labels[row] in number
    ]
    rows = [row for row, _, _ in compared]
    probabilities = answers.probabilities[[index for _, index, _ in compared]]
    doubtful = doubts(probabilities, np.array([label for _, _, label in compared], dtype=np.int64))
    return len(rows), list(doubt_findings(texts, rows, answers.classes, doubtful))
