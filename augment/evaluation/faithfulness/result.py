"""What an evaluation of attribution methods came to, as data and as people read it.

result.values("deeplift", "deleted")        # one number a text, between the curves: 1 is the best order there is, 0 is chance
result.verdicts["deeplift"]                 # against the first method
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Any

import numpy as np

from augment.evaluation.statistics import Difference, compare, holm

WAYS = ("deleted", "masked", "replaced")
OTHERS = ("mosaics", "planted", "shuffled")
PERMUTED, RANDOM = "permuted scores", "shuffled weights"
# Limits nearer than this leave nothing that an order could decide.
_FLAT = 1e-3
# From this rank correlation on a method shows much the same of a model that knows nothing.
_ALIKE = 0.5


@dataclass(frozen=True)
class Faithfulness:
    """What was measured, by method. reference: what others are compared with; refused: methods that the model does not allow, and why."""

    folder: Path
    reference: str
    cells: Mapping[str, Mapping[str, Any]]
    limits: Mapping[str, Sequence[Sequence[float]]]
    facts: Mapping[str, object]
    refused: Mapping[str, str]
    notices: tuple[str, ...] = ()

    @property
    def methods(self) -> list[str]:
        """The methods, in the order they were measured, and the two rows that must be no better than chance."""
        own = [name for name in self.cells if name not in (PERMUTED, RANDOM)]
        return [*own, *(name for name in (PERMUTED, RANDOM) if name in self.cells)]

    @property
    def measures(self) -> list[str]:
        """What was measured of the first method: the ways of taking words away, mosaics, planted words, shuffled weights."""
        return [name for name in (*WAYS, *OTHERS) if name in self.cells[self.reference]]

    def values(self, method: str, measure: str) -> list[float]:
        """Return a number for each text, or none where a method has not been measured so.

        deleted, masked, replaced: the area between the deletion and the insertion curve, scaled by what orders can come to;
        `deleted/comprehensiveness`, `deleted/sufficiency` and so on: its two parts, 0 to 1, the higher the better.
        mosaics: how often a word of the right part is above one of the other; planted: whether the word comes first; shuffled:
        the rank correlation with the scores of a model with shuffled weights.
        """
        way, _, part = measure.partition("/")
        if way not in WAYS:
            return list(self.cells[method].get(measure, ()))
        if way not in self.cells[method]:
            return []
        low, high = self._limits[way]
        usable = high - low > _FLAT
        strong, weak = (np.asarray(self.cells[method][way][name])[usable] for name in ("strong", "weak"))
        low, width = low[usable], (high - low)[usable]
        comprehensiveness, sufficiency = (strong - low) / width, 1 - (weak - low) / width
        chosen = {"comprehensiveness": comprehensiveness, "sufficiency": sufficiency}
        result: list[float] = chosen.get(part, comprehensiveness + sufficiency - 1).tolist()
        return result

    def statistics(self, measure: str) -> dict[str, Difference]:
        """Return the mean of each method with its 95 % interval, a bootstrap of the texts."""
        if measure not in self._statistics:
            values = {method: self.values(method, measure) for method in self.methods}
            self._statistics[measure] = {method: compare({"": one}) for method, one in values.items() if one}
        return self._statistics[measure]

    def differences(self, measure: str, against: str | None = None) -> dict[str, Difference]:
        """Return how far each method is above another, text by text, p corrected for their number."""
        other = self.values(against or self.reference, measure)
        paired = {
            method: [one - two for one, two in zip(own, other, strict=True)]
            for method in self.methods
            if method != (against or self.reference) and (own := self.values(method, measure)) and other
        }
        return holm({method: compare({"": points}) for method, points in paired.items()})

    @cached_property
    def means(self) -> dict[str, dict[str, float]]:
        """The mean of every measure, by method."""
        result: dict[str, dict[str, float]] = {method: {} for method in self.methods}
        for measure in self.measures:
            for method, one in self.statistics(measure).items():
                result[method][measure] = round(one.mean, 6)
        return result

    @cached_property
    def verdicts(self) -> dict[str, str]:
        """What can be concluded of each method against the first: what does not hold in every way of taking words away is no result."""
        return self._verdicts(self.reference)

    def _verdicts(self, against: str) -> dict[str, str]:
        """Return the conclusion on each method against another."""
        ways = [way for way in WAYS if way in self.measures]
        by_way = [self.differences(way, against) for way in ways]
        return {
            method: together([differences[method].verdict for differences in by_way if method in differences])
            for method in self.methods
            if method != against
        }

    @cached_property
    def agreement(self) -> dict[str, dict[str, float]]:
        """The mean rank correlation (Spearman) of the scores of each two methods over the texts."""
        from augment.evaluation.faithfulness.measuring import correlation, ranked

        names = self.methods
        ranks = {name: [ranked(scores) for scores in self.cells[name]["scores"]] for name in names}

        def mean(one: str, other: str) -> float:
            """Return the mean over texts."""
            pairs = zip(ranks[one], ranks[other], strict=True)
            return float(np.mean([correlation(first, second) for first, second in pairs]))

        half = {(one, other): mean(one, other) for at, one in enumerate(names) for other in names[at + 1 :]}
        return {
            one: {
                other: 1.0 if one == other else round(half.get((one, other), half.get((other, one), 0.0)), 4)
                for other in names
            }
            for one in names
        }

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON values: means, intervals, verdicts, agreement and cost of every method, and the curves."""
        every = [measure for name in self.measures for measure in _with_parts(name)]
        return {
            "folder": str(self.folder),
            "reference": self.reference,
            "facts": dict(self.facts),
            "measures": {
                measure: {
                    method: {
                        "texts": one.cells,
                        "mean": _plain(one.mean),
                        "low": _plain(one.low),
                        "high": _plain(one.high),
                    }
                    for method, one in self.statistics(measure).items()
                }
                for measure in every
            },
            "verdicts": self.verdicts,
            "agreement": self.agreement,
            "cost": {method: self.cells[method].get("cost") for method in self.methods},
            "curves": {
                method: {
                    way: {curve: self.cells[method][way][curve] for curve in ("deletion", "insertion")}
                    for way in WAYS
                    if way in self.cells[method]
                }
                for method in self.methods
            },
            "refused": dict(self.refused),
            "notices": list(self.notices),
        }

    def lines(self) -> Iterator[str]:
        """Yield the tables in Markdown."""
        ways = [name for name in self.measures if name in WAYS]
        yield "Between the deletion and the insertion curve: 1 is the best order of the words there is, 0 is chance; with 95 % intervals."
        yield from (
            "",
            f"| method | {' | '.join(ways)} | against {self.reference} |",
            "|---" * (len(ways) + 2) + "|",
        )
        statistics = {
            measure: self.statistics(measure) for name in self.measures for measure in _with_parts(name)
        }
        for method in self.methods:
            cells = [_spanned(statistics[way].get(method)) for way in ways]
            yield f"| {method} | {' | '.join(cells)} | {self.verdicts.get(method, '')} |"
        yield from self._known(statistics)
        yield from ("", "Comprehensiveness and sufficiency, the two parts of the first table, 0 to 1:", "")
        parts = [part for way in ways for part in _with_parts(way)[1:]]
        yield from (f"| method | {' | '.join(parts)} |", "|---" * (len(parts) + 1) + "|")
        for method in self.methods:
            yield f"| {method} | {' | '.join(f'{statistics[part][method].mean:.2f}' for part in parts)} |"
        yield from self._agreement_lines()
        for notice in self.conclusions():
            yield from ("", f"* {notice}")

    def conclusions(self) -> Iterator[str]:
        """Yield what the figures mean, a line each."""
        if PERMUTED in self.cells:
            verdicts = self._verdicts(PERMUTED)
            weak = [name for name in self.methods if verdicts.get(name, _ABOVE) != _ABOVE and name != RANDOM]
            if weak:
                yield f"Not above permuted scores in every way: {', '.join(weak)}."
        alike = [name for name in self.methods if abs(self.means[name].get("shuffled", 0.0)) > _ALIKE]
        if alike:
            yield f"Much the same on a model with shuffled weights: {', '.join(alike)}. Do not rank by them."
        for method, why in self.refused.items():
            yield f"Not measured: {method}: {why}."
        for notice in self.notices:
            yield f"{notice}."

    def _known(self, statistics: Mapping[str, Mapping[str, Difference]]) -> Iterator[str]:
        """Yield the table of texts whose reasons are known, and of the cost."""
        others = [name for name in self.measures if name in OTHERS]
        yield from ("", "Where the reasons are known, and what a text costs:", "")
        heads = [*others, "rows forward", "rows backward", "CPU ms"]
        yield from (f"| method | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|")
        for method in self.methods:
            cost = self.cells[method].get("cost") or {}
            cells = [_spanned(statistics[name].get(method)) for name in others]
            cells += [f"{cost[name]:,.1f}" if cost else "" for name in ("forward", "backward")]
            cells.append(f"{1000 * cost['cpu_seconds']:,.1f}" if cost else "")
            yield f"| {method} | {' | '.join(cells)} |"

    def _agreement_lines(self) -> Iterator[str]:
        """Yield the table of agreement, its columns numbered."""
        names = self.methods
        yield from ("", "Agreement of the scores, the mean rank correlation:", "")
        yield f"| | method | {' | '.join(str(number) for number in range(1, len(names) + 1))} |"
        yield "|---" * (len(names) + 2) + "|"
        for number, one in enumerate(names, start=1):
            yield f"| {number} | {one} | {' | '.join(f'{self.agreement[one][other]:.2f}' for other in names)} |"

    @cached_property
    def _statistics(self) -> dict[str, dict[str, Difference]]:
        """What `statistics` has returned, by measure: the page, the picture and the printed tables need the same bootstraps."""
        return {}

    @cached_property
    def _limits(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """The least and largest mean drop of each text, by way: as searched, and never narrower than what a method came to."""
        result = {}
        for way, pairs in self.limits.items():
            low, high = np.asarray(pairs, dtype=np.float64).T
            reached = [
                np.asarray(cell[way][name])
                for cell in self.cells.values()
                if way in cell
                for name in ("strong", "weak")
            ]
            result[way] = np.minimum.reduce([low, *reached]), np.maximum.reduce([high, *reached])
        return result


_ABOVE = "higher in every way"


def together(verdicts: Sequence[str]) -> str:
    """Return what verdicts by way of taking words away come to."""
    kinds = set(verdicts)
    if len(kinds) == 1 and kinds <= {"higher", "lower"}:
        return f"{next(iter(kinds))} in every way"
    if {"higher", "lower"} <= kinds:
        return "depends on how words are taken away"
    if kinds & {"higher", "lower"}:
        return "no difference that holds in every way"
    return next(iter(kinds)) if len(kinds) == 1 else "no measurable difference"


def _with_parts(measure: str) -> list[str]:
    """Return a measure, and where it is of curves its two parts."""
    return (
        [measure, f"{measure}/comprehensiveness", f"{measure}/sufficiency"] if measure in WAYS else [measure]
    )


def _spanned(one: Difference | None) -> str:
    """Return a mean with its interval, nothing where there is none."""
    if one is None:
        return ""
    return f"{one.mean:.2f}" if isnan(one.low) else f"{one.mean:.2f} ({one.low:.2f} to {one.high:.2f})"


def _plain(value: float) -> float | None:
    """Return a number as JSON can hold it."""
    return None if isnan(value) else round(value, 6)
