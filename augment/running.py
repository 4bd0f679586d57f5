"""Run a pipeline on a job: from a labelled corpus to a folder ready for training, with a report that explains it.

summary = run("augment", read_job([Path("configs/hotel-zh.yaml")]), Path("runs/hotel-augment"))
print(summary)
"""

import os
import resource
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from augment import __version__
from augment.candidates.sources import lexicon_hashes, lexicon_notices
from augment.corpus import require_splits, with_label_names
from augment.document import Document
from augment.errors import AugmentError, DataError, RejectRateError, RequestError
from augment.exporting import Card, Export, draw_card
from augment.job import Job, ModelConfig
from augment.ledger import MANIFEST, PLAN, check_folder, digest, read_json, write_json, write_text
from augment.models.folder import look, model_folder, resolve
from augment.models.labels import LabelMap
from augment.pipeline import Pipeline, check_plan, check_sections, open_pipeline, prepare, read_pipeline
from augment.reporting import draw_folder
from augment.shard import Apply, Receipt, part_path, run_shard
from augment.shipped import find
from augment.staging import ACTIVE, REST, Staged, read_sample, stage_corpus
from augment.table import Reject

if TYPE_CHECKING:
    import pandas as pd

# Raised when the same request would give other rows than before.
ALGORITHM = 2
# Told by a run that found all its work done; it belongs to that call, not to the record of the run.
FINISHED = "already finished: nothing was run again and this is its summary; --overwrite runs it anew"
# Rows a calibration may choose its texts from.
_SAMPLE = 256
# Reasons of rejected rows told one by one; rejects.parquet has all.
_REASONS_TOLD = 5
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Summary:
    """What a run did. `counts` balance: rows in = passed + rejected, children made = joined + apart + dropped.

    verdicts, dropped, missing, rejected: children by verdict, and by reason; rows by reason.
    """

    folder: Path
    pipeline: str
    counts: dict[str, int]
    verdicts: dict[str, int]
    dropped: dict[str, int]
    missing: dict[str, int]
    attribution: dict[str, dict[str, object]]
    files: dict[str, int]
    notices: tuple[str, ...]
    seconds: float
    peak_mebibytes: float
    rejected: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values, those of the manifest."""
        notices = [notice for notice in self.notices if notice != FINISHED]
        return {**asdict(self), "folder": str(self.folder), "notices": notices}

    def to_pandas(self) -> "pd.DataFrame":
        """Return the counts, verdicts and the reasons behind them as a table of kind, name and count."""
        import pandas as pd

        groups = {
            "count": self.counts,
            "verdict": self.verdicts,
            "dropped": self.dropped,
            "missing": self.missing,
            "rejected": self.rejected,
        }
        rows = [(kind, name, count) for kind, group in groups.items() for name, count in group.items()]
        return pd.DataFrame(rows, columns=["kind", "name", "count"])


def run(
    pipeline: str | Path | Pipeline,
    job: Job,
    output: Path | str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Run a pipeline (a shipped name, a file, or a `Pipeline`) on a job and return what it did.

    The folder defaults to runs/<job>-<pipeline>. A folder that holds part of this very run is finished, one that holds
    all of it is read, and the first notice says so. RequestError, DataError or ModelError before anything is written; FingerprintError if the folder
    holds another run; RejectRateError, after everything is written, if too many rows were rejected.
    """
    began = time.monotonic()
    plan = _checked(pipeline)
    check_sections(plan, job)
    job = with_label_names(job)
    folder = Path(output) if output is not None else Path("runs") / f"{job.name}-{plan.name}"
    fingerprint = _fingerprint(plan, job)
    check_folder(folder, fingerprint, overwrite)
    if (folder / MANIFEST).exists() and not overwrite:
        summary = read_summary(folder)
        summary = replace(summary, notices=(FINISHED, *summary.notices))
    else:
        say = progress or (lambda phase, done, total: None)
        require_splits(job)
        say("load the model", 0, 0)
        open_pipeline(plan, job)
        staged = _staged(folder, plan, job, fingerprint, overwrite, say)
        apply = open_pipeline(plan, job, folder / "run")
        receipts = _work(folder, plan, staged, apply, say)
        say("write", 0, 0)
        summary = _finish(folder, plan, job, staged, receipts, began)
    _check_rejects(summary, job.run.max_reject_rate)
    return summary


def read_summary(folder: Path) -> Summary:
    """Return the summary of a finished run; RequestError if the folder holds none."""
    found = read_json(folder / MANIFEST).get("summary")
    if not isinstance(found, dict):
        raise RequestError(
            str(folder / MANIFEST), "holds no summary of a run", "run the pipeline again with --overwrite"
        )
    return Summary(**{**found, "folder": folder, "notices": tuple(found["notices"])})


def _checked(pipeline: str | Path | Pipeline) -> Pipeline:
    """Return the pipeline meant, its plan checked."""
    if not isinstance(pipeline, Pipeline):
        return read_pipeline(find("pipelines", str(pipeline)))
    check_plan(pipeline, Document(Path(pipeline.name), {}))
    return pipeline


def _staged(
    folder: Path, plan: Pipeline, job: Job, fingerprint: dict[str, object], overwrite: bool, say: Progress
) -> Staged:
    """Return the corpus as laid out in the folder, laying it out if this run has not done so.

    It is laid out beside the folder first: a corpus that cannot be used leaves nothing behind and destroys nothing.
    """
    if (folder / PLAN).exists() and not overwrite:
        planned = read_json(folder / PLAN)
        if planned.get("state", {}) != _digests(folder / "run"):
            raise DataError(
                str(folder / "run"), "a calibration was changed since the run began", "run with --overwrite"
            )
        return Staged.from_dict(planned["staged"])
    say("read the corpus", 0, 0)
    beside = folder.with_name(f".{folder.name}.new-{os.getpid()}")
    try:
        staged = stage_corpus(job, job.run.splits or plan.splits, beside)
        for config, section in ((job.model, "model"), (job.judge, "judge")):
            if config is not None and any(section in stage.uses for stage in plan.stages):
                LabelMap(model_folder(config, job.run).classes, job.label_names).require(staged.labels)
        say("calibrate", 0, 0)
        prepare(plan, job, read_sample(beside, job.seed, _SAMPLE), beside / "run")
        facts = {"fingerprint": fingerprint, "pipeline": plan.name, "staged": staged.to_dict()}
        facts["state"] = _digests(beside / "run")
        write_json(beside / PLAN, {**facts, "job": job.model_dump(mode="json")})
        _clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (beside / "run").rename(folder / "run")
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return staged


def _digests(run: Path) -> dict[str, str]:
    """Return the hash of every calibration in a run folder."""
    return {path.name: digest(path) for path in sorted(run.glob("calibration-*"))}


def _work(folder: Path, plan: Pipeline, staged: Staged, apply: Apply, say: Progress) -> list[Receipt]:
    """Return the receipts of all shards, treating those that have none, one after the other."""
    receipts: list[Receipt] = []
    for shard in range(staged.shards):
        say(plan.name, sum(receipt.rows for receipt in receipts), staged.active)
        receipts.append(run_shard(folder, shard, apply))
    say(plan.name, staged.active, staged.active)
    return receipts


def _finish(
    folder: Path, plan: Pipeline, job: Job, staged: Staged, receipts: list[Receipt], began: float
) -> Summary:
    """Write the data set, the card, the manifest and the report from the finished shards; return the summary."""
    rejects = [*staged.rejects, *(reject for receipt in receipts for reject in receipt.rejects)]
    with Export(folder, job, staged) as export:
        files = export.write(range(staged.shards), rejects)
    summary = Summary(
        folder,
        plan.name,
        _counts(staged, receipts, export, job),
        dict(sorted(export.totals.verdicts.items())),
        dict(export.totals.reasons.most_common()),
        {f"{method}: {reason}": count for (method, reason), count in sorted(export.totals.shortfall.items())},
        _attribution(export),
        dict(sorted(files.items())),
        _notices(plan, job, staged, export, rejects),
        round(time.monotonic() - began, 2),
        round(
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            / (1 << (20 if sys.platform == "darwin" else 10)),
            1,
        ),
        _by_reason(rejects),
    )
    _check_balance(summary)
    write_text(folder / "README.md", draw_card(_card(plan, job, summary)))
    _write_manifest(folder, summary)
    if job.output.report_rows:
        draw_folder(folder, job.output.report_rows)
    for shard in range(staged.shards):
        part_path(folder, shard).unlink(missing_ok=True)
    for name in (ACTIVE, REST):
        (folder / name).unlink(missing_ok=True)
    return summary


def _counts(staged: Staged, receipts: list[Receipt], export: Export, job: Job) -> dict[str, int]:
    """Return the totals of a run."""
    made = sum(receipt.children for receipt in receipts)
    joined = sum(export.totals.verdicts[verdict] for verdict in job.output.verdicts)
    dropped = export.totals.verdicts["drop"]
    judged = sum(export.totals.verdicts.values())
    counts = {
        "rows read": staged.read,
        "rows not selected": staged.skipped + staged.over_limit,
        "rows rejected": len(staged.rejects) + sum(len(receipt.rejects) for receipt in receipts),
        "rows worked on": sum(receipt.rows - len(receipt.rejects) for receipt in receipts),
        "rows passed through": staged.rest,
        "children made": made,
        "children in data": joined + (made - judged),
        "children apart": judged - joined - dropped if "drop" not in job.output.verdicts else judged - joined,
        "children dropped": dropped if "drop" not in job.output.verdicts else 0,
        "children that change the prediction": export.totals.flips,
        "children asked for and missing": sum(export.totals.shortfall.values()),
    }
    if export.totals.attacks:
        attacked = export.totals.attacks["changed"] + export.totals.attacks["unchanged"]
        counts |= {
            "attacked": attacked,
            "attacks that changed the prediction": export.totals.attacks["changed"],
        }
        counts |= {"attack queries": export.totals.queries}
    return counts


def _check_balance(summary: Summary) -> None:
    """Raise AugmentError if a row or a child is not accounted for."""
    counts = summary.counts
    rows = sum(
        counts[name]
        for name in ("rows not selected", "rows rejected", "rows worked on", "rows passed through")
    )
    children = sum(counts[name] for name in ("children in data", "children apart", "children dropped"))
    if rows != counts["rows read"] or children != counts["children made"]:
        raise AugmentError(
            str(summary.folder),
            f"the totals do not balance: {rows} of {counts['rows read']} rows, {children} of {counts['children made']} children",
            "this is a fault of augment; please report it with the folder's run/plan.json",
        )


def _attribution(export: Export) -> dict[str, dict[str, object]]:
    """Return for each attribution its statuses and the median and worst error."""
    return {
        method: {
            "statuses": dict(sorted(export.totals.statuses[method].items())),
            "median_error": round(statistics.median(errors), 6),
            "worst_error": round(max(errors), 6),
        }
        for method, errors in sorted(export.totals.errors.items())
        if errors
    }


def _by_reason(rejects: Iterable[Reject]) -> dict[str, int]:
    """Return the number of rejected rows by stage and reason, most frequent first."""
    return dict(Counter(f"{reject.stage}: {reject.reason}" for reject in rejects).most_common())


def _told(reasons: dict[str, int]) -> str:
    """Return reasons with their counts on one line, the rare ones together."""
    parts = [f"{reason} ({count:,})" for reason, count in list(reasons.items())[:_REASONS_TOLD]]
    more = sum(list(reasons.values())[_REASONS_TOLD:])
    return ", ".join([*parts, *([f"other reasons ({more:,})"] if more else [])])


def _card(plan: Pipeline, job: Job, summary: Summary) -> Card:
    """Return what the README of the folder tells of the run."""
    fingerprint = read_json(summary.folder / PLAN)["fingerprint"]
    digests = fingerprint["models"] if isinstance(fingerprint, dict) else {}
    facts = {"pipeline": plan.name, "made by": f"augment {__version__}"}
    for section, config in (("model", job.model), ("judge", job.judge)):
        if config is not None and section in digests:
            name = Path(config.path).resolve().name if Path(config.path).is_dir() else config.path
            facts[section] = f"{name}, SHA-256 of its files {digests[section]}"
    if job.model is not None and "model" in digests:
        facts["labels, in the model's order"] = ", ".join(_labels(job, job.model))
    return Card(
        f"{job.name}: {plan.name}",
        plan.about,
        any(column.name == "parent" for stage in plan.stages for column in stage.adds),
        facts,
        summary.counts,
        summary.files,
        summary.dropped,
        summary.notices,
        bool(job.output.report_rows),
    )


def _labels(job: Job, model: ModelConfig) -> list[str]:
    """Return the labels in the model's order, each with the way the source writes it where that differs."""
    written = {name: label for label, name in job.label_names.items() if name != label}
    ordered = LabelMap(model_folder(model, job.run).classes, job.label_names).ordered
    return [f"{name} (written {written[name]})" if name in written else name for name in ordered]


def _notices(
    plan: Pipeline, job: Job, staged: Staged, export: Export, rejects: Iterable[Reject]
) -> tuple[str, ...]:
    """Return what the user should know before using the result."""
    found: list[str] = []
    reasons = _by_reason(rejects)
    if reasons:
        found.append(f"rows rejected, all in rejects.parquet of the output folder: {_told(reasons)}")
    for method, counter in sorted(export.totals.statuses.items()):
        late = counter["not_converged"]
        if late:
            found.append(
                f"{method}: {late} of {sum(counter.values())} rows miss the tolerance; see the error column"
            )
        if counter["ranking"]:
            found.append(
                f"{method}: {counter['ranking']} of {sum(counter.values())} rows are settled in the order of their "
                "highest words only, not in every score"
            )
    if any(getattr(stage, "sources", None) for stage in plan.stages):
        found += lexicon_notices(job)
    made = sum(export.totals.verdicts.values())
    unsure = sum(count for reason, count in export.totals.reasons.items() if reason.startswith("p(gold)"))
    if made >= 20 and unsure == made:
        found.append("every child was dropped: is the model trained? `augment train` prints how well it does")
    if staged.over_limit:
        found.append(f"a trial: run.limit left {staged.over_limit} rows out")
    return tuple(found)


def _write_manifest(folder: Path, summary: Summary) -> None:
    """Write manifest.json: the summary, every file with its rows and SHA-256, and the versions that made them."""
    files = {name: {"rows": rows, "sha256": digest(folder / name)} for name, rows in summary.files.items()}
    packages = ("torch", "transformers", "tokenizers", "pyarrow", "jieba", "numpy")
    plan = read_json(folder / PLAN)
    manifest = {
        "schema": 1,
        "augment": __version__,
        "fingerprint": plan["fingerprint"],
        "job": plan["job"],
        "versions": {name: _version(name) for name in packages},
        "files": files,
        "summary": summary.to_dict(),
    }
    write_json(folder / MANIFEST, manifest)


def _check_rejects(summary: Summary, limit: float) -> None:
    """Raise RejectRateError if more than the allowed share of at least 100 rows was rejected."""
    rejected, read = summary.counts["rows rejected"], summary.counts["rows read"]
    if read >= 100 and rejected > limit * read:
        raise RejectRateError(
            str(summary.folder / "rejects.parquet"),
            f"{rejected} of {read} rows were rejected, more than {limit:.0%} ({_told(summary.rejected)}); everything else is written",
            "read the reasons there; raise run.max_reject_rate if they are right",
        )


def _fingerprint(plan: Pipeline, job: Job) -> dict[str, object]:
    """Return all that decides the rows of a run: not the device, the threads or the place."""
    gives = job.model_dump(mode="json", exclude={"run", "name", "train"})
    gives["run"] = job.run.model_dump(
        mode="json", include={"dtype", "splits", "limit", "token_budget", "shard_rows"}
    )
    gives["corpus"] = {key: value for key, value in dict(gives["corpus"] or {}).items() if key != "root"}
    models = {
        section: model_folder(config, job.run).digest()
        for section, config in (("model", job.model), ("judge", job.judge))
        if config is not None and any(section in stage.uses for stage in plan.stages)
    }
    return {
        "algorithm": ALGORITHM,
        "pipeline": plan.model_dump(mode="json", exclude={"about"}),
        "job": gives,
        "corpus": _contents(job),
        "models": models,
        "lexicons": lexicon_hashes(job) if _uses_lexicons(plan) else {},
        "resources": _resources(job),
    }


def _uses_lexicons(plan: Pipeline) -> bool:
    """Return whether a stage takes words from lexicons."""
    return any("lexicon" in getattr(stage, "sources", ()) for stage in plan.stages)


def _resources(job: Job) -> dict[str, str]:
    """Return the digest of the masked model and of every file of protected words."""
    found = {name: digest(job.root / name) for name in job.resources.protect if (job.root / name).is_file()}
    if job.resources.masked_lm is not None:
        path = resolve(job.resources.masked_lm, None, job.run.allow_download)
        found[job.resources.masked_lm] = look(path).digest()
    if job.model is not None and job.model.calibration is not None:
        path = job.root / job.model.calibration
        if not path.is_file():
            hint = "name the file run/calibration-ig.json of a finished run"
            raise RequestError("model.calibration", f"there is no file {path}", hint)
        found[job.model.calibration] = digest(path)
    return found


def _contents(job: Job) -> dict[str, str]:
    """Return the SHA-256 of every file of the corpus; RequestError naming one that is missing."""
    corpus = job.needs_corpus()
    found: dict[str, str] = {}
    for source in corpus.files:
        path = corpus.root / source.path
        if not path.exists():
            raise RequestError(
                str(path), "the file does not exist", "check corpus.files, and --data for their folder"
            )
        inner = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        found |= {
            str(file.relative_to(corpus.root)) if file.is_relative_to(corpus.root) else str(file): digest(
                file
            )
            for file in inner
        }
    return found


def _clear(folder: Path) -> None:
    """Remove what a run wrote, and nothing else."""
    for name in ("run", "data", "probes", "explain"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (MANIFEST, "README.md", "report.html", "dropped.parquet", "rejects.parquet"):
        (folder / name).unlink(missing_ok=True)


def _version(package: str) -> str:
    """Return the installed version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
