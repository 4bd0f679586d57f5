"""What a run found, most serious first: shortcuts, doubtful labels, leaks, shortfalls, scores not to be read.

Everything comes from what the run has counted anyway. The report begins with it, and so do the card and the terminal.

    for finding in findings_of(counts, totals, repeats, flags, diversity): print(finding.text)
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from augment.corpus.repeats import Repeats
from augment.output.shortcut_levels import Levels
from augment.output.totals import Totals
from augment.report.finding import RunFinding, Severity, by_severity

# Words of shortcuts named in the sentence; the table of words has all.
_WORDS_NAMED = 3
# Rows from which the answers of a model, and samples from which shares of them, mean something.
MIN_ROWS, MIN_SAMPLES = 20, 20
# Shares from which a finding is serious; a quarter of it is still more than a remark.
_LEAK, _DOUBT = 0.01, 0.02
# Shares from which something is a finding.
_MISSING, _DROPPED, _FLIPS, _REJECTED, _CUT, _FOREIGN = 0.2, 0.3, 0.05, 0.01, 0.05, 0.05
# AUC of the two-sample test; at 100 pairs, the fewest it is computed for, its standard error is 0.04.
_AUC = (0.7, 0.85)
# Reasons by which a sample is dropped because there are enough.
_ENOUGH = ("its class has", "its row has", "another row has")


@dataclass(frozen=True)
class RunFacts:
    """What findings are made from. flags: flagged rows of the key-word table; missing, dropped, rejected: counts by reason.

    budget: the samples that a selecting stage is to keep of those made.
    """

    counts: Mapping[str, int]
    totals: Totals
    repeats: Repeats = field(default_factory=Repeats)
    flags: Sequence[Mapping[str, object]] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    diversity: Mapping[str, float] = field(default_factory=dict)
    over_confident: bool = False
    budget: int | None = None


def findings_of(facts: RunFacts) -> tuple[RunFinding, ...]:
    """Return what a run found, the most serious first."""
    totals = facts.totals
    findings = [
        *_of_model(totals),
        *_of_flags(facts.flags),
        *_of_repeats(facts.repeats),
        *_of_levels(totals.levels),
        *_of_samples(facts),
        *_of_scores(totals),
        *_of_rows(facts),
    ]
    if facts.over_confident:
        findings.append(RunFinding.of("over_confident", "low"))
    return by_severity(findings)


def majority(totals: Totals) -> tuple[str, int, int] | None:
    """Return the most frequent label, its rows, and all rows, where the model is right on fewer rows than that label has.

    None of too few rows to judge by.
    """
    labels = {label: 0 for label, _ in totals.answers}
    for (label, _), count in totals.answers.items():
        labels[label] += count
    rows = sum(labels.values())
    if rows < MIN_ROWS:
        return None
    label = max(labels, key=lambda name: labels[name])
    return (label, labels[label], rows) if totals.right < labels[label] else None


def share(part: int, whole: int) -> str:
    """Return a share as a percentage: whole points from ten on, a tenth below."""
    value = 100 * part / whole if whole else 0.0
    return f"{value:.0f} %" if value >= 10 else f"{value:.1f} %" if value >= 0.1 else "< 0.1 %"


def _ratio(part: int, whole: int) -> dict[str, str]:
    """Return the values of a sentence that counts: `count` of `rows`, and their share."""
    return {"count": f"{part:,}", "rows": f"{whole:,}", "share": share(part, whole)}


def _graded(part: int, whole: int, serious: float) -> Severity | None:
    """Return how serious a share is, by the share from which it is high; None where it is 0."""
    value = part / whole if whole else 0.0
    if value <= 0:
        return None
    return "high" if value >= serious else "medium" if value >= serious / 4 else "low"


def _most(reasons: Mapping[str, int]) -> dict[str, str]:
    """Return the values of a sentence that names the most frequent reason."""
    reason, most = max(reasons.items(), key=lambda pair: pair[1], default=("unknown", 0))
    return {"reason": reason, "most": f"{most:,}"}


def _of_model(totals: Totals) -> Iterator[RunFinding]:
    """Yield that the model is worse than one constant answer, or else which labels it contradicts."""
    worse = majority(totals)
    rows = totals.answers.total()
    if worse is not None:
        label, most, rows = worse
        yield RunFinding.of(
            "at_chance", "high", right=f"{totals.right:,}", rows=f"{rows:,}", label=label, most=f"{most:,}"
        )
    elif severity := _graded(totals.doubts, rows, _DOUBT):
        yield RunFinding.of("label_doubt", severity, **_ratio(totals.doubts, rows))


def _of_flags(flags: Sequence[Mapping[str, object]]) -> Iterator[RunFinding]:
    """Yield the possible shortcuts, in one sentence."""
    if flags:
        named = [
            f"`{flag['text']}` → {flag['label']} ({float(str(flag['purity'])):.0%})"
            for flag in flags[:_WORDS_NAMED]
        ]
        more = ["…"] if len(flags) > _WORDS_NAMED else []
        yield RunFinding.of("shortcut", "high", count=f"{len(flags):,}", words=", ".join([*named, *more]))


def _of_repeats(repeats: Repeats) -> Iterator[RunFinding]:
    """Yield the worst leak between two splits, and how many texts have two labels."""
    leaks = [
        (count / repeats.rows[split], count, split, earlier)
        for split, others in repeats.shared.items()
        for earlier, count in others.items()
    ]
    if leaks:
        _, count, split, earlier = max(leaks)
        severity = _graded(count, repeats.rows[split], _LEAK)
        if severity:
            yield RunFinding.of(
                "leak", severity, **_ratio(count, repeats.rows[split]), split=split, earlier=earlier
            )
    rows = sum(repeats.rows.values())
    severity = _graded(repeats.labelled, rows, _DOUBT)
    if severity:
        yield RunFinding.of(
            "two_labels", severity, **_ratio(repeats.labelled, rows), texts=f"{repeats.texts:,}"
        )


def _of_levels(levels: Levels) -> Iterator[RunFinding]:
    """Yield how frequent the first accepted shortcut is now, and was before."""
    for level in levels.shares():
        yield RunFinding.of(
            "level",
            "medium",
            word=level.word,
            label=level.label,
            own=f"{level.now[0]:.0%}",
            others=f"{level.now[1]:.0%}",
            own_before=f"{level.before[0]:.0%}",
            others_before=f"{level.before[1]:.0%}",
        )
        return


def _of_samples(facts: RunFacts) -> Iterator[RunFinding]:
    """Yield what is to be known of the samples: attacks, changed predictions, missing and dropped ones, artefacts."""
    counts, totals = facts.counts, facts.totals
    attacked = totals.attacks["changed"] + totals.attacks["unchanged"]
    made, requested = counts.get("samples made", 0), counts.get("samples requested", 0)
    missing = counts.get("samples missing", 0)
    if attacked:
        queries = f"{totals.queries / attacked:.0f}"
        yield RunFinding.of(
            "attacked", "medium", **_ratio(totals.attacks["changed"], attacked), queries=queries
        )
    elif made and totals.flips > _FLIPS * made:
        yield RunFinding.of("flips", "medium", **_ratio(totals.flips, made))
    enough = facts.budget is not None and counts["samples kept"] >= (1 - _MISSING) * facts.budget
    if missing and missing >= _MISSING * requested and not attacked and not enough:
        # A pipeline that asks for more than texts offer, so that rich ones give more, still gives each row one.
        weight: Severity = "low" if counts["samples kept"] >= counts["rows processed"] else "medium"
        yield RunFinding.of("shortfall", weight, **_ratio(missing, requested), **_most(facts.missing))
    bad = {name: n for name, n in facts.dropped.items() if not name.startswith(_ENOUGH)}
    lost = sum(bad.values())
    if made >= MIN_SAMPLES and lost >= _DROPPED * made and not attacked:
        severity: Severity = "high" if lost == made else "medium"
        yield RunFinding.of("dropped", severity, **_ratio(lost, made), **_most(bad))
    auc = facts.diversity.get("two-sample AUC", 0.0)
    if auc >= _AUC[0]:
        yield RunFinding.of("two_sample", "high" if auc >= _AUC[1] else "medium", auc=f"{auc:.2f}")


def _of_scores(totals: Totals) -> Iterator[RunFinding]:
    """Yield which attributions have rows whose scores are not to be read, or in part only."""
    for method, statuses in sorted(totals.statuses.items()):
        rows = statuses.total()
        # A ranking is a finding only where it is not what was requested.
        rough = any(path == "rough" for _, path in totals.paths.get(method, ()))
        if statuses["not_converged"]:
            yield RunFinding.of(
                "not_converged", "medium", method=method, **_ratio(statuses["not_converged"], rows)
            )
        if totals.silent[method]:
            yield RunFinding.of("silent", "medium", method=method, **_ratio(totals.silent[method], rows))
        if rough and statuses["ranking"]:
            yield RunFinding.of("ranking", "low", method=method, **_ratio(statuses["ranking"], rows))


def _of_rows(facts: RunFacts) -> Iterator[RunFinding]:
    """Yield which rows were left out, left unedited, or cut."""
    counts, totals = facts.counts, facts.totals
    read, rows = counts.get("rows read", 0), counts.get("rows processed", 0)
    rejected = counts.get("rows rejected", 0)
    if rejected and rejected >= _REJECTED * read:
        yield RunFinding.of("rejected", "medium", **_ratio(rejected, read), **_most(facts.rejected))
    if totals.foreign and totals.foreign >= _FOREIGN * rows:
        yield RunFinding.of("foreign", "medium", **_ratio(totals.foreign, rows))
    if totals.cut and totals.cut >= _CUT * rows:
        yield RunFinding.of("cut", "low", **_ratio(totals.cut, rows))
