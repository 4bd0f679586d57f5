"""One shard: read its rows, apply the pipeline, write the part and its receipt. Nothing else decides what comes out.

A row that makes a stage fail is found by halving, set aside with stage and reason, and costs nobody else anything.

    receipt = run_shard(folder, 7, applied_pipeline)
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from augment.engine.hashing import hashes_of
from augment.engine.staging import read_shard
from augment.errors import AugmentError
from augment.ledger import read_json, write_json, write_table
from augment.pipeline import Applied, StageFailedError
from augment.pressure import count, counted
from augment.table import Reject

Apply = Callable[[pa.Table], Applied]

# More failing rows than this in one shard are no accident of rows.
_POISONED = 32


@dataclass(frozen=True)
class Receipt:
    """That a shard is done: its number, the rows it was given, the children made, the rows rejected.

    decisions, values: hashes of its rows (`engine.hashing`); retries: what was tried again, and how often: rows that made a
    stage fail halved, batches that did not fit the memory halved, layers recomputed.
    """

    shard: int
    rows: int
    children: int
    rejects: tuple[Reject, ...]
    decisions: str = ""
    values: str = ""
    retries: dict[str, int] = field(default_factory=dict)


def part_path(folder: Path, shard: int) -> Path:
    """Return where the rows of a finished shard lie."""
    return folder / "run" / f"part-{shard:05d}.parquet"


def receipt_path(folder: Path, shard: int) -> Path:
    """Return where the receipt of a finished shard lies."""
    return folder / "run" / f"part-{shard:05d}.done.json"


def run_shard(folder: Path, shard: int, apply: Apply) -> Receipt:
    """Treat one shard and return its receipt; a shard that has one is not treated again.

    AugmentError if so many of its rows fail that the stage is at fault.
    """
    done = receipt_path(folder, shard)
    if done.exists():
        return read_receipt(done)
    table = read_shard(folder, shard)
    with counted() as retries:
        applied = _Search(apply).treat(table)
    write_table(part_path(folder, shard), applied.table)
    made = applied.table.num_rows - (table.num_rows - len(applied.rejects))
    hashes = hashes_of(applied.table)
    receipt = Receipt(
        shard, table.num_rows, made, applied.rejects, hashes.decisions, hashes.values, dict(retries)
    )
    write_json(done, asdict(receipt))
    return receipt


def read_part(folder: Path, shard: int) -> pa.Table:
    """Return the rows of a finished shard."""
    return pq.read_table(part_path(folder, shard))


def read_receipt(path: Path) -> Receipt:
    """Return a receipt from its file."""
    values = json.loads(json.dumps(read_json(path)))
    rejects = tuple(Reject(**reject) for reject in values.pop("rejects"))
    return Receipt(**values, rejects=rejects)


@dataclass
class _Search:
    """Applies a pipeline to rows, halving them where it fails until the rows at fault stand alone."""

    apply: Apply
    rejected: int = 0

    def treat(self, table: pa.Table) -> Applied:
        """Return what came out of the rows that could be treated, and all rejects in the order of the rows."""
        try:
            return self.apply(table)
        except StageFailedError as failure:
            if table.num_rows == 1:
                return Applied(table.slice(0, 0), (self._rejected(table, failure),))
            count("rows halved")
            middle = table.num_rows // 2
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
