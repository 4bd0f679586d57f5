"""Texts from which natural edits learn how people write, for a benchmark: none of a test, and none of the other domain.

file_of("sst2-en", ["cr-en"], data, work)      # a file of lines; what was dropped is printed
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from augment.config.job import read_job
from augment.config.shipped import find
from augment.evaluation.material import by_split
from augment.seeding import key_of

# Snippets of films, goods, editorials and tweets: number, score, text.
_SNIPPETS = "reviews-en/*_GroundTruth.txt"
_REVIEWS = ("reviews-zh/pos.txt", "reviews-zh/neg.txt")
_GOODS = "shopping-zh/online_shopping_10_cats.zip"
_NO_LETTER = re.compile(r"[\W_]+")


def file_of(corpus: str, others: list[str], data: Path, work: Path) -> Path:
    """Return a file with a text a line: general ones and the train split of a corpus, without its other rows and those of other domains.

    Texts are compared by their letters and digits alone. Written once.
    """
    file = work / f"evidence-{corpus}.txt"
    if file.exists():
        return file
    own = _splits(corpus, data)
    tested = {_key(text) for split, texts in own.items() if split != "train" for text in texts}
    foreign = {_key(text) for other in others for texts in _splits(other, data).values() for text in texts}
    general = list(_chinese(data) if corpus.endswith("zh") else _english(data))
    texts = [*general, *own["train"]]
    keys = [_key(text) for text in texts]
    in_test = sum(key in tested for key in keys)
    elsewhere = sum(key in foreign and key not in tested for key in keys)
    without = tested | foreign
    left = [text for text, key in zip(texts, keys, strict=True) if key not in without]
    print(
        f"evidence of {corpus}: {len(general)} general texts and {len(own['train'])} of its train split; dropped "
        f"{in_test} that its test or validation has, {elsewhere} that {' and '.join(others)} has; {len(left)} left, "
        f"{sum(map(len, left))} characters",
        flush=True,
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{' '.join(text.split())}\n" for text in left), encoding="utf-8")
    return file


def _key(text: str) -> int:
    """Return a hash of the letters and digits of a text."""
    return key_of(_NO_LETTER.sub("", text.casefold()))


def _splits(corpus: str, data: Path) -> dict[str, list[str]]:
    """Return the texts of a shipped corpus by split."""
    rows = by_split(read_job([find("configs", corpus)], [f"corpus.root={data}"]))
    return {split: [row.text for row in of] for split, of in rows.items()}


def _chinese(data: Path) -> Iterator[str]:
    """Yield reviews and reviews of goods."""
    for name in _REVIEWS:
        yield from (line for line in (data / name).read_text(encoding="utf-8").split("\n") if line.strip())
    with zipfile.ZipFile(data / _GOODS) as packed:
        name = next(name for name in packed.namelist() if name.endswith(".csv"))
        with io.TextIOWrapper(packed.open(name), encoding="utf-8-sig", newline="") as stream:
            yield from (row["review"] for row in csv.DictReader(stream) if row["review"])


def _english(data: Path) -> Iterator[str]:
    """Yield snippets of four kinds."""
    for path in sorted(data.glob(_SNIPPETS)):
        for line in path.read_text(encoding="latin-1").split("\n"):
            parts = line.split("\t")
            if len(parts) > 2:
                yield parts[2]
