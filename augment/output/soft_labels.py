"""The class probabilities a model can be trained on instead of a label, for `output.labels: soft`.

A source row has its given label with probability 1: people gave it. A kept sample may have lost a little of it, and only a model
can show it: its label and the judge's answer are mixed (`output.soft_share`). A doubtful sample (verdict `soft`) has the
judge's answer alone. With `model.folds` the judge is a model that saw neither the row nor its copies.

    soften = softener(plan, job)          # None for `labels: hard`
    soften.of(table)                      # list<float> for each row, in the order of soften.labels.ordered
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment.config.job import Job
from augment.errors import RequestError
from augment.models.labels import LabelMap
from augment.models.model_folder import model_folder
from augment.pipeline.definition import Pipeline
from augment.tables.columns import PROBABILITIES


@dataclass(frozen=True)
class Softener:
    """How rows get probabilities. column: the judge's answers; labels: what their order is; share: theirs in a kept sample."""

    column: str
    labels: LabelMap
    share: float

    def of(self, table: pa.Table) -> pa.Array:
        """Return the probabilities of each row, null for a label that the model does not know."""
        indices = [self.labels.right(label) for label in table.column("label").to_pylist()]
        names = ("source_id", "verdict", self.column)
        source_ids, verdicts, answers = (self._column(table, name) for name in names)
        rows = zip(indices, source_ids, verdicts, answers, strict=True)
        return pa.array([self._one(*row) for row in rows], PROBABILITIES.type)

    def description(self) -> str:
        """Return in words what they are made of."""
        return (
            f"source rows: the given label; samples: {1 - self.share:.0%} their label, {self.share:.0%} `{self.column}`; "
            f"samples of verdict soft: `{self.column}`"
        )

    def _column(self, table: pa.Table, name: str) -> list[object]:
        """Return the values of a column, all null where there is none."""
        return table.column(name).to_pylist() if name in table.column_names else [None] * table.num_rows

    def _one(
        self, right: tuple[int, ...] | None, source_id: object, verdict: object, answer: object
    ) -> np.ndarray | None:
        """Return the probabilities of one row, [C] float32, or None."""
        judged = None if source_id is None or answer is None else np.asarray(answer, dtype=np.float32)
        if judged is not None and verdict == "soft":
            return judged
        if right is None:
            return None
        given = np.zeros(len(self.labels.classes), dtype=np.float32)
        given[list(right)] = 1
        mixed = given if judged is None else (1 - self.share) * given + self.share * judged
        return np.asarray(mixed, dtype=np.float32)


def softener(plan: Pipeline, job: Job) -> Softener | None:
    """Return what gives rows their probabilities; None where labels are hard.

    The answers are those that `keep` went by; of a pipeline without it, those of the first judge.
    """
    if job.output.labels == "hard":
        return None
    judging = [stage for stage in plan.stages if stage.judges_with is not None]
    first = next((stage for stage in judging if stage.decides), next(iter(judging), None))
    by_judge = first is not None and first.judges_with == "judge"
    folder = model_folder(job.needs_judge() if by_judge else job.needs_model(), job.run)
    if folder.head == "regression":
        what = f"{folder.path} answers a number, which is no probability"
        raise RequestError("output.labels: soft", what, "use `labels: hard`")
    column = f"{'judge_' if by_judge else ''}soft_label"
    return Softener(
        column,
        LabelMap(folder.classes, job.label_names, folder.head, job.label_separator),
        job.output.soft_share,
    )
