"""A model as a Python program has it, made a section of a job: a folder, a loaded model, a scikit-learn pipeline, a function.

Which library a model is from is seen by the methods it has, so none of the libraries is imported here.

    given = given_model(make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, stars))
    given.config.classes            # ("1", "2"): names, as everywhere inside
    given.label("2")                # 2: as the user wrote it
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Protocol, cast

from augment.config.in_memory import FunctionModel, InMemoryModel, LoadedModel
from augment.config.numerals import plain
from augment.config.sections import ModelConfig
from augment.errors import ModelError, RequestError, WrongTypeError

_TAKEN = (
    "give a folder or hub id, (model, tokenizer), a text-classification pipeline of transformers, a fitted scikit-learn "
    "pipeline, or a function from a list of texts to probabilities"
)
_FIT = "fit it first: model.fit(texts, labels)"


class Estimator(Protocol):
    """What is used of a scikit-learn estimator."""

    def predict_proba(self, texts: Sequence[str]) -> object:
        """Return the probability of each class, [N, C]."""
        ...


@dataclass(frozen=True)
class GivenModel:
    """A model as a section of a job. labels: what the user calls each class, by its name inside."""

    config: ModelConfig
    labels: Mapping[str, Hashable] = field(default_factory=dict)

    def label(self, name: str) -> Hashable:
        """Return a label as the user writes it; the name itself where no other is known."""
        return self.labels.get(name, name)


def given_model(
    model: object, classes: Iterable[Hashable] | None = None, *, name: str | None = None, pairs: bool = False
) -> GivenModel:
    """Return the section of a job for any kind of model.

    classes: the labels in the order of the probabilities, for what does not list them. name: what the model is known by in
    later runs. pairs: a function is given tuples of two texts. WrongTypeError for what is no model; RequestError for a
    model that cannot be used as it is.
    """
    kind = _kind(model)
    if kind in ("config", "path") and classes is not None:
        raise RequestError("classes", "the model has its own", "leave `classes` out")
    if isinstance(model, ModelConfig):
        return GivenModel(model)
    if isinstance(model, str | PathLike):
        return GivenModel(ModelConfig(path=str(fspath(model))))
    if kind == "loaded":
        return _loaded(*_parts(model), classes, name)
    if kind == "estimator":
        known = getattr(model, "classes_", None)
        labels = _by_name(known if classes is None else classes)
        function = _answering(cast(Estimator, model))
        return GivenModel(_function(function, labels, name, pairs), labels)
    if classes is None:
        what = "the labels of a function cannot be read from it"
        hint = 'name them in the order of its probabilities, for example classes=["negative", "positive"]'
        raise RequestError("classes", what, hint)
    labels = _by_name(classes)
    return GivenModel(_function(cast("Callable[..., object]", model), labels, name, pairs), labels)


def label_name(label: Hashable) -> str:
    """Return the name that a label has inside: its text, without the `.0` of a whole number."""
    return plain(str(label))


def _kind(model: object) -> str:
    """Return what kind of model something is; WrongTypeError or RequestError with what to give in its place."""
    refusal = _refusal(model)
    if refusal is not None:
        raise refusal
    if isinstance(model, ModelConfig):
        return "config"
    if isinstance(model, str | PathLike):
        return "path"
    if isinstance(model, tuple | list) or hasattr(model, "tokenizer"):
        return "loaded"
    return "estimator" if hasattr(model, "predict_proba") else "function"


def _refusal(model: object) -> RequestError | None:
    """Return the error for what cannot be used as a model; None for what can."""
    kind = type(model).__name__
    where = f"model: {kind}"
    if isinstance(model, type):
        return WrongTypeError(f"model: {model.__name__}", "this is a class, not a model", "give an instance")
    if isinstance(model, str | PathLike):
        empty = not fspath(model)
        return RequestError("model", "the name is empty", "name a folder or a hub id") if empty else None
    if isinstance(model, ModelConfig):
        return None
    if isinstance(model, tuple | list):
        good = len(model) == 2 and _is_network(model[0]) != _is_network(model[1])
        what = "a tuple of other things than a transformers model and its tokenizer"
        return None if good else WrongTypeError(where, what, "give (model, tokenizer)")
    if hasattr(model, "tokenizer") and hasattr(model, "model"):
        task = str(getattr(model, "task", ""))
        fits = task in ("text-classification", "sentiment-analysis")
        hint = 'make it with pipeline("text-classification", …)'
        return None if fits else RequestError(where, f"its task is {task or 'not known'}", hint)
    if _is_network(model):
        hint = "give (model, tokenizer), or a function from texts to probabilities"
        return WrongTypeError(where, "a neural network alone takes tensors, not texts", hint)
    if hasattr(model, "convert_ids_to_tokens"):
        return WrongTypeError(where, "this is a tokenizer alone", "give (model, tokenizer)")
    return _unfitted(model, where)


def _unfitted(model: object, where: str) -> RequestError | None:
    """Return the error for an estimator that cannot give probabilities, or for what is no model at all."""
    if hasattr(model, "fit") and hasattr(model, "predict"):
        if not hasattr(model, "classes_"):
            return RequestError(where, "it is not fitted", _FIT)
        if not hasattr(model, "predict_proba"):
            hint = "wrap it in CalibratedClassifierCV, or use LogisticRegression"
            return RequestError(where, "it gives no probabilities (no predict_proba)", hint)
        return None
    return None if callable(model) else WrongTypeError(where, "this is no model", _TAKEN)


def _is_network(model: object) -> bool:
    """Return whether something is a network of torch, which takes tensors."""
    return hasattr(model, "state_dict") and hasattr(model, "forward")


def _parts(model: object) -> tuple[object, object]:
    """Return the model and the tokenizer of a tuple, in either order, or of a transformers pipeline."""
    if isinstance(model, tuple | list):
        first, second = model
        return (first, second) if _is_network(first) else (second, first)
    return getattr(model, "model", None), getattr(model, "tokenizer", None)


def _loaded(
    model: object, tokenizer: object, classes: Iterable[Hashable] | None, name: str | None
) -> GivenModel:
    """Return a transformers model with its tokenizer; its classes are those of its config unless others are given."""
    if classes is None:
        return GivenModel(LoadedModel(model=model, tokenizer=tokenizer, name=name))
    labels = _by_name(classes)
    count = getattr(getattr(model, "config", None), "num_labels", len(labels))
    if count != len(labels):
        hint = "name every class, in the order of the logits"
        raise RequestError("classes", f"the model has {count} classes, and {len(labels)} are named", hint)
    return GivenModel(LoadedModel(model=model, tokenizer=tokenizer, classes=tuple(labels), name=name), labels)


def _function(
    function: Callable[..., object], labels: Mapping[str, Hashable], name: str | None, pairs: bool
) -> InMemoryModel:
    """Return a function with its classes; RequestError if they are fewer than two."""
    if len(labels) < 2:
        raise RequestError("classes", f"there are {len(labels)}", "a classifier has two or more")
    return FunctionModel(function=function, classes=tuple(labels), name=name, pairs=pairs)


def _by_name(classes: object) -> dict[str, Hashable]:
    """Return labels by their names, numpy's numbers as Python's; RequestError for two of one name."""
    if isinstance(classes, str) or not isinstance(classes, Iterable):
        hint = 'for example classes=["negative", "positive"]'
        raise WrongTypeError("classes", f"{type(classes).__name__} is no list of labels", hint)
    labels: dict[str, Hashable] = {}
    for given in classes:
        label = given.item() if hasattr(given, "item") and hasattr(given, "dtype") else given
        if not isinstance(label, Hashable):
            hint = "give a model that answers with one label of several"
            raise WrongTypeError("classes", f"{type(label).__name__} is no label", hint)
        if label_name(label) in labels:
            what = f"{labels[label_name(label)]!r} and {label!r} would be one label"
            raise RequestError("classes", what, "give each class a name of its own")
        labels[label_name(label)] = label
    return labels


def _answering(estimator: Estimator) -> Callable[[list[str]], object]:
    """Return the function that asks an estimator; ModelError with the usual cause where it does not take texts."""

    def scores(texts: list[str]) -> object:
        """Return the probabilities of the texts."""
        try:
            return estimator.predict_proba(texts)
        except (ValueError, TypeError, AttributeError) as error:
            first = (str(error).splitlines() or [""])[0]
            what = f"it does not take a list of texts: {type(error).__name__}: {first}"
            hint = (
                "give the whole pipeline, for example make_pipeline(TfidfVectorizer(), LogisticRegression())"
            )
            raise ModelError(f"model: {type(estimator).__name__}", what, hint) from error

    return scores
