"""Write the folder of a run anew, next to it, with some of its samples moved, changed or marked; all other rows are as they were.

Files without such a row are linked, not copied. Nothing of the folder itself is touched.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.review.reviewed_run import ReviewedRun
from augment.review.row_file import RowFile, RowValues
from augment.review.sample_state import position_of
from augment.tables.columns import PROBABILITIES, REVIEWED
from augment.tables.locking import LOCK
from augment.verification.rows import DROPPED


@dataclass(frozen=True)
class RowChange:
    """A row as it was and as it is to be, with the columns of its file in explain/.

    edited: whether its texts change; relabelled: whether its label does.
    """

    before: RowValues
    after: RowValues
    edited: bool = False
    relabelled: bool = False

    @property
    def is_sample(self) -> bool:
        """Whether the row is a sample, and no source row."""
        return self.after.get("source_id") is not None


@dataclass
class _Move:
    """What is done to one file."""

    taken: set[str] = field(default_factory=set)
    put: list[RowValues] = field(default_factory=list)


def file_of(sample: Mapping[str, Any], run: ReviewedRun) -> str:
    """Return the name of the file that a sample is in, apart from explain/."""
    position = position_of(sample["verdict"], run.job)
    return DROPPED if position == "dropped" else run.data_file(position, sample["split"])


def moved(run: ReviewedRun, fresh: Path, changes: Sequence[RowChange]) -> dict[str, int]:
    """Write the files of a run into a new folder with samples changed, and return the number of rows of each."""
    link_all(run.folder, fresh)
    counts = {name: file.rows for name, file in run.parsed.files.items()}
    sources: dict[str, set[str]] = {}
    for change in changes:
        sources.setdefault(file_of(change.before, run), set()).add(change.before["id"])
    rows = {
        name: row
        for file, ids in sources.items()
        for name, row in RowFile.read(run.folder, file).rows(ids).items()
    }
    moves: dict[str, _Move] = {}
    for change in changes:
        here, there = file_of(change.before, run), file_of(change.after, run)
        row = _as_in(there, here, rows[change.before["id"]], change, run)
        moves.setdefault(here, _Move()).taken.add(change.before["id"])
        moves.setdefault(there, _Move()).put.append(row)
    for name, move in moves.items():
        file = RowFile.read(run.folder, name) if name in counts else _new(name, run)
        counts[name] = _rewrite(fresh, file, move.taken, move.put, run)
        if not counts[name]:
            (fresh / name).unlink()
            del counts[name]
    for name, samples in ((SAMPLES, True), (SOURCE_ROWS, False)):
        own = [change.after for change in changes if change.is_sample == samples]
        if own:
            _rewrite(fresh, RowFile.read(run.folder, name), set(), own, run)
    return dict(sorted(counts.items()))


def link_all(folder: Path, fresh: Path) -> None:
    """Put every file of a folder into a new one, without its content being copied where the disk allows that."""
    for path in sorted(folder.rglob("*")):
        target = fresh / path.relative_to(folder)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(exist_ok=True)
            shutil.copymode(path, target)
        elif path.name != LOCK:
            link(path, target)
    shutil.copymode(folder, fresh)


def link(path: Path, target: Path) -> None:
    """Make `target` the same file as `path`, or a copy of it."""
    try:
        os.link(path, target, follow_symlinks=False)
    except OSError:
        with suppress(FileNotFoundError):
            target.unlink()
        shutil.copy2(path, target, follow_symlinks=False)


def _rewrite(fresh: Path, file: RowFile, taken: set[str], put: list[RowValues], run: ReviewedRun) -> int:
    """Write a file of the new folder in the place of the link to the old one, and return its number of rows."""
    (fresh / file.name).unlink(missing_ok=True)
    mark = file.name.endswith(".csv") and run.job.output.mark
    return file.write(fresh / file.name, taken, put, REVIEWED.name, mark)


def _new(name: str, run: ReviewedRun) -> RowFile:
    """Return a file that the run did not write, without rows, with the columns that it would have had."""
    like = next(
        RowFile.read(run.folder, other) for other in sorted(run.parsed.files) if other.startswith("data/")
    )
    ours, types = _types(RowFile.read(run.folder, SAMPLES)), _types(like)
    columns = {
        column: types.get(column, ours.get(column, pa.string()))
        for column in like.columns
        if column != PROBABILITIES.name
    }
    if name == DROPPED:
        columns = {run.renaming.get(column, column): kind for column, kind in columns.items()}
        extra = {column.name for column in run.parsed.columns if column.dropped} | {"split"}
        columns |= {column: ours[column] for column in ours if column in extra and column not in columns}
    return RowFile.empty(name, columns)


def _types(file: RowFile) -> dict[str, pa.DataType]:
    """Return the types of the columns of a file, none of a text format."""
    return {} if file.table is None else {field.name: field.type for field in file.table.schema}


def _as_in(there: str, here: str, row: RowValues, change: RowChange, run: ReviewedRun) -> RowValues:
    """Return the row of a sample as its file is to have it."""
    renamed = run.renaming
    if here == DROPPED != there:
        back = {new: old for old, new in renamed.items()}
        row = {back.get(name, name): value for name, value in row.items() if name not in ("split", "same_as")}
    if there == DROPPED != here:
        row = {renamed.get(name, name): value for name, value in row.items()}
        row = {**change.after, **row}
    new = dict(row)
    for name in ("verdict", "reason", REVIEWED.name):
        new[name] = change.after.get(name)
    columns = run.labels.columns(dropped=there == DROPPED)
    if change.edited:
        roles = {columns[role]: change.after[role] for role in ("text", "text_pair") if columns[role]}
        ours = {
            name: value
            for name, value in change.after.items()
            if name in row and name not in ("label", "split", "text", "text_pair")
        }
        new |= ours | {name: value for name, value in roles.items() if name is not None}
    if change.relabelled and columns["label"] is not None:
        new[columns["label"]] = run.cell_of(change.after["label"])
        if "label_from" in new:
            new["label_from"] = change.after.get("label_from")
    if run.soften is not None and there.startswith("data/"):
        answers = pa.Table.from_pylist([change.after])
        new[PROBABILITIES.name] = run.soften.of(answers).to_pylist()[0]
    return new


def reviewers(before: str | None, names: Iterable[str]) -> str:
    """Return who decided on a row, in the order in which they did, each once."""
    return ", ".join(dict.fromkeys([*(before.split(", ") if before else ()), *names]))
