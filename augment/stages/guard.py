"""Keep samples away from texts that a model is to be tested on: none may equal, or nearly equal, a row of a guard file.

Near is measured by the sequences two texts share (`text.sequences`). Candidates are found by MinHash (Broder 1997, in the
hashing of datasketch), and compared with the guard's texts themselves, so that nothing is dropped for a collision.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pydantic import Field

from augment.config.job import Job
from augment.config.sections import SourceFile
from augment.corpus import read
from augment.corpus.formats import require_files
from augment.stages.protocol import Stage, Step
from augment.tables.columns import GUARD, Column
from augment.tables.rows import dropping, with_columns
from augment.text.shingles import alike, sequences

if TYPE_CHECKING:
    from datasketch import MinHash

_REASON = "equal or nearly equal to a text of the guard file"
_HASHES = 128
# Missing a pair is worse than looking at one for nothing, which costs a comparison.
_WEIGHTS = (0.1, 0.9)
# Texts hashed together.
_AT_ONCE = 1024

Nearest = tuple[str | None, float | None]


class Guard(Stage):
    """Samples that equal or nearly equal a text of `resources.guard` are dropped; source rows that do are marked."""

    kind: Literal["guard"] = "guard"
    near: float = Field(
        default=0.7, gt=0, le=1, description="share of sequences in common from which two texts are too near"
    )

    @property
    def needs(self) -> tuple[str, ...]:
        """The verdict, which it can only change to drop."""
        return ("source_id", "verdict")

    @property
    def adds(self) -> tuple[Column, ...]:
        """The guard's text, and how near it is."""
        return GUARD

    def unfilled(self, job: Job) -> tuple[Column, ...]:
        """Both, without a guard file."""
        return () if job.resources.guard else GUARD

    def open(self, job: Job, state: Path | None) -> Step:
        """Read and hash the guard's texts; without a guard file nothing is near."""
        if not job.resources.guard:
            return lambda batch: with_columns(batch, GUARD, [[None] * batch.num_rows] * len(GUARD))
        index = _index_of(tuple(_texts(job)), self.near)

        def step(batch: pa.RecordBatch) -> pa.RecordBatch:
            """Mark what is too near, and drop the samples among that."""
            columns = batch.select(["text", "text_pair"]).to_pydict()
            nearest = index.nearest([_whole(*pair) for pair in zip(*columns.values(), strict=True)])
            batch = with_columns(
                batch, GUARD, [[name for name, _ in nearest], [share for _, share in nearest]]
            )
            sample = batch.column("verdict").is_valid().to_pylist()
            return dropping(
                batch, {row: _REASON for row, (name, _) in enumerate(nearest) if name and sample[row]}
            )

        return step


class _Index:
    """The guard's texts, found again by what they share with others."""

    def __init__(self, texts: Sequence[tuple[str, str]], near: float) -> None:
        """Hash every text, given with its id."""
        from datasketch import MinHashLSH

        self._texts, self._near = texts, near
        self._index: MinHashLSH = MinHashLSH(threshold=near, num_perm=_HASHES, weights=_WEIGHTS)
        self._exact: dict[frozenset[str], int] = {}
        for index, (known, hashed) in enumerate(_hashed([text for _, text in texts])):
            if self._exact.setdefault(known, index) == index:
                self._index.insert(index, hashed)

    def nearest(self, texts: Sequence[str]) -> list[Nearest]:
        """Return for each text the id of the guard's text nearest to it and their share, or None where none is near."""
        return [self._nearest(known, hashed) for known, hashed in _hashed(texts)]

    def _nearest(self, known: frozenset[str], hashed: "MinHash") -> Nearest:
        """Return the nearest of the texts that may be near; the first of the guard among equals."""
        if known in self._exact:
            return self._texts[self._exact[known]][0], 1.0
        shares = [
            (alike(known, sequences(self._texts[index][1])), -index) for index in self._index.query(hashed)
        ]
        share, index = max(shares, default=(0.0, 0))
        return (self._texts[-index][0], share) if share >= self._near else (None, None)


# A run in one process opens the stage twice: once to see that it can.
@lru_cache(maxsize=1)
def _index_of(texts: tuple[tuple[str, str], ...], near: float) -> _Index:
    """Return the index of texts, given with their ids."""
    return _Index(texts, near)


def _hashed(texts: Sequence[str]) -> "Iterator[tuple[frozenset[str], MinHash]]":
    """Yield the sequences of each text and their MinHash."""
    from datasketch import MinHash

    for begin in range(0, len(texts), _AT_ONCE):
        known = [sequences(text) for text in texts[begin : begin + _AT_ONCE]]
        coded = ([sequence.encode() for sequence in sorted(one)] for one in known)
        yield from zip(known, MinHash.generator(coded, num_perm=_HASHES, seed=1), strict=True)


def _texts(job: Job) -> Iterator[tuple[str, str]]:
    """Yield id and text of every row of the guard files, read as the corpus is."""
    files = tuple(SourceFile(path=name) for name in job.resources.guard)
    settings = {
        "files": files,
        "hub": None,
        "labels": None,
        "limit": None,
        "score_threshold": None,
        "id": None,
    }
    config = job.needs_corpus().model_copy(update=settings)
    require_files(config, lambda: "`resources.guard`")
    for chunk in read(config, job.run.allow_download):
        columns = chunk.rows.select(["id", "text", "text_pair"]).to_pydict()
        for name, text, pair in zip(*columns.values(), strict=True):
            yield name, _whole(text, pair)


def _whole(text: str, pair: str | None) -> str:
    """Return both texts of a row as one."""
    return text if pair is None else f"{text}\n{pair}"
