"""The methods that need gradients: integrated gradients with its calibration, and two of one evaluation for comparison.

IntegratedGradients(fixed=16).attribute(classifier, rows)
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast, get_args

import numpy as np
from pydantic import BaseModel, Field, model_validator

from augment.attribution.method import AttributionMethod, Explained, Explainer, Setting, TokenScores
from augment.attribution.piece_method import (
    FROM_CORPUS,
    REFERENCES,
    BaselineSettings,
    CutSettings,
    by_token,
    calibration_path,
    keep_references,
    model_inputs,
    references_of,
    with_gradients,
)
from augment.ig.quantities import QuantityFunction, QuantityName
from augment.models.heads import quantity_of
from augment.models.kind import Kind

if TYPE_CHECKING:
    from augment.attribution.baseline_texts import References
    from augment.attribution.calibrating import Calibrating
    from augment.attribution.calibration_file import Finished
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier
    from augment.models.predictor import Predictor

_MODES = ("tolerance", "p95", "ranking", "fixed")
_ONCE = "which is one evaluation of each row"


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

    @property
    def calibrates(self) -> bool:
        """Whether there are rules to be learned, and the paths start from no text of the corpus."""
        from_corpus = self.path.baseline in FROM_CORPUS
        return self.method == "integrated_gradients" and self.path.fixed is None and not from_corpus

    def attribute(self, predictor: "Predictor", rows: Explained) -> TokenScores:
        """Return the scores of every row, without a calibration; RequestError for a model without gradients."""
        classifier = with_gradients(predictor, self.method)
        references = references_of(self.path, classifier, None)
        return self._scores(classifier, rows, self.plan(rows.quantity), references, (None, None))

    def open(self, setting: Setting) -> Explainer:
        """Return the function that explains rows, with the calibration that was prepared for the run."""
        from augment.attribution.path_integral import try_path
        from augment.models.classifier import open_classifier

        classifier = open_classifier(setting.job.needs_model(), setting.job.run)
        plan, finished, shape = self._opened(setting, classifier.kind)
        try_path(classifier, plan)
        # Opened without a folder first, to see that the model can be loaded: what else is needed is requested later.
        references = cache(lambda: references_of(self.path, classifier, setting))
        return lambda rows: self._scores(classifier, rows, plan, references(), (finished, shape))

    def prepare(self, setting: Setting, size: int, rows: Callable[[], Explained]) -> None:
        """Calibrate the rules for the corpus, where that pays or was done before, or check a calibration that was named."""
        from augment.attribution.calibration import LEAST_ROWS, choose
        from augment.attribution.calibration_file import save
        from augment.attribution.long_texts import one_window_each
        from augment.attribution.rule_trials import effort
        from augment.models.classifier import open_classifier

        config = setting.job.needs_model()
        classifier = open_classifier(config, setting.job.run)
        calibrating = self.calibrating(classifier, setting)
        keep_references(self.path.baseline, setting, rows)
        if config.calibration is not None or calibrating is None:
            return
        if size < LEAST_ROWS and not calibrating.is_known():
            return
        sample = rows()
        # Twice as many as a calibration takes: it traces the rest where the first teach too little.
        teaching = choose(sample.logits.argmax(-1).tolist(), 2 * effort(calibrating.plan.tolerance).texts)
        chosen, names = one_window_each(
            classifier, model_inputs(sample).take(teaching), [sample.ids[index] for index in teaching]
        )
        references = references_of(self.path, classifier, setting)
        if references is not None:
            chosen = references.first(self.path.baseline, chosen)
        learned = calibrating.learned(chosen, names, size)
        if learned is not None:
            save(calibration_path(setting), self._made_for(setting), learned)

    def calibrating(self, classifier: "Classifier", setting: Setting) -> "Calibrating | None":
        """Return how a model is calibrated for the method; None where there are no rules to be learned."""
        from augment.attribution.calibrating import Calibrating, folders_of

        plan = self.plan(quantity_of(setting.quantity, classifier.kind))
        if not self._calibrates(classifier, plan):
            return None
        job, left_open = setting.job, self.path.baseline == "auto"
        made_for = self._made_for(setting)
        return Calibrating(classifier, plan, left_open, made_for, job.run.calibrations, folders_of(job))

    def plan(self, quantity: QuantityName | QuantityFunction) -> "Plan":
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
        from augment.attribution.long_texts import over_windows

        inputs, (finished, shape), baseline = model_inputs(explained), known, self.path.baseline

        def scored(rows: "ModelInputs", ids: Sequence[str], wanted: "Plan") -> "Scores":
            """Score rows of one window each."""
            if references is None:
                return attribute_precisely(classifier, rows, wanted, ids, finished)
            tolerance = max(wanted.tolerance, FLOORS.get(classifier.dtype, 0.0))
            return references.promised(baseline, rows, wanted, partial(attribute, classifier), tolerance)

        scores = over_windows(classifier, inputs, explained.ids, plan, scored)
        return self._by_token(explained, scores, (plan.baseline if references is None else baseline, shape))

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

    def _opened(self, setting: Setting, kind: Kind) -> "tuple[Plan, Finished | None, str | None]":
        """Return the plan, the rows that are finished, and what is known of the paths: smooth, rough or jump."""
        from augment.attribution.calibration_file import load, load_finished
        from augment.attribution.path_integral import PROMISING

        job = setting.job
        plan, named = self.plan(quantity_of(setting.quantity, kind)), job.needs_model().calibration
        if plan.mode == "fixed":
            return plan, None, None
        file = None if setting.state is None else calibration_path(setting)
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
        exact = classifier.has_closed_form and plan.allows_closed_form and path.baseline not in REFERENCES
        return self.method == "integrated_gradients" and path.fixed is None and not exact

    def _made_for(self, setting: Setting) -> dict[str, object]:
        """Return all that a calibration depends on."""
        from augment.models.device import dtype_of
        from augment.models.model_folder import model_folder

        model, run, path = setting.job.needs_model(), setting.job.run, self.path
        facts = {"model": model_folder(model, run).digest(), "max_length": model.max_length}
        facts |= {"windows": model.windows, "overlap": model.overlap}
        own = {
            "text": path.text,
            "target": setting.target,
            "quantity": setting.quantity,
            "baseline": path.baseline,
            "cut": path.cut,
        }
        return {**facts, "dtype": dtype_of(run), **own, "tolerance": self.plan(setting.quantity).tolerance}


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
    means: ClassVar[str] = "a ranking: the sum of the scores misses the change of the answer by {}"
    method: Literal["gradient_x_input"] = "gradient_x_input"
