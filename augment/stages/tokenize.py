"""Cut each text into the tokens people see, and note which token every model piece belongs to."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.stages.protocol import Stage, Step
from augment.tables.columns import TOKENIZE, Column
from augment.tables.rows import with_columns
from augment.text.align import beyond, owners
from augment.text.segment import segment

if TYPE_CHECKING:
    from augment.models.classifier import Classifier


class Tokenize(Stage):
    """jieba words for Chinese, words for the rest, with spans; pieces as the model is fed them, null without a model."""

    kind: Literal["tokenize"] = "tokenize"
    granularity: Literal["word", "char"] = "word"

    @property
    def needs(self) -> tuple[str, ...]:
        """The text."""
        return ("text",)

    @property
    def adds(self) -> tuple[Column, ...]:
        """Tokens, spans and pieces."""
        return TOKENIZE

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model's tokenizer, where a stage asks a model."""
        classifier = _classifier(job)
        language = job.corpus.language if job.corpus else "auto"

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            texts, pairs = batch.column("text").to_pylist(), batch.column("text_pair").to_pylist()
            encoded = [None] * len(texts) if classifier is None else classifier.encode(texts, pairs)
            values: list[list[object]] = [[] for _ in TOKENIZE]
            for text, pair, row in zip(texts, pairs, encoded, strict=True):
                spans, sides = segment(text, language, self.granularity), []
                sides = [0] * len(spans)
                if pair is not None:
                    second = segment(pair, language, self.granularity)
                    spans, sides = spans + second, sides + [1] * len(second)
                tokens = [
                    (pair if side else text)[start:end]
                    for side, (start, end) in zip(sides, spans, strict=True)
                ]
                named = [{"start": start, "end": end} for start, end in spans]
                fed: tuple[object, ...] = (None,) * 4
                if classifier is not None and row is not None:
                    owner = owners(spans, sides, row.offsets, row.sides)
                    cut = len(row.pieces) >= classifier.max_length
                    unseen = beyond(spans, sides, row.offsets, row.sides) if cut else 0
                    fed = (row.pieces, row.segments, owner, unseen)
                for column, value in zip(values, (tokens, sides, named, *fed), strict=True):
                    column.append(value)
            return with_columns(batch, TOKENIZE, values)

        return step


def _classifier(job: Job) -> "Classifier | None":
    """Return the model whose pieces are wanted; None where the job has none, or one without pieces."""
    if job.model is None or isinstance(job.model, FunctionModel):
        return None
    from augment.models.classifier import open_classifier

    return open_classifier(job.model, job.run)
