"""What a run found: from its counts alone, the most serious first, and nothing where nothing is wrong."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from augment.api.run import run
from augment.corpus.repeats import repeats_of
from augment.output.diversity import Diversity
from augment.output.findings import RunFacts, findings_of, majority, share
from augment.output.manifest import read_summary
from augment.output.totals import Totals
from tests.small import small_job

COUNTS = {
    "rows read": 100,
    "rows processed": 100,
    "samples requested": 400,
    "samples made": 380,
    "samples missing": 20,
    "samples kept": 370,
}
RIGHT = Counter({("a", "a"): 60, ("b", "b"): 35, ("a", "b"): 5})


def kinds(evidence: RunFacts) -> list[tuple[str, str]]:
    """Return the kinds of the findings, each with its severity."""
    return [(finding.kind, finding.severity) for finding in findings_of(evidence)]


def test_a_run_in_which_nothing_is_wrong_has_no_findings() -> None:
    assert findings_of(RunFacts(COUNTS, Totals(answers=RIGHT))) == ()
    assert findings_of(RunFacts({}, Totals())) == ()


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        (RunFacts(COUNTS, Totals(answers=Counter({("a", "b"): 15, ("b", "b"): 10}))), ("at_chance", "high")),
        (RunFacts(COUNTS, Totals(answers=RIGHT, doubts=2)), ("label_doubt", "high")),
        (
            RunFacts(COUNTS, Totals(), flags=[{"text": "※", "label": "good", "purity": 0.97}] * 5),
            ("shortcut", "high"),
        ),
        (
            RunFacts(COUNTS, Totals(attacks=Counter(changed=3, unchanged=1), queries=40)),
            ("attacked", "medium"),
        ),
        (RunFacts(COUNTS, Totals(flips=38)), ("flips", "medium")),
        (
            RunFacts(
                {**COUNTS, "samples missing": 200, "samples kept": 99}, Totals(), missing={"m: why": 200}
            ),
            ("shortfall", "medium"),
        ),
        (
            RunFacts({**COUNTS, "samples missing": 200}, Totals(), missing={"m: why": 200}),
            ("shortfall", "low"),
        ),
        (RunFacts(COUNTS, Totals(), dropped={"p(gold) below 0.4": 380}), ("dropped", "high")),
        (RunFacts(COUNTS, Totals(), dropped={"prediction changed": 190}), ("dropped", "medium")),
        (RunFacts(COUNTS, Totals(), diversity={"two-sample AUC": 0.92}), ("two_sample", "high")),
        (RunFacts(COUNTS, Totals(), diversity={"two-sample AUC": 0.71}), ("two_sample", "medium")),
        (
            RunFacts(COUNTS, Totals(statuses={"ig": Counter(converged=9, not_converged=1)})),
            ("not_converged", "medium"),
        ),
        (
            RunFacts(COUNTS, Totals(statuses={"ig": Counter(exact=9)}, silent=Counter(ig=1))),
            ("silent", "medium"),
        ),
        (
            RunFacts({**COUNTS, "rows rejected": 3}, Totals(), rejected={"corpus: empty": 3}),
            ("rejected", "medium"),
        ),
        (RunFacts(COUNTS, Totals(foreign=50)), ("foreign", "medium")),
        (RunFacts(COUNTS, Totals(cut=5)), ("cut", "low")),
        (RunFacts(COUNTS, Totals(), over_confident=True), ("over_confident", "low")),
    ],
)
def test_what_is_wrong_is_a_finding(evidence: RunFacts, expected: tuple[str, str]) -> None:
    assert kinds(evidence) == [expected]


@pytest.mark.parametrize(
    "evidence",
    [
        RunFacts(
            {**COUNTS, "samples missing": 200, "samples kept": 100},
            Totals(),
            missing={"m: why": 200},
            budget=100,
        ),
        RunFacts(COUNTS, Totals(), dropped={"its row has the requested number of samples": 380}),
        RunFacts(COUNTS, Totals(), diversity={"two-sample AUC": 0.6}),
        RunFacts(
            COUNTS,
            Totals(statuses={"ig": Counter(ranking=9)}, paths={"ig": Counter({("zero", "smooth"): 9})}),
        ),
        RunFacts(COUNTS, Totals(answers=Counter({("a", "b"): 5}))),
    ],
)
def test_what_is_as_requested_or_too_little_to_judge_by_is_no_finding(evidence: RunFacts) -> None:
    assert findings_of(evidence) == ()


def test_the_worst_leak_and_texts_of_two_labels_are_found() -> None:
    rows = [(f"t{n}", None, "x", "train") for n in range(100)] + [
        ("t1", None, "x", "test"),
        ("new", None, "y", "test"),
    ]
    rows += [("t2", None, "y", "train")]
    repeats = repeats_of([list(column) for column in zip(*rows, strict=True)])
    findings = findings_of(RunFacts({}, Totals(), repeats))
    assert [(finding.kind, finding.severity) for finding in findings] == [
        ("leak", "high"),
        ("two_labels", "medium"),
    ]
    assert findings[0].text.startswith("1 of 2 rows of test (50 %) have a text that is also in train")


def test_confident_contradictions_of_a_label_are_counted() -> None:
    """By the probability of the predicted label, or of the given one, whichever was explained."""
    rows = [
        ("a", "b", "b", 0.95),
        ("a", "b", "a", 0.05),
        ("a", "b", "b", 0.6),
        ("a", "a", "a", 0.99),
        (None, "b", "b", 0.99),
        ("a", None, None, None),
    ]
    names = ("label", "ig_pred", "ig_target", "ig_prob")
    table = pa.table(
        {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )
    totals = Totals(diversity=Diversity())
    totals._add_doubts(table, "ig")
    assert totals.doubts == 2


def test_a_model_no_better_than_one_answer_is_reported_with_that_answer() -> None:
    answers = Counter({("a", "b"): 15, ("b", "b"): 10})
    assert majority(Totals(answers=answers)) == ("a", 15, 25)
    assert majority(Totals(answers=RIGHT)) is None


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 2, "50 %"), (3, 200, "1.5 %"), (1, 5000, "< 0.1 %"), (0, 0, "< 0.1 %")]
)
def test_shares_are_written_in_percent(part: int, whole: int, text: str) -> None:
    assert share(part, whole) == text


def test_findings_are_in_the_manifest_the_card_and_the_report(small: Path, tmp_path: Path) -> None:
    summary = run("probe", small_job(small, limit=40), tmp_path / "probe")
    assert summary.findings
    assert read_summary(summary.folder).findings == summary.findings
    text = summary.findings[0].text
    assert text in (summary.folder / "README.md").read_text("utf-8")
    assert text in (summary.folder / "report.html").read_text("utf-8")
