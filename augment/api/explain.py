"""Explain one text: the score of each word for the model's prediction, and how well the scores add up to it.

attribution = explain("这家酒店的服务很好", "models/hotel-zh")          # or method="occlusion", or a FunctionModel
attribution.top(3)                # [("好", 2.1), ("很", 0.9), ("服务", 0.4)]
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import pyarrow as pa

from augment.attribution.method import AttributionMethod
from augment.attribution.methods import METHODS
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import ModelConfig, RunConfig
from augment.errors import DataError, RequestError, nearest
from augment.ig.quantities import QuantityName
from augment.models.labels import LabelMap, listed
from augment.models.model_folder import model_folder, require_pairs
from augment.pipeline.apply import apply
from augment.pipeline.definition import Pipeline
from augment.report.colour import scaled, signed
from augment.stages import Attribute, Tokenize
from augment.tables.columns import CORPUS


@dataclass(frozen=True)
class Attribution:
    """The explanation of one text.

    scores: one a token, in the unit of the quantity, positive for the target. rest: the score of special pieces.
    gap: sum of all scores - (F(x) - F(baseline)); error: the estimated error of the scores; both None for a method whose
    scores do not have to add up. probability: of target.
    unseen: how many tokens are, wholly or in part, beyond the length that the model is fed.
    """

    text: str
    text_pair: str | None
    tokens: tuple[str, ...]
    side: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    scores: tuple[float, ...]
    target: str
    prediction: str
    probability: float
    rest: float
    gap: float | None
    error: float | None
    evaluations: int
    status: str
    unseen: int = 0

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """Return the tokens that matter most, either way, with their scores; equal ones in the order of the text."""
        order = sorted(range(len(self.tokens)), key=lambda token: (-abs(self.scores[token]), token))
        return [(self.tokens[token], self.scores[token]) for token in order[:count]]

    def pieces(self) -> list[tuple[str, float | None]]:
        """Return the text cut at its tokens, each with its score scaled to [-1, 1]; None for what is between."""
        tints = scaled(self.scores, max((abs(score) for score in self.scores), default=0.0))
        parts: list[tuple[str, float | None]] = []
        for side, whole in ((0, self.text), (1, self.text_pair)):
            if whole is None:
                continue
            parts += [(" ⫽ ", None)] if side else []
            end = 0
            for token, (start, stop) in enumerate(self.spans):
                if self.side[token] == side:
                    parts += [(whole[end:start], None), (whole[start:stop], tints[token])]
                    end = stop
            parts.append((whole[end:], None))
        return [(part, tint) for part, tint in parts if part]

    def _repr_html_(self) -> str:
        """Return the coloured text for a notebook, escaped."""
        spans = (
            escape(part)
            if tint is None
            else f'<span style="background:{signed(tint)};color:#111">{escape(part)}</span>'
            for part, tint in self.pieces()
        )
        head = f"{self.prediction} · {self.target} {self.probability:.3f}"
        head += "" if self.error is None else f" · error {self.error:.2%}"
        head += f" · {self.unseen} words not seen" if self.unseen else ""
        return f"<div><small>{escape(head)}</small><br>{''.join(spans)}</div>"


def explain(
    text: str,
    model: str | Path | ModelConfig,
    text_pair: str | None = None,
    target: str | None = None,
    quantity: QuantityName | None = None,
    run: RunConfig | None = None,
    method: str | AttributionMethod = "integrated_gradients",
) -> Attribution:
    """Return a score for each word of a text: its integrated gradient, summed over its pieces, or what another method gives.

    `model` is a folder or hub id of a sequence classification model, or a model in memory; `target` a label, by default the
    predicted one; `quantity` by default the logit, of a Python function the probability. RequestError for an empty text, or a
    method that needs gradients of a function; DataError for a target that is no label of the model; ModelError if the
    model cannot or must not be loaded.
    """
    if not text.strip():
        raise RequestError("the text", "it is empty", "give a text with at least one word")
    config = model if isinstance(model, ModelConfig) else ModelConfig(path=str(model))
    job = Job(model=config, run=run or RunConfig())
    if target is not None:
        _check_target(target, job)
    if text_pair is not None:
        require_pairs(model_folder(job.needs_model(), job.run))
    stages = (
        Tokenize(kind="tokenize"),
        _attribute(config, target, quantity, method),
    )
    applied = apply(
        Pipeline(name="explain", about="one text", stages=stages), _one_row(text, text_pair, target), job
    )
    if applied.rejects:
        raise DataError("the text", applied.rejects[0].reason, "use another model or dtype")
    row = applied.table.to_pylist()[0]
    spans = tuple((span["start"], span["end"]) for span in row["spans"])
    return Attribution(
        text,
        text_pair,
        tuple(row["tokens"]),
        tuple(row["side"]),
        spans,
        tuple(row["ig"]),
        row["ig_target"],
        row["ig_pred"],
        row["ig_prob"],
        row["ig_rest"],
        row["ig_gap"],
        row["ig_error"],
        row["ig_evals"],
        row["ig_status"],
        row["unseen"] or 0,
    )


def _attribute(
    config: ModelConfig,
    target: str | None,
    quantity: QuantityName | None,
    method: str | AttributionMethod,
) -> Attribute:
    """Return the stage that explains; RequestError for a method of another name."""
    own: dict[str, object] = (
        method.model_dump() if isinstance(method, AttributionMethod) else {"method": method}
    )
    name = str(own["method"])
    if name not in METHODS:
        raise RequestError(f"method: {name}", "no such attribution method", nearest(name, list(METHODS)))
    usual = "probability" if isinstance(config, FunctionModel) else "logit"
    chosen = {"target": "predicted" if target is None else "gold", "quantity": quantity or usual}
    return Attribute.model_validate({"kind": "attribute", **own, **chosen})


def _check_target(target: str, job: Job) -> None:
    """Raise DataError, listing the labels of the model, if `target` is none of them."""
    labels = LabelMap(model_folder(job.needs_model(), job.run).classes)
    if labels.index(target) is None:
        what = f"the model does not know it; its labels are {listed(labels.ordered)}"
        raise DataError(f"label {target!r}", what, "give one of these as the target")


def _one_row(text: str, text_pair: str | None, label: str | None) -> pa.Table:
    """Return a table of one row, as the corpus reader would give it."""
    values = {"id": "text", "text": text, "text_pair": text_pair, "label": label, "split": "test"}
    return pa.table({column.name: pa.array([values[column.name]], column.type) for column in CORPUS})
