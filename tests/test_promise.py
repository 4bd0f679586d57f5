"""The promise as users read it: a row that claims the tolerance has its gap and its error within it, however it is explained."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import product
from typing import cast

import numpy as np
import pytest

from augment.attribution import float32_retry
from augment.attribution.baseline_texts import References
from augment.attribution.path_integral import PROMISED, ModelInputs, Plan, Scores, fixed
from augment.ig.baseline import FillerName
from augment.ig.quantities import QuantityFunction, QuantityName
from augment.ig.target import label_probability
from augment.models.classifier import Classifier
from tests.attribution.test_path_integral import inputs_of, opened
from tests.models.nets import NETS, save
from tests.texts import TEXTS

TEXT = ["good bad 好", TEXTS[7]]
OTHERS = ["bad", "好 bad very", "good good good"]
FILLERS = ("zero", "mask", "pad", "unk", "mean")
FROM_TEXTS = ("text", "corpus", "neutral", "boundary")
CUTS = {
    "bert": (None, "bert.encoder.layer.0"),
    "distilbert": (None, "distilbert.transformer.layer.0"),
    "gpt2": (None, "transformer.h.0"),
}
HEADS: tuple[QuantityName | QuantityFunction, ...] = ("logit", "difference", "probability", label_probability)
TOLERANCE, DENSE = 0.1, 80


@pytest.fixture(scope="module")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Classifier]:
    """Return the function that opens a small net."""
    root = tmp_path_factory.mktemp("nets")
    folders = {name: save(NETS[name], root / name) for name in CUTS}
    return lambda name: opened(folders[name])


def explained(classifier: Classifier, rows: ModelInputs, plan: Plan, baseline: str) -> Scores:
    """Return the scores of rows from any baseline, as a run makes them."""
    if baseline in FILLERS:
        return float32_retry.attribute(classifier, rows, replace(plan, baseline=cast(FillerName, baseline)))
    references = References(classifier, inputs_of(classifier, OTHERS).pieces)
    return references.promised(
        baseline, rows, plan, partial(float32_retry.attribute, classifier), plan.tolerance
    )


@pytest.mark.parametrize("name", CUTS)
def test_a_row_that_claims_the_tolerance_has_its_gap_and_its_error_within_it(
    nets: Callable[[str], Classifier], name: str
) -> None:
    classifier = nets(name)
    rows, claims, broken = inputs_of(classifier, TEXT), 0, []
    # Every baseline on every cut; the heads in turn, so that each meets every baseline on some net.
    for number, (cut, baseline) in enumerate(product(CUTS[name], (*FILLERS, *FROM_TEXTS))):
        head = HEADS[(number + list(CUTS).index(name)) % len(HEADS)]
        if name == "gpt2" and baseline in ("mask", "pad", "unk"):
            continue
        plan = Plan(quantity=head, cut=cut, tolerance=TOLERANCE)
        result = explained(classifier, rows, plan, baseline)
        exact = explained(classifier, rows, replace(plan, mode="fixed", chains=fixed(DENSE)), baseline)
        for row, (one, other) in enumerate(zip(result.pieces, exact.pieces, strict=True)):
            change = result.value[row] - result.floor[row]
            slack = 2e-5 * (abs(result.value[row]) + abs(result.floor[row]) + np.abs(one).sum())
            unsound = abs(exact.gap[row]) > 0.01 * np.abs(other).sum()
            if result.status[row] not in PROMISED or unsound:
                continue
            claims += 1
            error = np.abs(one - other).sum() / max(np.abs(other).sum(), 1e-12)
            gap = max(abs(one.sum() - change) - slack, 0) / max(abs(change), 1e-12)
            if error > TOLERANCE or gap > TOLERANCE:
                broken.append(
                    (
                        cut,
                        baseline,
                        getattr(head, "__name__", head),
                        row,
                        round(error, 3),
                        round(gap, 3),
                        result.evals[row],
                    )
                )
    assert claims >= 16
    assert not broken
