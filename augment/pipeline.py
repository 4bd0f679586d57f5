"""A pipeline: stages read from YAML, checked before any model is loaded, and applied to a table in memory.

pipeline = read_pipeline(Path("pipelines/augment.yaml"))
applied = apply(pipeline, table, job)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from pydantic import BaseModel, Field

from augment.candidates.fluency import require_ngrams
from augment.columns import CHILD, CORPUS, FOLD, KEEP, REJECT
from augment.deciding import in_memory, with_decisions
from augment.document import Document, checked, load
from augment.errors import AugmentError, RequestError, nearest
from augment.folding import by_fold, in_order, places
from augment.job import Job
from augment.ledger import write_table
from augment.shipped import find
from augment.shortcuts import read_flags
from augment.stage import Stage, Step, TableStage, WholeStage
from augment.stages import AnyStage
from augment.stages.children import protection
from augment.table import Reject


class Pipeline(BaseModel, frozen=True, extra="forbid"):
    """A verb: what is done, to the rows of which splits. It names no path, model, device or seed."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    about: str
    splits: tuple[str, ...] = Field(default=("train",), min_length=1)
    stages: tuple[AnyStage, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Applied:
    """What came out: the rows with every column, and the rows that a stage could not treat."""

    table: pa.Table
    rejects: tuple[Reject, ...]


def read_pipeline(path: Path) -> Pipeline:
    """Return the pipeline of a file; RequestError with file:line for unknown keys, kinds and missing columns."""
    document = load(path)
    if document.values.keys() & {"corpus", "model"} and "stages" not in document.values:
        raise RequestError(
            str(path), "this is a config, not a pipeline", "name a pipeline, and the config with -c"
        )
    pipeline = checked(Pipeline, document, document.values)
    check_plan(pipeline, document)
    return pipeline


def pipeline_of(pipeline: str | Path | Pipeline) -> Pipeline:
    """Return the pipeline meant, a shipped name, a file or itself; RequestError if it is unknown or its plan is off."""
    if not isinstance(pipeline, Pipeline):
        return read_pipeline(find("pipelines", str(pipeline)))
    check_plan(pipeline, Document(Path(pipeline.name), {}))
    return pipeline


def check_plan(pipeline: Pipeline, document: Document) -> None:
    """Raise RequestError if a stage needs a column that none before it adds, or adds one that is already there."""
    there = {column.name for column in CORPUS}
    family = {column.name for column in CHILD}
    taken = there | family | {REJECT.name, FOLD.name, "source"}
    for place, stage in enumerate(pipeline.stages):
        where = document.where(("stages", place))
        lacking = [name for name in stage.needs if name not in there]
        if lacking:
            giver = next(
                (s.kind for s in pipeline.stages[place:] if lacking[0] in {c.name for c in s.adds}), None
            )
            hint = (
                f"move `{giver}` before it" if giver else f"add the stage that gives `{lacking[0]}` before it"
            )
            raise RequestError(
                where,
                f"stage `{stage.kind}` needs the column `{lacking[0]}`, which nothing before it adds",
                hint,
            )
        names = {column.name for column in stage.adds}
        twice = sorted((names - family if family <= names else names) & taken)
        if twice:
            raise RequestError(
                where,
                f"stage `{stage.kind}` adds the column `{twice[0]}`, which is already there",
                "give it another `name:`" if "name" in type(stage).model_fields else "leave one of them out",
            )
        judging = (later for later in pipeline.stages[place:] if KEEP[0] in later.adds)
        if stage.moves_labels and not any(judging):
            raise RequestError(
                where,
                f"stage `{stage.kind}` moves labels, and no `keep` behind it says which children to trust",
                "add `judge` and `keep` after it",
            )
        there |= names
        taken |= names
    _check_methods(pipeline, document)


def _check_methods(pipeline: Pipeline, document: Document) -> None:
    """Raise RequestError if two stages make children under one name: their ids would be the same; or if a rule names none."""
    givers: dict[str, Stage] = {}
    for place, stage in enumerate(pipeline.stages):
        for method in stage.methods:
            if method in givers:
                named = "name" in type(stage).model_fields
                raise RequestError(
                    document.where(("stages", place)),
                    f"two stages make children under the same name, `{method}`",
                    "give one of them a `name:`"
                    if named
                    else "leave one of them out: `children` may be more",
                )
            givers[method] = stage
        unknown = [name for name in stage.methods_named if name not in givers]
        if unknown:
            raise RequestError(
                document.where(("stages", place)),
                f"`methods: {unknown[0]}` of stage `{stage.kind}` does nothing: no stage before it makes children of that name",
                nearest(unknown[0], list(givers)),
            )


def source_names(pipeline: Pipeline) -> frozenset[str]:
    """Return the sources that any stage takes words from; lexicons say of the words of all of them what they are."""
    return frozenset(name for stage in pipeline.stages for name in getattr(stage, "sources", ()))


def asked_of(pipeline: Pipeline, job: Job) -> Job:
    """Return the job as a pipeline needs it: without the model where no stage asks it, so that none is looked for or loaded."""
    return job if any("model" in stage.uses for stage in pipeline.stages) else job.without_model()


def check_sections(pipeline: Pipeline, job: Job) -> None:
    """Raise RequestError if the job lacks a section that a stage uses, asks for what no stage gives, or names what is not there.

    All of it is known before anything is run: flags, n-gram model, protected words and patterns.
    """
    for stage in pipeline.stages:
        if "model" in stage.uses:
            job.needs_model()
        if "judge" in stage.uses:
            job.needs_judge()
        if "flags" in stage.uses:
            job.needs_flags()
    if job.resources.flags is not None:
        read_flags(job.needs_flags())
    require_ngrams(job)
    protection(job)
    given = {column.name for stage in pipeline.stages for column in stage.adds}
    if job.output.labels == "soft" and "parent" in given and not any("soft_label" in name for name in given):
        raise RequestError(
            "output.labels: soft",
            f"the pipeline `{pipeline.name}` makes children, and none of its stages asks a model for their labels",
            "add the stage `judge`, or leave labels hard",
        )


def open_pipeline(pipeline: Pipeline, job: Job, state: Path | None = None) -> Callable[[pa.Table], Applied]:
    """Return the function that applies the pipeline to a shard; models are loaded here, once.

    It raises StageFailedError where a stage fails without saying so itself.
    """
    job = asked_of(pipeline, job)
    check_sections(pipeline, job)
    parts = []
    for stages in cut(pipeline.stages):
        whole = stages[0] if stages and isinstance(stages[0], WholeStage) else None
        # What learns a table is opened when it has.
        later = stages[1:] if isinstance(whole, TableStage) else stages
        parts.append((whole, open_stages(later, job, state)))

    def treat(table: pa.Table) -> Applied:
        """Pass a table through part after part."""
        rejects: tuple[Reject, ...] = ()
        for whole, treat_part in parts:
            if whole is not None and table.num_rows:
                table = _with_all_seen(whole, table, job)
            applied = treat_part(table)
            table, rejects = applied.table, rejects + applied.rejects
        return Applied(table, rejects)

    return treat


def _with_all_seen(stage: WholeStage, table: pa.Table, job: Job) -> pa.Table:
    """Return rows that are all there are with what a whole-corpus stage decided on them, or after its step."""
    found = in_memory(stage, table, job)
    if not isinstance(stage, TableStage):
        return with_decisions(table, found)
    with TemporaryDirectory() as folder:
        write_table(stage.path_in(Path(folder)), found)
        step = stage.open(job, Path(folder))
    return _walk([(stage.kind, step)], table).table


def open_stages(stages: Sequence[Stage], job: Job, state: Path | None) -> Callable[[pa.Table], Applied]:
    """Return the function that applies stages to a shard, of which only the first may be one that sees all rows.

    With `model.folds` they are opened anew for each fold met, with the models that did not see it.
    """
    if job.folds is None:
        steps = _opened(stages, job, state, None)
        return lambda table: _walk(steps, table)
    opened = cache(lambda fold: _opened(stages, job, state, fold))

    def treat(table: pa.Table) -> Applied:
        """Treat the rows of each fold by themselves."""
        parts = [_walk(opened(fold), rows) for fold, rows in by_fold(table, job.folds or 0)]
        if not parts:
            return Applied(table, ())
        place = places(table)
        rejects = [reject for part in parts for reject in part.rejects]
        ordered = sorted(rejects, key=lambda reject: place.get(reject.id, len(place)))
        return Applied(in_order(table, [part.table for part in parts]), tuple(ordered))

    return treat


def _opened(
    stages: Sequence[Stage], job: Job, state: Path | None, fold: int | None
) -> list[tuple[str, Step]]:
    """Return the kind and the step of each stage, opened with the models for a fold."""
    own, calibrated = job.of_fold(fold), _state_of(state, fold)
    # What was learned of the whole corpus is the same for all folds.
    return [
        (stage.kind, stage.open(own, state if isinstance(stage, TableStage) else calibrated))
        for stage in stages
    ]


def _state_of(state: Path | None, fold: int | None) -> Path | None:
    """Return where in a folder of state lies what was learned of the models for a fold."""
    return state if state is None or fold is None else state / f"fold-{fold}"


def cut(stages: Sequence[Stage]) -> list[list[Stage]]:
    """Return the stages in parts, each but the first beginning with one that must see all rows."""
    parts: list[list[Stage]] = [[]]
    for stage in stages:
        if isinstance(stage, WholeStage):
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
    for place, stage in enumerate(pipeline.stages):
        if type(stage).prepare is not Stage.prepare:
            givers = _givers(stage, pipeline.stages[:place])
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
    """Return the table after every stage: parents in their order, each with its children behind it."""
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
