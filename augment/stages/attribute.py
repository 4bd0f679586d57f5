"""Give every token its share of the model's answer, by the attribution method that `method` names."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa
from pydantic import Field, ValidationInfo, field_validator

from augment.attribution.method import AttributionMethod, Explained, Setting, TokenScores
from augment.attribution.methods import METHODS, Settings, method_of
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.errors import RequestError
from augment.ig.quantities import QuantityFunction, QuantityName
from augment.models.heads import probabilities, quantity_of
from augment.models.labels import LabelMap
from augment.stages.protocol import Stage, Step, idle
from augment.tables.columns import TOKENIZE, Column, attribution
from augment.tables.rows import rejecting, source_rows, with_columns

if TYPE_CHECKING:
    from augment.models.predictor import Predictor

_OWN = ("name", "target", "quantity")
WITHOUT_GRADIENTS = (
    "explained by occlusion, what the probability loses without each word: the model gives no gradients"
)


class Attribute(Settings, Stage):
    """Scores per token in the unit of the quantity; positive speaks for the target. Columns are called `name`."""

    kind: Literal["attribute"] = "attribute"
    gpu: ClassVar[bool] = True
    name: str = Field(default="ig", pattern=r"^[a-z][a-z0-9_]*$")
    target: Literal["predicted", "gold"] = "predicted"
    quantity: QuantityName = "logit"

    @field_validator(*(name for name in Settings.model_fields if name != "method"))
    @classmethod
    def _of_the_method(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a key that the method does not have."""
        method = METHODS[info.data.get("method", cls.model_fields["method"].default)]
        keys = [name for name in Settings.model_fields if name in method.model_fields and name != "method"]
        if info.field_name not in keys:
            *most, last = [*_OWN, *keys]
            chosen = method.model_fields["method"].default
            fitting = f"leave it out; keys that fit are {', '.join(most)} and {last}"
            why = f"with `method: {chosen}`{', ' * bool(method.costs)}{method.costs}"
            idle(value, cls.model_fields[str(info.field_name)].default, why, fitting)
        return value

    @property
    def way(self) -> AttributionMethod:
        """The method with its settings."""
        return method_of({name: getattr(self, name) for name in METHODS[self.method].model_fields})

    @property
    def open_baseline(self) -> str | None:
        """The name of its scores, where the baseline is `auto`."""
        has_one = "baseline" in METHODS[self.method].model_fields
        return self.name if has_one and self.baseline == "auto" else None

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

    def explained_by(self, method: str) -> Stage:
        """Return the stage with another method at its defaults."""
        given = {key: getattr(self, key) for key in self.model_fields_set & {"kind", *_OWN}}
        return type(self).model_validate({"kind": self.kind, **given, "method": method})

    def without_gradients(self, job: Job) -> tuple[Stage, str | None]:
        """Return the stage by occlusion where the pipeline names no method, in probabilities where it names no quantity."""
        usual = {"method": "occlusion", "quantity": "probability"}
        left_open = {key: value for key, value in usual.items() if key not in self.model_fields_set}
        given = {key: getattr(self, key) for key in self.model_fields_set & {"kind", *_OWN}}
        if "method" in left_open:
            return type(self).model_validate({"kind": self.kind, **given, **left_open}), WITHOUT_GRADIENTS
        return self.model_copy(update=left_open), None

    def open(self, job: Job, state: Path | None) -> Step:
        """Load the model, and what was prepared for the run."""
        from augment.models.predictor import open_predictor

        attribute = self.way.open(self._setting(job, state))
        self._check_quantity(job)
        predictor = open_predictor(job.needs_model(), job.run)
        labels = LabelMap.of(predictor, job)
        quantity_of(self.quantity, predictor.kind)
        tolerance = job.needs_model().tolerance

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            indices = source_rows(batch)
            rows = self._rows(batch.take(pa.array(indices, pa.int64())), predictor, labels)
            return self._with_scores(batch, indices, rows, attribute(rows), labels, tolerance)

        return step

    def prepare(self, job: Job, sample: pa.RecordBatch, state: Path) -> None:
        """Let the method learn what it can from a sample of the corpus."""
        from augment.models.predictor import open_predictor

        def rows() -> Explained:
            """Return the sample as rows to explain."""
            predictor = open_predictor(job.needs_model(), job.run)
            labels = LabelMap.of(predictor, job)
            return self._rows(sample, predictor, labels)

        self.way.prepare(self._setting(job, state), sample.num_rows, rows)

    def _setting(self, job: Job, state: Path | None) -> Setting:
        """Return where the method is used."""
        return Setting(job, state, self.name, self.target, self.quantity)

    def _check_quantity(self, job: Job) -> None:
        """Raise RequestError for the logit of a function: probabilities determine logits up to a constant only."""
        if self.quantity == "logit" and isinstance(job.model, FunctionModel):
            what = "a Python function gives probabilities, from which no logit follows"
            raise RequestError(
                "quantity: logit", what, "use `quantity:` probability, log_probability or difference"
            )

    def _rows(self, batch: pa.RecordBatch, predictor: "Predictor", labels: LabelMap) -> Explained:
        """Return what is explained: the predicted class of each row, or its given label where the model knows it.

        Of several labels it is the one with the highest logit.
        """
        rows = explained_rows(batch, predictor, quantity_of(self.quantity, predictor.kind))
        if self.target == "gold":
            for row, label in enumerate(batch.column("label").to_pylist()):
                gold = (0,) if labels.kind == "regression" else labels.right(label)
                if gold:
                    rows.target[row] = max(gold, key=lambda index: float(rows.logits[row, index]))
        return rows

    def _with_scores(
        self,
        batch: pa.RecordBatch,
        indices: list[int],
        rows: Explained,
        token_scores: TokenScores,
        labels: LabelMap,
        tolerance: float,
    ) -> pa.RecordBatch:
        """Return the batch with the columns of this stage; rows whose scores are not finite are rejected.

        tolerance: how far a number may be from the label to be predicted as that.
        """
        given = batch.column("label").to_pylist()
        answers = probabilities(rows.logits, labels.kind)
        probability = answers.gather(-1, rows.target[:, None])[:, 0].tolist()
        values: dict[str, list[object]] = {column.name: [None] * batch.num_rows for column in self.adds}
        broken: dict[int, str] = {}
        for row, index in enumerate(indices):
            if row in token_scores.broken:
                broken[index] = f"{self.name}: the answer of the model or its gradient is not finite"
                continue
            values[self.name][index] = token_scores.scores[row]
            facts = {
                "target": labels.name(int(rows.target[row])),
                "pred": labels.nearest(answers[row].tolist(), [given[index]], tolerance),
                "prob": probability[row],
                "evals": token_scores.cost[row],
                **{name: column[row] for name, column in token_scores.facts.items()},
            }
            for name, fact in facts.items():
                values[f"{self.name}_{name}"][index] = fact
        return rejecting(with_columns(batch, self.adds, list(values.values())), broken)


def explained_rows(
    batch: pa.RecordBatch, predictor: "Predictor", quantity: QuantityName | QuantityFunction
) -> Explained:
    """Return tokenized rows to explain, each by its predicted class."""
    from augment.models.predictor import logits_of

    names = ("id", "text", "text_pair", "side", "pieces", "segments", "owner")
    ids, texts, pairs, sides, pieces, segments, owner = (batch.column(name).to_pylist() for name in names)
    spans = [[(span["start"], span["end"]) for span in row] for row in batch.column("spans").to_pylist()]
    if None in pieces[:1]:
        pieces = segments = owner = None
    logits = logits_of(predictor, texts, pairs, (pieces, segments))
    target = logits.argmax(-1)
    return Explained(ids, texts, pairs, spans, sides, pieces, segments, owner, logits, target, quantity)
