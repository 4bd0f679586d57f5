"""Explain texts: the score of each word for the model's prediction, and how well the scores add up to it.

explain("这家酒店的服务很好", "models/hotel-zh").top(3)         # [("好", 2.1), ("很", 0.9), ("服务", 0.4)]
explain(df["review"], classifier, target=1).to_pandas()       # a list, tuple, Series or column of texts
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, overload

import pyarrow as pa

from augment.api.attribution import Attribution
from augment.api.attributions import Attributions
from augment.api.given_texts import GivenTexts, given_labels, given_texts
from augment.api.progress_bar import Shown, shown
from augment.api.rows_in_memory import rows_of
from augment.attribution.method import AttributionMethod
from augment.attribution.methods import METHODS
from augment.config.given_model import GivenModel, given_model, label_name
from augment.config.in_memory import FunctionModel
from augment.config.job import Job
from augment.config.sections import ModelConfig, RunConfig
from augment.config.yaml_file import Document, checked
from augment.errors import DataError, RequestError, WrongTypeError, nearest
from augment.ig.quantities import QuantityFunction, QuantityName
from augment.models.kind import Kind
from augment.models.labels import LabelMap, listed
from augment.models.model_folder import model_folder, require_pairs
from augment.pipeline.apply import open_pipeline, prepare
from augment.pipeline.definition import Pipeline
from augment.progress import Progress
from augment.stages import Attribute, Tokenize
from augment.stages.attribute import WITHOUT_GRADIENTS

# Texts that are explained together, between two steps of the progress.
_TOGETHER = 256


@dataclass(frozen=True)
class _Request:
    """What is explained: the texts, the label of each or None for the predicted one, and the model."""

    texts: GivenTexts
    targets: tuple[Hashable | None, ...]
    model: GivenModel
    job: Job

    @cached_property
    def kind(self) -> Kind:
        """What the answers of the model mean."""
        return model_folder(self.job.needs_model(), self.job.run).head

    @cached_property
    def requested(self) -> Mapping[str, Hashable]:
        """The labels that are explained, as the user writes them, by name."""
        return {label_name(label): label for label in self.targets if label is not None}


@overload
def explain(  # type: ignore[overload-overlap]  # a str is an iterable of texts for Python, and one text for us
    texts: str,
    model: object,
    text_pair: str | None = None,
    target: Hashable | None = None,
    quantity: QuantityName | QuantityFunction | None = None,
    run: RunConfig | Mapping[str, object] | None = None,
    method: str | AttributionMethod | None = None,
    *,
    classes: Iterable[Hashable] | None = None,
    allow_download: bool = False,
    progress: Shown = None,
) -> Attribution: ...
@overload
def explain(
    texts: Iterable[str] | Iterable[tuple[str, str]],
    model: object,
    text_pair: Iterable[str] | None = None,
    target: Hashable | Sequence[Hashable] | None = None,
    quantity: QuantityName | QuantityFunction | None = None,
    run: RunConfig | Mapping[str, object] | None = None,
    method: str | AttributionMethod | None = None,
    *,
    classes: Iterable[Hashable] | None = None,
    allow_download: bool = False,
    progress: Shown = None,
) -> Attributions: ...
def explain(
    texts: str | Iterable[str] | Iterable[tuple[str, str]],
    model: object,
    text_pair: str | Iterable[str] | None = None,
    target: Hashable | Sequence[Hashable] | None = None,
    quantity: QuantityName | QuantityFunction | None = None,
    run: RunConfig | Mapping[str, object] | None = None,
    method: str | AttributionMethod | None = None,
    *,
    classes: Iterable[Hashable] | None = None,
    allow_download: bool = False,
    progress: Shown = None,
) -> Attribution | Attributions:
    """Return a score for each word of each text; for one text, given as a str, its Attribution alone.

    texts: a str, or a list, tuple, pandas Series or dataset column of texts, or a list of pairs of texts; `text_pair`: the
    second texts apart. model: a folder or hub id (from the local cache unless `allow_download`), (model, tokenizer) or a
    text-classification pipeline of transformers, a fitted scikit-learn pipeline, or any function from a list of texts to
    probabilities [N, C] with its `classes`; what has no gradients is explained by occlusion, and `notices` report it.
    target: a label, or a list of one a text; the predicted label by default. method: integrated_gradients by default, or
    expected_gradients, deeplift, gradient, gradient_x_input, smooth_gradient, lrp, guided_backprop, deconvnet, grad_cam,
    guided_grad_cam, hires_cam, pooling_weights, conductance, influence, occlusion, shapley, lime, qii; docs/attribution.md. quantity: the logit by default, of a function the probability; or a
    function of logits [B, C], the class [B] and the strongest other one [B], to what is explained [B]. run: settings of
    the section `run`, such as {"device": "cpu"}. A calibration of integrated gradients that the model or the cache has is used,
    unless `run` has `calibrations: new`. progress: False for no bar; by default one on a terminal.

    WrongTypeError, also a TypeError, for what is no text or model; RequestError for empty texts, or a method that the model
    does not allow; DataError for missing texts and labels that the model does not know; ModelError if the model cannot or
    must not be loaded.
    """
    given = given_texts(texts, text_pair)
    known = given_model(model, classes, pairs=given.paired)
    job = Job(model=known.config, run=_run_section(run, allow_download))
    request = _Request(given, _targets(target, len(given.texts)), known, job)
    _check_targets(request)
    if given.paired:
        require_pairs(model_folder(job.needs_model(), job.run))
    stage, notices = _attribute(known.config, target is not None, quantity, method)
    with shown(progress) as report:
        rows = list(_explained(request, stage, report))
    items = tuple(_attribution(row, stage, request, notices) for row in rows)
    return items[0] if isinstance(texts, str) else Attributions(items, given.index, notices)


def _explained(request: _Request, stage: Attribute, report: Progress) -> Iterator[Mapping[str, Any]]:
    """Yield the row of each text with its scores; DataError for a text that has none."""
    count = len(request.texts.texts)
    report("explain", 0, count)
    plan = Pipeline(name="explain", about="texts", stages=(Tokenize(), stage))
    with TemporaryDirectory() as folder:
        state = Path(folder)
        # One text teaches nothing, so a calibration that was made before is used, and none is made: scores do not depend on the list.
        if stage.way.calibrates and not callable(stage.quantity):
            prepare(plan, request.job, _rows(request, 0).slice(0, 1), state)
        treat = open_pipeline(plan, request.job, state if any(state.iterdir()) else None)
        for begin in range(0, count, _TOGETHER):
            applied = treat(_rows(request, begin))
            for reject in applied.rejects[:1]:
                where = "the text" if count == 1 else f"texts[{reject.id}]"
                raise DataError(where, reject.reason, "use another model or dtype")
            yield from applied.table.to_pylist()
            report("explain", min(begin + _TOGETHER, count), count)


def _rows(request: _Request, begin: int) -> pa.Table:
    """Return a part of the texts as rows."""
    part = slice(begin, begin + _TOGETHER)
    texts = request.texts.texts[part]
    labels = [None if label is None else label_name(label) for label in request.targets[part]]
    ids = [str(begin + number) for number in range(len(texts))]
    return rows_of(ids, texts, request.texts.pairs[part], labels, "test")


def _attribution(
    row: Mapping[str, Any], stage: Attribute, request: _Request, notices: tuple[str, ...]
) -> Attribution:
    """Return the explanation that a row holds."""

    def label(name: str) -> Hashable:
        """Return a label as the user writes it."""
        return request.requested.get(name, request.model.label(name))

    return Attribution(
        row["text"],
        row["text_pair"],
        tuple(row["tokens"]),
        tuple(row["side"]),
        tuple((span["start"], span["end"]) for span in row["spans"]),
        tuple(row["ig"]),
        label(row["ig_target"]),
        label(row["ig_pred"]),
        row["ig_prob"],
        row["ig_rest"],
        row["ig_gap"],
        row["ig_error"],
        row["ig_evals"],
        row["ig_status"],
        row["unseen"] or 0,
        stage.method,
        _name_of(stage.quantity),
        notices,
        request.kind,
    )


def _attribute(
    config: ModelConfig,
    target: object,
    quantity: QuantityName | QuantityFunction | None,
    method: str | AttributionMethod | None,
) -> tuple[Attribute, tuple[str, ...]]:
    """Return the stage that explains, and a notice if it is not the usual one; RequestError for a method of another name."""
    is_function = isinstance(config, FunctionModel)
    own_quantity = quantity is None or callable(quantity)
    adapted = method is None and is_function
    chosen = method or ("occlusion" if is_function else "integrated_gradients")
    if not isinstance(chosen, str | AttributionMethod):
        hint = f"give one of {', '.join(METHODS)}"
        raise WrongTypeError("method", f"{type(chosen).__name__} is not taken", hint)
    own: dict[str, object] = {"method": chosen} if isinstance(chosen, str) else chosen.model_dump()
    name = str(own["method"])
    if name not in METHODS:
        raise RequestError(f"method: {name}", "no such attribution method", nearest(name, list(METHODS)))
    values = {
        "kind": "attribute",
        **own,
        "target": "predicted" if target is None else "gold",
        "quantity": ("probability" if is_function else "logit") if own_quantity else quantity,
    }
    stage = checked(Attribute, Document(Path("explain"), {}), values)
    if callable(quantity):
        stage = stage.model_copy(update={"quantity": quantity})
    return stage, (WITHOUT_GRADIENTS,) if adapted else ()


def _name_of(quantity: object) -> str:
    """Return the name of a quantity; of a function its own."""
    return (
        quantity if isinstance(quantity, str) else str(getattr(quantity, "__name__", type(quantity).__name__))
    )


def _targets(target: object, count: int) -> tuple[Hashable | None, ...]:
    """Return the label to explain of each text: one for all, one each, or None for the predicted one."""
    if target is None:
        return (None,) * count
    if isinstance(target, str | tuple) or not isinstance(target, Iterable):
        return given_labels([target], 1, "target") * count
    return given_labels(target, count, "target")


def _check_targets(request: _Request) -> None:
    """Raise DataError, listing the labels of the model, if a target is none of them."""
    wanted = {label_name(label): label for label in request.targets if label is not None}
    if not wanted:
        return
    labels = LabelMap(model_folder(request.job.needs_model(), request.job.run).classes)
    for name, label in wanted.items():
        if labels.index(name) is None:
            what = f"the model does not know it; its labels are {listed(labels.ordered)}"
            hint = nearest(name, labels.ordered, "give one of these as the target")
            raise DataError(f"label {label!r}", what, hint)


def _run_section(run: object, allow_download: bool) -> RunConfig:
    """Return the section `run` that is given, as a section or as a mapping."""
    if run is not None and not isinstance(run, RunConfig | Mapping):
        hint = 'give a mapping, for example run={"device": "cpu"}'
        raise WrongTypeError("run", f"{type(run).__name__} is not taken", hint)
    made = (
        run if isinstance(run, RunConfig) else checked(RunConfig, Document(Path("run"), {}), dict(run or {}))
    )
    return made.model_copy(update={"allow_download": True}) if allow_download else made
