"""Count what a run did, shard by shard: verdicts, reasons, shortfalls, variety, errors of attribution, attacks."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.output.diversity import Diversity
from augment.output.shortcut_levels import Levels
from augment.output.under_attack import BEFORE, UNDER, UnderAttack
from augment.tables.columns import attributions_in
from augment.text.foreign import FOREIGN

# Numbers are counted in bins of one percent, down to the smallest that differs from zero.
_BINS, _LEAST = 231, 1e-9
# The probability of another label from which a row's own is in doubt.
_SURE = 0.9

# Labels up to which the success of an attack is given for each.
_LABELS_SHOWN = 20
# What the name of a figure of one label begins with.
BY_LABEL = "attack success rate, "


@dataclass
class WorstAndMedian:
    """The largest of any number of values, none negative, and about their median, without keeping them."""

    worst: float = 0.0
    bins: Counter[int] = field(default_factory=Counter)

    def add(self, values: Iterable[float]) -> None:
        """Count values."""
        for value in values:
            self.worst = max(self.worst, value)
            self.bins[round(_BINS * math.log10(max(value, _LEAST)))] += 1

    @property
    def median(self) -> float:
        """A value that half of them do not exceed, within half a percent."""
        passed, half = 0, (sum(self.bins.values()) + 1) // 2
        for bin_number, count in sorted(self.bins.items()):
            passed += count
            if passed >= half:
                return float(10 ** (bin_number / _BINS))
        return 0.0


def percent(share: float) -> str:
    """Return a share as a percentage of two digits: 0.038 is 3.8%."""
    digits = 1 - math.floor(math.log10(100 * share)) if share > 0 else 0
    return f"{share:.{min(max(digits, 0), 8)}%}"


def figure(name: str, value: float) -> str:
    """Return a figure of an attack as it is shown: rates, accuracies and F1 in percent."""
    shares = ("rate", "accuracy", "F1")
    return f"{value:.1%}" if any(share in name for share in shares) else f"{value:.2f}"


@dataclass
class Totals:
    """The counts of a run. errors: errors by attribution; paths: baselines and shapes by attribution; flips: samples that change the prediction; moved: samples with another label than their source row.

    cut: rows longer than the model is fed; foreign: source rows not edited for their language; silent: rows with no score but zero, by attribution; near_guard: source rows near a text of the guard; folded: source rows shown to models that did not see them; joined: samples by label and verdict; sources: source rows
    by label, of runs that make samples; similar, surprise: number of successes of an attack with the sums of their similarity, and of the logarithms of their perplexity before and after; answers: source rows by label and prediction; doubts: those whose label the model contradicts, sure of another; levels: rows that hold accepted shortcuts, added by who writes them; under_attack: answers to attacked rows of models of another kind.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    shortfall: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    paths: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    errors: dict[str, "WorstAndMedian"] = field(default_factory=dict)
    attacks: Counter[str] = field(default_factory=Counter)
    attacks_of: Counter[tuple[str, str]] = field(default_factory=Counter)
    queries: int = 0
    backward: int = 0
    edited: int = 0
    similar: list[float] = field(default_factory=lambda: [0.0, 0.0])
    surprise: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    flips: int = 0
    moved: int = 0
    near_guard: int = 0
    folded: int = 0
    cut: int = 0
    foreign: int = 0
    silent: Counter[str] = field(default_factory=Counter)
    joined: Counter[tuple[str | None, str | None]] = field(default_factory=Counter)
    sources: Counter[str | None] = field(default_factory=Counter)
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    doubts: int = 0
    diversity: Diversity = field(default_factory=Diversity)
    levels: Levels = field(default_factory=lambda: Levels(()))
    under_attack: UnderAttack = field(default_factory=UnderAttack)

    def add(self, table: pa.Table) -> None:
        """Add the rows of a shard."""
        names = set(table.column_names)
        methods = sorted(attributions_in(names))
        for method in methods:
            self._add_attribution(table, method)
        if methods:
            both = (table.column(name).to_pylist() for name in ("label", f"{methods[0]}_pred"))
            self.answers.update(
                (label, predicted) for label, predicted in zip(*both, strict=True) if label and predicted
            )
            self._add_doubts(table, methods[0])
        if "attack" in names:
            outcomes = zip(*(table.column(name).to_pylist() for name in ("label", "attack")), strict=True)
            self.attacks_of.update(
                (name, outcome)
                for label, outcome in outcomes
                if label and outcome
                for name in self.under_attack.labels(label)
            )
            self.under_attack.add(table)
            self.attacks.update(table.column("attack").drop_null().to_pylist())
            self.queries += pc.sum(table.column("attack_queries")).as_py() or 0
            self.backward += pc.sum(table.column("attack_backward")).as_py() or 0
            self.edited += pc.sum(table.column("attack_edits")).as_py() or 0
            self._add_reading(table)
        if "unseen" in names:
            self.cut += pc.sum(pc.greater(table.column("unseen"), 0)).as_py() or 0
        if "fold" in names:
            sources = table.filter(table.column("source_id").is_null()) if "source_id" in names else table
            self.folded += sources.num_rows - sources.column("fold").null_count
        if "near_guard" in names:
            near = table.filter(table.column("near_guard").is_valid())
            self.near_guard += near.column("source_id").null_count
        if "source_id" in names:
            sample = table.column("source_id").is_valid()
            self.diversity.add(table)
            self._add_samples(table.filter(sample))
            self.sources.update(table.column("label").filter(pc.invert(sample)).to_pylist())
            for gaps in table.column("shortfall").drop_null().to_pylist():
                for gap in gaps:
                    self.shortfall[gap["method"], gap["reason"]] += gap["missing"]
                self.foreign += any(gap["reason"] == FOREIGN for gap in gaps)

    def of_attack(self) -> dict[str, float]:
        """Return what is quoted of an attack: its success rate, accuracy before and under it, words changed, rows computed.

        Rows that the model is wrong on are not attacked, and count as wrong under the attack. Of several labels a row is right if all
        are, and there are F1s; of numbers within the tolerance, and there are mean errors. Similarity is the mean over
        successes, perplexity their geometric mean, where they were measured. Without an attack it is empty.
        """
        changed, wrong = self.attacks["changed"], self.attacks["skipped"]
        attacked, reduced = changed + self.attacks["unchanged"], self.attacks["reduced"]
        if not attacked + reduced:
            return {}
        figures: dict[str, float] = {}
        if attacked and not reduced:
            figures["attack success rate"] = changed / attacked
            right = self.under_attack.right
            figures[f"{right} {BEFORE}"] = attacked / (attacked + wrong)
            figures[f"{right} {UNDER}"] = (attacked - changed) / (attacked + wrong)
            figures |= self.under_attack.figures()
        if changed + reduced:
            figures["words edited of a success"] = self.edited / (changed + reduced)
        if self.similar[0]:
            figures["similarity of successes"] = self.similar[1] / self.similar[0]
        if self.surprise[0]:
            before, after = (math.exp(total / self.surprise[0]) for total in self.surprise[1:])
            figures |= {"perplexity before the attack": before, "perplexity of successes": after}
        figures["rows computed of an attacked row"] = self.queries / (attacked + reduced)
        return figures if reduced else {**figures, **self._successes_by_label()}

    def _successes_by_label(self) -> dict[str, float]:
        """Return the success rate on the rows of each label, where there are several labels and not very many."""
        labels = sorted({label for label, _ in self.attacks_of})
        if not 1 < len(labels) <= _LABELS_SHOWN:
            return {}
        counts = {
            label: [self.attacks_of[label, outcome] for outcome in ("changed", "unchanged")]
            for label in labels
        }
        return {
            f"{BY_LABEL}{label}": changed / (changed + unchanged)
            for label, (changed, unchanged) in counts.items()
            if changed + unchanged
        }

    @property
    def right(self) -> int:
        """How many of the source rows that have a label were answered with it."""
        return sum(count for (label, predicted), count in self.answers.items() if label == predicted)

    def _add_reading(self, table: pa.Table) -> None:
        """Add how similar successes are to their source rows, and how they read."""
        if "attack_similarity" not in table.column_names:
            return
        cosines = table.column("attack_similarity").drop_null()
        self.similar[0] += len(cosines)
        self.similar[1] += pc.sum(cosines).as_py() or 0.0
        both = table.select(["attack_perplexity_before", "attack_perplexity"]).drop_null()
        logs = [pc.sum(pc.ln(column.cast(pa.float64()))).as_py() or 0.0 for column in both.columns]
        self.surprise = [old + new for old, new in zip(self.surprise, (both.num_rows, *logs), strict=True)]

    def _add_doubts(self, table: pa.Table, method: str) -> None:
        """Count the rows whose label the model contradicts with a probability of `_SURE` or more."""
        label, predicted, target, probability = (
            table.column(name)
            for name in ("label", *(f"{method}_{what}" for what in ("pred", "target", "prob")))
        )
        sure = pc.or_kleene(
            pc.and_kleene(pc.equal(target, predicted), pc.greater_equal(probability, _SURE)),
            pc.and_kleene(pc.equal(target, label), pc.less_equal(probability, 1 - _SURE)),
        )
        self.doubts += pc.sum(pc.and_kleene(pc.not_equal(label, predicted), sure)).as_py() or 0

    def _add_attribution(self, table: pa.Table, method: str) -> None:
        """Add the statuses and errors of one attribution."""
        counter = self.statuses.setdefault(method, Counter())
        counter.update(table.column(f"{method}_status").drop_null().to_pylist())
        known = table.filter(table.column(f"{method}_path").is_valid())
        kinds = zip(
            *(known.column(f"{method}_{what}").to_pylist() for what in ("baseline", "path")), strict=True
        )
        self.paths.setdefault(method, Counter()).update(kinds)
        scores = table.column(method).drop_null().combine_chunks()
        sizes = pc.list_value_length(scores).to_numpy(zero_copy_only=False)
        loud = np.repeat(np.arange(len(sizes)), sizes)[scores.flatten().to_numpy() != 0]
        self.silent[method] += int((sizes > 0).sum()) - len(np.unique(loud))
        self.errors.setdefault(method, WorstAndMedian()).add(
            table.column(f"{method}_error").drop_null().to_pylist()
        )

    def _add_samples(self, samples: pa.Table) -> None:
        """Add verdicts, reasons of dropped samples, and changed predictions."""
        if "verdict" in samples.column_names:
            verdicts = samples.column("verdict").to_pylist()
            self.verdicts.update(verdicts)
            self.joined.update(zip(samples.column("label").to_pylist(), verdicts, strict=True))
            dropped = samples.filter(pc.equal(samples.column("verdict"), "drop"))
            self.reasons.update(dropped.column("reason").to_pylist())
        if "label_from" in samples.column_names:
            self.moved += len(self.diversity.given_of(samples).column("label_from").drop_null())
        if "pred_after" in samples.column_names:
            changed = pc.not_equal(samples.column("pred_before"), samples.column("pred_after"))
            self.flips += pc.sum(changed).as_py() or 0
