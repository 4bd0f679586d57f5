"""One shard: read its rows, apply the pipeline, write the part and its receipt. Nothing else decides what comes out.

receipt = run_shard(folder, 7, applied_pipeline)
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from augment.ledger import read_json, write_json, write_table
from augment.pipeline import Applied
from augment.staging import read_shard
from augment.table import Reject

Apply = Callable[[pa.Table], Applied]


@dataclass(frozen=True)
class Receipt:
    """That a shard is done: its number, the rows it was given, the children made, the rows rejected."""

    shard: int
    rows: int
    children: int
    rejects: tuple[Reject, ...]


def part_path(folder: Path, shard: int) -> Path:
    """Return where the rows of a finished shard lie."""
    return folder / "run" / f"part-{shard:05d}.parquet"


def receipt_path(folder: Path, shard: int) -> Path:
    """Return where the receipt of a finished shard lies."""
    return folder / "run" / f"part-{shard:05d}.done.json"


def run_shard(folder: Path, shard: int, apply: Apply) -> Receipt:
    """Treat one shard and return its receipt; a shard that has one is not treated again."""
    done = receipt_path(folder, shard)
    if done.exists():
        return read_receipt(done)
    table = read_shard(folder, shard)
    applied = apply(table)
    write_table(part_path(folder, shard), applied.table)
    parents = table.num_rows - len(applied.rejects)
    receipt = Receipt(shard, table.num_rows, applied.table.num_rows - parents, applied.rejects)
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
