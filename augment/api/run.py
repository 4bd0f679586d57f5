"""Run a pipeline on a job: from a labelled corpus to a folder ready for training, with a report that explains it.

summary = run("augment", read_job([Path("configs/hotel-zh.yaml")]), Path("runs/hotel-augment"))
print(summary)
"""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from augment.api.progress_bar import Shown, shown
from augment.config.job import Config, Job, job_of
from augment.corpus import require_splits, require_unchanged, with_label_names
from augment.engine.executors import Execute, executor
from augment.engine.fingerprint import fingerprint_of
from augment.engine.in_memory import require_shareable
from augment.engine.merging import merge
from augment.engine.phases import phases
from augment.engine.ranks import FIRST, ProcessRank, wait_for
from augment.engine.shard import Receipt, finished
from augment.engine.staging import ACTIVE, REST, Staged, read_sample, stage_corpus
from augment.engine.worker import Work
from augment.errors import DataError, RequestError
from augment.models.model_folder import model_folder, require_fit
from augment.output.attack_table import write_attack
from augment.output.card import draw_card
from augment.output.export import SAMPLES, SOURCE_ROWS, Export
from augment.output.keywords import write_keywords
from augment.output.manifest import FINISHED, Summary, is_recorded, read_summary, record, seal, write_manifest
from augment.output.report import REPORT, draw_folder
from augment.output.soft_labels import softener
from augment.output.summary import Outcome, card_of, check_rejects, summarise
from augment.pipeline.adapting import adapted
from augment.pipeline.apply import open_pipeline, prepare
from augment.pipeline.definition import Pipeline, pipeline_of
from augment.pipeline.requirements import check_sections, require_heads, require_labelled, required_by
from augment.progress import Announcement, Progress
from augment.stages.accepted import accepted, require_labels
from augment.stages.protocol import Stage
from augment.tables.files import read_json, shaped, write_json, write_text
from augment.tables.locking import Lock, locked, sweep_inside, sweep_staged
from augment.tables.run_folder import (
    ALONE,
    ANSWERS,
    CHOSEN,
    MANIFEST,
    PLAN,
    calibrations,
    check_folder,
    folder_of,
    require_own,
)
from augment.tables.split_files import file_stems

# Rows a calibration may choose its texts from, for each model that is to be calibrated.
_SAMPLE = 256
Halted = TypeVar("Halted")
# Endings of files of data/ and probes/.
_FORMATS = ("parquet", "csv", "jsonl")


def run(
    pipeline: str | Path | Pipeline | Sequence[Stage],
    job: Job | Config | Sequence[Config],
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Shown = None,
) -> Summary:
    """Run a pipeline on a job, or on configs as `read_job` takes them, and return what it did.

    The pipeline is a shipped name, a file, a `Pipeline`, or its stages. What a model without gradients does not allow is done otherwise, and a notice reports it. progress: False for no bar; by
    default one on a terminal. The folder defaults to runs/<job>-<pipeline>. A folder that holds part of this very run is finished, one that holds
    all of it is read, and the first notice reports it. RequestError, DataError or ModelError before anything is
    written; FingerprintError if the folder holds another run, LockedError if one is at work there; RejectRateError,
    after everything is written, if too many rows were rejected.
    """
    return run_or_halt(pipeline, job, output, overwrite, progress, _never)


def run_or_halt(
    pipeline: str | Path | Pipeline | Sequence[Stage],
    job: Job | Config | Sequence[Config],
    output: Path | str | None,
    overwrite: bool,
    progress: Shown,
    halt: Callable[[Work, int], Halted | None],
) -> Summary | Halted:
    """Run a pipeline as `run` does, unless it is halted; then the phases before are kept, and the next run goes on from there.

    halt: called before each phase with its work and the number of its shards; what it returns ends the run, None lets it go on.
    """
    began = time.monotonic()
    job = job_of(job)
    plan, notices = adapted(pipeline_of(pipeline), job)
    check_sections(plan, job)
    job = with_label_names(required_by(plan, job))
    folder = folder_of(output if output is not None else Path("runs") / f"{job.name}-{plan.name}")
    job = job.keeping_answers(folder / ANSWERS)
    require_shareable(job, folder, overwrite)
    rank = ProcessRank.of(os.environ) if job.run.executor == "rank" else FIRST
    require_own(folder)
    work = Work(folder, plan, job, notices=notices)
    with shown(progress) as report, locked(folder, rank.lock) as lock, _swept(folder, rank):
        fingerprint = fingerprint_of(plan, job)
        if rank.number == 0:
            check_folder(folder, fingerprint, overwrite)
            summary = _whole(work, fingerprint, overwrite, report, began, lock, halt)
        else:
            summary = _share(work, fingerprint, report)
    if isinstance(summary, Summary):
        check_rejects(summary, job.run.max_reject_rate)
    return summary


def _never(work: Work, shards: int) -> None:
    """Return None, so that no run is halted."""


@contextmanager
def _swept(folder: Path, rank: ProcessRank) -> Iterator[None]:
    """Remove the leftovers of dead writers in a folder of ours, before and after the block; other ranks may be alive."""
    if rank.number == 0:
        sweep_staged(folder)
    if rank.world == 1:
        sweep_inside(folder)
    yield
    if rank.world == 1:
        # Workers of a run that was killed may have lived a moment longer.
        sweep_inside(folder)


def _whole(
    work: Work,
    fingerprint: dict[str, object],
    overwrite: bool,
    report: Progress,
    began: float,
    lock: Lock,
    halt: Callable[[Work, int], Halted | None],
) -> Summary | Halted:
    """Do the rest of a run, and return its summary, or what it was halted with."""
    folder, plan, job = work.folder, work.plan, work.job
    if (folder / MANIFEST).exists() and not overwrite:
        _tidy(folder, plan, job)
        summary = read_summary(folder)
        return replace(summary, notices=(FINISHED, *summary.notices))
    require_splits(job, plan.splits)
    report("load the model", 0, 0)
    for fold in (*range(job.folds or 0), None):
        open_pipeline(plan, job.of_fold(fold))
    done = (folder / PLAN).exists() and not overwrite
    staged = _laid_out(folder) if done else _lay_out(folder, plan, job, fingerprint, report, lock)
    with executor(work, staged.shards) as execute:
        for phase in phases(plan):
            numbered = replace(work, number=phase.number)
            halted = halt(numbered, staged.shards)
            if halted is not None:
                return halted
            _announce(phase.stages, job, folder, report)
            receipts = _receipts(numbered, execute, staged, report)
            if phase.ends is not None:
                report(f"{phase.ends.kind}: all rows", 0, 0)
                merge(folder, phase, job, staged.shards)
    report("write", 0, 0)
    return _finish(work, staged, receipts, began)


def _announce(stages: Sequence[Stage], job: Job, folder: Path, report: Progress) -> None:
    """Report what the user should read before a phase begins."""
    for stage in stages:
        line = stage.announcement(job, folder / "run")
        if line is not None:
            report(Announcement(line), 0, 0)


def _share(work: Work, fingerprint: dict[str, object], report: Progress) -> Summary:
    """Do the part of a rank other than the first, and return the summary once the first rank has written it."""
    wait_for(work.folder / PLAN, work.folder)
    check_folder(work.folder, fingerprint, overwrite=False)
    if not (work.folder / MANIFEST).exists():
        with shaped(work.folder / PLAN):
            staged = Staged.from_dict(read_json(work.folder / PLAN)["staged"])
        with executor(work, staged.shards) as execute:
            for phase in phases(work.plan):
                for receipt in execute(phase.number, range(staged.shards)):
                    report(_called(work), receipt.shard, staged.shards)
                if phase.ends is not None:
                    wait_for(phase.merged_path(work.folder), work.folder)
        wait_for(work.folder / MANIFEST, work.folder)
    return read_summary(work.folder)


def _laid_out(folder: Path) -> Staged:
    """Return the corpus as this run has laid it out in the folder; DataError or RequestError if that was changed."""
    planned = read_json(folder / PLAN)
    if planned.get("sha256") != seal(planned):
        raise RequestError(
            str(folder / PLAN), "the plan was changed since the run began", "run with --overwrite"
        )
    if planned.get("state", {}) != calibrations(folder / "run"):
        raise DataError(
            str(folder / "run"), "a calibration was changed since the run began", "run with --overwrite"
        )
    with shaped(folder / PLAN):
        staged = Staged.from_dict(planned["staged"])
    staged.require_whole(folder)
    return staged


def _lay_out(
    folder: Path, plan: Pipeline, job: Job, fingerprint: dict[str, object], report: Progress, lock: Lock
) -> Staged:
    """Return the corpus, laid out in the folder.

    It is laid out next to the folder first: a corpus that cannot be used leaves nothing behind and destroys nothing.
    """
    report("read the corpus", 0, 0)
    with lock.staged("run") as fresh:
        staged = stage_corpus(job, job.run.splits or plan.splits, fresh)
        require_unchanged(job, fingerprint["corpus"])
        require_labelled(plan, job, staged.labels)
        require_labels(job, staged.labels)
        for config, section in ((job.model, "model"), (job.judge, "judge")):
            if config is not None and any(section in stage.uses for stage in plan.stages):
                model = model_folder(config, job.run)
                paired = staged.columns["text_pair"] is not None
                require_heads(plan, section, model)
                require_fit(model, job.label_names, staged.labels, paired, job.label_separator)
        report("calibrate", 0, 0)
        prepare(plan, job, read_sample(fresh, job.seed, _SAMPLE * (1 + (job.folds or 0))), fresh / "run")
        state = calibrations(fresh / "run")
        # A cache may hold others when the run goes on: it goes on with these.
        chosen = {CHOSEN: {name: sha256 for name, sha256 in state.items() if name.endswith(".json")}}
        facts: dict[str, object] = {"fingerprint": fingerprint | chosen, "pipeline": plan.name}
        facts |= {"staged": staged.to_dict(), "state": state}
        facts["job"] = job.model_dump(mode="json")
        # What a check of the folder must know, and cannot ask a stage that it does not have.
        facts["moves_labels"] = sorted(
            method for stage in plan.stages if stage.moves_labels for method in stage.methods
        )
        write_json(fresh / PLAN, {**facts, "sha256": seal(facts)})
        _clear(folder, fresh)
        folder.mkdir(parents=True, exist_ok=True)
        (fresh / "run").rename(folder / "run")
    return staged


def _clear(folder: Path, fresh: Path) -> None:
    """Remove the files that a run wrote, and nothing else; the plan, which identifies the folder, comes last."""
    if not (folder / PLAN).exists():
        return
    for name in sorted(_written(folder)):
        (folder / name).unlink(missing_ok=True)
    for name in ("data", "probes", "explain"):
        # What is not of the run stays.
        with suppress(OSError):
            (folder / name).rmdir()
    (folder / "run").rename(fresh / "old")


def _written(folder: Path) -> set[str]:
    """Return the names of the files that the run in a folder wrote outside run/, or may have written."""
    staged = Staged.from_dict(read_json(folder / PLAN)["staged"])
    stems = file_stems(staged.splits).values()
    made = {f"{part}/{stem}.{kind}" for part in ("data", "probes") for stem in stems for kind in _FORMATS}
    try:
        files = read_json(folder / MANIFEST).get("files") if (folder / MANIFEST).exists() else None
    except RequestError:
        files = None
    known = {str(name) for name in files} if isinstance(files, dict) else set()
    listed = {name for name in known if re.fullmatch(r"(data|probes|explain)/[^/\\]+", name)}
    return {*ALONE, SOURCE_ROWS, SAMPLES} | made | listed


def _receipts(work: Work, execute: Execute, staged: Staged, report: Progress) -> list[Receipt]:
    """Return the receipts of all shards of a phase, in their order, after treating those that have none."""
    phase, name = work.phase, _called(work)
    # A part that is damaged has no receipt any more, and is made again.
    checked = {shard: finished(work.folder, shard, phase) for shard in range(staged.shards)}
    receipts = {shard: receipt for shard, receipt in checked.items() if receipt is not None}
    done = sum(receipt.rows for receipt in receipts.values())
    report(name, done, staged.active)
    waiting = [shard for shard in checked if shard not in receipts]
    for receipt in execute(work.number, waiting) if waiting else ():
        receipts[receipt.shard] = receipt
        done += receipt.rows
        report(name, done, staged.active)
    return [receipts[shard] for shard in checked]


def _called(work: Work) -> str:
    """Return the name of a phase in the progress: the pipeline, or the stage it begins with."""
    return work.plan.name if not work.number else f"{work.plan.name}: {work.phase.stages[0].kind}"


def _finish(work: Work, staged: Staged, receipts: list[Receipt], began: float) -> Summary:
    """Write the dataset, the card, the manifest and the report from the finished shards; return the summary."""
    folder, plan, job = work.folder, work.plan, work.job
    rejects = [*staged.rejects, *(reject for receipt in receipts for reject in receipt.rejects)]
    balanced = any("flags" in stage.uses for stage in plan.stages)
    flags = accepted(job) if balanced else ()
    with Export(folder, job, staged, softener(plan, job), flags, plan.stages) as export:
        files = export.write(range(staged.shards), rejects)
        columns = export.columns()
    flagged = write_keywords(folder, plan)
    outcome = Outcome(plan, job, staged, receipts, rejects, export.totals, files, flagged, work.notices)
    summary = summarise(folder, outcome, began)
    write_attack(folder, summary.attack)
    card = card_of(plan, job, summary, columns)
    write_text(folder / "README.md", draw_card(card))
    write_manifest(folder, summary, [column for stage in plan.stages for column in stage.adds], card.record)
    _tidy(folder, plan, job)
    return summary


def _tidy(folder: Path, plan: Pipeline, job: Job) -> None:
    """Draw the report if the finished run has none, and remove what it no longer needs."""
    if job.output.report_rows and not is_recorded(folder / REPORT):
        record(draw_folder(folder, job.output.report_rows))
    inside = folder / "run"
    learning = (stage.learns_table for stage in plan.stages)
    tables = (stage.path_in(inside) for stage in learning if stage is not None and not stage.keeps_table)
    for path in (folder / ACTIVE, folder / REST, *tables, *inside.glob("part-*.parquet")):
        path.unlink(missing_ok=True)
    for path in inside.glob("phase-*"):
        shutil.rmtree(path)
