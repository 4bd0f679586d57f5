"""The methods that need gradients: integrated gradients with its calibration, and two of one evaluation for comparison.

IntegratedGradients(fixed=16).attribute(classifier, rows)
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast, get_args

import numpy as np
from pydantic import BaseModel, Field, model_validator

from augment.attribution.method import AttributionMethod, Explained, Explainer, Setting, TokenScores
from augment.errors import RequestError
from augment.ig.quantities import QuantityName

if TYPE_CHECKING:
    from augment.attribution.baseline_texts import References
    from augment.attribution.calibration_file import Finished
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

_FROM_CORPUS = ("corpus", "neutral", "boundary")
_REFERENCES = ("text", *_FROM_CORPUS)
_MODES = ("tolerance", "p95", "ranking", "fixed")
_ONCE = "which is one evaluation of each row"


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


class StopSettings(BaseModel, frozen=True, extra="forbid"):
    """When a row is done."""

    tolerance: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="largest error of a row's scores, as a share of them; 0.05 if no mode is named",
    )
    p95: float | None = Field(
        default=None, gt=0, le=1, description="the same promise for 95 rows in 100, for less"
    )
    ranking: int | None = Field(
        default=None, ge=1, description="stop when this many of the highest tokens are settled"
    )
    fixed: int | None = Field(default=None, ge=1, le=4096, description="Gauss-Legendre nodes for every row")

    @model_validator(mode="after")
    def _one_mode(self) -> Self:
        """Refuse two modes."""
        named = [name for name in _MODES if getattr(self, name) is not None]
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} cannot both be set: each defines when a row is done")
        return self


class _Path(StopSettings, BaselineSettings, CutSettings):
    """The settings of all three methods together."""


class GradientMethod(AttributionMethod):
    """What the three methods share: they follow a path, which has one point for those of one evaluation."""

    @property
    def path(self) -> _Path:
        """The settings of the path; those that a method does not have are at their defaults."""
        return _Path.model_validate(self.model_dump(exclude={"method"}))

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the scores of every row, without a calibration; RequestError for a model without gradients."""
        from augment.models.classifier import Classifier

        if not isinstance(predictor, Classifier):
            what = f"`method: {self.method}` needs gradients, and the model gives answers only"
            raise RequestError("stage attribute", what, "use `method: occlusion`")
        references = self._references(predictor, None)
        return self._scores(predictor, rows, self.plan(rows.quantity), references, (None, None))

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows, with the calibration that was prepared for the run."""
        from augment.attribution.path_integral import try_path
        from augment.models.classifier import open_classifier

        classifier = open_classifier(setting.job.needs_model(), setting.job.run)
        plan, finished, shape = self._opened(setting)
        try_path(classifier, plan)
        # Opened without a folder first, to see that the model can be loaded: what else is needed is requested later.
        references = cache(lambda: self._references(classifier, setting))
        return lambda rows: self._scores(classifier, rows, plan, references(), (finished, shape))

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Calibrate the rules on a sample of the corpus, where that pays, or check a calibration that was named."""
        from augment.attribution.baseline_texts import KEPT
        from augment.attribution.calibration import LEAST_ROWS, calibrate, choose
        from augment.attribution.calibration_file import Finished, save
        from augment.attribution.rule_trials import effort
        from augment.models.classifier import open_classifier

        config = setting.job.needs_model()
        classifier = open_classifier(config, setting.job.run)
        plan, baseline = self.plan(setting.quantity), self.path.baseline
        if baseline in _FROM_CORPUS:
            texts = list(rows().pieces or ())[:KEPT]
            _file(setting, "references").write_text(json.dumps(texts), encoding="utf-8")
        if size < LEAST_ROWS or config.calibration is not None or not self._calibrates(classifier, plan):
            return
        sample = rows()
        teaching = choose(sample.logits.argmax(-1).tolist(), effort(plan.tolerance).texts)
        chosen = _rows(sample).take(teaching)
        references = self._references(classifier, setting)
        if references is not None:
            chosen = references.first(baseline, chosen)
        calibration, scores = calibrate(classifier, chosen, plan)
        if calibration.shape == "jump" and baseline == "auto":
            plan = replace(plan, baseline="mask" if classifier.has_mask else "mean")
            calibration, scores = calibrate(classifier, chosen, plan)
        ids = tuple(sample.ids[index] for index in teaching[: len(scores.pieces)])
        save(_file(setting), self._made_for(setting), calibration, Finished(ids, scores))

    def plan(self, quantity: QuantityName) -> "Plan":
        """Return the plan without a calibration."""
        from augment.attribution.path_integral import Method, Plan, fixed
        from augment.ig.baseline import FillerName

        path = self.path
        baseline = path.baseline if path.baseline in get_args(FillerName) else "zero"
        plan = Plan(cast(Method, self.method), quantity, cast(FillerName, baseline), path.cut)
        if path.fixed is not None:
            return replace(plan, mode="fixed", chains=fixed(path.fixed))
        if path.ranking is not None:
            return replace(plan, mode="ranking", top=path.ranking)
        if path.p95 is not None:
            # Without a calibration no rule is known to do, so every row is settled by itself.
            return replace(plan, tolerance=path.p95)
        return replace(plan, tolerance=path.tolerance or plan.tolerance)

    def _scores(
        self,
        classifier: "Classifier",
        explained: Explained,
        plan: "Plan",
        references: "References | None",
        known: "tuple[Finished | None, str | None]",
    ) -> TokenScores:
        """Return the scores of every row. known: rows that are finished, and the shape of the paths."""
        from augment.attribution.float32_retry import FLOORS, attribute, attribute_precisely
        from augment.attribution.path_integral import PROMISING, doubted

        rows, (finished, shape) = _rows(explained), known
        if references is None:
            scores = attribute_precisely(classifier, rows, plan, explained.ids, finished)
            return self._by_token(explained, scores, (plan.baseline, shape))
        baseline = self.path.baseline
        scores = references.attribute(baseline, rows, lambda many: attribute(classifier, many, plan))
        if plan.mode in PROMISING:
            scores = doubted(scores, max(plan.tolerance, FLOORS.get(classifier.dtype, 0.0)))
        return self._by_token(explained, scores, (baseline, shape))

    def _by_token(
        self, explained: Explained, scores: "Scores", reached: tuple[str, str | None]
    ) -> TokenScores:
        """Return the scores of tokens, each the sum over its pieces, and what else is known of each row."""
        rows = range(len(scores.pieces))
        owner = explained.owner or ()
        finite = (np.isfinite(scores.pieces[row]).all() and np.isfinite(scores.error[row]) for row in rows)
        sums = [by_token(scores.pieces[row], owner[row], len(explained.spans[row])) for row in rows]
        facts: dict[str, list[object]] = {
            "rest": [rest for _, rest in sums],
            "status": list(scores.status),
            "baseline": [reached[0]] * len(rows),
            "path": [reached[1]] * len(rows),
        }
        # A norm has no direction, so the plain gradient has no sum to compare.
        if self.method != "gradient":
            facts |= {"gap": list(scores.gap), "error": list(scores.error)}
        broken = frozenset(row for row, whole in enumerate(finite) if not whole)
        return TokenScores([tokens for tokens, _ in sums], scores.value, scores.evals.tolist(), facts, broken)

    def _opened(self, setting: Setting) -> "tuple[Plan, Finished | None, str | None]":
        """Return the plan, the rows that are finished, and what is known of the paths: smooth, rough or jump."""
        from augment.attribution.calibration_file import load, load_finished
        from augment.attribution.path_integral import PROMISING

        job = setting.job
        plan, named = self.plan(setting.quantity), job.needs_model().calibration
        if plan.mode == "fixed":
            return plan, None, None
        file = None if setting.state is None else _file(setting)
        if named is not None:
            calibration, finished = load(job.root / named, self._made_for(setting)), None
        elif file is not None and file.exists():
            calibration, finished = load(file, self._made_for(setting)), load_finished(file)
        else:
            return plan, None, None
        plan = calibration.plan(replace(plan, mode="p95") if self.path.p95 is not None else plan)
        # No tolerance can be kept on a rough path, but the order of the highest tokens can.
        if calibration.shape == "rough" and plan.mode in PROMISING:
            plan = replace(plan, mode="ranking")
        return plan, finished, calibration.shape

    def _calibrates(self, classifier: "Classifier", plan: "Plan") -> bool:
        """Return whether there are rules to be learned."""
        path = self.path
        exact = classifier.has_closed_form and plan.allows_closed_form and path.baseline not in _REFERENCES
        return self.method == "integrated_gradients" and path.fixed is None and not exact

    def _made_for(self, setting: Setting) -> dict[str, object]:
        """Return all that a calibration depends on."""
        from augment.models.device import dtype_of
        from augment.models.model_folder import model_folder

        model, run, path = setting.job.needs_model(), setting.job.run, self.path
        facts = {"model": model_folder(model, run).digest(), "max_length": model.max_length}
        own = {
            "text": path.text,
            "target": setting.target,
            "quantity": setting.quantity,
            "baseline": path.baseline,
            "cut": path.cut,
        }
        return {**facts, "dtype": dtype_of(run), **own, "tolerance": self.plan(setting.quantity).tolerance}

    def _references(self, classifier: "Classifier", setting: Setting | None) -> "References | None":
        """Return the texts that paths start from, None for a baseline that is no text."""
        from augment.attribution.baseline_texts import References

        path = self.path
        if path.baseline == "text":
            return References(classifier, [classifier.encode([str(path.text)], [None])[0].pieces])
        if path.baseline not in _FROM_CORPUS:
            return None
        if setting is None or setting.state is None or not _file(setting, "references").exists():
            what = f"`baseline: {path.baseline}` starts from other texts of a corpus, and there is none"
            raise RequestError(
                "stage attribute", what, "run the pipeline on a corpus, or choose zero, mask or text"
            )
        return References(classifier, json.loads(_file(setting, "references").read_text(encoding="utf-8")))


class IntegratedGradients(StopSettings, BaselineSettings, CutSettings, GradientMethod):
    """The gradient summed along the straight line from the baseline to the text."""

    method: Literal["integrated_gradients"] = "integrated_gradients"


class Gradient(CutSettings, GradientMethod):
    """The norm of the gradient at the text."""

    costs: ClassVar[str] = f"{_ONCE}, at the text alone"
    method: Literal["gradient"] = "gradient"


class GradientXInput(BaselineSettings, CutSettings, GradientMethod):
    """The gradient at the text times the way from the baseline."""

    costs: ClassVar[str] = _ONCE
    method: Literal["gradient_x_input"] = "gradient_x_input"


def by_token(pieces: np.ndarray, owner: Sequence[int], tokens: int) -> tuple[list[float], float]:
    """Return the score of each token, the sum over its pieces, and the sum over pieces that have no token."""
    index = np.asarray(owner, dtype=np.int64)
    owned = index >= 0
    sums = np.bincount(index[owned], weights=pieces[owned], minlength=tokens)
    return sums.astype(np.float32).tolist(), float(pieces[~owned].sum())


def _file(setting: Setting, what: str = "") -> Path:
    """Return where the calibration of a stage, or its references, is in a run folder."""
    return (setting.state or Path()) / f"calibration-{'-'.join(filter(None, (setting.name, what)))}.json"


def _rows(explained: Explained) -> "ModelInputs":
    """Return the rows as the path integral takes them."""
    from augment.attribution.path_integral import ModelInputs

    pieces, segments = explained.pieces or (), explained.segments or ()
    return ModelInputs(pieces, segments, explained.logits, explained.target, explained.owner)
