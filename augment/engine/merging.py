"""Bring together the lines of all shards, in parts that fit the memory whatever the corpus is.

A shard's lines are in a file of their own. They are distributed to buckets by their key, so that all lines of a key are
in one bucket; buckets are read one at a time, and the decisions of a stage on their rows are distributed to shards again.

    merge(folder, phase, job, shards)
    decided(folder, phase, 7)          # the decisions on the rows of shard 7
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.config.job import Job
from augment.engine.phases import Phase
from augment.engine.staging import read_rest
from augment.errors import RequestError
from augment.pipeline.decisions import ORDER, lines_of
from augment.stages.protocol import WholeStage
from augment.tables.files import (
    canonical,
    digest,
    read_json,
    read_table,
    readable,
    shaped,
    whole,
    write_json,
    write_table,
)

# Lines of a bucket, about, and buckets at most; keys that are sampled to find where buckets begin.
_BUCKET, _BUCKETS, _SAMPLED = 1 << 17, 512, 1 << 16
# Shards whose decisions are in one file, at least; such files at most.
_TOGETHER, _FILES = 16, 512


def write_lines(folder: Path, phase: Phase, job: Job, shard: int, rows: pa.Table) -> None:
    """Write what the stage that ends a phase keeps of the rows of a shard."""
    if phase.ends is not None and rows.num_rows:
        write_table(phase.lines_path(folder, shard), lines_of(phase.ends, rows, job, shard))


def merge(folder: Path, phase: Phase, job: Job, shards: int) -> None:
    """Let the stage that ends a phase decide on the rows of all shards, unless it has and that is whole."""
    if phase.ends is None or _is_whole(folder, phase, phase.ends):
        return
    phase.merged_path(folder).unlink(missing_ok=True)
    home, work = phase.decided_path(folder), phase.decided_path(folder).with_name("merging")
    for left in (home, work):
        shutil.rmtree(left, ignore_errors=True)
    lines = _CollectedLines(folder, phase, phase.ends, job, shards)
    starts = _starts(lines)
    _deal(lines, lambda table: np.searchsorted(starts, _numbers(table, "key"), side="right"), work)

    def buckets() -> Iterator[pa.Table]:
        """Yield the lines of each bucket, those of the smallest keys first."""
        for bucket in range(len(starts) + 1):
            if (work / _name(bucket)).exists():
                yield pa.Table.from_batches(_batches(work / _name(bucket))).sort_by(ORDER)

    together, merged = _together(shards), phase.ends.merge(buckets, job)
    table = phase.ends.learns_table
    if table is not None:
        write_table(table.path_in(folder / "run"), pa.concat_tables(merged))
    else:
        _deal(merged, lambda table: _numbers(table, "shard") // together, home)
    files = {path.name: digest(path) for path in _made(folder, phase, phase.ends)}
    facts: dict[str, object] = {"stage": phase.ends.kind, "together": together, "files": files}
    write_json(phase.merged_path(folder), {**facts, "sha256": _seal(facts)})
    shutil.rmtree(work, ignore_errors=True)


def decided(folder: Path, phase: Phase, shard: int) -> pa.Table | None:
    """Return what was decided on the rows of a shard when a phase ended; None if nothing was. RequestError if it is damaged."""
    record = read_json(phase.merged_path(folder))
    with shaped(phase.merged_path(folder)):
        together, files = int(str(record["together"])), record["files"]
        if not isinstance(files, dict):
            raise TypeError("no hashes of files")
    path = phase.decided_path(folder) / _name(shard // together)
    if path.name not in files:
        return None
    with readable(path):
        actual = digest(path)
    if actual != files[path.name]:
        raise RequestError(
            str(path), "what a stage decided was changed or damaged since", "run again: it decides anew"
        )
    parts = [batch.filter(pc.equal(batch.column("shard"), shard)) for batch in _batches(path)]
    return pa.Table.from_batches(parts)


def _is_whole(folder: Path, phase: Phase, stage: WholeStage) -> bool:
    """Return whether the stage that ends a phase has decided, and its files are as they were written."""
    try:
        record = read_json(phase.merged_path(folder))
        actual = {path.name: digest(path) for path in _made(folder, phase, stage)}
    except (RequestError, OSError):
        return False
    return record.pop("sha256", None) == _seal(record) and record.get("files") == actual


def _made(folder: Path, phase: Phase, stage: WholeStage) -> list[Path]:
    """Return the files in which there is what the stage that ends a phase decided: a table, or those of the shards."""
    if stage.learns_table is not None:
        return [stage.learns_table.path_in(folder / "run")]
    return sorted(phase.decided_path(folder).glob("*.arrow"))


def _seal(record: Mapping[str, object]) -> str:
    """Return the SHA-256 of the record of a merge."""
    return sha256(canonical(record).encode()).hexdigest()


class _CollectedLines:
    """The lines of all shards, and of the rows that pass through, read anew each time."""

    def __init__(self, folder: Path, phase: Phase, stage: WholeStage, job: Job, shards: int) -> None:
        """Remember where they are."""
        self._folder, self._phase, self._stage, self._job, self._shards = folder, phase, stage, job, shards

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield the lines of one part after the other."""
        for shard in range(self._shards):
            path = self._phase.lines_path(self._folder, shard)
            if path.exists():
                yield read_table(path)
        for rows in read_rest(self._folder):
            yield lines_of(self._stage, rows, self._job, -1)


def _starts(tables: Iterable[pa.Table]) -> np.ndarray:
    """Return the keys at which buckets begin, the first left out, found from keys at even distances."""
    total, every, passed = 0, 1, 0
    kept = np.zeros(0, dtype=np.uint64)
    for table in tables:
        keys = _numbers(table, "key")
        kept = np.concatenate([kept, keys[-passed % every :: every]])
        total, passed = total + len(keys), passed + len(keys)
        if len(kept) > _SAMPLED:
            kept, every = kept[::2], 2 * every
    count = min(total // _BUCKET, _BUCKETS - 1)
    indices = np.arange(1, count + 1) * len(kept) // (count + 1)
    return np.unique(np.sort(kept)[indices]) if count else kept[:0]


def _deal(tables: Iterable[pa.Table], bucket_of: Callable[[pa.Table], np.ndarray], folder: Path) -> None:
    """Write every row of the tables to the file of its place in a folder; files appear when all are complete."""
    writers: dict[int, pa.RecordBatchStreamWriter] = {}
    with ExitStack() as files:
        for table in tables:
            buckets = bucket_of(table)
            for number in np.unique(buckets).tolist():
                if number not in writers:
                    stream = files.enter_context(whole(folder / _name(number)))
                    writers[number] = files.enter_context(pa.ipc.new_stream(stream, table.schema))
                writers[number].write_table(table.filter(pa.array(buckets == number)))


def _batches(path: Path) -> list[pa.RecordBatch]:
    """Return what was written to the file of a place."""
    with readable(path), pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        return list(stream)


def _numbers(table: pa.Table, name: str) -> np.ndarray:
    """Return a column as an array."""
    return np.asarray(table.column(name).to_numpy())


def _name(number: int) -> str:
    """Return the file of a place."""
    return f"{number:05d}.arrow"


def _together(shards: int) -> int:
    """Return how many shards' decisions are in one file."""
    return max(_TOGETHER, -(-shards // _FILES))
