"""One shard: read its rows, apply the pipeline, write the part and its receipt. Nothing else decides the rows.

A row that makes a stage fail is found by halving, rejected with stage and reason, and affects no other row.
A part is compared with its receipt whenever it is read; one that differs is never data, and its shard is made again.

    receipt = run_shard(folder, 7, applied_pipeline)
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter

from augment.engine.merging import decided
from augment.engine.phases import LAST, Phase
from augment.engine.staging import read_shard
from augment.errors import AugmentError, DataError, RequestError
from augment.models.memory_retries import count, counted
from augment.pipeline.apply import Applied, StageFailedError
from augment.pipeline.decisions import with_decisions
from augment.tables.files import canonical, digest, read_json, read_table, write_json, write_table
from augment.tables.hashing import hashes_of
from augment.tables.rows import Reject

Apply = Callable[[pa.Table], Applied]

# More failing rows than this in one shard are no accident of rows.
_POISONED = 32


@dataclass(frozen=True)
class Receipt:
    """That a shard is done: its number, the rows it was given, the samples made, the rows rejected.

    decisions, values: hashes of its rows (`engine.hashing`); lines: the SHA-256 of the file of its lines, if it has one;
    retries: what was tried again, and how often: rows that made a stage fail halved, batches that did not fit the memory
    halved, layers recomputed.
    """

    shard: int
    rows: int
    samples: int
    rejects: tuple[Reject, ...]
    decisions: str = ""
    values: str = ""
    lines: str = ""
    retries: dict[str, int] = field(default_factory=dict)


_RECEIPT = TypeAdapter(Receipt)


def run_shard(
    folder: Path,
    shard: int,
    apply: Apply,
    phase: Phase = LAST,
    report: Callable[[pa.Table], None] | None = None,
) -> Receipt:
    """Treat one shard and return its receipt; a shard that has one is not treated again.

    `report` is given the rows before the receipt is written. AugmentError if more of its rows fail than can be their fault: the stage is at
    fault.
    """
    earlier = finished(folder, shard, phase)
    if earlier is not None:
        return earlier
    table, before = given(folder, shard, phase)
    with counted() as retries:
        applied = _Search(apply).treat(table)
    write_table(phase.part_path(folder, shard), applied.table)
    if report is not None:
        report(applied.table)
    rejects = (*before.rejects, *applied.rejects)
    made = applied.table.num_rows - (before.rows - len(rejects))
    # Of what was written, as types may be written as others: seconds as milliseconds.
    hashes = hashes_of(_rows_in(phase.part_path(folder, shard)))
    counts = dict(Counter(before.retries) + retries)
    lines = _hash_of_lines(folder, shard, phase)
    receipt = Receipt(shard, before.rows, made, rejects, hashes.decisions, hashes.values, lines, counts)
    write_json(phase.receipt_path(folder, shard), {**asdict(receipt), "sha256": _seal(receipt)})
    return receipt


def finished(folder: Path, shard: int, phase: Phase = LAST) -> Receipt | None:
    """Return the receipt of a shard that is done; None if it has none, or the receipt, the part or its lines are damaged."""
    if not phase.receipt_path(folder, shard).exists():
        return None
    try:
        receipt = read_receipt(phase.receipt_path(folder, shard))
        read_part(folder, shard, phase)
    except (DataError, RequestError):
        return None
    return receipt if receipt.lines == _hash_of_lines(folder, shard, phase) else None


def given(folder: Path, shard: int, phase: Phase) -> tuple[pa.Table, Receipt]:
    """Return the rows that a phase is given, with what was decided on them, and what was done to them before."""
    if phase.before is None:
        table = read_shard(folder, shard)
        return table, Receipt(shard, table.num_rows, 0, ())
    table = read_part(folder, shard, phase.before)
    before = read_receipt(phase.before.receipt_path(folder, shard))
    if phase.before.ends is not None and phase.before.ends.learns_table is None:
        table = with_decisions(table, decided(folder, phase.before, shard))
    return table, before


def read_part(folder: Path, shard: int, phase: Phase = LAST) -> pa.Table:
    """Return the rows of a finished shard; DataError if they are not those that its receipt was written for.

    The receipt is removed then, so that the next run makes the shard again.
    """
    part, done = phase.part_path(folder, shard), phase.receipt_path(folder, shard)
    receipt = read_receipt(done)
    try:
        table = _rows_in(part)
        hashes = hashes_of(table)
        same = (hashes.decisions, hashes.values) == (receipt.decisions, receipt.values)
    # Damage may look like anything, and a hash of it fail in any way that Arrow has.
    except (RequestError, pa.ArrowException, ValueError, LookupError, UnicodeError, MemoryError, OSError):
        same = False
    if not same:
        done.unlink(missing_ok=True)
        raise DataError(
            f"shard {shard}: {part}",
            "its rows are not those that were written: the file was changed or damaged since",
            "run again: that shard is made again, the others are kept",
        )
    return table


def _hash_of_lines(folder: Path, shard: int, phase: Phase) -> str:
    """Return the SHA-256 of the file of a shard's lines, nothing if it has none."""
    path = phase.lines_path(folder, shard)
    return digest(path) if phase.ends is not None and path.is_file() else ""


def _rows_in(part: Path) -> pa.Table:
    """Return the rows of a part, without the metadata of its file."""
    return read_table(part).replace_schema_metadata(None)


def read_receipt(path: Path) -> Receipt:
    """Return a receipt from its file; RequestError if it is not as it was written."""
    values = read_json(path)
    seal = values.pop("sha256", None)
    try:
        receipt = _RECEIPT.validate_python(values)
    except ValueError:
        receipt = None
    if receipt is None or seal != _seal(receipt):
        raise RequestError(
            str(path), "not as it was written: changed or damaged since", "run again with --overwrite"
        )
    return receipt


def _seal(receipt: Receipt) -> str:
    """Return the SHA-256 of the content of a receipt."""
    return sha256(canonical(asdict(receipt)).encode()).hexdigest()


@dataclass
class _Search:
    """Applies a pipeline to rows, halving them where it fails until the rows at fault are alone.

    A row and the samples it has already stay together, and are rejected together.
    """

    apply: Apply
    rejected: int = 0

    def treat(self, table: pa.Table) -> Applied:
        """Return what came out of the rows that could be treated, and all rejects in the order of the rows."""
        try:
            return self.apply(table)
        except StageFailedError as failure:
            families = _families(table)
            if len(families) == 1:
                return Applied(table.slice(0, 0), (self._rejected(table, failure),))
            count("rows halved")
            middle = families[len(families) // 2]
            halves = [self.treat(table.slice(0, middle)), self.treat(table.slice(middle))]
            parts = [half.table for half in halves if half.table.num_rows] or [halves[0].table]
            rejects = tuple(reject for half in halves for reject in half.rejects)
            return Applied(pa.concat_tables(parts).combine_chunks(), rejects)

    def _rejected(self, table: pa.Table, failure: StageFailedError) -> Reject:
        """Return the reject of one row; AugmentError if there are too many of them."""
        reject = Reject(table.column("id")[0].as_py(), failure.kind, failure.reason, "")
        self.rejected += 1
        if self.rejected > _POISONED:
            raise AugmentError(
                f"stage {failure.kind}",
                f"it fails on row after row, at last on {reject.id}: {failure.reason}",
                "this is a fault of augment or of the model; --debug shows where",
            ) from failure
        return reject


def _families(table: pa.Table) -> list[int]:
    """Return the places of the source rows, each followed by its samples."""
    if "source_id" not in table.column_names:
        return list(range(table.num_rows))
    return [row for row, source_id in enumerate(table.column("source_id").to_pylist()) if source_id is None]
