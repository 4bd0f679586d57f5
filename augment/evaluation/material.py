"""The rows of an experiment: training sets drawn by hash, and tests that no condition has seen.

All of it depends on the corpus and the seed alone, so that every condition has the same, in every session.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from augment.config.job import Job
from augment.config.sections import EvaluateConfig
from augment.corpus import corpus_hashes, read, require_unchanged, with_label_names
from augment.corpus.rows import text_digest
from augment.errors import DataError, RequestError
from augment.seeding import Chance, chance

_TESTED = ("test", "validation")
# Fewer validation rows a class would fit a threshold to chance.
_FEWEST_TO_FIT = 10


@dataclass(frozen=True)
class Labelled:
    """A text with its label. `of` numbers the texts of a test that are one text in other words."""

    text: str
    label: str
    text_pair: str | None = None
    of: int = 0


def by_split(job: Job) -> dict[str, list[Labelled]]:
    """Return the labelled rows of each split of the corpus; DataError if there is nothing to train or to test on."""
    job = with_label_names(job)
    splits: dict[str, list[Labelled]] = defaultdict(list)
    for chunk in read(job.needs_corpus(), job.run.allow_download):
        columns = chunk.rows.select(["text", "text_pair", "label", "split"]).to_pydict()
        for text, pair, label, split in zip(*columns.values(), strict=True):
            if label is not None:
                splits[split].append(Labelled(text, label, pair))
    if "train" not in splits or not set(_TESTED) & set(splits):
        hint = "give corpus.files by split, or no split at all: then rows are divided 80/10/10"
        raise DataError(
            job.needs_corpus().origin, f"there are labelled rows only in {', '.join(splits) or 'none'}", hint
        )
    return dict(splits)


def held_out(splits: dict[str, list[Labelled]], count: int) -> list[Labelled]:
    """Return `count` of the rows of the test split, or of validation where there is no test, chosen by hash."""
    rows = splits[next(split for split in _TESTED if split in splits)]
    return [replace(row, of=index) for index, row in enumerate(_first(rows, count, b"evaluate"))]


def drawn(rows: Sequence[Labelled], count: int, seed: int, equal: bool = False) -> list[Labelled]:
    """Return a draw of `count` rows, the classes in the shares they have, each with at least one, or all with equally many.

    RequestError if there are fewer rows, or fewer of a class.
    """
    if count > len(rows):
        raise RequestError(
            "evaluate.rows", f"{count:,} rows are requested, train has {len(rows):,}", "request fewer"
        )
    of = Counter(row.label for row in rows)
    quota = _shares(Counter(dict.fromkeys(of, len(rows))) if equal else of, count)
    for label, wanted in sorted(quota.items()):
        if wanted > of[label]:
            what = f"{wanted:,} rows of `{label}` are needed, train has {of[label]:,}"
            raise RequestError(
                "evaluate.equal_classes", what, "request fewer rows, or leave the shares as they are"
            )
    purpose = f"evaluate {seed}".encode()[:16]
    chosen = [
        row
        for label in sorted(of)
        for row in _first([row for row in rows if row.label == label], quota[label], purpose)
    ]
    return sorted(chosen, key=lambda row: text_digest(row.text, row.text_pair, purpose))


def drawn_freely(
    rows: Sequence[Labelled], count: int, seed: int, labels: Callable[[str], Iterable[str]]
) -> list[Labelled]:
    """Return a draw of `count` rows by hash, in which each label that `labels` gives for a row has at least one row.

    For rows of several labels, and of numbers, which have none. RequestError if there are fewer rows, or more labels.
    """
    purpose = f"evaluate {seed}".encode()[:16]
    ordered = _first(rows, len(rows), purpose)
    first: dict[str, int] = {}
    for number, row in enumerate(ordered):
        for label in labels(row.label):
            first.setdefault(label, number)
    needed = set(first.values())
    if count > len(rows):
        raise RequestError(
            "evaluate.rows", f"{count:,} rows are requested, train has {len(rows):,}", "request fewer"
        )
    if count < len(needed):
        what = (
            f"{count:,} rows are requested, and {len(needed):,} are needed for each of {len(first):,} labels"
        )
        raise RequestError("evaluate.rows", what, "request more")
    rest = [number for number in range(len(ordered)) if number not in needed]
    return [ordered[number] for number in sorted([*needed, *rest[: count - len(needed)]])]


def fitting_rows(
    rows: Sequence[Labelled], draw: Sequence[Labelled], settings: EvaluateConfig
) -> list[Labelled]:
    """Return the rows that thresholds are fitted on: as many as a test has at most, none of the draw, classes as in a draw.

    The same in every draw where none of them can be drawn. Nothing is returned where fewer than ten a class are left.
    """
    known = set(draw)
    left = [row for row in rows if row not in known]
    of = Counter(row.label for row in left)
    if not of or set(of) != {row.label for row in rows}:
        return []
    most = len(of) * min(of.values()) if settings.equal_classes else len(left)
    count = min(most, settings.test_rows)
    if count < _FEWEST_TO_FIT * len(of):
        return []
    return [replace(row, of=index) for index, row in enumerate(drawn(left, count, 0, settings.equal_classes))]


def other_domain(
    config: Job, classes: Iterable[str], name: str, count: int, labels: Callable[[str], Iterable[str]]
) -> list[Labelled]:
    """Return the test of another corpus; RequestError if its labels are not those of this one, DataError if it changes.

    labels: those of the label of a row.
    """
    hashes = corpus_hashes(config)
    rows = held_out(by_split(config), count)
    require_unchanged(config, hashes)
    foreign = sorted({label for row in rows for label in labels(row.label)} - set(classes))
    if foreign:
        raise RequestError(
            f"evaluate.others: {name}",
            f"it has labels that this corpus does not have: {', '.join(foreign)}",
            "name a config with the same labels, or give them the same names with corpus.label_names",
        )
    return rows


def noisy(rows: Sequence[Labelled], share: float, seed: int) -> list[Labelled]:
    """Return rows in which a share of the letters is dropped, doubled, or changes places with the next."""
    return [
        replace(row, text=_with_noise(row.text, share, chance(seed, "noise", row.text, row.of)))
        for row in rows
    ]


def write_rows(path: Path, rows: Iterable[Labelled]) -> None:
    """Write rows as JSON lines."""
    lines = (
        json.dumps(
            {name: value for name, value in asdict(row).items() if value is not None}, ensure_ascii=False
        )
        for row in rows
    )
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_rows(path: Path) -> list[Labelled]:
    """Return the rows of a file that `write_rows` wrote."""
    with path.open(encoding="utf-8", newline="\n") as lines:
        return [Labelled(**json.loads(line)) for line in lines]


def _first(rows: Sequence[Labelled], count: int, purpose: bytes) -> list[Labelled]:
    """Return the `count` rows with the lowest hashes, in the order of these."""
    return sorted(rows, key=lambda row: text_digest(row.text, row.text_pair, purpose))[:count]


def _shares(of: Counter[str], count: int) -> Counter[str]:
    """Return how many of `count` rows each class gets: its share by largest remainder, at least one."""
    total = sum(of.values())
    exact = {label: count * rows / total for label, rows in of.items()}
    quota = Counter({label: max(1, int(share)) for label, share in exact.items()})
    for label in sorted(of, key=lambda label: (int(exact[label]) - exact[label], label)):
        if quota.total() < count and quota[label] < of[label]:
            quota[label] += 1
    return quota


def _with_noise(text: str, share: float, chance: Chance) -> str:
    """Return a text with a share of its letters changed, at least one."""
    letters = [
        index for index, letter in enumerate(text[:-1]) if letter.isalpha() and text[index + 1].isalpha()
    ]
    chosen = sorted(chance.sample(letters, max(1, round(share * len(letters)))), reverse=True)
    for index in chosen:
        one, two = text[index], text[index + 1]
        new = (two, one + one + two, two + one)[chance.below(3)]
        text = text[:index] + new + text[index + 2 :]
    return text
