"""Give every token its share of the model's answer: integrated gradients, or the plain gradients beside them."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.columns import TOKENIZE, Column, attribution
from augment.job import Job
from augment.models.labels import LabelMap
from augment.stage import Stage, Step
from augment.table import parents, rejecting, with_columns

if TYPE_CHECKING:
    from augment.models.classifier import Classifier
    from augment.models.integrate import Rows, Scores


class Attribute(Stage):
    """Scores per token in the unit of the quantity; positive speaks for the target. Columns are called `name`."""

    kind: Literal["attribute"]
    gpu: ClassVar[bool] = True
    name: str = Field(default="ig", pattern=r"^[a-z][a-z0-9_]*$")
    method: Literal["integrated_gradients", "gradient", "gradient_x_input"] = "integrated_gradients"
    target: Literal["predicted", "gold"] = "predicted"
    quantity: Literal["logit", "probability", "log_probability", "difference"] = "logit"
    baseline: Literal["zero"] = "zero"
    steps: int = Field(default=16, ge=1, description="nodes of the first rule")
    tolerance: float | None = Field(
        default=0.05, gt=0, description="largest completeness error before nodes are doubled"
    )
    most_steps: int = Field(default=128, ge=1, le=4096)

    @property
    def needs(self) -> tuple[str, ...]:
        """What tokenize adds."""
        return tuple(column.name for column in TOKENIZE)

    @property
    def adds(self) -> tuple[Column, ...]:
        """The scores and how they were reached."""
        return attribution(self.name)

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model."""
        from augment.models.classifier import open_classifier
        from augment.models.integrate import Plan, attribute

        classifier = open_classifier(job.needs_model(), job.run)
        labels = LabelMap(classifier.classes, job.label_names)
        plan = Plan(self.method, self.quantity, self.baseline, self.steps, self.tolerance, self.most_steps)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            places = parents(batch)
            picked = batch.take(pa.array(places, pa.int64()))
            rows = self._rows(picked, classifier, labels)
            return self._with_scores(batch, places, rows, attribute(classifier, rows, plan), labels)

        return step

    def _rows(self, batch: pa.RecordBatch, classifier: "Classifier", labels: LabelMap) -> "Rows":
        """Return what is explained: the predicted class of each row, or its given label where the model knows it."""
        from augment.models.integrate import Rows

        pieces, segments = batch.column("pieces").to_pylist(), batch.column("segments").to_pylist()
        logits = classifier.answer(pieces, segments)
        target = logits.argmax(-1)
        if self.target == "gold":
            for row, label in enumerate(batch.column("label").to_pylist()):
                gold = labels.index(label)
                target[row] = target[row] if gold is None else gold
        return Rows(pieces, segments, logits, target)

    def _with_scores(
        self, batch: pa.RecordBatch, places: list[int], rows: "Rows", scores: "Scores", labels: LabelMap
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
            reached = (*closes, scores.evals[row], scores.status[row], self.baseline)
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
