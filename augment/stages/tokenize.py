"""Cut each text into the tokens people see, and note which token every model piece belongs to."""

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from augment.columns import TOKENIZE, Column
from augment.job import Job
from augment.stage import Stage, Step
from augment.table import with_columns
from augment.text.align import beyond, owners
from augment.text.segment import segment


class Tokenize(Stage):
    """jieba words for Chinese, words for the rest, with spans; pieces as the model is fed them."""

    kind: Literal["tokenize"]
    gpu: ClassVar[bool] = True
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
        """Load the model's tokenizer."""
        from augment.models.classifier import open_classifier

        classifier = open_classifier(job.needs_model(), job.run)
        language = job.corpus.language if job.corpus else "auto"

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            texts, pairs = batch.column("text").to_pylist(), batch.column("text_pair").to_pylist()
            values: list[list[object]] = [[] for _ in TOKENIZE]
            for text, pair, row in zip(texts, pairs, classifier.encode(texts, pairs), strict=True):
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
                owner = owners(spans, sides, row.offsets, row.sides)
                cut = len(row.pieces) >= classifier.max_length
                unseen = beyond(spans, sides, row.offsets, row.sides) if cut else 0
                for column, value in zip(
                    values, (tokens, sides, named, row.pieces, row.segments, owner, unseen), strict=True
                ):
                    column.append(value)
            return with_columns(batch, TOKENIZE, values)

        return step
