"""Paths that start from other texts: a text of the user, texts of the corpus, a neutral one, or one that the model predicts otherwise.

Each row gets one start or several (expected gradients, Erion et al. 2021, average over them). A start has the length and
the frame of its row; the other text is cut, or filled up with masks.

    references = References(classifier, pieces)
    scores = references.attribute("boundary", rows, lambda many: attribute(classifier, many, plan))
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch

from augment.attribution.method import MOST_EVALUATIONS
from augment.attribution.path_integral import (
    PROMISED,
    PROMISING,
    ModelInputs,
    Plan,
    Scores,
    doubted,
    misses,
    put,
)
from augment.models.classifier import Classifier

# Texts of the corpus that are kept to choose from, and how many are averaged.
KEPT = 64
AVERAGED = 8

Starts = list[list[list[int]]]
Attributor = Callable[[ModelInputs], Scores]
PlannedAttributor = Callable[[ModelInputs, Plan], Scores]
_TINY = 1e-12
# Rows whose starts cancel are done once more, to a tolerance that is no smaller than this part of it.
_TIGHTEST = 1 / 32


class References:
    """Texts of the corpus, as pieces, with what the model answers to them."""

    def __init__(self, classifier: Classifier, texts: Sequence[Sequence[int]]) -> None:
        """Ask the model about each text."""
        self._classifier = classifier
        self._texts = [list(pieces) for pieces in texts]
        segments = [[0] * len(pieces) for pieces in self._texts]
        self._logits = classifier.answer(self._texts, segments)
        self._means = self._vectors(self._texts)

    @property
    def count(self) -> int:
        """How many texts there are."""
        return len(self._texts)

    def attribute(self, name: str, rows: ModelInputs, attribute: Attributor) -> Scores:
        """Return the scores of every row from the starts of a baseline, each row once for every start."""
        return _averaged(rows, self.starts(name, rows), attribute)

    def promised(
        self, name: str, rows: ModelInputs, plan: Plan, attribute: PlannedAttributor, tolerance: float
    ) -> Scores:
        """Return the scores of every row by a plan; those whose starts cancel are integrated once more, more precisely.

        tolerance: what a row must be within that counts as such. The error of a mean is a share of the mean, which is smaller
        than the scores from each start where they differ.
        """
        scores = self.attribute(name, rows, lambda many: attribute(many, plan))
        if plan.mode not in PROMISING:
            return scores
        late = [
            row
            for row in np.flatnonzero(misses(scores, tolerance) > 1).tolist()
            if scores.status[row] in PROMISED
        ]
        if late:
            times = float(misses(scores, tolerance)[late].max())
            finer = replace(plan, tolerance=plan.tolerance * max(_TIGHTEST, 1 / (2 * times)))
            again = self.attribute(name, rows.take(late), lambda many: attribute(many, finer))
            again.evals = np.minimum(again.evals.astype(int) + scores.evals[late], MOST_EVALUATIONS).astype(
                np.int16
            )
            put(scores, late, again)
        return doubted(scores, tolerance)

    def first(self, name: str, rows: ModelInputs) -> ModelInputs:
        """Return the rows with the first start of each: what a calibration is made on."""
        return replace(rows, starts=[some[0] for some in self.starts(name, rows)])

    def starts(self, name: str, rows: ModelInputs) -> Starts:
        """Return the starts of every row.

        text: the first reference; corpus: the first eight; neutral: the one whose logit of the target is nearest to the
        mean over the references; boundary: the one most like the row (cosine of mean embeddings) among those of another
        prediction, or among all if there are none.
        """
        if name in ("text", "corpus"):
            chosen = [list(range(1 if name == "text" else min(AVERAGED, len(self._texts))))] * len(
                rows.pieces
            )
        elif name == "neutral":
            distance = (self._logits - self._logits.mean(0)).abs()
            nearest = distance.argmin(0).tolist()
            chosen = [[nearest[target]] for target in rows.target.tolist()]
        else:
            chosen = self._across(rows)
        return [
            [
                self._classifier.filled(pieces, self._classifier.content(self._texts[index]))
                for index in indices
            ]
            for pieces, indices in zip(rows.pieces, chosen, strict=True)
        ]

    def _across(self, rows: ModelInputs) -> list[list[int]]:
        """Return for each row the reference most like it that the model answers otherwise."""
        alike = self._vectors(rows.pieces) @ self._means.T
        predicted = self._logits.argmax(-1)
        same = rows.logits.argmax(-1)[:, None] == predicted[None]
        alike = torch.where(same & ~same.all(-1, keepdim=True), -torch.inf, alike)
        return [[index] for index in alike.argmax(-1).tolist()]

    def _vectors(self, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Return the unit mean embedding of each text, [N, D]."""
        table = torch.as_tensor(self._classifier.model.get_input_embeddings().weight).float().cpu()
        means = [table[list(pieces)].mean(0) for pieces in texts]
        vectors = torch.stack(means) if means else torch.zeros(0, table.shape[1])
        return torch.nn.functional.normalize(vectors, dim=-1)


def _averaged(rows: ModelInputs, starts: Starts, attribute: Attributor) -> Scores:
    """Return the scores of every row, the mean over its starts; evaluations add up, the error is the mean's bound."""
    owner = [row for row, some in enumerate(starts) for _ in some]
    each = attribute(replace(rows.take(owner), starts=[start for some in starts for start in some]))
    groups: list[list[int]] = [[] for _ in starts]
    for index, row in enumerate(owner):
        groups[row].append(index)
    pieces = [np.mean([each.pieces[index] for index in group], axis=0) for group in groups]
    means = {
        name: np.asarray([getattr(each, name)[group].mean() for group in groups])
        for name in ("value", "floor", "gap")
    }
    off = each.error * np.asarray([np.abs(row).sum() for row in each.pieces])
    means["error"] = np.asarray(
        [off[group].mean() / max(np.abs(row).sum(), _TINY) for group, row in zip(groups, pieces, strict=True)]
    )
    worst = ("not_converged", "precision_floor")
    status = [
        next(
            (name for name in worst if name in {each.status[index] for index in group}),
            each.status[group[0]],
        )
        for group in groups
    ]
    evals = np.asarray([min(each.evals[group].sum(), MOST_EVALUATIONS) for group in groups], dtype=np.int16)
    return Scores(pieces, **means, evals=evals, status=status)
