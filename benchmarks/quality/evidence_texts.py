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


def files_of(corpus: str, others: list[str], data: Path, work: Path) -> list[Path]:
    """Return files with a text a line: general ones without any row of a corpus and of the others, and the train split of the corpus.

    Of the train split no text is taken that another split or another domain has. Texts are compared by their letters and digits
    alone. Written once; the general ones are the same for the corpora of a language.
    """
    work.mkdir(parents=True, exist_ok=True)
    general, own = work / f"evidence-{corpus[-2:]}.txt", work / f"evidence-{corpus}.txt"
    if general.exists() and own.exists():
        return [general, own]
    splits = _splits(corpus, data)
    tested = {_key(text) for split, texts in splits.items() if split != "train" for text in texts}
    foreign = {_key(text) for other in others for texts in _splits(other, data).values() for text in texts}
    every = tested | foreign | {_key(text) for text in splits["train"]}
    texts = list(_chinese(data) if corpus.endswith("zh") else _english(data))
    for file, given, without in ((general, texts, every), (own, splits["train"], tested | foreign)):
        left = [text for text in given if _key(text) not in without]
        print(
            f"{file.stem}: {len(given)} texts, {len(given) - len(left)} dropped that {' or '.join([corpus, *others])} "
            f"has{' elsewhere' if file == own else ''}; {sum(map(len, left))} characters left",
            flush=True,
        )
        file.write_text("".join(f"{' '.join(text.split())}\n" for text in left), encoding="utf-8")
    return [general, own]


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
