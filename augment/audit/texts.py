"""The rows of a corpus as an audit needs them, each text with three keys: as it is, normalised, and what it is made of.

texts = read_texts(job)
texts.exact[3] == texts.exact[9]          # rows 3 and 9 have the same text, code point for code point
"""

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np

from augment.config.job import Job
from augment.corpus import read
from augment.corpus.repeats import text_key
from augment.progress import Progress


@dataclass(frozen=True)
class Texts:
    """Rows in the order of the corpus. texts: both texts of a pair as one; exact, normal: uint64 [N], equal for equal texts.

    rejected: rows that cannot be used.
    """

    ids: list[str]
    texts: list[str]
    labels: list[str | None]
    splits: list[str]
    exact: np.ndarray
    normal: np.ndarray
    rejected: int

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.ids)


def read_texts(job: Job, report: Progress) -> Texts:
    """Return every row of a corpus that can be used. Raises as `corpus.read` does."""
    ids: list[str] = []
    texts: list[str] = []
    labels: list[str | None] = []
    splits: list[str] = []
    exact: list[int] = []
    normal: list[int] = []
    rejected = 0
    for chunk in read(job.needs_corpus(), job.run.allow_download):
        rejected += len(chunk.rejects)
        columns = chunk.rows.select(["id", "text", "text_pair", "label", "split"]).to_pydict()
        for name, text, pair, label, split in zip(*columns.values(), strict=True):
            ids.append(name)
            texts.append(text if pair is None else f"{text}\n{pair}")
            labels.append(label)
            splits.append(split)
            exact.append(text_key(text, pair))
            normal.append(text_key(normalised(text), None if pair is None else normalised(pair)))
        report("read the corpus", len(ids), 0)
    one, other = (np.array(keys, dtype=np.uint64) for keys in (exact, normal))
    return Texts(ids, texts, labels, splits, one, other, rejected)


def normalised(text: str) -> str:
    """Return a text in NFKC, without case, its white space as single spaces.

    >>> normalised(" Ａ  clean   Room ")
    'a clean room'
    """
    return " ".join(normalize("NFKC", normalize("NFKC", text).casefold()).split())
