"""Quantitative input influence: what the answer loses on average when a word is drawn anew, F(x) - E F(x with another word).

Datta, Sen and Zick 2016, definition 1: an intervention replaces an input by draws from its marginal distribution, all else left as
it is. Each piece of the word is drawn from the pieces of other texts of the corpus; where there is none, from the vocabulary. So a
text stays as long as it is, and no word is missing, as it is in occlusion. The influence of a set of words together is
`set_influence`, the marginal influence over random sets `shapley` with `estimator: banzhaf`.

    Qii(samples=16).attribute(classifier, rows)
"""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from augment.attribution.method import (
    MOST_EVALUATIONS,
    AttributionMethod,
    Explained,
    Explainer,
    Setting,
    TokenScores,
)
from augment.attribution.occlusion import seen_tokens
from augment.attribution.piece_method import as_classifier, calibration_path, keep_references
from augment.attribution.sampled_gradients import SampleSettings
from augment.seeding import array_rng, key_of

if TYPE_CHECKING:
    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

# Rows that are answered at once, and pieces of the vocabulary that are drawn from where there is no corpus.
_WINDOW, _VOCABULARY = 4096, 512
_TINY = 1e-12


class Qii(SampleSettings, AttributionMethod):
    """The mean change of the answer when the pieces of a word are drawn anew."""

    costs: ClassVar[str] = "which is `samples` evaluations for each token"
    means: ClassVar[str] = "scores with a standard error of {}"
    method: Literal["qii"] = "qii"

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the influence of each word, drawn from the vocabulary; RequestError for a model without pieces."""
        classifier = _with_pieces(predictor)
        return self._scores(classifier, rows, classifier.some_pieces(_VOCABULARY))

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Keep texts of the corpus, whose pieces are drawn."""
        keep_references("corpus", setting, rows)

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows; RequestError for a model without pieces."""
        from augment.models.predictor import open_predictor

        classifier = _with_pieces(open_predictor(setting.job.needs_model(), setting.job.run))
        file = calibration_path(setting, "references")

        def explain(rows: Explained) -> TokenScores:
            """Explain rows; the texts are read when they are there."""
            pool: list[int] = []
            if setting.state is not None and file.exists():
                texts = json.loads(file.read_text(encoding="utf-8"))
                pool = classifier.content([piece for text in texts for piece in text])
            return self._scores(classifier, rows, pool or classifier.some_pieces(_VOCABULARY))

        return explain

    def _scores(self, classifier: "Classifier", rows: Explained, pool: Sequence[int]) -> TokenScores:
        """Return the influence of each word. error: the sum of the standard errors over the sum of |scores|."""
        from augment.ig.target import quantity, runner_up

        against = runner_up(rows.logits, rows.target)
        value = quantity(rows.quantity, rows.logits, rows.target, against).double().numpy()
        pieces, segments, owner = rows.pieces or (), rows.segments or (), rows.owner or ()
        scores = [np.zeros(len(spans)) for spans in rows.spans]
        spread, cost = np.zeros(len(scores)), np.zeros(len(scores), np.int64)
        seen = [(row, token) for row in range(len(scores)) for token in seen_tokens(rows, row)]
        together = max(_WINDOW // self.samples, 1)
        for begin in range(0, len(seen), together):
            some = seen[begin : begin + together]
            changed = [
                variant
                for row, token in some
                for variant in self._drawn(pieces[row], owner[row], token, rows.texts[row], pool)
            ]
            of = np.repeat([row for row, _ in some], self.samples)
            logits = classifier.answer(changed, [segments[row] for row in of])
            left = quantity(rows.quantity, logits, rows.target[of], against[of]).double().numpy()
            lost = (value[of] - left).reshape(-1, self.samples)
            for (row, token), one in zip(some, lost, strict=True):
                scores[row][token] = one.mean()
                spread[row] += one.std(ddof=1) / np.sqrt(self.samples)
                cost[row] += self.samples
        broken = frozenset(row for row, one in enumerate(scores) if not np.isfinite(one).all())
        error = [
            float(wide / max(np.abs(one).sum(), _TINY)) for wide, one in zip(spread, scores, strict=True)
        ]
        facts: dict[str, list[object]] = {
            "status": ["fixed"] * len(scores),
            "rest": [0.0] * len(scores),
            "error": [*error],
        }
        counts = cost.clip(max=MOST_EVALUATIONS).tolist()
        return TokenScores([one.tolist() for one in scores], value, counts, facts, broken)

    def _drawn(
        self, pieces: Sequence[int], owner: Sequence[int], token: int, text: str, pool: Sequence[int]
    ) -> list[list[int]]:
        """Return the pieces of a row with those of a token drawn anew, `samples` times; by the text alone."""
        rng = array_rng(key_of("qii", text, str(token)))
        indices = [index for index, of in enumerate(owner) if of == token]
        variants = np.tile(np.asarray(pieces), (self.samples, 1))
        variants[:, indices] = np.asarray(pool)[rng.integers(len(pool), size=(self.samples, len(indices)))]
        result: list[list[int]] = variants.tolist()
        return result


def _with_pieces(predictor: "Predictor") -> "Classifier":
    """Return the model as a classifier; RequestError for a Python function, which has no pieces."""
    return as_classifier(
        predictor, "`method: qii` draws the pieces of a word anew, and a Python function has none"
    )
