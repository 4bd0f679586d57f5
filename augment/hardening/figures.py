"""What is measured of a model: its accuracy, and for each attack its accuracy under it and how often the attack succeeds.

Every figure is a share of the test rows. Differences between two models are paired: both answered the same rows, and the interval
is a percentile bootstrap of the rows.

    gain(figures_of(right, {"pwws": outcomes}), others)["accuracy under pwws"]     # Gain(mean=0.12, low=0.07, high=0.17)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from augment.seeding import array_rng

ACCURACY = "accuracy"
_DRAWS, _BLOCK = 9_999, 1_111
# Outcomes of rows that the model was right on, and that were attacked.
_ATTACKED = ("changed", "unchanged")


@dataclass(frozen=True)
class RowShare:
    """A share of some rows, by row: whether it is counted, and whether it is among those that the share is of."""

    counted: tuple[bool, ...]
    among: tuple[bool, ...]

    @property
    def value(self) -> float | None:
        """The share; None where it is of no row."""
        rows = sum(self.among)
        return sum(self.counted) / rows if rows else None


@dataclass(frozen=True)
class Gain:
    """How much one model is above another: the difference of a share, and its 95 % interval, None where a share is of no row."""

    mean: float | None
    low: float | None
    high: float | None

    @property
    def verdict(self) -> str:
        """The conclusion in words."""
        if self.low is None or self.high is None:
            return "not measured"
        if self.low > 0:
            return "higher"
        return "lower" if self.high < 0 else "no measurable difference"


def under(attack: str) -> str:
    """Return the name of the accuracy under an attack."""
    return f"accuracy under {attack}"


def success_of(attack: str) -> str:
    """Return the name of the success rate of an attack."""
    return f"success rate of {attack}"


def figures_of(right: Sequence[bool], attacks: Mapping[str, Sequence[str | None]]) -> dict[str, RowShare]:
    """Return the figures of a model by name: its answers to some rows, and by attack the outcome on each, None where not attacked.

    A row that is not attacked though the model is right on it, such as one in another language, counts as right under the attack.
    """
    every = (True,) * len(right)
    figures = {ACCURACY: RowShare(tuple(right), every)}
    for name, outcomes in attacks.items():
        held = tuple(
            fine if outcome is None else outcome == "unchanged"
            for fine, outcome in zip(right, outcomes, strict=True)
        )
        figures[under(name)] = RowShare(held, every)
        attacked = tuple(outcome in _ATTACKED for outcome in outcomes)
        figures[success_of(name)] = RowShare(tuple(outcome == "changed" for outcome in outcomes), attacked)
    return figures


def gains(one: Mapping[str, RowShare], other: Mapping[str, RowShare]) -> dict[str, Gain]:
    """Return by figure how much the first model is above the other, on the same rows."""
    rows = len(one[ACCURACY].counted)
    draws = _resampled(rows)
    result = {}
    for name, share in one.items():
        both = (share, other[name])
        values = [each.value for each in both]
        if values[0] is None or values[1] is None:
            result[name] = Gain(None, None, None)
            continue
        drawn = [_shares(draws, each) for each in both]
        low, high = np.nanpercentile(drawn[0] - drawn[1], [2.5, 97.5])
        result[name] = Gain(values[0] - values[1], float(low), float(high))
    return result


def _resampled(rows: int) -> np.ndarray:
    """Return how often each row is in each draw, [draws, rows] float32, in which counts and their sums are exact."""
    rng = array_rng(0)
    blocks = [
        rng.multinomial(rows, np.full(rows, 1 / rows), _BLOCK).astype(np.float32)
        for _ in range(_DRAWS // _BLOCK)
    ]
    return np.concatenate(blocks)


def _shares(draws: np.ndarray, share: RowShare) -> np.ndarray:
    """Return a share in each draw, [draws] float64; nan where none of its rows is drawn."""
    counted, among = (np.asarray(rows, dtype=np.float32) for rows in (share.counted, share.among))
    with np.errstate(invalid="ignore"):
        return np.asarray((draws @ counted).astype(np.float64) / (draws @ among))
