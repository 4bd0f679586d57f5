"""Give every token its share of the model's answer: integrated gradients, or the plain gradients beside them."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, ValidationInfo, field_validator, model_validator

from augment.config.job import Job
from augment.errors import RequestError
from augment.models.labels import LabelMap
from augment.stages.protocol import Stage, Step, idle
from augment.tables.columns import TOKENIZE, Column, attribution
from augment.tables.rows import rejecting, source_rows, with_columns

if TYPE_CHECKING:
    from augment.attribution.baseline_texts import References
    from augment.attribution.calibration_file import Finished
    from augment.attribution.path_integral import ModelInputs, Plan, Scores
    from augment.models.classifier import Classifier

_FROM_CORPUS = ("corpus", "neutral", "boundary")
_REFERENCES = ("text", *_FROM_CORPUS)
_INTEGRATED = "integrated_gradients"
_FITTING = {
    "gradient": "name, target, quantity and cut",
    "gradient_x_input": "name, target, quantity, baseline, text and cut",
}
_MODES = ("tolerance", "p95", "ranking", "fixed")


class Attribute(Stage):
    """Scores per token in the unit of the quantity; positive speaks for the target. Columns are called `name`."""

    kind: Literal["attribute"] = "attribute"
    gpu: ClassVar[bool] = True
    name: str = Field(default="ig", pattern=r"^[a-z][a-z0-9_]*$")
    method: Literal["integrated_gradients", "gradient", "gradient_x_input"] = "integrated_gradients"
    target: Literal["predicted", "gold"] = "predicted"
    quantity: Literal["logit", "probability", "log_probability", "difference"] = "logit"
    baseline: Literal[
        "auto", "zero", "mask", "pad", "unk", "mean", "text", "corpus", "neutral", "boundary"
    ] = Field(
        default="auto", description="auto: zero, or mask or mean where the model's answer jumps next to zero"
    )
    text: str | None = Field(
        default=None, min_length=1, description="the text that `baseline: text` starts from"
    )
    cut: str | None = Field(
        default=None, description="a module of the model whose output takes the place of the embeddings"
    )
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
        default=None, ge=1, description="stop when the so many highest tokens are settled"
    )
    fixed: int | None = Field(default=None, ge=1, le=4096, description="Gauss-Legendre nodes for every row")

    @field_validator("tolerance", "p95", "ranking", "fixed")
    @classmethod
    def _of_a_path(cls, value: object, info: ValidationInfo) -> object:
        """Refuse to say when a row is done that takes one evaluation."""
        method = info.data.get("method", _INTEGRATED)
        why = (
            None if method == _INTEGRATED else f"with `method: {method}`, which is one evaluation of each row"
        )
        idle(value, None, why, f"leave it out; keys that fit are {_FITTING.get(str(method))}")
        return value

    @field_validator("baseline")
    @classmethod
    def _from_somewhere(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a start for what has none."""
        why = (
            "with `method: gradient`, which looks at the text alone"
            if info.data.get("method") == "gradient"
            else None
        )
        idle(value, "auto", why, f"leave it out; keys that fit are {_FITTING['gradient']}")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Refuse two modes, and a text without its baseline."""
        named = [name for name in _MODES if getattr(self, name) is not None]
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} cannot both be given: each says when a row is done")
        if self.text is not None and not self.text.strip():
            raise ValueError("`text` is blank: `baseline: zero` starts from nothing")
        if (self.text is None) == (self.baseline == "text"):
            raise ValueError("`text` and `baseline: text` go together")
        return self

    @property
    def open_baseline(self) -> str | None:
        """The name of its scores, where the baseline is `auto`."""
        return self.name if self.baseline == "auto" else None

    @property
    def of_attribution(self) -> bool:
        """It attributes."""
        return True

    @property
    def needs(self) -> tuple[str, ...]:
        """What tokenize adds."""
        return tuple(column.name for column in TOKENIZE)

    @property
    def adds(self) -> tuple[Column, ...]:
        """The scores and how they were reached."""
        return attribution(self.name)

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model, and the calibration that was prepared for the run."""
        from augment.attribution.float32_retry import FLOORS, attribute, attribute_precisely
        from augment.attribution.path_integral import PROMISING, doubted, try_path
        from augment.models.classifier import open_classifier

        classifier = open_classifier(job.needs_model(), job.run)
        labels = LabelMap(classifier.classes, job.label_names)
        plan, finished, shape = self._opened(job, state)
        try_path(classifier, plan)
        # Opened without a folder first, to see that the model can be loaded: what else is needed is asked for later.
        opened = cache(lambda: self._references(classifier, state))

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            places = source_rows(batch)
            picked = batch.take(pa.array(places, pa.int64()))
            rows = self._rows(picked, classifier, labels)
            references = opened()
            if references is None:
                ids = picked.column("id").to_pylist()
                scores = attribute_precisely(classifier, rows, plan, ids, finished)
                return self._with_scores(batch, places, rows, scores, labels, (plan.baseline, shape))
            scores = references.attribute(self.baseline, rows, lambda many: attribute(classifier, many, plan))
            if plan.mode in PROMISING:
                scores = doubted(scores, max(plan.tolerance, FLOORS.get(classifier.dtype, 0.0)))
            return self._with_scores(batch, places, rows, scores, labels, (self.baseline, shape))

        return step

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Calibrate the rules on a sample of the corpus, where that pays, or check a calibration that was named."""
        from augment.attribution.baseline_texts import KEPT
        from augment.attribution.calibration import LEAST_ROWS, calibrate, choose
        from augment.attribution.calibration_file import Finished, save
        from augment.attribution.rule_trials import effort
        from augment.models.classifier import open_classifier

        classifier = open_classifier(job.needs_model(), job.run)
        plan = self._plan()
        if self.baseline in _FROM_CORPUS:
            texts = sample.column("pieces").to_pylist()[:KEPT]
            self._file(state, "references").write_text(json.dumps(texts), encoding="utf-8")
        small = sample.num_rows < LEAST_ROWS
        if small or job.needs_model().calibration is not None or not self._calibrates(classifier, plan):
            return
        rows = self._rows(sample, classifier, LabelMap(classifier.classes, job.label_names))
        places = choose(rows.logits.argmax(-1).tolist(), effort(plan.tolerance).texts)
        chosen = rows.take(places)
        references = self._references(classifier, state)
        if references is not None:
            chosen = references.first(self.baseline, chosen)
        calibration, scores = calibrate(classifier, chosen, plan)
        if calibration.shape == "jump" and self.baseline == "auto":
            plan = replace(plan, baseline="mask" if classifier.has_mask else "mean")
            calibration, scores = calibrate(classifier, chosen, plan)
        ids = tuple(sample.column("id")[place].as_py() for place in places[: len(scores.pieces)])
        save(self._file(state), self._made_for(job), calibration, Finished(ids, scores))

    def _opened(self, job: Job, state: Path | None) -> "tuple[Plan, Finished | None, str | None]":
        """Return the plan, the rows that are done already, and what is known of the paths: smooth, rough or jump."""
        from augment.attribution.calibration_file import load, load_finished
        from augment.attribution.path_integral import PROMISING

        plan, named = self._plan(), job.needs_model().calibration
        if plan.mode == "fixed":
            return plan, None, None
        file = None if state is None else self._file(state)
        if named is not None:
            calibration, finished = load(job.root / named, self._made_for(job)), None
        elif file is not None and file.exists():
            calibration, finished = load(file, self._made_for(job)), load_finished(file)
        else:
            return plan, None, None
        plan = calibration.plan(replace(plan, mode="p95") if self.p95 is not None else plan)
        # No tolerance can be kept on a rough path, but the order of the highest tokens can.
        if calibration.shape == "rough" and plan.mode in PROMISING:
            plan = replace(plan, mode="ranking")
        return plan, finished, calibration.shape

    def _plan(self) -> "Plan":
        """Return the plan without a calibration."""
        from augment.attribution.path_integral import Plan, fixed
        from augment.ig.baseline import FillerName

        baseline = self.baseline if self.baseline in get_args(FillerName) else "zero"
        plan = Plan(self.method, self.quantity, cast(FillerName, baseline), self.cut)
        if self.fixed is not None:
            return replace(plan, mode="fixed", chains=fixed(self.fixed))
        if self.ranking is not None:
            return replace(plan, mode="ranking", top=self.ranking)
        if self.p95 is not None:
            # Without a calibration no rule is known to do, so every row is settled by itself.
            return replace(plan, tolerance=self.p95)
        return replace(plan, tolerance=self.tolerance or plan.tolerance)

    def _calibrates(self, classifier: "Classifier", plan: "Plan") -> bool:
        """Return whether there are rules to be learned."""
        exact = classifier.has_closed_form and plan.allows_closed_form and self.baseline not in _REFERENCES
        return self.method == "integrated_gradients" and self.fixed is None and not exact

    def _made_for(self, job: Job) -> dict[str, object]:
        """Return all that a calibration depends on."""
        from augment.models.device import dtype_of
        from augment.models.model_folder import model_folder

        model = job.needs_model()
        facts = {"model": model_folder(model, job.run).digest(), "max_length": model.max_length}
        own = {
            "text": self.text,
            "target": self.target,
            "quantity": self.quantity,
            "baseline": self.baseline,
            "cut": self.cut,
        }
        return {**facts, "dtype": dtype_of(job.run), **own, "tolerance": self._plan().tolerance}

    def _file(self, state: Path, what: str = "") -> Path:
        """Return where the calibration of this stage, or its references, lies in a run folder."""
        return state / f"calibration-{'-'.join(filter(None, (self.name, what)))}.json"

    def _references(self, classifier: "Classifier", state: Path | None) -> "References | None":
        """Return the texts that paths start from, None for a baseline that is no text."""
        from augment.attribution.baseline_texts import References

        if self.baseline == "text":
            return References(classifier, [classifier.encode([str(self.text)], [None])[0].pieces])
        if self.baseline not in _FROM_CORPUS:
            return None
        if state is None or not self._file(state, "references").exists():
            what = f"`baseline: {self.baseline}` starts from other texts of a corpus, and there is none"
            raise RequestError(
                f"stage {self.kind}", what, "run the pipeline on a corpus, or choose zero, mask or text"
            )
        return References(classifier, json.loads(self._file(state, "references").read_text(encoding="utf-8")))

    def _rows(self, batch: pa.RecordBatch, classifier: "Classifier", labels: LabelMap) -> "ModelInputs":
        """Return what is explained: the predicted class of each row, or its given label where the model knows it."""
        from augment.attribution.path_integral import ModelInputs

        pieces, segments = batch.column("pieces").to_pylist(), batch.column("segments").to_pylist()
        logits = classifier.answer(pieces, segments)
        target = logits.argmax(-1)
        if self.target == "gold":
            for row, label in enumerate(batch.column("label").to_pylist()):
                gold = labels.index(label)
                target[row] = target[row] if gold is None else gold
        return ModelInputs(pieces, segments, logits, target, batch.column("owner").to_pylist())

    def _with_scores(
        self,
        batch: pa.RecordBatch,
        places: list[int],
        rows: "ModelInputs",
        scores: "Scores",
        labels: LabelMap,
        path: tuple[str, str | None],
    ) -> pa.RecordBatch:
        """Return the batch with the columns of this stage; rows whose scores are not finite are rejected."""
        probability = rows.logits.softmax(-1).gather(-1, rows.target[:, None])[:, 0].tolist()
        values: list[list[object]] = [[None] * batch.num_rows for _ in self.adds]
        broken: dict[int, str] = {}
        counts = pc.list_value_length(batch.column("tokens")).to_pylist()
        owners = batch.column("owner").to_pylist()
        for row, place in enumerate(places):
            if not (np.isfinite(scores.pieces[row]).all() and np.isfinite(scores.error[row])):
                broken[place] = f"{self.name}: the answer of the model or its gradient is not finite"
                continue
            tokens, rest = _by_token(scores.pieces[row], owners[place], counts[place])
            target, predicted = int(rows.target[row]), int(rows.logits[row].argmax())
            # A norm has no direction, so the plain gradient has no sum to compare.
            closes = (None, None) if self.method == "gradient" else (scores.gap[row], scores.error[row])
            reached = (*closes, scores.evals[row], scores.status[row], *path)
            facts = (tokens, labels.name(target), labels.name(predicted), probability[row], rest, *reached)
            for column, fact in zip(values, facts, strict=True):
                column[place] = fact
        return rejecting(with_columns(batch, self.adds, values), broken)


def _by_token(pieces: np.ndarray, owner: list[int], tokens: int) -> tuple[list[float], float]:
    """Return the score of each token, the sum over its pieces, and the sum over pieces that have no token."""
    index = np.asarray(owner, dtype=np.int64)
    owned = index >= 0
    sums = np.bincount(index[owned], weights=pieces[owned], minlength=tokens)
    return sums.astype(np.float32).tolist(), float(pieces[~owned].sum())
