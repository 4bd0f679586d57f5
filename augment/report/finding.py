"""What a run found, as plain values: a sentence, how serious it is, and where its evidence is in the report.

    finding = RunFinding.of("leak", "high", count="30", rows="400", split="test", share="8 %", earlier="train")
    finding.text        # "30 of 400 rows of test (8 %) have a text that is also in train: scores on test are too good."

The report draws the same values in Chinese: `CHINESE_FINDINGS` of strings.js has a sentence for every kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Severity = Literal["high", "medium", "low"]

# Kinds in the order in which they are listed among equals in severity.
SENTENCES: Final[Mapping[str, str]] = {
    "at_chance": (
        "The model is right on {right} of {rows} rows; always answering `{label}` would be right on {most}. "
        "Check corpus.label_names, or train the model."
    ),
    "shortcut": "{count} possible shortcuts, words that mark a label without its meaning: {words}.",
    "two_labels": "{texts} texts are labelled in two ways, in {count} of {rows} rows ({share}); at most one is right for each.",
    "label_doubt": (
        "The model contradicts the label of {count} of {rows} rows ({share}) with a probability of 0.9 or more. "
        "Check these labels first."
    ),
    "leak": (
        "{count} of {rows} rows of {split} ({share}) have a text that is also in {earlier}: scores on {split} are too good."
    ),
    "level": (
        "The accepted shortcut `{word}` is now in {own} of the rows of {label} and {others} of the others "
        "(before: {own_before} and {others_before})."
    ),
    "attacked": "The attack changed the prediction of {count} of {rows} rows ({share}), with {queries} queries a row.",
    "flips": "{count} of {rows} samples ({share}) change the prediction of the model.",
    "shortfall": "{count} of {rows} requested samples are missing ({share}); the most frequent reason is: {reason} ({most}).",
    "dropped": "{count} of {rows} samples were dropped ({share}); the most frequent reason is: {reason} ({most}).",
    "two_sample": (
        "A classifier distinguishes samples from source rows with an AUC of {auc} (0.5 is chance): "
        "the samples have words that people would not have written so often."
    ),
    "not_converged": "{method}: {count} of {rows} rows ({share}) miss the tolerance. Do not read their scores.",
    "silent": "{method}: in {count} of {rows} rows ({share}) every word has the score 0.",
    "ranking": "{method}: in {count} of {rows} rows ({share}) only the order of the top words is reliable, not every score.",
    "rejected": "{count} of {rows} rows were rejected ({share}); the most frequent reason is: {reason} ({most}).",
    "foreign": "{count} of {rows} rows ({share}) are neither Chinese nor English and were not edited.",
    "cut": "{count} of {rows} rows ({share}) are longer than the model reads (model.most_windows): later words score 0.",
    "over_confident": (
        "The model was trained on the source rows, so its scores for their variants are over-confident. "
        "`augment train --folds 5` and model.folds: 5 avoid this."
    ),
}
_SEVERITIES: Final = ("high", "medium", "low")
# The section of the report with the evidence: an id of page.html.j2, and for rows the filter that shows them.
EVIDENCE: Final[Mapping[str, str]] = {
    "at_chance": "rows:wrong",
    "shortcut": "words",
    "two_labels": "notices",
    "label_doubt": "rows:wrong",
    "leak": "notices",
    "level": "notices",
    "attacked": "rows:flipped",
    "flips": "rows:flipped",
    "shortfall": "counts",
    "dropped": "counts",
    "two_sample": "variety",
    "not_converged": "rows:error",
    "silent": "rows:error",
    "ranking": "rows:error",
    "rejected": "notices",
    "foreign": "notices",
    "cut": "notices",
    "over_confident": "notices",
}


@dataclass(frozen=True)
class RunFinding:
    """One thing that a run found. kind: a key of `SENTENCES`; values: what fills its sentence, as people read it."""

    kind: str
    severity: Severity
    text: str
    evidence: str
    values: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, severity: Severity, /, **values: str) -> "RunFinding":
        """Return a finding of a kind with its sentence filled in."""
        return cls(kind, severity, SENTENCES[kind].format(**values), EVIDENCE[kind], values)


def by_severity(findings: list[RunFinding]) -> tuple[RunFinding, ...]:
    """Return findings, the most serious first, equals in the order of their kinds."""
    kinds = list(SENTENCES)
    return tuple(sorted(findings, key=lambda one: (_SEVERITIES.index(one.severity), kinds.index(one.kind))))
