"""How doubtful a sample or a source row is: the order in which people review them, with the reasons.

A sample is doubtful where a classifier does not predict its label or two disagree, where the probability of its label is low,
where it reads unnaturally, where a word was put in that no source row has, and where a word was touched that may be a shortcut.
The weights add up to 1; they are a judgement, no measurement.

    doubts = Doubts.of(source_rows, ngrams)
    doubts.of_sample(sample)          # ReviewDoubt(value=0.62, reasons=("disagree", "unsure"))
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Shares of the whole: a label that is not predicted, its probability, how it reads, new words, shortcuts.
_DISAGREE, _UNSURE, _UNNATURAL, _NEW, _SHORTCUT = 0.3, 0.4, 0.15, 0.1, 0.05
# From where on a probability or a naturalness is a reason.
_LOW = 0.7
_READS = 0.5
# Of source rows: the probability of another label from which the row's own is in doubt; the doubt of a repeated text.
_SURE = 0.9
_TWO_LABELS, _REPEATED = 0.95, 0.3
REASONS = ("disagree", "unsure", "unnatural", "new", "shortcut", "label", "two_labels", "repeated")


@dataclass(frozen=True)
class ReviewDoubt:
    """How doubtful a row is, from 0 to 1, and the reasons in the order of `REASONS`."""

    value: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Doubts:
    """What the rows of a report are compared with: the words of its source rows, possible shortcuts, and repeated texts."""

    words: frozenset[str]
    shortcuts: frozenset[str]
    repeated: Mapping[tuple[str, str | None], frozenset[str | None]]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], ngrams: Iterable[Mapping[str, Any]]) -> "Doubts":
        """Return what is known of source rows with their tokens and of the lines of a key-word table."""
        words = {token.lower() for row in rows for token in row.get("tokens") or ()}
        flagged = {str(line["text"]).lower() for line in ngrams if line.get("flag")}
        labels: dict[tuple[str, str | None], list[str | None]] = defaultdict(list)
        for row in rows:
            labels[row["text"], row.get("text_pair")].append(row.get("label"))
        repeated = {text: frozenset(those) for text, those in labels.items() if len(those) > 1}
        return cls(frozenset(words), frozenset(flagged), repeated)

    def of_sample(self, sample: Mapping[str, Any]) -> ReviewDoubt:
        """Return how doubtful a sample is."""
        label = sample.get("label")
        answers = [sample.get(name) for name in ("pred_after", "judge_pred_after")]
        predicted = [answer for answer in answers if answer is not None]
        chances = [sample.get(name) for name in ("p_gold_after", "judge_p_gold_after")]
        least = min((chance for chance in chances if chance is not None), default=None)
        natural = sample.get("naturalness")
        edits = sample.get("edits") or ()
        new = [word for edit in edits for word in (edit["new"] or "").lower().split()]
        unknown = sum(word not in self.words for word in new) if self.words else 0
        touched = {str(edit[side] or "").strip().lower() for edit in edits for side in ("old", "new")}
        parts = (
            ("disagree", _DISAGREE, float(any(answer != label for answer in predicted))),
            ("unsure", _UNSURE, 0.0 if least is None else 1 - least),
            ("unnatural", _UNNATURAL, 0.0 if natural is None else 1 - natural),
            ("new", _NEW, unknown / len(new) if new else 0.0),
            ("shortcut", _SHORTCUT, float(bool(touched & self.shortcuts))),
        )
        least_of = {"unsure": 1 - _LOW, "unnatural": 1 - _READS}
        value = sum(weight * share for _, weight, share in parts)
        return ReviewDoubt(value, tuple(name for name, _, share in parts if share > least_of.get(name, 0.0)))

    def of_source(self, row: Mapping[str, Any], methods: Sequence[str]) -> ReviewDoubt | None:
        """Return how doubtful a source row is, None where nothing speaks against it."""
        label = row.get("label")
        values, reasons = [], []
        for method in methods[:1]:
            pred, target, prob = (row.get(f"{method}_{name}") for name in ("pred", "target", "prob"))
            # The scores may explain the row's own label, of which the probability is known then. One label of several, or a
            # number, is neither what is predicted nor the row's label.
            sure = (
                None if prob is None or target not in (pred, label) else prob if target == pred else 1 - prob
            )
            if None not in (label, pred, sure) and pred != label and sure is not None and sure >= _SURE:
                values.append(sure)
                reasons.append("label")
        labels = self.repeated.get((row["text"], row.get("text_pair")))
        if labels is not None:
            values.append(_TWO_LABELS if len(labels) > 1 else _REPEATED)
            reasons.append("two_labels" if len(labels) > 1 else "repeated")
        return ReviewDoubt(max(values), tuple(reasons)) if values else None
