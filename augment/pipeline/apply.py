"""A pipeline: stages read from YAML, checked before any model is loaded, and applied to a table in memory.

pipeline = read_pipeline(Path("pipelines/augment.yaml"))
applied = apply(pipeline, table, job)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import pyarrow as pa

from augment.config.job import Job
from augment.errors import AugmentError, RequestError
from augment.pipeline.decisions import in_memory, with_decisions
from augment.pipeline.definition import Pipeline
from augment.pipeline.folds import by_fold, in_order, row_indices
from augment.pipeline.requirements import check_sections, required_by
from augment.progress import Progress, silent
from augment.stages.protocol import Stage, Step, WholeStage
from augment.tables.columns import REJECT, SAMPLE
from augment.tables.files import write_table
from augment.tables.rows import Reject, is_sample


@dataclass(frozen=True)
class Applied:
    """What came out: the rows with every column, and the rows that a stage could not treat."""

    table: pa.Table
    rejects: tuple[Reject, ...]


class Treat(Protocol):
    """An opened pipeline."""

    def __call__(self, table: pa.Table, report: Progress = silent) -> Applied:
        """Return the table after every stage."""
        ...


def open_pipeline(
    pipeline: Pipeline, job: Job, state: Path | None = None, shard_rows: int | None = None
) -> Treat:
    """Return the function that applies the pipeline to a table; models are loaded here, once.

    shard_rows: source rows that are treated together, where the table is not one shard. What is returned also takes a
    function that shows progress. It raises StageFailedError where a stage fails without reporting why.
    """
    job = required_by(pipeline, job)
    check_sections(pipeline, job)
    parts = []
    for stages in cut(pipeline.stages):
        whole = stages[0].across_rows if stages else None
        # What learns a table is opened when it has, and so is what reads one.
        later = stages[1:] if whole is not None and whole.learns_table is not None else stages
        waits = any(stage.reads_tables for stage in later)
        parts.append((whole, later, None if waits else open_stages(later, job, state)))

    def treat(table: pa.Table, report: Progress = silent) -> Applied:
        """Pass a table through part after part."""
        rejects: tuple[Reject, ...] = ()
        with TemporaryDirectory() as folder:
            for whole, later, treat_part in parts:
                if whole is not None and table.num_rows:
                    table = _with_all_seen(whole, table, job, Path(folder))
                opened = treat_part or open_stages(later, job, state, Path(folder))
                applied = _in_shards(opened, table, shard_rows, report, pipeline.name)
                table, rejects = applied.table, rejects + applied.rejects
        return Applied(table, rejects)

    return treat


def _in_shards(
    treat: Callable[[pa.Table], Applied], table: pa.Table, rows: int | None, report: Progress, name: str
) -> Applied:
    """Return the table after it was treated, `rows` source rows with their samples at a time."""
    starts = np.flatnonzero(~is_sample(table))
    bounds = [0] if rows is None else [int(start) for start in starts[::rows]] or [0]
    ends = [*bounds[1:], table.num_rows]
    done: list[Applied] = []
    for begin, end in zip(bounds, ends, strict=True):
        report(name, begin, table.num_rows)
        done.append(treat(table.slice(begin, end - begin)))
    report(name, table.num_rows, table.num_rows)
    tables = pa.concat_tables([part.table for part in done], promote_options="default")
    return Applied(tables, tuple(reject for part in done for reject in part.rejects))


def _with_all_seen(stage: WholeStage, table: pa.Table, job: Job, folder: Path) -> pa.Table:
    """Return rows that are all there are with what a whole-corpus stage decided on them, or after its step.

    A table that it learns is written to the folder.
    """
    decisions = in_memory(stage, table, job)
    if stage.learns_table is None:
        return with_decisions(table, decisions)
    write_table(stage.learns_table.path_in(folder), decisions)
    return _walk([(stage.kind, stage.open(job, folder))], table).table


def open_stages(
    stages: Sequence[Stage], job: Job, state: Path | None, tables: Path | None = None
) -> Callable[[pa.Table], Applied]:
    """Return the function that applies stages to a shard, of which only the first may be one that sees all rows.

    tables: the folder with what stages learned of the whole corpus, where that is not `state`.

    With `model.folds` they are opened anew for each fold met, with the models that did not see it.
    """
    if job.folds is None:
        steps = _opened(stages, job, state, None, tables or state)
        return lambda table: _walk(steps, table)
    opened = cache(lambda fold: _opened(stages, job, state, fold, tables or state))

    def treat(table: pa.Table) -> Applied:
        """Treat the rows of each fold by themselves."""
        parts = [_walk(opened(fold), rows) for fold, rows in by_fold(table, job.folds or 0)]
        if not parts:
            return Applied(table, ())
        index_of = row_indices(table)
        rejects = [reject for part in parts for reject in part.rejects]
        ordered = sorted(rejects, key=lambda reject: index_of.get(reject.id, len(index_of)))
        return Applied(in_order(table, [part.table for part in parts]), tuple(ordered))

    return treat


def _opened(
    stages: Sequence[Stage], job: Job, state: Path | None, fold: int | None, tables: Path | None
) -> list[tuple[str, Step]]:
    """Return the kind and the step of each stage, opened with the models for a fold."""
    own, calibrated = job.of_fold(fold), _state_of(state, fold)
    # What was learned of the whole corpus is the same for all folds.
    return [
        (stage.kind, _declared(stage, stage.open(own, tables if _has_table(stage) else calibrated)))
        for stage in stages
    ]


def _has_table(stage: Stage) -> bool:
    """Return whether a stage learns a table of the whole corpus, or reads that of another."""
    return stage.learns_table is not None or bool(stage.reads_tables)


def _declared(stage: Stage, step: Step) -> Step:
    """Return the step, with RequestError for a column that it gives and the stage does not declare: no file would hold it."""

    def checked(batch: pa.RecordBatch) -> pa.RecordBatch:
        after = step(batch)
        known = {*batch.schema.names, *(column.name for column in (*stage.adds, *SAMPLE, REJECT))}
        undeclared = [name for name in after.schema.names if name not in known]
        if undeclared:
            raise RequestError(
                f"stage {stage.kind}",
                f"gives the column `{undeclared[0]}`, which it does not declare",
                "add the column to its `adds`, with the rows and the files it belongs to",
            )
        return after

    return checked


def _state_of(state: Path | None, fold: int | None) -> Path | None:
    """Return the folder, in a folder of state, of what was learned of the models for a fold."""
    return state if state is None or fold is None else state / f"fold-{fold}"


def cut(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Return the stages in parts, each but the first beginning with one that must see all rows."""
    parts: list[list[Stage]] = [[]]
    for stage in stages:
        if stage.across_rows is not None:
            parts.append([])
        parts[-1].append(stage)
    return parts


def prepare(pipeline: Pipeline, job: Job, sample: pa.Table, state: Path) -> None:
    """Let every stage write to `state` what it needs to know of the corpus, shown a sample with the columns it needs.

    With `model.folds` it is shown the rows of each fold apart, and writes to a folder in `state` for each.
    """
    if job.folds is None:
        _prepare(pipeline, job, sample, state)
        return
    for fold, rows in by_fold(sample, job.folds):
        own = _state_of(state, fold) or state
        own.mkdir(exist_ok=True)
        _prepare(pipeline, job.of_fold(fold), rows, own)
        # A fold too small to be calibrated leaves nothing.
        if own != state and not any(own.iterdir()):
            own.rmdir()


def _prepare(pipeline: Pipeline, job: Job, sample: pa.Table, state: Path) -> None:
    """Let every stage learn from the sample what it needs to know of one model."""
    for index, stage in enumerate(pipeline.stages):
        if type(stage).prepare is not Stage.prepare:
            givers = _givers(stage, pipeline.stages[:index])
            before = [(earlier.kind, earlier.open(job, state)) for earlier in givers]
            batches = _walk(before, sample).table.combine_chunks().to_batches()
            if batches:
                stage.prepare(job, batches[0], state)


def _givers(stage: Stage, before: Sequence[Stage]) -> list[Stage]:
    """Return those of the stages before that give the columns a stage needs, or what they need in turn."""
    needed = set(stage.needs)
    givers: list[Stage] = []
    for earlier in reversed(before):
        if needed & {column.name for column in earlier.adds}:
            givers.insert(0, earlier)
            needed |= set(earlier.needs)
    return givers


def apply(pipeline: Pipeline, table: pa.Table, job: Job, state: Path | None = None) -> Applied:
    """Return the table after every stage: source rows in their order, each with its samples behind it."""
    return open_pipeline(pipeline, job, state)(table)


class StageFailedError(Exception):
    """A stage failed on rows for a reason it does not know: a row may be at fault, or the stage."""

    def __init__(self, kind: str, error: Exception) -> None:
        super().__init__(kind, error)
        self.kind = kind
        self.reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"


def _walk(steps: Sequence[tuple[str, Step]], table: pa.Table) -> Applied:
    """Pass all rows through the steps, setting rejected ones aside after each."""
    batches = table.combine_chunks().to_batches()
    if not batches:
        return Applied(table, ())
    batch, rejects = batches[0], []
    for kind, step in steps:
        try:
            batch = step(batch)
        except (AugmentError, StageFailedError):
            raise
        except Exception as error:
            raise StageFailedError(kind, error) from error
        if REJECT.name in batch.schema.names:
            reasons = batch.column(REJECT.name)
            bad = batch.filter(reasons.is_valid())
            rejects += [
                Reject(row["id"], kind, row[REJECT.name], "")
                for row in bad.select(["id", REJECT.name]).to_pylist()
            ]
            batch = batch.filter(reasons.is_null()).drop_columns([REJECT.name])
    return Applied(pa.Table.from_batches([batch]), tuple(rejects))
