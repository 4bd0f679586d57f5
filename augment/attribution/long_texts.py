"""Explain texts that a model reads in several windows: each window is explained, and the scores of a piece add up.

F of a text is the mean of F over its windows, and what a piece has in each of them counts by their number: a piece in two
windows is scored by both, and all scores of a text add up to F(x) - F(baseline) as those of its windows do. With
`windows: max` the window in which the target has its highest logit decides, and pieces outside have no share. For logits and
their differences that mean is F of the mean logits; a probability is the mean of the windows' probabilities.

    over_windows(classifier, rows, ids, plan, lambda rows, ids, plan: attribute(classifier, rows, plan))
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from augment.attribution.method import MOST_EVALUATIONS
from augment.attribution.path_integral import PROMISING, ModelInputs, Plan, Scores
from augment.models.classifier import Classifier
from augment.models.windows import TextWindows

# Scores of some rows that are known by these ids.
WindowAttributor = Callable[[ModelInputs, Sequence[str], Plan], Scores]

_WORST = ("not_converged", "precision_floor")
_TINY = 1e-12
# Where windows cancel each other they are done once more, to a tolerance that is no smaller than this part of it.
_TIGHTEST = 1 / 32


def over_windows(
    classifier: Classifier, rows: ModelInputs, ids: Sequence[str], plan: Plan, attribute: WindowAttributor
) -> Scores:
    """Return the scores of every row. ids: names of the rows; a window has that of its row and its number."""
    parts = classifier.windows.of(rows.pieces, rows.segments)
    if parts is None:
        return attribute(rows, ids, plan)
    some, names, parts = spread(classifier, rows, ids, parts)
    scores = attribute(some, names, plan)
    joined = _joined(rows, parts, scores)
    if plan.mode not in PROMISING:
        return joined
    late = _late(joined, parts, plan)
    if not late:
        return joined
    again = [window for window, row in enumerate(parts.row) if row in late]
    finer = replace(plan, tolerance=plan.tolerance * max(_TIGHTEST, min(1 / (2 * late[row]) for row in late)))
    _replace(scores, again, attribute(some.take(again), ["" for _ in again], finer))
    joined = _joined(rows, parts, scores)
    for row in _late(joined, parts, plan):
        joined.status[row] = "not_converged"
    return joined


def spread(
    classifier: Classifier, rows: ModelInputs, ids: Sequence[str], parts: TextWindows
) -> tuple[ModelInputs, list[str], TextWindows]:
    """Return the windows of rows as rows, their names, and which windows they are: with `max` the one that decides."""
    pieces, segments = parts.spread(rows.pieces), parts.spread(rows.segments)
    index, counts = torch.tensor(parts.row), parts.counts()
    logits = rows.logits[index].clone()
    many = [window for window, row in enumerate(parts.row) if counts[row] > 1]
    logits[many] = classifier.answer(
        [pieces[window] for window in many], [segments[window] for window in many]
    )
    if parts.pooling == "max":
        chosen = _deciding(parts, logits, rows.target)
        parts = TextWindows(
            [parts.row[window] for window in chosen], [parts.slots[window] for window in chosen], "max"
        )
        index, logits = index[chosen], logits[chosen]
        pieces, segments = [pieces[window] for window in chosen], [segments[window] for window in chosen]
    owners, starts = (
        None if values is None else parts.spread(values) for values in (rows.owners, rows.starts)
    )
    windows = ModelInputs(
        pieces, segments, logits, rows.target[index], owners, starts, rows.strongest_other[index]
    )
    return windows, _names(ids, parts, counts), parts


def one_window_each(
    classifier: Classifier, rows: ModelInputs, ids: Sequence[str]
) -> tuple[ModelInputs, list[str]]:
    """Return one window of each row, the first of the first, the second of the second and so on round, and their names."""
    parts = classifier.windows.of(rows.pieces, rows.segments)
    if parts is None:
        return rows, list(ids)
    some, names, parts = spread(classifier, rows, ids, parts)
    counts = parts.counts()
    firsts = np.cumsum([0, *counts[:-1]])
    chosen = [int(first) + row % counts[row] for row, first in enumerate(firsts)]
    return some.take(chosen), [names[window] for window in chosen]


def _deciding(parts: TextWindows, logits: Tensor, target: Tensor) -> list[int]:
    """Return for each row its window with the highest logit of the target, the first of equals."""
    best: dict[int, int] = {}
    for window, row in enumerate(parts.row):
        here = logits[window, target[row]]
        if row not in best or here > logits[best[row], target[row]]:
            best[row] = window
    return list(best.values())


def _names(ids: Sequence[str], parts: TextWindows, counts: Sequence[int]) -> list[str]:
    """Return the name of each window: that of its row, and its number where the row has several."""
    names, number, before = [], 0, -1
    for row in parts.row:
        number = number + 1 if row == before else 0
        names.append(ids[row] if counts[row] == 1 else f"{ids[row]}\0{number}")
        before = row
    return names


def _joined(rows: ModelInputs, parts: TextWindows, scores: Scores) -> Scores:
    """Return the scores of rows for those of their windows: the mean, of pieces by where they are in the row."""
    counts = np.asarray(parts.counts())
    index = np.asarray(parts.row)
    pieces = [np.zeros(len(row)) for row in rows.pieces]
    for window, row in enumerate(parts.row):
        np.add.at(pieces[row], parts.slots[window], scores.pieces[window] / counts[row])
    value, floor, gap, off = (
        np.bincount(index, values) / counts
        for values in (scores.value, scores.floor, scores.gap, _off(scores))
    )
    sizes = np.asarray([np.abs(row).sum() for row in pieces])
    shortfall = np.abs(gap) / np.maximum(np.abs(value - floor), _TINY)
    each = [[scores.status[window] for window in np.flatnonzero(index == row)] for row in range(len(counts))]
    status = [next((name for name in _WORST if name in names), names[0]) for names in each]
    exact = np.asarray([name == "exact" for name in status])
    # A row of one window is that window, to the last bit.
    error = np.where(counts == 1, np.bincount(index, scores.error), off / np.maximum(sizes, _TINY))
    error = np.where(exact & (counts > 1), shortfall, error)
    evals = np.bincount(index, scores.evals).clip(max=MOST_EVALUATIONS).astype(scores.evals.dtype)
    return Scores(pieces, value, floor, gap, error, evals, status)


def _off(scores: Scores) -> np.ndarray:
    """Return how far the scores of each window are off by its error, [W], in the unit of F."""
    return np.asarray(scores.error * np.asarray([np.abs(row).sum() for row in scores.pieces]))


def _late(scores: Scores, parts: TextWindows, plan: Plan) -> dict[int, float]:
    """Return the rows of several windows that miss the tolerance though each window meets it, and how many times over."""
    change = np.maximum(np.abs(scores.value - scores.floor), _TINY)
    times = np.maximum(
        scores.error, np.where(scores.incomplete(plan.tolerance), np.abs(scores.gap) / change, 0)
    )
    return {
        row: float(times[row] / plan.tolerance)
        for row, count in enumerate(parts.counts())
        if count > 1 and times[row] > plan.tolerance and scores.status[row] == "converged"
    }


def _replace(scores: Scores, windows: Sequence[int], fresh: Scores) -> None:
    """Put the scores of some windows in the place of those before; evaluations add up."""
    for number, window in enumerate(windows):
        scores.pieces[window], scores.status[window] = fresh.pieces[number], fresh.status[number]
        for name in ("value", "floor", "gap", "error"):
            getattr(scores, name)[window] = getattr(fresh, name)[number]
        scores.evals[window] = min(int(scores.evals[window]) + int(fresh.evals[number]), MOST_EVALUATIONS)
