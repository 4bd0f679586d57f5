"""Predict every sample and its source row, with the model or an independent judge."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from augment.candidates.naturalness import TokenEdit, naturalness
from augment.candidates.plausibility import Plausibility
from augment.config.job import Job
from augment.config.sections import StrictBool
from augment.models.labels import LabelMap
from augment.stages.evidence import open_plausibility
from augment.stages.protocol import Stage, Step
from augment.tables.columns import NATURALNESS, Column, judgement
from augment.tables.rows import with_columns
from augment.text.segment import tokens_of


class Judge(Stage):
    """Probabilities and predictions before and after; `by: judge` uses the model of the job's `judge` section."""

    kind: Literal["judge"] = "judge"
    gpu: ClassVar[bool] = True
    by: Literal["model", "judge"] = "model"
    naturalness: StrictBool = Field(
        default=False,
        description="also judge how natural the edits of a sample are, by what a stage `evidence` learned",
    )

    @property
    def prefix(self) -> str:
        """What the names of its columns begin with."""
        return "" if self.by == "model" else "judge_"

    @property
    def needs(self) -> tuple[str, ...]:
        """The samples, and where they are judged as language the tokens of their source rows."""
        tokens = ("tokens", "side", "spans", "edits") if self.naturalness else ()
        return ("source_id", "label", *tokens)

    @property
    def reads_tables(self) -> tuple[str, ...]:
        """What was learned of how people write, where samples are judged as language."""
        return ("evidence",) if self.naturalness else ()

    @property
    def adds(self) -> tuple[Column, ...]:
        """Probabilities and predictions."""
        return (*judgement(self.prefix), *(NATURALNESS if self.naturalness else ()))

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
        labels = LabelMap.of(predictor, job)
        tolerance = config.tolerance
        plausibility = open_plausibility(state) if self.naturalness else None

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            rows = batch.select(["id", "source_id", "text", "text_pair", "label"]).to_pylist()
            texts = list(dict.fromkeys((row["text"], row["text_pair"]) for row in rows))
            answers = predictor.ask([text for text, _ in texts], [pair for _, pair in texts])
            chances = dict(zip(texts, answers, strict=True))
            before = {
                row["id"]: chances[row["text"], row["text_pair"]] for row in rows if row["source_id"] is None
            }
            values: list[list[object]] = [[] for _ in judgement(self.prefix)]
            for row in rows:
                here = chances[row["text"], row["text_pair"]]
                first, sample = before.get(row["source_id"] or row["id"], here).tolist(), row["source_id"]
                predicted = labels.nearest(first, [row["label"]], tolerance)
                # Of numbers a prediction stays that moved by no more than the tolerance.
                stays = labels.kind == "regression" and abs(here.tolist()[0] - first[0]) <= tolerance
                facts = (
                    labels.sureness(first, row["label"], tolerance),
                    None if sample is None else labels.sureness(here.tolist(), row["label"], tolerance),
                    predicted,
                    None
                    if sample is None
                    else predicted
                    if stays
                    else labels.nearest(here.tolist(), [row["label"]], tolerance),
                    here.tolist(),
                )
                for column, fact in zip(values, facts, strict=True):
                    column.append(fact)
            if plausibility is not None:
                values.append([*_natural(batch, plausibility)])
            return with_columns(batch, self.adds, values)

        return step


def _natural(batch: pa.RecordBatch, plausibility: Plausibility) -> Iterator[float | None]:
    """Yield how natural each sample is, None for source rows and for those without tokens."""
    rows = batch.select(["id", "source_id", "tokens", "side", "spans", "edits"]).to_pylist()
    sources = {row["id"]: row for row in rows if row["source_id"] is None and row["tokens"] is not None}
    for row in rows:
        source = sources.get(row["source_id"])
        if source is None:
            yield None
            continue
        sides = [_tokens(source, side) for side in (0, 1)]
        changes = [_change(edit, sides[edit["side"]]) for edit in row["edits"]]
        words = [[token for token, _, _ in side] for side in sides]
        yield round(naturalness(plausibility, words, changes), 5)


def _tokens(row: Mapping[str, Any], wanted: int) -> list[tuple[str, int, int]]:
    """Return the tokens of one side of a row with their spans."""
    columns = zip(row["tokens"], row["side"], row["spans"], strict=True)
    return [(token, span["start"], span["end"]) for token, side, span in columns if side == wanted]


def _change(edit: Mapping[str, Any], tokens: Sequence[tuple[str, int, int]]) -> TokenEdit:
    """Return an edit in tokens: those it touches give way to the tokens of its new text."""
    first = sum(end <= edit["start"] for _, _, end in tokens)
    last = sum(start < edit["end"] for _, start, _ in tokens)
    new = tuple(tokens_of(edit["new"]))
    return TokenEdit(edit["side"], first, max(first, last), new)
