"""Rows by fold, and back: each part of a table is processed by itself, and the parts are put together in the old order.

A row and its samples stay together. The result does not depend on how rows are spread over tables.

    parts = [treat(fold, part) for fold, part in by_fold(table, 5)]
    in_order(table, parts)
"""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from augment.corpus import with_folds
from augment.tables.columns import FOLD


def by_fold(table: pa.Table, folds: int) -> list[tuple[int | None, pa.Table]]:
    """Return the rows of each fold that is there, the lowest first, those of no fold at the end."""
    if FOLD.name not in table.column_names:
        batches = table.combine_chunks().to_batches()
        table = pa.Table.from_batches([with_folds(batch, folds) for batch in batches]) if batches else table
    if not table.num_rows:
        return []
    column = table.column(FOLD.name)
    there = sorted(pc.unique(column.drop_null()).to_pylist())
    parts: list[tuple[int | None, pa.Table]] = [
        (fold, table.filter(pc.equal(column, fold))) for fold in there
    ]
    return parts + ([(None, table.filter(column.is_null()))] if column.null_count else [])


def in_order(before: pa.Table, parts: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of all parts, each source row where it stood before, its samples behind it."""
    index_of = row_indices(before)
    whole = pa.concat_tables(parts).combine_chunks()
    ids = whole.column("id").to_pylist()
    source_ids = (
        whole.column("source_id").to_pylist() if "source_id" in whole.column_names else [None] * len(ids)
    )
    roots = [index_of[source_id or name] for name, source_id in zip(ids, source_ids, strict=True)]
    return whole.take(pa.array(sorted(range(len(roots)), key=roots.__getitem__), pa.int64()))


def row_indices(table: pa.Table) -> dict[str, int]:
    """Return the index of each row of a table, by its id."""
    return {name: index for index, name in enumerate(table.column("id").to_pylist())}
