"""The rows of an experiment: training sets drawn by hash, and tests that no condition has seen.

All of it depends on the corpus and the seed alone, so that every condition has the same, in every session.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from augment.config.job import Job
from augment.corpus import corpus_hashes, read, require_unchanged, with_label_names
from augment.corpus.rows import text_digest
from augment.errors import DataError, RequestError
from augment.seeding import Chance, chance

_TESTED = ("test", "validation")


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


def drawn(rows: Sequence[Labelled], count: int, seed: int) -> list[Labelled]:
    """Return a draw of `count` rows, the classes in the shares they have, each with at least one.

    RequestError if there are fewer rows.
    """
    if count > len(rows):
        raise RequestError(
            "evaluate.rows", f"{count:,} rows are asked for, train has {len(rows):,}", "ask fewer"
        )
    of = Counter(row.label for row in rows)
    quota = _shares(of, count)
    purpose = f"evaluate {seed}".encode()[:16]
    chosen = [
        row
        for label in sorted(of)
        for row in _first([row for row in rows if row.label == label], quota[label], purpose)
    ]
    return sorted(chosen, key=lambda row: text_digest(row.text, row.text_pair, purpose))


def other_domain(config: Job, classes: Iterable[str], name: str, count: int) -> list[Labelled]:
    """Return the test of another corpus; RequestError if its labels are not those of this one, DataError if it changes."""
    hashes = corpus_hashes(config)
    rows = held_out(by_split(config), count)
    require_unchanged(config, hashes)
    foreign = sorted({row.label for row in rows} - set(classes))
    if foreign:
        raise RequestError(
            f"evaluate.others: {name}",
            f"it has labels that this corpus lacks: {', '.join(foreign)}",
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
