"""The labelled texts that a model is trained and tested on: by split, a limited number of them, and by fold."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from augment.config.job import Job
from augment.corpus import fold_of, read
from augment.corpus.repeats import RepeatCounter, Repeats
from augment.errors import DataError
from augment.models.labels import listed


@dataclass(frozen=True)
class Examples:
    """Labelled texts of one split. weights: how much each counts in the loss; none are given where all count the same."""

    texts: list[str]
    pairs: list[str | None]
    labels: list[str]
    ids: list[str]
    weights: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.texts)


def splits_of(job: Job) -> tuple[dict[str, Examples], dict[str, int]]:
    """Return the labelled texts of each split, and how many rows were left out for which reason.

    DataError if train or a held-out split is missing or has one label.
    """
    splits: dict[str, Examples] = {}
    rejected: Counter[str] = Counter()
    for chunk in read(job.needs_corpus(), job.run.allow_download):
        rejected.update(reject.reason for reject in chunk.rejects)
        for row in chunk.rows.select(["text", "text_pair", "label", "split", "id"]).to_pylist():
            if row["label"] is None:
                there = listed([field.name for field in chunk.rows.schema.field("source").type])
                raise DataError(
                    job.needs_corpus().origin,
                    f"the corpus has no labels; its columns: {there}",
                    "name one with corpus.label",
                )
            examples = splits.setdefault(row["split"], Examples([], [], [], []))
            examples.texts.append(row["text"])
            examples.pairs.append(row["text_pair"])
            examples.labels.append(row["label"])
            examples.ids.append(row["id"])
    if "train" not in splits or not {"test", "validation"} & set(splits):
        hint = "give corpus.files by split, or no split at all: then rows are divided 80/10/10"
        raise DataError(
            job.needs_corpus().origin, f"the corpus has only the splits {', '.join(sorted(splits))}", hint
        )
    require_two(job, splits["train"].labels)
    return splits, dict(rejected.most_common())


def repeats_in(splits: Mapping[str, Examples]) -> Repeats:
    """Return which texts are in two splits, and which have two labels."""
    counter = RepeatCounter()
    for name, part in splits.items():
        counter.add(part.texts, part.pairs, part.labels, [name] * len(part))
    return counter.count()


def require_two(job: Job, labels: Iterable[str]) -> None:
    """Raise DataError if all these labels of training rows are the same."""
    if len(set(labels)) < 2:
        what = "all training rows have the same label"
        raise DataError(job.needs_corpus().origin, what, "a classifier needs two")


def limited(job: Job, examples: Examples) -> Examples:
    """Return at most `train.limit` of the examples, chosen by hash of their texts, in their order."""
    return first_by_hash(examples, job.train.limit, job.seed, "train")


def first_by_hash(examples: Examples, count: int | None, seed: int, purpose: str) -> Examples:
    """Return at most `count` of the examples, chosen by hash of their texts, in their order; all where there is no count."""
    if count is None or count >= len(examples):
        return examples
    return taken(examples, sorted(by_hash(examples, seed, purpose)[:count]))


def by_hash(examples: Examples, seed: int, purpose: str) -> list[int]:
    """Return the indices of the examples, ordered by the hashes of their texts."""
    keys = [blake2b(f"{seed}\0{purpose}\0{text}".encode(), digest_size=8).digest() for text in examples.texts]
    return sorted(range(len(keys)), key=lambda row: (keys[row], row))


def divided_by_fold(job: Job, fitting: Examples) -> dict[int, tuple[Examples, Examples]]:
    """Return for each fold the rows outside it and the rows inside; DataError if those outside have but one label."""
    count = job.needs_model().folds
    if count is None:
        return {}
    folds = [fold_of(text, pair, count) for text, pair in zip(fitting.texts, fitting.pairs, strict=True)]
    divided: dict[int, tuple[Examples, Examples]] = {}
    for fold in range(count):
        outside, inside = (
            taken(fitting, [row for row, own in enumerate(folds) if (own == fold) is inside])
            for inside in (False, True)
        )
        if len(set(outside.labels)) < 2:
            what = f"outside fold {fold} of {count} the training rows have fewer than two labels"
            raise DataError(
                job.needs_corpus().origin,
                what,
                "give more rows, or raise train.limit; equal texts share a fold",
            )
        divided[fold] = outside, inside
    return divided


def taken(examples: Examples, rows: list[int]) -> Examples:
    """Return the examples with these indices."""
    texts, labels, ids = (
        [column[row] for row in rows] for column in (examples.texts, examples.labels, examples.ids)
    )
    weights = [examples.weights[row] for row in rows] if examples.weights else []
    return Examples(texts, [examples.pairs[row] for row in rows], labels, ids, weights)
