"""Find the words each label depends on, before anything is edited: the key-word table, and flags of shortcuts.

Every word, every two words in a row and every word in first or last position is counted per class, with what the model
makes of it in the rows it predicts right. A row of several labels counts for each of them, its scores for the one that is
explained. Rows are not changed: tokens that belong to a flagged n-gram are marked, so that they are not protected as key words
later.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.config.job import Job
from augment.config.label_sets import parted
from augment.seeding import chance, key_of
from augment.stages.protocol import Lines, Step, TableStage
from augment.stages.shortcuts import SCHEMA, Fact, fact_rows, flagged_ngrams, flags_of
from augment.tables.columns import FLAGGED, Column
from augment.tables.files import read_table
from augment.tables.rows import is_sample, with_columns
from augment.text.ngrams import Ngram, ngrams

_SUMS = ("rows", "right", "share", "top", "chance_share", "chance_top", "score")
_LINES = pa.schema(
    [
        ("key", pa.uint64()),
        ("row", pa.int64()),
        ("kind", pa.string()),
        ("text", pa.string()),
        ("label", pa.string()),
        ("form", pa.string()),
        *((name, pa.int64() if name in ("rows", "right") else pa.float64()) for name in _SUMS),
    ]
)
# The kind of the lines that hold the rows of a class; no unit has it.
_CLASS = "class"
# The label of the lines that make the sum over all labels the number of rows, where rows have several labels or none.
_SURPLUS = ""


class Keywords(TableStage):
    """The key-word table of the corpus, and which words, phrases and places look like shortcuts to a class."""

    kind: Literal["keywords"] = "keywords"
    score: str = "ig"
    least: int = Field(default=5, ge=1, description="rows that must contain a word or phrase")
    most: int = Field(
        default=200, ge=1, description="units kept of each kind and class, by share of attribution"
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """Tokens, scores, and what was predicted."""
        return ("tokens", "side", "spans", self.score, f"{self.score}_pred", f"{self.score}_target")

    @property
    def adds(self) -> tuple[Column, ...]:
        """Which tokens belong to a flagged unit."""
        return FLAGGED

    @property
    def of_attribution(self) -> bool:
        """It compares what was predicted with what was explained."""
        return True

    def flags_table(self, state: Path) -> Path:
        """Return where its table is in a folder of state."""
        return self.path_in(state)

    def summarise(self, rows: pa.Table, job: Job, active: bool) -> pa.Table:
        """Return a line for each unit and class of the source rows, with its sums, and one for each class."""
        if not active:
            return _LINES.empty_table()
        tally = _NgramCounts(job.seed, job.corpus.label_separator if job.corpus else None)
        names = ("id", "text", "text_pair", "label", "tokens", "side", "spans", self.score)
        columns = rows.filter(pa.array(~is_sample(rows))).select(
            [*names, f"{self.score}_pred", f"{self.score}_target"]
        )
        for row in columns.to_pylist():
            if row["label"] is not None and row[self.score] is not None:
                predicted, explained = row[f"{self.score}_pred"], row[f"{self.score}_target"]
                tally.add(row, np.asarray(row[self.score], dtype=np.float64), predicted, explained)
        return tally.lines()

    def merge(self, lines: Lines, job: Job) -> Iterator[pa.Table]:
        """Yield the table: units by class, those with most of its attribution, the flagged ones with their evidence."""
        classes = {row["label"]: row for table in lines() for row in _summed(_of(table, _CLASS)).to_pylist()}
        kept = _Kept(classes, self)
        for table in lines():
            kept.add(_summed(table))
        parts: dict[tuple[Ngram, str], Fact] = {}
        wanted = pa.array(sorted({word for fact in kept.facts() for word in fact.ngram.words}), pa.string())
        for table in lines():
            words = _of(table, "word")
            words = words.filter(pc.is_in(words.column("text"), wanted))
            parts |= {(fact.ngram, fact.label): fact for fact in kept.facts_of(_summed(words), 1)}
        yield pa.Table.from_pylist(fact_rows(flags_of(kept.facts(), parts)), schema=SCHEMA)

    def open(self, job: Job, state: Path | None) -> Step:
        """Read the table."""
        marked = flagged_ngrams(read_table(self.path_in(state))) if state is not None else frozenset()

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Mark the tokens of flagged units."""
            columns = (batch.column(name).to_pylist() for name in ("tokens", "side"))
            lines = [
                None if tokens is None else _tokens_of(tokens, side, marked)
                for tokens, side in zip(*columns, strict=True)
            ]
            return with_columns(batch, FLAGGED, [lines])

        return step


class _NgramCounts:
    """Sums per unit and class over the rows of a shard. separator: what is between the labels of a row, None where it has one."""

    def __init__(self, seed: int, separator: str | None) -> None:
        """Begin with nothing."""
        self._seed, self._separator = seed, separator
        self._sums: dict[tuple[str, str, str], np.ndarray] = defaultdict(lambda: np.zeros(len(_SUMS)))
        self._forms: dict[tuple[str, str, str], str] = {}

    def add(self, row: Mapping[str, Any], scores: np.ndarray, predicted: str, explained: str) -> None:
        """Add a source row under each of its labels; with its scores for the one explained, if that is right and predicted."""
        labels = self._labels(str(row["label"]))
        shares = np.maximum(scores, 0)
        total = shares.sum()
        is_right = explained in labels and explained in self._labels(predicted)
        shares = shares / (total or 1)
        dealt = shares[
            chance(self._seed, "keywords", str(row["id"]), 0).sample(range(len(shares)), len(shares))
        ]
        usable = is_right and total > 0
        first, other = (int(np.argmax(values)) if usable else -1 for values in (shares, dealt))
        self._count(_CLASS, "", labels)
        if is_right:
            self._sums[_CLASS, "", explained][1] += 1
        for ngram, token_runs in ngrams(row["tokens"], row["side"]).items():
            for where in self._count(ngram.kind, ngram.text, labels):
                if where not in self._forms:
                    self._forms[where] = _form(row, token_runs[0])
            if usable:
                inside = sorted({token for run in token_runs for token in run})
                self._sums[ngram.kind, ngram.text, explained][1:] += (
                    1,
                    shares[inside].sum(),
                    first in inside,
                    dealt[inside].sum(),
                    other in inside,
                    scores[inside].sum(),
                )

    def _labels(self, text: str) -> tuple[str, ...]:
        """Return the labels in a text."""
        return (text,) if self._separator is None else parted(text, self._separator)

    def _count(self, kind: str, text: str, labels: tuple[str, ...]) -> list[tuple[str, str, str]]:
        """Count a row with a unit under each of its labels, and return the keys of the sums."""
        counts = dict.fromkeys(labels, 1) | ({_SURPLUS: 1 - len(labels)} if len(labels) != 1 else {})
        for label, count in counts.items():
            self._sums[kind, text, label][0] += count
        return [(kind, text, label) for label in counts]

    def lines(self) -> pa.Table:
        """Return the sums."""
        counted = sorted(self._sums.items())
        columns: dict[str, object] = {
            "key": [key_of(kind, text) for (kind, text, _), _ in counted],
            "row": [0] * len(counted),
            "kind": [kind for (kind, _, _), _ in counted],
            "text": [text for (_, text, _), _ in counted],
            "label": [label for (_, _, label), _ in counted],
            "form": [self._forms.get(where) for where, _ in counted],
        }
        sums = np.asarray([values for _, values in counted]).reshape(-1, len(_SUMS)).T
        for name, values in zip(_SUMS, sums, strict=True):
            columns[name] = values.astype(np.int64) if name in ("rows", "right") else values
        return pa.table(columns, schema=_LINES)


class _Kept:
    """The units with most of a class's attribution, of each kind, as facts."""

    def __init__(self, classes: dict[str, dict[str, int]], stage: Keywords) -> None:
        """Take the rows of each class."""
        self._of = {label: sums["rows"] for label, sums in classes.items()}
        self._right = {label: max(sums["right"], 1) for label, sums in classes.items()}
        self._total, self._stage = sum(self._of.values()), stage
        self._facts: dict[tuple[str, str], list[Fact]] = defaultdict(list)

    def add(self, table: pa.Table) -> None:
        """Take the units of a table that come before those there are."""
        for fact in self.facts_of(table, self._stage.least):
            self._facts[fact.label, fact.ngram.kind].append(fact)
        for key, facts in self._facts.items():
            facts.sort(key=lambda fact: (-fact.share, fact.ngram))
            self._facts[key] = facts[: self._stage.most]

    def facts(self) -> list[Fact]:
        """Return what was kept, by class, those with most of its attribution first."""
        kept = (fact for facts in self._facts.values() for fact in facts)
        return sorted(kept, key=lambda fact: (fact.label, -fact.share, fact.ngram))

    def facts_of(self, table: pa.Table, least: int) -> Iterator[Fact]:
        """Yield the facts of the n-grams in at least `least` rows; all lines of an n-gram are in the table."""
        rows = table.filter(pc.not_equal(table.column("kind"), _CLASS)).to_pylist()
        all_rows: dict[tuple[str, str], int] = defaultdict(int)
        for row in rows:
            all_rows[row["kind"], row["text"]] += row["rows"]
        for row in rows:
            label, count = row["label"], all_rows[row["kind"], row["text"]]
            if count >= least and label != _SURPLUS:
                right = self._right[label]
                yield Fact(
                    Ngram(row["kind"], row["text"]),
                    label,
                    count,
                    row["rows"],
                    self._of[label],
                    self._total,
                    row["share"] / right,
                    row["top"] / right,
                    row["chance_share"] / right,
                    row["chance_top"] / right,
                    row["score"] / max(row["right"], 1),
                    row["form"],
                )


def _of(table: pa.Table, kind: str) -> pa.Table:
    """Return the lines of a kind."""
    return table.filter(pc.equal(table.column("kind"), kind))


def _summed(table: pa.Table) -> pa.Table:
    """Return the lines of one unit and class as one; in one thread, so that sums have the same last bits."""
    grouped = table.group_by(["kind", "text", "label"], use_threads=False)
    sums = grouped.aggregate([*((name, "sum") for name in _SUMS), ("form", "first")])
    return sums.rename_columns(
        [name.removesuffix("_sum").removesuffix("_first") for name in sums.column_names]
    )


def _tokens_of(tokens: list[str], side: list[int], marked: frozenset[Ngram]) -> list[int]:
    """Return the tokens of a row that belong to a marked unit."""
    runs = ngrams(tokens, side)
    return sorted({token for ngram in runs.keys() & marked for run in runs[ngram] for token in run})


def _form(row: Mapping[str, Any], run: tuple[int, ...]) -> str:
    """Return how an n-gram is written where it occurs, with a space that parts it from its neighbours."""
    text = str(row["text_pair"] if row["side"][run[0]] else row["text"])
    start, end = row["spans"][run[0]]["start"], row["spans"][run[-1]]["end"]
    before, after = (text[at : at + 1] == " " for at in (max(start - 1, 0), end))
    return f"{' ' * (before and start > 0)}{text[start:end]}{' ' * after}"
