"""The statistics of a difference between two conditions: interval, p, and the smallest difference that could be seen.

Differences are paired: both conditions on the same rows, with the same seed. The interval is a bootstrap of the seeds inside each
size or dataset, which stay as they are, or of all of them together where one has fewer than five; p is of a paired t test, and Holm's (1979) over all conditions of a table.

    compare({"100": [0.4, -0.2, 0.9]})        # Difference(cells=3, mean=0.37, low=-0.2, high=0.9, ...)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan, nan, sqrt

import numpy as np

from augment.seeding import array_rng

_LEVEL = 0.05
_POWER = 0.8
_DRAWS = 9999
# Fewer cells have no interval.
_FEWEST = 3
# Fewer cells of a group are too few to estimate its spread.
_LEAST = 5


@dataclass(frozen=True)
class Difference:
    """The mean of paired differences, in their unit. Of one or two cells nothing but the mean is known: the rest is nan.

    low, high: 95 % interval; p: two-sided; holm: p after Holm's correction; seen: the least true difference that this number of cells
    would show four times in five.
    """

    cells: int
    mean: float
    low: float
    high: float
    p: float
    holm: float
    seen: float

    @property
    def verdict(self) -> str:
        """The conclusion in words."""
        if isnan(self.low):
            return "too few draws for a conclusion"
        if self.low == self.high == 0:
            return "the same in every draw"
        if self.holm < _LEVEL and not self.low <= 0 <= self.high:
            return "higher" if self.mean > 0 else "lower"
        return "no measurable difference"


def compare(groups: Mapping[str, Sequence[float]]) -> Difference:
    """Return the statistics of paired differences, given by groups (sizes, datasets); ValueError without any."""
    arrays = [np.asarray(values, dtype=np.float64) for values in groups.values() if len(values)]
    every = np.concatenate(arrays)
    cells, mean = len(every), float(every.mean())
    if cells < _FEWEST:
        return Difference(cells, mean, nan, nan, nan, nan, nan)
    low, high = _interval(arrays)
    p = _chance(every)
    return Difference(cells, mean, low, high, p, p, _seen(every))


def holm(differences: Mapping[str, Difference]) -> dict[str, Difference]:
    """Return differences with p corrected for their number (Holm 1979)."""
    ordered = sorted(
        (name for name in differences if not isnan(differences[name].p)), key=lambda name: differences[name].p
    )
    corrected, highest = dict(differences), 0.0
    for rank, name in enumerate(ordered):
        highest = min(max(highest, (len(ordered) - rank) * differences[name].p), 1.0)
        corrected[name] = replace(differences[name], holm=highest)
    return corrected


def _interval(arrays: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return the 95 % percentile bootstrap interval of the mean, resampled inside each group if all are large enough."""
    if min(map(len, arrays)) < _LEAST:
        arrays = [np.concatenate(arrays)]
    rng = array_rng(0)
    sums = np.zeros(_DRAWS)
    for values in arrays:
        sums += values[rng.integers(0, len(values), (_DRAWS, len(values)))].sum(axis=1)
    low, high = np.percentile(sums / sum(map(len, arrays)), [2.5, 97.5])
    return float(low), float(high)


def _chance(values: np.ndarray) -> float:
    """Return the two-sided p of a t test of the mean against 0; of equal values 1 if they are 0, else 0."""
    from scipy.stats import ttest_1samp

    if np.ptp(values) == 0:
        return float(values[0] == 0)
    return float(ttest_1samp(values, 0).pvalue)


def _seen(values: np.ndarray) -> float:
    """Return the difference that a t test at 5 % finds with a power of 80 %, given the spread of these; nan if they have none."""
    from scipy.stats import t

    if np.ptp(values) == 0:
        return nan
    free = len(values) - 1
    reach = float(t.ppf(1 - _LEVEL / 2, free) + t.ppf(_POWER, free))
    return reach * float(values.std(ddof=1)) / sqrt(len(values))
