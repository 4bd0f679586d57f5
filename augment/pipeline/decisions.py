"""What passes between a whole-corpus stage and the rows: lines with where they come from, decisions on rows.

lines = lines_of(stage, rows, job, shard=7)
with_decisions(rows, decisions)          # the column `decision`, which the stage's step reads and removes
"""

import pyarrow as pa

from augment.config.job import Job
from augment.stages.protocol import WholeStage
from augment.tables.columns import DECISION

# The order in which a stage is given its lines.
ORDER = [(name, "ascending") for name in ("key", "shard", "row")]


def lines_of(stage: WholeStage, rows: pa.Table, job: Job, shard: int) -> pa.Table:
    """Return the lines of a shard, or of a part of the corpus that passes through (-1), with where they come from."""
    lines = stage.summarise(rows, job, active=shard >= 0)
    return lines.append_column("shard", pa.array([shard] * lines.num_rows, pa.int32()))


def in_memory(stage: WholeStage, rows: pa.Table, job: Job) -> pa.Table | None:
    """Return what a stage decides on rows that are all there are; None if nothing."""
    lines = lines_of(stage, rows, job, 0).sort_by(ORDER)
    decisions = list(stage.merge(lambda: iter([lines] if lines.num_rows else []), job))
    return pa.concat_tables(decisions) if decisions else None


def with_decisions(rows: pa.Table, decisions: pa.Table | None) -> pa.Table:
    """Return rows with the column `decision`, a struct of what was decided on each; null where nothing was."""
    if decisions is None or not decisions.num_rows:
        return rows.append_column(DECISION, pa.nulls(rows.num_rows, pa.struct([])))
    decisions_made = decisions.drop_columns(["shard", "row"])
    structs = pa.StructArray.from_arrays(
        [column.combine_chunks() for column in decisions_made.columns], fields=list(decisions_made.schema)
    )
    number_of = {row: number for number, row in enumerate(decisions.column("row").to_pylist())}
    index = pa.array([number_of.get(row) for row in range(rows.num_rows)], pa.int64())
    return rows.append_column(DECISION, structs.take(index))
