"""The checks of rows: each is read once, and compared with the processed row that it is or was made from.

A source row has the text and label it was read with, replaying its edits on its source row gives a sample, and both are
in the files of their split. Rows may be in any order: hashes of ids and samples are kept, and one row group of the rows
that were processed.

    counted = RowChecker(folder, manifest, plan, findings).check(report)
    counted["processed"], counted["samples in data"]
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.progress import Progress
from augment.tables.files import in_parts
from augment.tables.output_names import OURS
from augment.tables.split_files import file_stems
from augment.text.edits import replay
from augment.verification.checks import DAMAGE, Findings, shown, why
from augment.verification.files import REJECTED_ROWS, Manifest, RunPlan
from augment.verification.records import BATCH, FileRow, Labels, hashed, records

REJECTS, DROPPED = "rejects.parquet", "dropped.parquet"
# What a row of a data file is checked by, under the same name in all files.
_PUBLIC = [name for name in FileRow.model_fields if name in OURS]


class RowChecker:
    """Reads every row once and holds it against the row worked on that it is, or was made from."""

    def __init__(self, folder: Path, manifest: Manifest, plan: RunPlan, findings: Findings) -> None:
        """Prepare to read the files that the manifest names."""
        self._folder, self._files, self._findings = folder, manifest.files, findings
        roles = plan.staged.columns
        self._labels = Labels(manifest.job, roles, plan.staged.source, manifest.columns)
        own = {name: name for name in _PUBLIC}
        self._names = {**own, **self._labels.columns(dropped=False)}
        self._names_elsewhere: dict[str, Mapping[str, str | None]] = {
            DROPPED: {**own, **self._labels.columns(dropped=True)},
            SAMPLES: {**own, "text": "text", "text_pair": "text_pair", "label": "label"},
            REJECTS: {"id": "id"},
        }
        self._source_rows = _SourceRows(folder / SOURCE_ROWS)
        self._ids, self._samples = set[bytes](), set[bytes]()
        self._moved: dict[bytes, str] = {}
        self._movers = frozenset(manifest.moves_labels)
        self._classes = set(plan.staged.labels)
        self._stems = file_stems(plan.staged.splits)
        self._counted = Counter[str]()

    def check(self, report: Progress) -> Counter[str]:
        """Check every row, and return how many there are of each kind."""
        self._index()
        done, total = 0, sum(file.rows for file in self._files.values())
        # The samples of explain/ first: the others are held against them.
        others = sorted(name for name in self._files if name not in (SOURCE_ROWS, SAMPLES))
        for name in [*([SAMPLES] if SAMPLES in self._files else []), *others]:
            for number, row in enumerate(self._rows_of(name)):
                if number % BATCH == 0:
                    report("rows", done + number, total)
                self._look(name, row)
            done += self._files[name].rows
        lost = sum(key not in self._ids for key in self._source_rows.groups)
        for count, where in ((lost, SOURCE_ROWS), (len(self._samples), SAMPLES)):
            if count:
                self._findings.note(
                    "inputs", f"{count:,} rows of {where} are not in the data as they are there", 0
                )
        return self._counted

    def _index(self) -> None:
        """Note where each processed row is."""
        try:
            for name in self._source_rows.index():
                self._findings.note("inputs", f"{shown(name)} in {SOURCE_ROWS}: the id is there twice", 0)
        except DAMAGE as error:
            for check in ("inputs", "edits", "labels"):
                self._findings.note(check, f"{SOURCE_ROWS}: {why(error)}", 0)
        self._counted["processed"] = len(self._source_rows.groups)

    def _rows_of(self, name: str) -> Iterator[FileRow]:
        """Yield the rows of a file; damage is a problem, and ends it."""
        names = self._names_elsewhere.get(name, self._names)
        wanted = {ours: theirs for ours, theirs in names.items() if theirs is not None}
        try:
            for record in records(self._folder / name, tuple(wanted.values())):
                yield FileRow.model_validate({ours: record.get(theirs) for ours, theirs in wanted.items()})
        except DAMAGE as error:
            self._findings.note("inputs", f"{shown(name)}: {why(error)}", 0)

    def _look(self, name: str, row: FileRow) -> None:
        """Check a row of a file."""
        where = f"{shown(row.id)} in {shown(name)}"
        if name == SAMPLES:
            self._counted["samples"] += 1
            self._samples.add(row.mark())
            source = self._source_rows.get(row.source_id)
            if source is not None and row.label_from is not None:
                self._move(row, source, where)
            elif source is not None and row.label != source.label:
                self._findings.note("labels", f"{where}: another label than its source row", 0)
            return
        key = hashed(row.id)
        twice = "the id is there twice" if key in self._ids else None
        self._ids.add(key)
        if name == REJECTS:
            self._counted["rejected"] += 1
            problem = None
        elif row.source_id is None:
            problem = self._source(name, row, where)
        else:
            problem = self._sample(name, row, where)
        problem = twice or problem
        self._findings.note("inputs", problem and f"{where}: {problem}")

    def _move(self, row: FileRow, source: FileRow, where: str) -> None:
        """Note the label of a sample that was given another one; only a stage that moves labels may do so."""
        fits = row.label_from == source.label != row.label and row.label in self._classes
        if row.method in self._movers and fits:
            self._moved[row.mark()] = str(row.label)
        else:
            self._findings.note("labels", f"{where}: moved to a label it cannot have", 0)

    def _source(self, name: str, row: FileRow, where: str) -> str | None:
        """Check a source row, and return what is wrong with its being there."""
        known = self._source_rows.get(row.id)
        by_hand = name == DROPPED and row.verdict == "drop"
        if not name.startswith("data/") and not by_hand:
            return "a source row outside data/"
        if known is None:
            self._counted["passed through"] += 1
            return "a row that was not processed, outside data/" if by_hand else None
        self._counted[REJECTED_ROWS] += by_hand
        self._counted["processed, in data"] += 1
        same = self._labels.same(row.label, known.label)
        self._findings.note("labels", None if same else f"{where}: another label than in {SOURCE_ROWS}")
        if (row.text, row.text_pair) != (known.text, known.text_pair):
            return f"another text than in {SOURCE_ROWS}"
        return self._astray(name, known)

    def _sample(self, name: str, row: FileRow, where: str) -> str | None:
        """Check a sample, and return what is wrong with its being there."""
        self._counted[f"samples in {name.partition('/')[0]}"] += 1
        if row.verdict is not None:
            self._counted[f"verdict {row.verdict}"] += 1
        mark, source = row.mark(), self._source_rows.get(row.source_id)
        wrong = None if mark in self._samples else f"not as it is in {SAMPLES}"
        self._samples.discard(mark)
        if source is None:
            self._findings.note("edits", f"{where}: its source row is not in {SOURCE_ROWS}")
            return f"its source row is not in {SOURCE_ROWS}"
        wrong = _misedited(row, source) or wrong
        self._findings.note("edits", wrong and f"{where}: {wrong}")
        same = self._labels.same(row.label, self._moved.get(mark, source.label))
        self._findings.note(
            "labels", None if same else f"{where}: another label than its source row, or than it was moved to"
        )
        return self._astray(name, source)

    def _astray(self, name: str, known: FileRow) -> str | None:
        """Return that a row is in another file than those of its split, if it is."""
        file = name.partition("/")[2]
        if not file or known.split is None:
            return None
        stem = self._stems.setdefault(known.split, Path(file).stem)
        return None if stem == Path(file).stem else "in the file of another split"


class _SourceRows:
    """The rows processed, by id and in any order; one row group of the file is in memory."""

    def __init__(self, path: Path) -> None:
        """Prepare to read the file."""
        self._path = path
        self.groups: dict[bytes, int] = {}
        self._group = -1
        self._rows: dict[str, FileRow] = {}

    def index(self) -> Iterator[str]:
        """Note the row group of every row, and yield the ids that are there twice."""
        with in_parts(self._path) as file:
            for group in range(file.num_row_groups):
                for name in file.read_row_group(group, columns=["id"]).column("id").to_pylist():
                    key = hashed(str(name))
                    if key in self.groups:
                        yield str(name)
                    self.groups[key] = group

    def get(self, name: str | None) -> FileRow | None:
        """Return a row, None if it is not there or cannot be read."""
        group = self.groups.get(hashed(name or ""))
        if group is None:
            return None
        if group != self._group:
            self._group, self._rows = group, self._read(group)
        return self._rows.get(name or "")

    def _read(self, group: int) -> dict[str, FileRow]:
        """Return the rows of a group by id."""
        names = ["id", "text", "text_pair", "label", "split"]
        try:
            with in_parts(self._path) as file:
                rows = map(FileRow.model_validate, file.read_row_group(group, columns=names).to_pylist())
                return {row.id: row for row in rows}
        except DAMAGE:
            return {}


def _misedited(row: FileRow, source: FileRow) -> str | None:
    """Return what is wrong with the id or the edits of a sample."""
    stem, _, number = row.id.rpartition("~")
    if stem != f"{row.source_id}~{row.method}" or not re.fullmatch(r"[1-9][0-9]*", number):
        return "its id is not <source id>~<method>~<number>"
    if not row.edits:
        return "it has no edits"
    try:
        texts = replay(source.text, source.text_pair, row.edits)
    except ValueError:
        return "its edits do not fit its source row's text"
    return None if texts == (row.text, row.text_pair) else "its edits give another text"
