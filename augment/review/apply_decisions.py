"""Apply what people decided in a review to the folder of a run: samples move between data, probes and dropped.

The new folder is written next to the old one, checked as `augment verify` does, and then takes its place in one step: a kill
leaves the old folder or the new one. A decision is on a text: where that is another one by now, nothing is applied.

    result = apply_decisions(["decisions.jsonl"], "runs/mine-augment")
    result.acceptance["all"][""].description()        # "181 of 200 accepted, 90 % (86 % to 94 %)"
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from augment.errors import DataError, RequestError
from augment.output.card import Card, draw_card, reviewed
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.keywords import FLAGS
from augment.output.manifest import DECISIONS, Summary, amend_manifest, read_summary, record
from augment.output.report import REPORT, draw_folder
from augment.progress import Progress, silent
from augment.review.agreement import Agreement, agreement_of
from augment.review.decision import Decision, write_decisions
from augment.review.judging import edits_between, judged_again
from augment.review.moving import RowChange, moved, reviewers
from augment.review.reading import read_decisions, read_log
from augment.review.review_result import Acceptance, ReviewResult, acceptance_of, note_of, remainder_of
from augment.review.reviewed_run import ReviewedRun
from augment.review.row_file import RowValues
from augment.review.sample_state import DROP, decided, position_of, reason_of, require_dropping
from augment.tables.columns import REVIEWED
from augment.tables.exchanging import exchange, restore
from augment.tables.files import in_parts, write_text
from augment.tables.locking import locked, require_free, sweep_inside, sweep_staged
from augment.tables.run_folder import MANIFEST
from augment.text.text_hash import text_hash
from augment.verification import verify
from augment.verification.files import REJECTED_ROWS

# What the notice of a review begins with: a later review has one in its stead.
_NOTICE = "reviewed by people: "
# Rows named in a message.
_SHOWN = 3
# Characters of an id in a message.
_LONGEST = 80


def apply_decisions(
    decisions: str | Path | Sequence[str | Path],
    folder: str | Path,
    judge: bool = True,
    skip_changed: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ReviewResult:
    """Apply files of decisions to the folder of a finished run, and return what the review came to.

    A file is one person's. Rows on which people disagree stay as they are. judge: whether texts edited by hand are judged again
    by the models of the run; skip_changed: whether decisions on rows that are gone or have another text by now are left out;
    dry_run: only report; nothing is written, not even a lock. DataError if some are and that was not requested, or if the folder is not whole; RequestError, ModelError.
    """
    report = progress or silent
    paths = [decisions] if isinstance(decisions, str | Path) else list(decisions)
    files = read_decisions([Path(path) for path in paths])
    folder = Path(folder).resolve()
    if dry_run:
        require_free(folder)
        return _reviewed(files, folder, judge, skip_changed, report)[-1]
    restore(folder)
    with locked(folder) as lock:
        sweep_staged(folder)
        sweep_inside(folder)
        matched, changes, result = _reviewed(files, folder, judge, skip_changed, report)
        if not changes:
            return result
        report("write", 0, 0)
        with lock.staged() as staged:
            fresh = staged / folder.name
            fresh.mkdir()
            _write(matched.run, fresh, changes, matched, result)
            verify(fresh, report).require()
            exchange(fresh, folder)
    return result


def _reviewed(
    files: Mapping[str, Sequence[Decision]], folder: Path, judge: bool, skip_changed: bool, report: Progress
) -> tuple["_Matched", list[RowChange], ReviewResult]:
    """Return the decisions with their rows, what is to become of these, and what the review comes to; writes nothing."""
    report("read the run", 0, 0)
    run = ReviewedRun.of(folder)
    agreement = agreement_of(
        {name: [each for each in those if not each.planted] for name, those in files.items()}
    )
    matched = _Matched(run, agreement.agreed, skip_changed)
    report("judge the edited texts", 0, 0)
    changes = matched.changes(judge)
    planted = [each for those in files.values() for each in those if each.planted]
    return matched, changes, _result(run, matched, changes, planted, agreement)


class _Matched:
    """Decisions with the rows they are on. pairs: on samples; sources: on source rows."""

    def __init__(
        self, run: ReviewedRun, agreed: Sequence[tuple[Decision, tuple[str, ...]]], skip_changed: bool
    ) -> None:
        """Find the rows; DataError if one is gone or has another text by now, unless such decisions are to be left out."""
        self.run, self.notices = run, list[str]()
        ids = {decision.id for decision, _ in agreed}
        samples = _rows_of(run.folder / SAMPLES, "id", ids) if SAMPLES in run.parsed.files else {}
        sources = _rows_of(run.folder / SOURCE_ROWS, "id", ids - samples.keys())
        wrong = []
        self.pairs: list[tuple[Decision, tuple[str, ...], RowValues]] = []
        self.sources: list[tuple[Decision, tuple[str, ...], RowValues]] = []
        for decision, names in agreed:
            row = samples.get(decision.id) or sources.get(decision.id)
            problem = _mismatch(decision, row, decision.id in samples)
            if problem is not None or row is None:
                wrong.append(f"{decision.id[:_LONGEST]}: {problem}")
            else:
                (self.pairs if decision.id in samples else self.sources).append((decision, names, row))
        if wrong and not skip_changed:
            more = f"; and {len(wrong) - _SHOWN:,} more" if wrong[_SHOWN:] else ""
            raise DataError(
                str(run.folder),
                f"{len(wrong):,} decisions are not on the rows of this folder: {'; '.join(wrong[:_SHOWN])}{more}",
                "review the report of this very folder, or leave them out with --skip-changed",
            )
        self.notices += (
            [f"{len(wrong):,} decisions on rows that are gone or changed were left out"] if wrong else []
        )

    def changes(self, judge: bool) -> list[RowChange]:
        """Return what is to become of each row that a decision changes anything of."""
        edited = [
            (decision, row)
            for decision, _, row in self.pairs
            if decision.decision == "edit" and _texts(decision, row) != (row["text"], row["text_pair"])
        ]
        names = {row["source_id"] for _, row in edited}
        sources = _rows_of(self.run.folder / SOURCE_ROWS, "id", names) if names else {}
        rewritten = [_edited(decision, row, sources[row["source_id"]]) for decision, row in edited]
        state = self.run.folder / "run"
        fresh = {row["id"]: row for row in judged_again(rewritten, sources, self.run.job, state, judge)}
        changes: dict[str, RowChange] = {}
        for decision, reviewed_by, row in self.pairs:
            after = dict(fresh.get(row["id"], row))
            target = decided(after, decision, self.run.job)
            after |= {"verdict": target.verdict, "reason": target.reason}
            after[REVIEWED.name] = reviewers(row.get(REVIEWED.name), reviewed_by)
            changes[row["id"]] = RowChange(row, after, row["id"] in fresh)
        changes |= {change.after["id"]: change for change in self._of_sources(changes)}
        return [change for change in changes.values() if change.after != change.before]

    def _of_sources(self, known: Mapping[str, RowChange]) -> Iterator[RowChange]:
        """Yield what becomes of source rows, and of the samples of those that are rejected or have another label."""
        hit = {row["id"]: decision for decision, _, row in self.sources if decision.decision != "accept"}
        moving = bool(self.run.parsed.moves_labels)
        for decision, reviewed_by, row in self.sources:
            if decision.decision == "relabel":
                _check_label(decision, self.run, moving)
            after = dict(row)
            after[REVIEWED.name] = reviewers(row.get(REVIEWED.name), reviewed_by)
            earlier = self.run.rejected_sources.get(row["id"])
            before = {**row, "verdict": None if earlier is None else DROP, "reason": earlier}
            after |= {"verdict": None, "reason": None}
            if decision.decision == "reject":
                after |= {"verdict": DROP, "reason": reason_of(decision)}
                require_dropping(self.run.job)
            if decision.decision == "relabel":
                after["label"] = decision.label
            yield RowChange(before, after, relabelled=after["label"] != row["label"])
        samples = (
            _rows_of(self.run.folder / SAMPLES, "source_id", set(hit))
            if hit and SAMPLES in self.run.parsed.files
            else {}
        )
        for name, sample in samples.items():
            decision = hit[sample["source_id"]]
            after = dict(known[name].after if name in known else sample)
            what = "was rejected" if decision.decision == "reject" else "was given another label"
            after |= {"verdict": DROP, "reason": f"its source row {what} by hand"}
            relabelled = decision.decision == "relabel" and decision.label != after["label"]
            if relabelled:
                after |= {"label": decision.label, "p_gold_before": None, "p_gold_after": None}
            edited = name in known and known[name].edited
            yield RowChange(sample, after, edited, relabelled)


def _check_label(decision: Decision, run: ReviewedRun, moving: bool) -> None:
    """Raise RequestError if a source row cannot be given the label of a decision."""
    run.cell_of(str(decision.label))
    if moving:
        raise RequestError(
            decision.id,
            "the run has samples with other labels than their source rows, so the label of a source row cannot be changed in it",
            "correct the label in the corpus and run the pipeline again",
        )


def _mismatch(decision: Decision, sample: RowValues | None, is_sample: bool) -> str | None:
    """Return why a decision is not on a row; None if it is, or was applied already."""
    if sample is None:
        return "no row has this id"
    if decision.decision == ("relabel" if is_sample else "edit"):
        return f"a {'sample' if is_sample else 'source row'} cannot be decided by `{decision.decision}`"
    now = text_hash(sample["text"], sample["text_pair"])
    applied = decision.decision == "edit" and now == text_hash(*_texts(decision, sample))
    return None if applied or now == decision.hash else "its text was changed since it was reviewed"


def _texts(decision: Decision, row: RowValues) -> tuple[str, str | None]:
    """Return the texts of an edit: the second one of a pair may be left out where it stays."""
    pair = row["text_pair"]
    if pair is not None and decision.text_pair is not None:
        pair = decision.text_pair
    return decision.text or "", pair


def _edited(decision: Decision, row: RowValues, source: RowValues) -> RowValues:
    """Return a sample with the text of an edit; DataError where it is that of its source row."""
    text, pair = _texts(decision, row)
    edits = edits_between(source, (text, pair))
    if not edits:
        raise DataError(
            decision.id,
            "the edited text is that of its source row, so it is no sample",
            "reject the sample, or edit it otherwise",
        )
    return {**row, "text": text, "text_pair": pair, "edits": [edit._asdict() for edit in edits]}


def _rows_of(path: Path, column: str, values: set[str]) -> dict[str, RowValues]:
    """Return the rows of a file whose column is among the values, by their id, read a group at a time."""
    rows: dict[str, RowValues] = {}
    with in_parts(path) as file:
        for group in range(file.num_row_groups) if values else ():
            cells = file.read_row_group(group, columns=[column]).column(column)
            here = [index for index, value in enumerate(cells.to_pylist()) if value in values]
            if here:
                rows |= {row["id"]: row for row in file.read_row_group(group).take(here).to_pylist()}
    return rows


def _result(
    run: ReviewedRun,
    matched: _Matched,
    changes: Sequence[RowChange],
    planted: Sequence[Decision],
    agreement: Agreement,
) -> ReviewResult:
    """Return what a review came to."""
    ways = Counter[str]()
    for change in changes:
        here, there = (position_of(row["verdict"], run.job) for row in (change.before, change.after))
        if here != there:
            ways[f"{'' if change.is_sample else 'source rows, '}{here} to {there}"] += 1
        if change.relabelled and not change.is_sample:
            ways["source rows given another label"] += 1
    edited = [change.after for change in changes if change.edited]
    doubted = sum(
        any(
            row.get(name) is not None and row.get(name) != row["label"]
            for name in ("pred_after", "judge_pred_after")
        )
        for row in edited
    )
    decisions = [decision for decision, _, _ in matched.pairs]
    planted_rows = {each.id: each for each in planted}
    every = run.parsed.files[SAMPLES].rows if SAMPLES in run.parsed.files else 0
    return ReviewResult(
        run.folder,
        len(matched.pairs) + len(matched.sources),
        ways,
        len(edited),
        doubted,
        acceptance_of([(decision, row) for decision, _, row in matched.pairs]),
        remainder_of(decisions, every),
        (sum(not each.accepts for each in planted_rows.values()), len(planted_rows)),
        agreement.kappas,
        agreement.disagreed,
        (*matched.notices, *note_of(agreement)),
    )


def _write(
    run: ReviewedRun, fresh: Path, changes: Sequence[RowChange], matched: _Matched, result: ReviewResult
) -> None:
    """Write the whole new folder."""
    files = moved(run, fresh, changes)
    summary = replace(_amended(read_summary(run.folder), run, changes, result), files=files)
    report = (run.folder / REPORT).exists()
    for name in ("README.md", REPORT, MANIFEST, DECISIONS):
        (fresh / name).unlink(missing_ok=True)
    card = _card(summary, run)
    write_text(fresh / "README.md", draw_card(card))
    log = run.folder / DECISIONS
    earlier = read_log(log) if log.exists() else []
    applied = [
        decision.model_copy(update={"reviewer": ", ".join(names)})
        for decision, names, _ in [*matched.pairs, *matched.sources]
    ]
    write_decisions(fresh / DECISIONS, [*earlier, *applied])
    amend_manifest(fresh, run.manifest, summary, (REVIEWED,), card.record)
    if report:
        record(draw_folder(fresh, run.job.output.report_rows or 5000))


def _amended(
    summary: Summary, run: ReviewedRun, changes: Sequence[RowChange], result: ReviewResult
) -> Summary:
    """Return the summary of the run after its samples were changed."""
    counts, verdicts, dropped = dict(summary.counts), Counter(summary.verdicts), Counter(summary.dropped)
    names = {"data": "samples kept", "probes": "samples in probes", "dropped": "samples dropped"}
    sources = [change for change in changes if not change.is_sample]
    counts[REJECTED_ROWS] = counts.get(REJECTED_ROWS, 0) + sum(
        (change.after["verdict"] == DROP) - (change.before["verdict"] == DROP) for change in sources
    )
    if not counts[REJECTED_ROWS]:
        del counts[REJECTED_ROWS]
    for change in (each for each in changes if each.is_sample):
        for row, sign in ((change.before, -1), (change.after, 1)):
            position = position_of(row["verdict"], run.job)
            counts[names[position]] += sign
            if row["verdict"] is not None:
                verdicts[row["verdict"]] += sign
            if row["verdict"] == "drop":
                dropped[str(row["reason"])] += sign
            flips = row.get("pred_before") is not None and row["pred_before"] != row.get("pred_after")
            counts["samples that change the prediction"] += sign * flips
    share = result.acceptance.get("all", {}).get("", Acceptance.of(()))
    notice = reviewed_notice(share.rows, share.accepted)
    kept = [each for each in summary.notices if not each.startswith(_NOTICE)]
    return replace(
        summary,
        counts=counts,
        verdicts={name: count for name, count in sorted(verdicts.items()) if count > 0},
        dropped={reason: count for reason, count in dropped.most_common() if count > 0},
        notices=(notice, *kept),
    )


def _card(summary: Summary, run: ReviewedRun) -> Card:
    """Return the card of the folder after its samples were moved."""
    recorded = run.parsed.card
    return Card(
        recorded.title or f"{run.job.name}: {summary.pipeline}",
        recorded.about,
        recorded.edits,
        recorded.facts,
        summary.counts,
        summary.files,
        summary.dropped,
        summary.notices,
        (run.folder / REPORT).exists(),
        (run.folder / FLAGS).exists(),
        summary.diversity,
        summary.replacements,
        reviewed(recorded.features),
        tuple(finding.text for finding in summary.findings or ()),
    )


def reviewed_notice(rows: int, accepted: int) -> str:
    """Return the notice on a run of which people decided a number of samples, and accepted some as they were."""
    return (
        f"{_NOTICE}{rows:,} samples, {accepted:,} accepted as they were; "
        "the counts are of after the review, what was found and how varied the samples are of before it"
    )
