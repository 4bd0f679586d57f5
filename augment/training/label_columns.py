"""What a model learns of the labels of rows: one class of several, several labels, or a number.

kind_of(job)                                        # "multi" where corpus.label_separator is set
classes_of(job, ["clean;rude", "clean"])            # ["clean", "rude"]
targets(job, ["clean;rude", "clean"], classes)      # [[1, 1], [1, 0]]
"""

from collections import Counter
from collections.abc import Sequence

from augment.config.job import Job
from augment.config.label_sets import parted
from augment.errors import DataError, RequestError
from augment.models.kind import PROBLEMS, Kind
from augment.models.labels import number_of


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
    kind = kind_of(job)
    if kind == "single":
        return
    what = "rows have several labels" if kind == "multi" else "labels are numbers"
    given = [name for name in ("baseline", "r_drop") if getattr(job.train, name)]
    if given:
        raise RequestError(
            f"train.{given[0]}", f"it is for one class of several, and here {what}", "leave it out"
        )
    if kind == "regression" and job.corpus is not None and job.corpus.label_separator is not None:
        raise RequestError(
            "train.answers: number", "a row has several labels", "leave `corpus.label_separator` out"
        )


def require_classes(job: Job, user: str) -> None:
    """Raise RequestError if rows have several labels, or numbers, and `user` needs one class of several."""
    if kind_of(job) != "single":
        what = f"{user} needs rows of one label, which is a class among others"
        where = "train.answers" if kind_of(job) == "regression" else "corpus.label_separator"
        raise RequestError(where, what, "leave it out")


def classes_of(job: Job, labels: Sequence[str]) -> list[str]:
    """Return the classes of a model for the labels of its rows, in order; of numbers one, the name of their column."""
    if kind_of(job) == "regression":
        named = job.needs_corpus().label
        return [named if isinstance(named, str) else "score"]
    if kind_of(job) == "single":
        return sorted(set(labels))
    return sorted({each for label in labels for each in parted(label, job.label_separator)})


def counts_of(job: Job, labels: Sequence[str]) -> dict[str, int]:
    """Return the rows of each label, by label; of numbers nothing."""
    if kind_of(job) == "regression":
        return {}
    multi = kind_of(job) == "multi"
    each = (name for label in labels for name in (parted(label, job.label_separator) if multi else (label,)))
    return dict(sorted(Counter(each).items()))


def usual_share(job: Job, labels: Sequence[str], held_out: Sequence[str]) -> float:
    """Return how often the most frequent label is right on held-out rows; of numbers the mean of those trained on."""
    if kind_of(job) != "regression":
        return max(Counter(held_out).values()) / len(held_out)
    numbers = [number_of(label) or 0.0 for label in labels]
    mean = sum(numbers) / len(numbers)
    within = [abs((number_of(label) or 0.0) - mean) <= job.needs_model().tolerance for label in held_out]
    return sum(within) / len(within)


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
