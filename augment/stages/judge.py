"""Predict every sample and its source row, with the model or an independent judge."""

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from augment.config.job import Job
from augment.models.labels import LabelMap
from augment.stages.protocol import Stage, Step
from augment.tables.columns import Column, judgement
from augment.tables.rows import with_columns


class Judge(Stage):
    """Probabilities and predictions before and after; `by: judge` asks the model of the job's `judge` section."""

    kind: Literal["judge"] = "judge"
    gpu: ClassVar[bool] = True
    by: Literal["model", "judge"] = "model"

    @property
    def prefix(self) -> str:
        """What the names of its columns begin with."""
        return "" if self.by == "model" else "judge_"

    @property
    def needs(self) -> tuple[str, ...]:
        """The samples."""
        return ("source_id", "label")

    @property
    def adds(self) -> tuple[Column, ...]:
        """Probabilities and predictions."""
        return judgement(self.prefix)

    @property
    def uses(self) -> tuple[str, ...]:
        """The section of the model that judges."""
        return (self.by,)

    @property
    def judges_with(self) -> Literal["model", "judge"]:
        """Whose answers it writes."""
        return self.by

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model that judges."""
        from augment.models.predictor import open_predictor

        config = job.needs_model() if self.by == "model" else job.needs_judge()
        predictor = open_predictor(config, job.run)
        labels = LabelMap(predictor.classes, job.label_names)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = batch.select(["id", "source_id", "text", "text_pair", "label"]).to_pylist()
            texts = list(dict.fromkeys((row["text"], row["text_pair"]) for row in rows))
            answers = predictor.ask([text for text, _ in texts], [pair for _, pair in texts])
            chances = dict(zip(texts, answers, strict=True))
            before = {
                row["id"]: chances[row["text"], row["text_pair"]] for row in rows if row["source_id"] is None
            }
            values: list[list[object]] = [[] for _ in self.adds]
            for row in rows:
                here = chances[row["text"], row["text_pair"]]
                first, sample, gold = (
                    before.get(row["source_id"] or row["id"], here),
                    row["source_id"],
                    labels.index(row["label"]),
                )
                facts = (
                    None if gold is None else first[gold],
                    None if gold is None or sample is None else here[gold],
                    labels.name(int(first.argmax())),
                    None if sample is None else labels.name(int(here.argmax())),
                    here.tolist(),
                )
                for column, fact in zip(values, facts, strict=True):
                    column.append(fact)
            return with_columns(batch, self.adds, values)

        return step
