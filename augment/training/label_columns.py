"""What a model learns of the labels of rows: one class of several, several labels, or a number.

kind_of(job)                                        # "multi" where corpus.label_separator is set
classes_of(job, ["clean;rude", "clean"])            # ["clean", "rude"]
targets(job, ["clean;rude", "clean"], classes)      # [[1, 1], [1, 0]]
"""

from collections import Counter
from collections.abc import Sequence

from augment.config.job import Job
from augment.config.label_sets import parted
from augment.errors import DataError, ModelError, RequestError
from augment.models.kind import PROBLEMS, Kind
from augment.models.labels import number_of

_KINDS: dict[Kind, str] = {
    "single": "one class of several",
    "multi": "several labels",
    "regression": "numbers",
}


def kind_of(job: Job) -> Kind:
    """Return what the labels of a corpus are to a model that is trained on them."""
    if job.train.answers == "number":
        return "regression"
    return "multi" if job.corpus is not None and job.corpus.label_separator is not None else "single"


def problem_of(job: Job) -> dict[str, str]:
    """Return what the config of a model needs to have for it; nothing where it is what all take it for."""
    kind = kind_of(job)
    return {} if kind == "single" else {"problem_type": PROBLEMS[kind]}


def require_trainable(job: Job) -> None:
    """Raise RequestError for settings that only classes of which one is right have."""
    for name in ("baseline", "r_drop"):
        if getattr(job.train, name):
            require_classes(job, f"train.{name}", "it is for one class of several")
    if kind_of(job) == "regression" and job.corpus is not None and job.corpus.label_separator is not None:
        raise RequestError(
            "train.answers: number", "a row has several labels", "leave `corpus.label_separator` out"
        )


def require_classes(job: Job, where: str, what: str) -> None:
    """Raise RequestError for a setting that only rows of one label have, which is a class among others, where these are no such rows."""
    kind = kind_of(job)
    if kind != "single":
        here = "rows have several labels" if kind == "multi" else "labels are numbers"
        raise RequestError(where, f"{what}, and here {here}", "leave it out")


def classes_of(job: Job, labels: Sequence[str]) -> list[str]:
    """Return the classes of a model for the labels of its rows, in order; of numbers one, the name of their column."""
    if kind_of(job) == "regression":
        named = job.needs_corpus().label
        return [named if isinstance(named, str) else "score"]
    return sorted({each for label in set(labels) for each in labels_in(job, label)})


def require_kind(job: Job, head: Kind, where: str) -> None:
    """Raise ModelError if a model is not of the kind that the labels of a corpus need, and so cannot be trained on with them."""
    kind = kind_of(job)
    if kind != head:
        what = f"it is a model of {_KINDS[head]}, and the rows have {_KINDS[kind]}"
        raise ModelError(
            where, what, "set `corpus.label_separator` and `train.answers` as it was trained with"
        )


def labels_in(job: Job, label: str) -> tuple[str, ...]:
    """Return the labels that the label of a row is; of numbers none."""
    kind = kind_of(job)
    if kind == "multi":
        return parted(label, job.label_separator)
    return () if kind == "regression" else (label,)


def counts_of(job: Job, labels: Sequence[str]) -> dict[str, int]:
    """Return the rows of each label, by label; of numbers nothing."""
    return dict(sorted(Counter(name for label in labels for name in labels_in(job, label)).items()))


def usual_answer(job: Job, labels: Sequence[str], held_out: Sequence[str]) -> tuple[float, float | None]:
    """Return how often one answer is right on held-out rows, and its mean error if it is a number.

    It is the most frequent label, or set of labels, of these rows; of numbers the mean of those trained on.
    """
    if kind_of(job) != "regression":
        return round(max(Counter(held_out).values()) / len(held_out), 4), None
    numbers, wanted = ([number_of(label) or 0.0 for label in given] for given in (labels, held_out))
    mean = sum(numbers) / len(numbers)
    errors = [abs(number - mean) for number in wanted]
    within = sum(error <= job.needs_model().tolerance for error in errors)
    return round(within / len(errors), 4), round(sum(errors) / len(errors), 4)


def targets(
    job: Job, labels: Sequence[str], classes: Sequence[str]
) -> list[int] | list[float] | list[list[int]]:
    """Return what a model is to answer for each row; DataError for a label that is no number where it has to be one."""
    kind = kind_of(job)
    if kind == "multi":
        sets = [set(parted(label, job.label_separator)) for label in labels]
        return [[int(name in own) for name in classes] for own in sets]
    if kind == "single":
        number = {name: index for index, name in enumerate(classes)}
        return [number[label] for label in labels]
    numbers = []
    for label in labels:
        value = number_of(label)
        if value is None:
            what = f"with `train.answers: number` labels are numbers, and `{label}` is none"
            raise DataError(job.needs_corpus().origin, what, "name the column with the numbers: corpus.label")
        numbers.append(value)
    return numbers
