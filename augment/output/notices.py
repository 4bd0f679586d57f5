"""What a user should know before using the result of a run: how sure the scores are, what is missing and why.

for notice in notices_of(plan, job, staged, totals, rejects): print(notice)
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from augment.candidates.sources import source_notices
from augment.config.job import Job
from augment.engine.staging import Staged
from augment.models.labels import listed
from augment.models.model_folder import idle_classes
from augment.output.findings import majority
from augment.output.totals import Totals
from augment.pipeline.definition import Pipeline
from augment.pipeline.requirements import package_notices, source_names
from augment.stages.protocol import Stage
from augment.tables.columns import PROBABILITIES
from augment.tables.rows import Reject

# Reasons of rejected rows, and accepted shortcuts, listed one by one; rejects.parquet and flags.csv have all.
_REASONS_LISTED = 5
_FLAGS_SHOWN = 3
OWN_ROWS = (
    "the model was trained on the source rows, so its scores for their variants are over-confident; with `augment train "
    "--folds 5` and model.folds: 5 each row is scored by a model that was not trained on it"
)


def calibration_notices(run: Path) -> Iterator[str]:
    """Yield what to know of the calibrations in the folder `run` that the run did not make itself, those of folds as one."""
    made = {"cache": "by an earlier run, on other texts", "model": "when the model was trained"}
    seen: dict[tuple[str, str], list[int]] = {}
    for path in sorted(run.rglob("calibration-*.json")):
        values = json.loads(path.read_text(encoding="utf-8"))
        origin = values.get("origin") if isinstance(values, dict) else None
        if origin and origin["texts"] in made:
            name = path.stem.removeprefix("calibration-")
            seen.setdefault((name, origin["texts"]), []).append(int(origin["tried"]))
    for (name, texts), tried in seen.items():
        holds = (
            f"it holds on {sum(tried)} rows of this corpus"
            if all(tried)
            else "its bounds are cautious, as there are few rows"
        )
        yield (
            f"{name}: the calibration was made {made[texts]}, and {holds}; `--set run.calibrations=new` makes one of this "
            "corpus alone"
        )


def notices_of(
    plan: Pipeline, job: Job, staged: Staged, totals: Totals, rejects: Iterable[Reject]
) -> tuple[str, ...]:
    """Return what the user should know before using the result of a run, the scores first."""
    left_open = {stage.open_baseline for stage in plan.stages}
    notices = [
        notice
        for method in sorted(totals.statuses)
        for notice in _of_scores(method, totals, method in left_open)
    ]
    notices += staged.notices
    notices += _of_classes(plan, job, staged)
    reasons = by_reason(rejects)
    if reasons:
        notices.append(f"rows rejected, all in rejects.parquet of the output folder: {reasons_text(reasons)}")
    notices += source_notices(source_names(plan), job)
    notices += package_notices(plan)
    notices += _of_answers(totals)
    made = sum(totals.verdicts.values())
    unsure = sum(count for reason, count in totals.reasons.items() if reason.startswith("p(gold)"))
    unsure += 0 if "soft" in job.output.joining else totals.verdicts["soft"]
    if made >= 20 and unsure == made:
        notices.append(
            "every sample was dropped: is the model trained? `augment train` prints how well it does"
        )
    if any("flags" in stage.uses for stage in plan.stages):
        notices += _of_balance(totals)
    if totals.verdicts["soft"] and "soft" in set(job.output.verdicts) - set(job.output.joining):
        notices.append(
            f"{totals.verdicts['soft']:,} samples whose label is in doubt (verdict soft) are in dropped.parquet: they join "
            "the data with output.labels: soft only"
        )
    if totals.verdicts["soft"] and "soft" in job.output.joining:
        notices.append(
            f"{totals.verdicts['soft']:,} samples whose label is in doubt (verdict soft) are in the data: train on "
            f"{PROBABILITIES.name}, not on their label"
        )
    if totals.cut:
        notices.append(
            f"{totals.cut:,} rows are longer than the model reads (model.most_windows): later words have the score 0, see `unseen`"
        )
    notices += _of_language(totals)
    if totals.near_guard:
        notices.append(
            f"{totals.near_guard:,} of the rows processed equal or nearly equal a text of the guard file and were kept: see the "
            "column near_guard"
        )
    if totals.moved:
        notices.append(
            f"{totals.moved:,} samples have another label than their source row, which `label_from` names: read them before you train on them"
        )
    notices += [notice for stage in plan.stages for notice in _missing_samples(stage, job, totals)]
    if staged.over_limit:
        notices.append(f"a trial: run.limit left {staged.over_limit:,} rows out")
    return tuple(notices)


def flag_notices(flags: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """Yield the notice on flagged rows of the key-word table."""
    if flags:
        names = [f"{flag['text']!r} ({flag['kind']}, {flag['label']})" for flag in flags[:_FLAGS_SHOWN]]
        some = ", ".join([*names, *(["..."] if len(flags) > _FLAGS_SHOWN else [])])
        yield (
            f"possible shortcuts: {some}; the evidence is in flags.csv, and `balance` repairs the dataset by those you "
            "accept there"
        )


def _of_classes(plan: Pipeline, job: Job, staged: Staged) -> list[str]:
    """Return that the model has classes which no row has, where a stage asks it."""
    if job.model is None or not any("model" in stage.uses for stage in plan.stages):
        return []
    return idle_classes(job.model, job, staged.labels)


def _of_answers(totals: Totals) -> Iterator[str]:
    """Yield that the model is right less often than one that always gives the same answer."""
    worse = majority(totals)
    if worse is not None:
        label, most, rows = worse
        yield (
            f"the model is right on {totals.right:,} of {rows:,} rows; always answering `{label}` would be right on {most:,}: "
            "does corpus.label_names match its classes?"
        )


def _of_language(totals: Totals) -> Iterator[str]:
    """Yield how many rows were not edited for their language."""
    if totals.foreign:
        yield (
            f"{totals.foreign:,} rows were not edited: their text is neither Chinese nor English, which the "
            "lexicons are for; `shortfall` names them, and corpus.language: zh or en edits them anyway"
        )


def _of_balance(totals: Totals) -> Iterator[str]:
    """Yield how level accepted shortcuts are, and why no sample was made."""
    sentences = list(totals.levels.sentences())
    yield from sentences[:_REASONS_LISTED]
    if sentences[_REASONS_LISTED:]:
        yield f"{len(sentences) - _REASONS_LISTED} more shortcuts were accepted"
    if not totals.verdicts.total():
        yield "no sample was made: the accepted shortcuts are in no row processed, or equally frequent in every class"


def _missing_samples(stage: Stage, job: Job, totals: Totals) -> Iterator[str]:
    """Yield what classes lack of the samples that a stage was to select."""
    missing: Counter[str | None] = Counter()
    for (label, verdict), count in totals.joined.items():
        missing[label] += count if verdict in job.output.joining else 0
    labels = totals.sources.keys() | missing.keys()
    wanted = stage.wanted({label: totals.sources[label] for label in labels})
    short_of = {label: count - missing[label] for label, count in wanted.items() if count > missing[label]}
    if short_of:
        some = ", ".join(f"{label} {count:,}" for label, count in sorted(short_of.items(), key=str))
        yield f"too few samples for the number requested; missing by class: {some}"


def _of_scores(method: str, totals: Totals, left_open: bool) -> Iterator[str]:
    """Yield the notices on the scores of an attribution, whose baseline was `auto` or not."""
    counter, kinds = totals.statuses[method], totals.paths[method]
    rows = sum(counter.values())
    moved = {baseline for baseline, _ in kinds if left_open and baseline != "zero"}
    if any(shape == "rough" for _, shape in kinds):
        yield (
            f"{method}: the model's paths are rough, so {counter['ranking']:,} of {rows:,} rows are reliable in the order of "
            "their top words only, not in every score; another baseline (`mask`, `mean`) may be smoother"
        )
    elif counter["ranking"]:
        yield (
            f"{method}: {counter['ranking']:,} of {rows:,} rows are reliable in the order of their top words only, "
            "not in every score"
        )
    if moved:
        yield (
            f"{method}: the model's answer jumps next to the zero embedding, so the paths of {rows:,} rows start from the "
            f"{listed(sorted(moved))} one"
        )
    if counter["precision_floor"]:
        yield (
            f"{method}: {counter['precision_floor']:,} of {rows:,} rows are as precise as the dtype allows, which is less than "
            "requested"
        )
    if totals.silent[method]:
        yield (
            f"{method}: in {totals.silent[method]:,} of {rows:,} rows every word has the score 0: no word changes the prediction, "
            "or model.layer is after the layer that combines words"
        )
    if counter["not_converged"]:
        yield f"{method}: {counter['not_converged']:,} of {rows:,} rows miss the tolerance; see the error column"


def by_reason(rejects: Iterable[Reject]) -> dict[str, int]:
    """Return the number of rejected rows by stage and reason, most frequent first."""
    return dict(Counter(f"{reject.stage}: {reject.reason}" for reject in rejects).most_common())


def reasons_text(reasons: dict[str, int]) -> str:
    """Return reasons with their counts on one line, the rare ones together."""
    parts = [f"{reason} ({count:,})" for reason, count in list(reasons.items())[:_REASONS_LISTED]]
    more = sum(list(reasons.values())[_REASONS_LISTED:])
    return ", ".join([*parts, *([f"other reasons ({more:,})"] if more else [])])


def destination_notices(used: Mapping[str, Mapping[str, object]], samples: int) -> list[str]:
    """Return where the texts of rows were sent, by the language models that answered; those that gave no answer rewrote nothing."""
    form = "texts were rewritten by {}" if samples else "texts were given to {}; no rewrite became a sample"
    return [form.format(usage["destination"]) for usage in used.values() if usage.get("calls answered")]
