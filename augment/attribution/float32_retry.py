"""Attribute rows in a lower precision, and again in float32 those for which it is too low.

In bfloat16 F itself is known to 1-3 %, so no rule, however fine, shows a smaller residual: below that floor more nodes
are wasted. Rows are compared with the floor, and those that miss it are computed in float32.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from augment.attribution import path_integral as integrate
from augment.attribution.calibration_file import Finished
from augment.attribution.path_integral import PROMISING, ModelInputs, Plan, Scores
from augment.models.classifier import Classifier
from augment.models.device import Dtype

# About twice the error that 95 texts in 100 keep, weights in float32 (benchmarks/attribution/ig_precision.md).
# Short products err as bfloat16 does, those of the backward pass alone less than half as much.
FLOORS: dict[Dtype, float] = {
    "bfloat16": 0.02,
    "float16": 0.01,
    "tf32": 0.005,
    "bfloat16_products": 0.02,
    "bfloat16_gradients": 0.01,
}


def attribute_precisely(
    classifier: Classifier, rows: ModelInputs, plan: Plan, ids: Sequence[str], finished: Finished | None
) -> Scores:
    """Return the scores of every row: those that are finished as they are, the others by the plan."""
    known = {name: number for number, name in enumerate(finished.ids)} if finished else {}
    open_rows = [row for row, name in enumerate(ids) if name not in known]
    fresh = attribute(classifier, rows.take(open_rows), plan)
    if finished is None:
        return fresh
    number = {row: index for index, row in enumerate(open_rows)}
    sources = [
        (finished.scores, known[name]) if name in known else (fresh, number[row])
        for row, name in enumerate(ids)
    ]
    return _gathered(sources)


def attribute(classifier: Classifier, rows: ModelInputs, plan: Plan) -> Scores:
    """Return the scores of rows, those that miss the floor of the arithmetic computed again in float32."""
    floor = FLOORS.get(classifier.dtype, 0.0)
    if plan.mode not in PROMISING or not floor:
        return integrate.attribute(classifier, rows, plan)
    scores = integrate.attribute(classifier, rows, replace(plan, tolerance=max(plan.tolerance, floor)))
    beyond = (scores.error > plan.tolerance) | scores.incomplete(plan.tolerance)
    for row in np.flatnonzero(beyond).tolist():
        if scores.status[row] != "not_converged":
            scores.status[row] = "precision_floor"
    late = [row for row, status in enumerate(scores.status) if status == "not_converged"]
    if not late:
        return scores
    with classifier.in_float32():
        again = integrate.attribute(classifier, _answered(classifier, rows.take(late)), plan)
    again.evals += scores.evals[late]
    index_of = {row: index for index, row in enumerate(late)}
    return _gathered(
        [(again, index_of[row]) if row in index_of else (scores, row) for row in range(len(scores.status))]
    )


def _answered(classifier: Classifier, rows: ModelInputs) -> ModelInputs:
    """Return rows with their logits as the model gives them now, and the classes that were compared before."""
    logits = classifier.answer(rows.pieces, rows.segments)
    return replace(rows, logits=logits, against=rows.strongest_other)


def _gathered(sources: Sequence[tuple[Scores, int]]) -> Scores:
    """Return scores whose rows are taken one by one from others."""
    columns = {
        name: np.asarray([getattr(scores, name)[row] for scores, row in sources], dtype=kind)
        for name, kind in (
            ("value", float),
            ("floor", float),
            ("gap", float),
            ("error", float),
            ("evals", np.int16),
        )
    }
    pieces = [scores.pieces[row] for scores, row in sources]
    return Scores(pieces, **columns, status=[scores.status[row] for scores, row in sources])
