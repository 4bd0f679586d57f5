"""The summary of a run: its counts, which must balance, its notices, the card and the manifest of its folder.

The manifest has the SHA-256 of every file, and one of itself: a byte that changed later is found (`augment verify`).

summary = summarise(folder, outcome, began)
write_manifest(folder, summary)
read_summary(folder) == summary
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from augment.config.job import Job
from augment.config.sections import ModelConfig
from augment.corpus.repeats import repeat_notices
from augment.engine.shard import Receipt
from augment.engine.staging import Staged
from augment.errors import AugmentError, RejectRateError
from augment.models.labels import LabelMap
from augment.models.model_folder import model_folder
from augment.output.card import Card, features_of
from augment.output.export import APART, is_derived
from augment.output.findings import RunFacts, findings_of
from augment.output.manifest import Summary
from augment.output.notices import (
    OWN_ROWS,
    by_reason,
    calibration_notices,
    destination_notices,
    flag_notices,
    notices_of,
    reasons_text,
)
from augment.output.soft_labels import softener
from augment.output.totals import Totals
from augment.pipeline.definition import Pipeline
from augment.report.finding import RunFinding
from augment.tables.columns import PROBABILITIES
from augment.tables.file_columns import file_columns
from augment.tables.files import read_json
from augment.tables.output_names import OURS, written_names
from augment.tables.rows import Reject
from augment.tables.run_folder import PLAN
from augment.version import __version__


@dataclass(frozen=True)
class Outcome:
    """What is summed up: what was run, on which rows, and what came of it.

    files: rows of each file written, by name; flags: the flagged rows of the key-word table. adapted: what was done otherwise
    than the pipeline's defaults.
    """

    plan: Pipeline
    job: Job
    staged: Staged
    receipts: Sequence[Receipt]
    rejects: Sequence[Reject]
    totals: Totals
    files: Mapping[str, int]
    flags: Sequence[Mapping[str, object]] = ()
    adapted: tuple[str, ...] = ()


def summarise(folder: Path, outcome: Outcome, began: float) -> Summary:
    """Return the summary of a run that began at this `time.monotonic`; AugmentError if its totals do not balance."""
    totals, own_rows = outcome.totals, _own_rows(folder, outcome)
    language_models = _language_models(outcome)
    missing = {f"{method}: {reason}": count for (method, reason), count in sorted(totals.shortfall.items())}
    summary = Summary(
        folder,
        outcome.plan.name,
        _counts(outcome),
        dict(sorted(totals.verdicts.items())),
        dict(totals.reasons.most_common()),
        missing,
        _attribution(totals),
        dict(sorted(outcome.files.items())),
        (
            *outcome.adapted,
            *repeat_notices(outcome.staged.repeats),
            *flag_notices(outcome.flags),
            *_renamed(outcome.plan, outcome.staged, outcome.job),
            *notices_of(outcome.plan, outcome.job, outcome.staged, outcome.totals, outcome.rejects),
            *calibration_notices(folder / "run"),
            *destination_notices(language_models, sum(receipt.samples for receipt in outcome.receipts)),
            *own_rows,
        ),
        round(time.monotonic() - began, 2),
        _peak_mebibytes(),
        by_reason(outcome.rejects),
        totals.diversity.figures(),
        totals.diversity.replacements(),
        {name: round(value, 4) for name, value in totals.of_attack().items()},
        language_model=language_models,
    )
    _check_balance(summary)
    return replace(summary, findings=_findings(outcome, summary, bool(own_rows)))


def _findings(outcome: Outcome, summary: Summary, over_confident: bool) -> tuple[RunFinding, ...]:
    """Return what the run found, the most serious first."""
    return findings_of(
        RunFacts(
            summary.counts,
            outcome.totals,
            outcome.staged.repeats,
            outcome.flags,
            summary.missing,
            summary.dropped,
            summary.rejected,
            summary.diversity,
            over_confident,
            _budget(outcome),
        )
    )


def check_rejects(summary: Summary, limit: float) -> None:
    """Raise RejectRateError if more than the allowed share of at least 100 rows was rejected."""
    rejected, read = summary.counts["rows rejected"], summary.counts["rows read"]
    if read >= 100 and rejected > limit * read:
        raise RejectRateError(
            str(summary.folder / "rejects.parquet"),
            f"{rejected} of {read} rows were rejected, more than {limit:.0%} ({reasons_text(summary.rejected)}); everything else is written",
            "read the reasons there; raise run.max_reject_rate if they are right",
        )


def card_of(plan: Pipeline, job: Job, summary: Summary, columns: Mapping[str, pa.Schema]) -> Card:
    """Return the README of the folder of the run; columns: those of data/ and probes/, where their files have no types."""
    fingerprint = read_json(summary.folder / PLAN)["fingerprint"]
    digests = fingerprint["models"] if isinstance(fingerprint, dict) else {}
    facts = {"pipeline": plan.name, "made by": f"augment {__version__}"}
    for section, config in (("model", job.model), ("judge", job.judge)):
        if config is not None and section in digests:
            name = Path(config.path).resolve().name if Path(config.path).is_dir() else config.path
            facts[section] = f"{name}, SHA-256 of its files {digests[section]}"
    if job.model is not None and "model" in digests:
        facts["labels, in the model's order"] = ", ".join(_labels(job, job.model))
    if job.folds is not None:
        facts["folds"] = f"{job.folds}: a row of train was shown to the model that did not see it"
    soften = softener(plan, job)
    if soften is not None:
        order = ", ".join(soften.labels.ordered)
        facts[PROBABILITIES.name] = f"probabilities of {order}, in this order ({soften.description()})"
    return Card(
        f"{job.name}: {plan.name}",
        plan.about,
        any(stage.makes_samples for stage in plan.stages),
        facts,
        summary.counts,
        summary.files,
        summary.dropped,
        summary.notices,
        bool(job.output.report_rows),
        any(stage.flags_table(summary.folder) is not None for stage in plan.stages),
        summary.diversity,
        summary.replacements,
        {prefix: features_of(schema) for prefix, schema in columns.items()},
        tuple(finding.text for finding in summary.findings or ()),
    )


def _language_models(outcome: Outcome) -> dict[str, dict[str, object]]:
    """Return what language models were used for, by the method of the samples."""
    used = {
        stage.methods[0]: dict(stage.usage(outcome.job)) for stage in outcome.plan.stages if stage.methods
    }
    return {method: usage for method, usage in used.items() if usage}


def _own_rows(folder: Path, outcome: Outcome) -> list[str]:
    """Return the notice on a model that judges samples of rows it was trained on."""
    plan, job = outcome.plan, outcome.job
    judges = outcome.totals.verdicts.total() and any(stage.judges_with == "model" for stage in plan.stages)
    if not judges or job.folds is not None or "train" not in (job.run.splits or plan.splits):
        return []
    fingerprint = read_json(folder / PLAN)["fingerprint"]
    corpus = fingerprint["corpus"] if isinstance(fingerprint, dict) else {}
    return [OWN_ROWS] if corpus and model_folder(job.needs_model(), job.run).trained_on() == corpus else []


def _counts(outcome: Outcome) -> dict[str, int]:
    """Return the totals of a run."""
    staged, receipts, totals = outcome.staged, outcome.receipts, outcome.totals
    joining = outcome.job.output.joining
    made = sum(receipt.samples for receipt in receipts)
    joined = sum(totals.verdicts[verdict] for verdict in joining)
    apart = sum(totals.verdicts[verdict] for verdict in APART if verdict not in joining)
    judged, missing = sum(totals.verdicts.values()), sum(totals.shortfall.values())
    counts = {
        "rows read": staged.read,
        "rows not selected": staged.skipped + staged.over_limit,
        "rows rejected": len(staged.rejects) + sum(len(receipt.rejects) for receipt in receipts),
        "rows processed": sum(receipt.rows - len(receipt.rejects) for receipt in receipts),
        "rows passed through": staged.rest,
        "rows the model is right on": totals.right,
        "samples requested": made + missing,
        "samples made": made,
        "samples missing": missing,
        "samples kept": joined + (made - judged),
        "samples in probes": apart,
        "samples dropped": judged - joined - apart,
        "samples that change the prediction": totals.flips,
    }
    if outcome.job.folds is not None:
        counts["rows explained out of fold"] = totals.folded
    if totals.moved:
        counts["samples whose label was moved"] = totals.moved
    if totals.attacks:
        attacked = sum(totals.attacks[outcome] for outcome in ("changed", "unchanged", "reduced"))
        counts |= {
            "attacked": attacked,
            "not attacked, predicted wrong before": totals.attacks["skipped"],
            "attacks that changed the prediction": totals.attacks["changed"],
            "texts reduced": totals.attacks["reduced"],
            "rows computed, forward": totals.queries - totals.backward,
            "rows computed, backward": totals.backward,
        }
    return counts


def _budget(outcome: Outcome) -> int | None:
    """Return how many samples the last stage that selects some is to keep; None without such a stage."""
    budgets = [stage.budget for stage in outcome.plan.stages if stage.budget is not None]
    return budgets[-1] * outcome.totals.diversity.rows if budgets else None


def _attribution(totals: Totals) -> dict[str, dict[str, object]]:
    """Return for each attribution its statuses and the median and worst error."""
    return {
        method: {
            "statuses": dict(sorted(totals.statuses[method].items())),
            "median_error": round(errors.median, 6),
            "worst_error": round(errors.worst, 6),
        }
        for method, errors in sorted(totals.errors.items())
        if errors.bins
    }


def _peak_mebibytes() -> float:
    """Return the most memory that this process has held.

    On Linux it is the process's own peak: `getrusage` gives a child that of the parent it was forked from. Elsewhere
    the system counts in bytes on macOS, else in kibibytes. 0 where the system has no such count, as on Windows.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) / 1024, 1)
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << (20 if sys.platform == "darwin" else 10)), 1)


def _check_balance(summary: Summary) -> None:
    """Raise AugmentError if a row or a sample is not accounted for."""
    counts = summary.counts
    rows = sum(
        counts[name]
        for name in ("rows not selected", "rows rejected", "rows processed", "rows passed through")
    )
    samples = sum(counts[name] for name in ("samples kept", "samples in probes", "samples dropped"))
    if rows != counts["rows read"] or samples != counts["samples made"]:
        raise AugmentError(
            str(summary.folder),
            f"the totals do not balance: {rows} of {counts['rows read']} rows, {samples} of {counts['samples made']} samples",
            "this is a fault of augment; please report it with the folder's run/plan.json",
        )


def _labels(job: Job, model: ModelConfig) -> list[str]:
    """Return the labels in the model's order, each with the way the source writes it where that differs."""
    written = {name: label for label, name in job.label_names.items() if name != label}
    ordered = LabelMap(model_folder(model, job.run).classes, job.label_names).ordered
    return [f"{name} (written {written[name]})" if name in written else name for name in ordered]


def _renamed(plan: Pipeline, staged: Staged, job: Job) -> list[str]:
    """Return which columns of the user's that were read have another name in the data files."""
    own = file_columns([stage.adds for stage in plan.stages]).data
    names = written_names(staged.source, derived=is_derived(job, staged.columns["label"]), own=own)
    read = [staged.columns.get(role) for role in ("text", "text_pair", "label")]
    return [
        f"your column `{name}` is written as `{names[name]}`, as `{name}` describes samples there"
        for name in read
        if name in OURS | own
    ]
