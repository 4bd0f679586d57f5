"""Run a pipeline on a job: from a labelled corpus to a folder ready for training, with a report that explains it.

summary = run("augment", read_job([Path("configs/hotel-zh.yaml")]), Path("runs/hotel-augment"))
print(summary)
"""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

from augment.card import draw_card
from augment.corpus import require_splits, with_label_names
from augment.engine.executing import Execute, executor
from augment.engine.locking import locked
from augment.engine.merging import merge
from augment.engine.phases import phases
from augment.engine.ranks import FIRST, Rank, wait_for
from augment.engine.shard import Receipt, read_receipt
from augment.engine.staging import ACTIVE, REST, Staged, read_sample, stage_corpus
from augment.engine.work import Work
from augment.errors import DataError
from augment.exporting import Export
from augment.fingerprint import fingerprint_of
from augment.flagging import FLAGS, TABLE, write_keywords
from augment.job import Job
from augment.ledger import (
    MANIFEST,
    PLAN,
    calibrations,
    check_folder,
    folder_of,
    read_json,
    shaped,
    write_json,
    write_text,
)
from augment.models.folder import model_folder, require_fit
from augment.pipeline import Pipeline, asked_of, check_sections, open_pipeline, pipeline_of, prepare
from augment.progress import Progress, silent
from augment.reporting import REPORT, draw_folder
from augment.shortcuts import read_flags, require_labels
from augment.softening import softener
from augment.stage import TableStage
from augment.summary import (
    FINISHED,
    Outcome,
    Summary,
    card_of,
    check_rejects,
    is_recorded,
    read_summary,
    record,
    summarise,
    write_manifest,
)

# Rows a calibration may choose its texts from, for each model that is to be calibrated.
_SAMPLE = 256


def run(
    pipeline: str | Path | Pipeline,
    job: Job,
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Run a pipeline (a shipped name, a file, or a `Pipeline`) on a job and return what it did.

    The folder defaults to runs/<job>-<pipeline>. A folder that holds part of this very run is finished, one that holds
    all of it is read, and the first notice says so. RequestError, DataError or ModelError before anything is
    written; FingerprintError if the folder holds another run, LockedError if one is at work there; RejectRateError,
    after everything is written, if too many rows were rejected.
    """
    began = time.monotonic()
    plan = pipeline_of(pipeline)
    check_sections(plan, job)
    job = with_label_names(asked_of(plan, job))
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-{plan.name}")
    say = progress or silent
    rank = Rank.of(os.environ) if job.run.executor == "rank" else FIRST
    with locked(folder, rank.lock, alone=rank.world == 1):
        fingerprint = fingerprint_of(plan, job)
        if rank.number == 0:
            check_folder(folder, fingerprint, overwrite)
            summary = _whole(Work(folder, plan, job), fingerprint, overwrite, say, began)
        else:
            summary = _share(Work(folder, plan, job), fingerprint, say)
    check_rejects(summary, job.run.max_reject_rate)
    return summary


def _whole(
    work: Work, fingerprint: dict[str, object], overwrite: bool, say: Progress, began: float
) -> Summary:
    """Do all that is left of a run, and return its summary."""
    folder, plan, job = work.folder, work.plan, work.job
    if (folder / MANIFEST).exists() and not overwrite:
        _tidy(folder, plan, job)
        summary = read_summary(folder)
        return replace(summary, notices=(FINISHED, *summary.notices))
    require_splits(job, plan.splits)
    say("load the model", 0, 0)
    for fold in (*range(job.folds or 0), None):
        open_pipeline(plan, job.of_fold(fold))
    staged = _staged(folder, plan, job, fingerprint, overwrite, say)
    with executor(work, staged.shards) as execute:
        for phase in phases(plan):
            receipts = _receipts(replace(work, number=phase.number), execute, staged, say)
            if phase.ends is not None:
                say(f"{phase.ends.kind}: all rows", 0, 0)
                merge(folder, phase, job, staged.shards)
    say("write", 0, 0)
    return _finish(folder, plan, job, staged, receipts, began)


def _share(work: Work, fingerprint: dict[str, object], say: Progress) -> Summary:
    """Do the part of a rank other than the first, and return the summary when that has written it."""
    wait_for(work.folder / PLAN, work.folder)
    check_folder(work.folder, fingerprint, overwrite=False)
    if not (work.folder / MANIFEST).exists():
        with shaped(work.folder / PLAN):
            staged = Staged.from_dict(read_json(work.folder / PLAN)["staged"])
        with executor(work, staged.shards) as execute:
            for phase in phases(work.plan):
                for receipt in execute(phase.number, range(staged.shards)):
                    say(_called(work), receipt.shard, staged.shards)
                if phase.ends is not None:
                    wait_for(phase.merged_path(work.folder), work.folder)
        wait_for(work.folder / MANIFEST, work.folder)
    return read_summary(work.folder)


def _staged(
    folder: Path, plan: Pipeline, job: Job, fingerprint: dict[str, object], overwrite: bool, say: Progress
) -> Staged:
    """Return the corpus as laid out in the folder, laying it out if this run has not done so.

    It is laid out beside the folder first: a corpus that cannot be used leaves nothing behind and destroys nothing.
    """
    if (folder / PLAN).exists() and not overwrite:
        planned = read_json(folder / PLAN)
        if planned.get("state", {}) != calibrations(folder / "run"):
            raise DataError(
                str(folder / "run"), "a calibration was changed since the run began", "run with --overwrite"
            )
        with shaped(folder / PLAN):
            return Staged.from_dict(planned["staged"])
    say("read the corpus", 0, 0)
    beside = folder.with_name(f".{folder.name}.new-{os.getpid()}")
    try:
        staged = stage_corpus(job, job.run.splits or plan.splits, beside)
        if job.resources.flags is not None:
            require_labels(job.needs_flags(), staged.labels)
        for config, section in ((job.model, "model"), (job.judge, "judge")):
            if config is not None and any(section in stage.uses for stage in plan.stages):
                found = model_folder(config, job.run)
                paired = staged.columns["text_pair"] is not None
                require_fit(found, job.label_names, staged.labels, paired)
        say("calibrate", 0, 0)
        prepare(plan, job, read_sample(beside, job.seed, _SAMPLE * (1 + (job.folds or 0))), beside / "run")
        facts = {"fingerprint": fingerprint, "pipeline": plan.name, "staged": staged.to_dict()}
        facts["state"] = calibrations(beside / "run")
        write_json(beside / PLAN, {**facts, "job": job.model_dump(mode="json")})
        _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (beside / "run").rename(folder / "run")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return staged


def _clear(folder: Path) -> None:
    """Remove what a run wrote, and nothing else; the plan, by which the folder is known for ours, at the last moment."""
    alone = ("README.md", "report.html", "dropped.parquet", "rejects.parquet", TABLE, FLAGS)
    for name in (MANIFEST, *alone):
        (folder / name).unlink(missing_ok=True)
    for name in ("data", "probes", "explain"):
        shutil.rmtree(folder / name, ignore_errors=True)
    if (folder / "run").exists():
        aside = folder.with_name(f".{folder.name}.new-{os.getpid()}-old")
        (folder / "run").rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _receipts(work: Work, execute: Execute, staged: Staged, say: Progress) -> list[Receipt]:
    """Return the receipts of all shards of a phase, in their order, after treating those that have none."""
    phase, name = work.phase, _called(work)
    places = {shard: phase.receipt_path(work.folder, shard) for shard in range(staged.shards)}
    found = {shard: read_receipt(path) for shard, path in places.items() if path.exists()}
    done = sum(receipt.rows for receipt in found.values())
    say(name, done, staged.active)
    waiting = [shard for shard in places if shard not in found]
    for receipt in execute(work.number, waiting) if waiting else ():
        found[receipt.shard] = receipt
        done += receipt.rows
        say(name, done, staged.active)
    return [found[shard] for shard in places]


def _called(work: Work) -> str:
    """Return what a phase is called in the progress: the pipeline, or the stage it begins with."""
    return work.plan.name if not work.number else f"{work.plan.name}: {work.phase.stages[0].kind}"


def _finish(
    folder: Path, plan: Pipeline, job: Job, staged: Staged, receipts: list[Receipt], began: float
) -> Summary:
    """Write the data set, the card, the manifest and the report from the finished shards; return the summary."""
    rejects = [*staged.rejects, *(reject for receipt in receipts for reject in receipt.rejects)]
    balanced = any("flags" in stage.uses for stage in plan.stages)
    flags = read_flags(job.needs_flags()) if balanced else ()
    with Export(folder, job, staged, softener(plan, job), flags) as export:
        files = export.write(range(staged.shards), rejects)
        columns = export.columns()
    flagged = write_keywords(folder, plan)
    outcome = Outcome(plan, job, staged, receipts, rejects, export.totals, files, flagged)
    summary = summarise(folder, outcome, began)
    write_text(folder / "README.md", draw_card(card_of(plan, job, summary, columns)))
    write_manifest(folder, summary)
    _tidy(folder, plan, job)
    return summary


def _tidy(folder: Path, plan: Pipeline, job: Job) -> None:
    """Draw the report if the finished run lacks it, and remove what it needs no longer."""
    if job.output.report_rows and not is_recorded(folder / REPORT):
        record(draw_folder(folder, job.output.report_rows))
    inside = folder / "run"
    tables = (stage.path_in(inside) for stage in plan.stages if isinstance(stage, TableStage))
    for path in (folder / ACTIVE, folder / REST, *tables, *inside.glob("part-*.parquet")):
        path.unlink(missing_ok=True)
    for path in inside.glob("phase-*"):
        shutil.rmtree(path)
