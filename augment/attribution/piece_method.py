"""What methods share that score the pieces a model is fed: the scores of words are sums, and a baseline may be another text.

class Mine(PieceMethod):
    method: Literal["mine"] = "mine"

    def scores(self, classifier, rows, plan): return Scores(...)
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, cast

import numpy as np
from pydantic import BaseModel, Field, model_validator

from augment.attribution.method import (
    MOST_EVALUATIONS,
    AttributionMethod,
    Explained,
    Explainer,
    Setting,
    TokenScores,
)
from augment.errors import RequestError

if TYPE_CHECKING:
    from augment.attribution.baseline_texts import References
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

# Baselines that are texts of the corpus, and those that are texts at all.
FROM_CORPUS = ("corpus", "neutral", "boundary")
REFERENCES = ("text", *FROM_CORPUS)


class CutSettings(BaseModel, frozen=True, extra="forbid"):
    """Where in the model."""

    cut: str | None = Field(
        default=None, description="a module of the model whose output takes the place of the embeddings"
    )


class BaselineSettings(BaseModel, frozen=True, extra="forbid"):
    """What the path starts from."""

    baseline: Literal[
        "auto", "zero", "mask", "pad", "unk", "mean", "text", "corpus", "neutral", "boundary"
    ] = Field(
        default="auto", description="auto: zero, or mask or mean where the model's answer jumps next to zero"
    )
    text: str | None = Field(
        default=None, min_length=1, description="the text that `baseline: text` starts from"
    )

    @model_validator(mode="after")
    def _has_its_text(self) -> Self:
        """Refuse a text without its baseline."""
        if self.text is not None and not self.text.strip():
            raise ValueError("`text` is blank: `baseline: zero` starts from nothing")
        if (self.text is None) == (self.baseline == "text"):
            raise ValueError("`text` and `baseline: text` go together")
        return self


class PieceMethod(AttributionMethod):
    """A method that scores pieces. Where scores have to add up to F(x) - F(baseline), the latter is known, and they have a gap."""

    def scores(self, classifier: "Classifier", rows: "ModelInputs", plan: "Plan") -> "Scores":
        """Return the scores of the pieces of every row."""
        raise NotImplementedError(f"method {self.method!r} cannot score pieces")

    def check(self, classifier: "Classifier") -> None:
        """Raise RequestError if the model is of a kind that the method cannot explain."""

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the scores of every row; RequestError for a model without gradients, or of another kind."""
        classifier = with_gradients(predictor, self.method)
        self.check(classifier)
        return self.explained(classifier, rows, None)

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows; RequestError if the model does not fit."""
        from augment.models.classifier import open_classifier

        classifier = open_classifier(setting.job.needs_model(), setting.job.run)
        self.check(classifier)
        return lambda rows: self.explained(classifier, rows, setting)

    def explained(self, classifier: "Classifier", rows: Explained, setting: Setting | None) -> TokenScores:
        """Return the scores of every row. setting: where the method is used, None outside a run."""
        from augment.attribution.path_integral import Plan

        plan = Plan(quantity=rows.quantity)
        return self.of_tokens(rows, self.over_windows(classifier, rows, plan), None)

    def over_windows(
        self,
        classifier: "Classifier",
        rows: Explained,
        plan: "Plan",
        scores: "Callable[[ModelInputs], Scores] | None" = None,
    ) -> "Scores":
        """Return the scores of the pieces of every row, those of a long text over its windows."""
        from augment.attribution.long_texts import over_windows

        score = scores or (lambda some: self.scores(classifier, some, plan))
        return over_windows(
            classifier, model_inputs(rows), rows.ids, plan, lambda some, ids, finer: score(some)
        )

    def of_tokens(self, rows: Explained, scores: "Scores", baseline: str | None) -> TokenScores:
        """Return the scores of tokens, each the sum over its pieces, and what else is known of each row."""
        count = len(scores.pieces)
        owner = rows.owner or ()
        broken = frozenset(row for row in range(count) if not np.isfinite(scores.pieces[row]).all())
        sums = [by_token(scores.pieces[row], owner[row], len(rows.spans[row])) for row in range(count)]
        facts: dict[str, list[object]] = {
            "rest": [rest for _, rest in sums],
            "status": list(scores.status),
            "baseline": [baseline] * count,
        }
        free = np.isnan(scores.floor)
        if not free.all():
            facts |= {
                name: [None if unknown else value for value, unknown in zip(values, free, strict=True)]
                for name, values in (("gap", scores.gap), ("error", scores.error))
            }
        cost = scores.evals.clip(max=MOST_EVALUATIONS).tolist()
        return TokenScores([tokens for tokens, _ in sums], scores.value, cost, facts, broken)


class BaselineMethod(BaselineSettings, PieceMethod):
    """A method that compares a text with a baseline, which may be other texts."""

    def explained(self, classifier: "Classifier", rows: Explained, setting: Setting | None) -> TokenScores:
        """Return the scores of every row, the mean over several baselines where there are any."""
        from augment.attribution.path_integral import Plan
        from augment.ig.baseline import FillerName

        references = references_of(self, classifier, setting)
        if references is not None:
            plan = Plan(quantity=rows.quantity)
            averaged = partial(
                references.attribute, self.baseline, attribute=partial(self.scores, classifier, plan=plan)
            )
            return self.of_tokens(rows, self.over_windows(classifier, rows, plan, averaged), self.baseline)
        name = self.without_baseline(classifier) if self.baseline == "auto" else self.baseline
        plan = Plan(quantity=rows.quantity, baseline=cast(FillerName, name))
        return self.of_tokens(rows, self.over_windows(classifier, rows, plan), name)

    def without_baseline(self, classifier: "Classifier") -> str:
        """Return the baseline that `auto` means for a model."""
        return "zero"

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Keep texts of the corpus, where paths start from them."""
        keep_references(self.baseline, setting, rows)


def with_gradients(predictor: "Predictor", method: str) -> "Classifier":
    """Return the model as a classifier; RequestError for a Python function, which has no gradients."""
    return as_classifier(predictor, f"`method: {method}` needs gradients, and the model gives answers only")


def as_classifier(predictor: "Predictor", why: str) -> "Classifier":
    """Return the model as a classifier; RequestError for a Python function. why: what a method needs that it lacks."""
    from augment.models.classifier import Classifier

    if isinstance(predictor, Classifier):
        return predictor
    raise RequestError("stage attribute", why, "use `method: occlusion`")


def keep_references(baseline: str, setting: Setting, rows: Callable[[], Explained]) -> None:
    """Write down texts of the corpus for a baseline that needs them."""
    from augment.attribution.baseline_texts import KEPT

    if baseline in FROM_CORPUS:
        texts = list(rows().pieces or ())[:KEPT]
        calibration_path(setting, "references").write_text(json.dumps(texts), encoding="utf-8")


def references_of(
    settings: BaselineSettings, classifier: "Classifier", setting: Setting | None
) -> "References | None":
    """Return the texts that paths start from, None for a baseline that is no text."""
    from augment.attribution.baseline_texts import References

    if settings.baseline == "text":
        return References(classifier, [classifier.encode([str(settings.text)], [None])[0].pieces])
    if settings.baseline not in FROM_CORPUS:
        return None
    if setting is None or setting.state is None or not calibration_path(setting, "references").exists():
        what = f"`baseline: {settings.baseline}` starts from other texts of a corpus, and there is none"
        raise RequestError(
            "stage attribute", what, "run the pipeline on a corpus, or choose zero, mask or text"
        )
    file = calibration_path(setting, "references")
    return References(classifier, json.loads(file.read_text(encoding="utf-8")))


def by_token(pieces: np.ndarray, owner: Sequence[int], tokens: int) -> tuple[list[float], float]:
    """Return the score of each token, the sum over its pieces, and the sum over pieces that have no token."""
    index = np.asarray(owner, dtype=np.int64)
    owned = index >= 0
    sums = np.bincount(index[owned], weights=pieces[owned], minlength=tokens)
    return sums.astype(np.float32).tolist(), float(pieces[~owned].sum())


def calibration_path(setting: Setting, what: str = "") -> Path:
    """Return where the calibration of a stage, or its references, is in a run folder."""
    return (setting.state or Path()) / f"calibration-{'-'.join(filter(None, (setting.name, what)))}.json"


def model_inputs(explained: Explained) -> "ModelInputs":
    """Return the rows as the path integral takes them."""
    from augment.attribution.path_integral import ModelInputs

    pieces, segments = explained.pieces or (), explained.segments or ()
    return ModelInputs(pieces, segments, explained.logits, explained.target, explained.owner)
