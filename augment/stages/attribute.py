"""Give every token its share of the model's answer: integrated gradients, or the plain gradients beside them."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from augment.columns import TOKENIZE, Column, attribution
from augment.job import Job
from augment.stage import Stage, Step
from augment.table import parents, rejecting, with_columns


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
    tolerance: float | None = Field(default=0.05, gt=0, description="largest completeness error before nodes are doubled")
    most_steps: int = Field(default=128, ge=1)

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
        import torch

        from augment.models.classifier import open_classifier
        from augment.models.integrate import Plan, Rows, attribute
        from augment.models.labels import LabelMap

        classifier = open_classifier(job.needs_model(), job.run)
        labels = LabelMap(classifier.classes, job.label_names)
        plan = Plan(self.method, self.quantity, self.baseline, self.steps, self.tolerance, self.most_steps)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = parents(batch)
            picked = batch.take(pa.array(rows, pa.int64()))
            pieces, segments = picked.column("pieces").to_pylist(), picked.column("segments").to_pylist()
            logits = classifier.answer(pieces, segments)
            predicted = logits.argmax(-1)
            target = predicted.clone()
            if self.target == "gold":
                for row, label in enumerate(picked.column("label").to_pylist()):
                    gold = labels.index(label)
                    target[row] = target[row] if gold is None else gold
            scores = attribute(classifier, Rows(pieces, segments, logits, target), plan)
            chance = logits.softmax(-1).gather(-1, target[:, None])[:, 0].numpy()
            values: list[list[object]] = [[None] * batch.num_rows for _ in self.adds]
            broken: dict[int, str] = {}
            counts = [len(tokens) for tokens in picked.column("tokens").to_pylist()]
            for row, owner in enumerate(picked.column("owner").to_pylist()):
                found = scores.pieces[row]
                if not (np.isfinite(found).all() and torch.isfinite(logits[row]).all()):
                    broken[rows[row]] = f"{self.name}: the model's answer or gradient is not finite"
                    continue
                tokens, rest = _by_token(found, owner, counts[row])
                facts = (
                    tokens,
                    labels.name(int(target[row])),
                    labels.name(int(predicted[row])),
                    chance[row],
                    rest,
                    scores.gap[row],
                    scores.error[row],
                    scores.evals[row],
                    scores.status[row],
                    self.baseline,
                )
                for column, fact in zip(values, facts, strict=True):
                    column[rows[row]] = fact
            return rejecting(with_columns(batch, self.adds, values), broken)

        return step


def _by_token(pieces: np.ndarray, owner: list[int], tokens: int) -> tuple[list[float], float]:
    """Return the score of each token, the sum over its pieces, and the sum over pieces that have no token."""
    index = np.asarray(owner, dtype=np.int64)
    owned = index >= 0
    sums = np.bincount(index[owned], weights=pieces[owned], minlength=tokens) if tokens else np.zeros(0)
    return sums.astype(np.float32).tolist(), float(pieces[~owned].sum())
