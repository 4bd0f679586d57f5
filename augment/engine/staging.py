"""Lay the corpus out for a run: one pass that checks every row, fixes its split, and cuts the work into shards.

The rows a pipeline works on go to `run/active.parquet`, one row group a shard; the rows of other splits go to
`run/rest.parquet` and are passed through. A shard is addressed by number, whatever the format of the source was.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from augment.config.job import Job
from augment.config.numerals import LabelType
from augment.config.sections import CorpusConfig
from augment.corpus import Chunk, LabelTypes, Shape, read, settled_shape, with_folds
from augment.corpus.repeats import RepeatCounter, Repeats
from augment.errors import DataError, RequestError
from augment.tables.files import digest, in_parts, readable, whole
from augment.tables.rows import NUMBERED, Reject

ACTIVE = "run/active.parquet"
REST = "run/rest.parquet"
# Each split has a file of its own, which is open until the run ends.
_MOST_SPLITS = 200
# In the facts of the file of active rows: the number after which those of samples begin.
_NUMBERED = "augment.numbered"
# The id of an augmented sample; longer numbers are never reached.
_SAMPLE = re.compile(r".+~[^~]+~([1-9][0-9]{0,17})", re.DOTALL)


@dataclass(frozen=True)
class Staged:
    """What the pass over the corpus found. Counts are of rows; labels of the active rows.

    skipped: rows the corpus section leaves out (labels, score_threshold, limit); over_limit: left out by run.limit.
    label_type: the type of the source's labels, "int64" or "bool", where its format has none and all are written so.
    splits: of all rows kept; source: the names of the source's columns; files: the SHA-256 of what was laid out.
    """

    shards: int = 0
    active: int = 0
    rest: int = 0
    skipped: int = 0
    over_limit: int = 0
    labels: tuple[str, ...] = ()
    columns: dict[str, str | None] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()
    repeats: Repeats = field(default_factory=Repeats)
    label_type: LabelType | None = None
    notices: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    @property
    def read(self) -> int:
        """Every row of the source that was looked at."""
        return self.active + self.rest + self.skipped + self.over_limit + len(self.rejects)

    def to_dict(self) -> dict[str, object]:
        """Return the facts as plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """Return the facts from what `to_dict` gave."""
        known = dict(values) if isinstance(values, dict) else {}
        rejects = tuple(Reject(**reject) for reject in known.pop("rejects"))
        lists = {name: tuple(known.get(name, ())) for name in ("labels", "notices", "splits", "source")}
        repeats = Repeats.of(known.pop("repeats", {}))
        return cls(**{**known, **lists, "rejects": rejects, "repeats": repeats})

    def require_whole(self, folder: Path) -> None:
        """Raise RequestError naming the first file of what was laid out that is damaged or gone."""
        for name, sha256 in self.files.items():
            with readable(folder / name):
                actual = digest(folder / name)
            if actual != sha256:
                raise RequestError(
                    str(folder / name),
                    "what the run wrote was changed or damaged since",
                    "run again with --overwrite",
                )


def stage_corpus(job: Job, splits: tuple[str, ...], folder: Path) -> Staged:
    """Write the active and the other rows of the corpus into a run folder, and return what was found.

    DataError if no row is left to work on.
    """
    corpus = job.needs_corpus()
    shape, notices = settled_shape(corpus, job.run.allow_download)
    chosen = _chosen(job, corpus, splits)
    tally, types = _RowSorter(splits, chosen), LabelTypes(shape.label)
    with (
        _Writer(folder / ACTIVE, job.run.shard_rows) as active,
        _Writer(folder / REST, job.run.shard_rows) as rest,
    ):
        for chunk in read(corpus, job.run.allow_download, job.run.shard_rows):
            types.add(chunk.rows)
            working, others = tally.part(chunk)
            active.add(with_folds(working, job.folds) if job.folds is not None else working)
            rest.add(others)
            _require_few(tally.splits)
        if tally.numbered:
            active.facts = {_NUMBERED: str(tally.numbered)}
    if not active.rows:
        raise DataError(
            _name(corpus),
            f"no row to work on in the splits {', '.join(splits)}",
            "choose splits with --split, or check corpus.labels and the files",
        )
    return Staged(
        active.shards,
        active.rows,
        rest.rows,
        tally.skipped,
        tally.over_limit,
        tuple(sorted(tally.labels)),
        _columns(shape),
        tuple(tally.rejects),
        tally.repeats.count(),
        types.label_type,
        notices,
        tuple(sorted(tally.splits)),
        tally.source,
        {name: digest(folder / name) for name in (ACTIVE, REST) if (folder / name).exists()},
    )


def read_shard(folder: Path, number: int) -> pa.Table:
    """Return the rows of one shard, with a column of the first number of their samples where it is not 1."""
    with readable(folder / ACTIVE), in_parts(folder / ACTIVE) as file:
        facts = file.metadata.metadata or {}
        rows = file.read_row_group(number).replace_schema_metadata(None)
    numbered = int(facts.get(_NUMBERED.encode(), b"0"))
    if not numbered:
        return rows
    return rows.append_column(NUMBERED.name, pa.array([numbered] * rows.num_rows, NUMBERED.type))


def read_sample(folder: Path, seed: int, count: int) -> pa.Table:
    """Return the active rows with the smallest hash of seed and id, at most `count`, in the order of the hashes."""
    with in_parts(folder / ACTIVE) as file:

        def keyed() -> Iterator[tuple[bytes, int, int]]:
            for group in range(file.num_row_groups):
                for index, name in enumerate(
                    file.read_row_group(group, columns=["id"]).column(0).to_pylist()
                ):
                    yield blake2b(f"{seed}\0sample\0{name}".encode(), digest_size=8).digest(), group, index

        chosen = nsmallest(count, keyed())
        rows = {
            group: file.read_row_group(group).take([index for _, other, index in chosen if other == group])
            for group in sorted({group for _, group, _ in chosen})
        }
    turns = dict.fromkeys(rows, 0)
    parts = []
    for _, group, _ in chosen:
        parts.append(rows[group].slice(turns[group], 1))
        turns[group] += 1
    return pa.concat_tables(parts).combine_chunks()


def read_rest(folder: Path) -> Iterator[pa.Table]:
    """Yield the rows that pass through untouched, a row group at a time."""
    if (folder / REST).exists():
        with readable(folder / REST), in_parts(folder / REST) as file:
            for number in range(file.num_row_groups):
                yield file.read_row_group(number)


class _RowSorter:
    """Sorts the rows of each chunk into active and other, and counts what was left out."""

    def __init__(self, splits: tuple[str, ...], chosen: frozenset[str] | None) -> None:
        self._splits = pa.array(splits)
        self._chosen = None if chosen is None else pa.array(sorted(chosen), pa.string())
        self.skipped = self.over_limit = 0
        self.labels: set[str] = set()
        self.splits: set[str] = set()
        self.source: tuple[str, ...] = ()
        self.numbered = 0
        self.rejects: list[Reject] = []
        self.repeats = RepeatCounter()

    def part(self, chunk: Chunk) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """Return the active and the other rows of a chunk."""
        self.skipped += chunk.skipped
        self.rejects += chunk.rejects
        columns = chunk.rows.select(["text", "text_pair", "label", "split"]).to_pydict()
        self.repeats.add(*columns.values())
        self.splits.update(chunk.rows.column("split").unique().to_pylist())
        self.source = tuple(field.name for field in chunk.rows.column("source").type)
        self._number(chunk)
        works = pc.is_in(chunk.rows.column("split"), self._splits)
        active, rest = chunk.rows.filter(works), chunk.rows.filter(pc.invert(works))
        if self._chosen is not None:
            fits = pc.is_in(active.column("id"), self._chosen)
            self.over_limit += active.num_rows - pc.sum(fits).as_py() if active.num_rows else 0
            active = active.filter(fits)
        self.labels.update(
            label for label in active.column("label").unique().to_pylist() if label is not None
        )
        return active, rest

    def _number(self, chunk: Chunk) -> None:
        """Note the highest number of ids that read like those of samples: a corpus may have been augmented before."""
        ids = [*chunk.rows.column("id").to_pylist(), *(reject.id for reject in chunk.rejects)]
        matches = (match for match in map(_SAMPLE.fullmatch, ids) if match)
        self.numbered = max([self.numbered, *(int(match[1]) for match in matches)])


class _Writer:
    """A Parquet file of row groups of `rows` rows; it appears when it is complete."""

    def __init__(self, path: Path, rows: int) -> None:
        self._path, self._size = path, rows
        self._pending: list[pa.RecordBatch] = []
        self._writer: pq.ParquetWriter | None = None
        self._context = whole(path)
        self.rows = self.shards = 0
        self.facts: dict[str, str] = {}

    def __enter__(self) -> "_Writer":
        """Open the file that will become the table."""
        self._stream = self._context.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what is pending and let the file appear; leave nothing if no row came or an error happened."""
        if kind is None:
            self._flush(1)
            if self._writer is not None:
                self._writer.add_key_value_metadata(self.facts)
                self._writer.close()
        elif self._writer is not None:
            # Or it would be closed later, when the stream is.
            with suppress(OSError, pa.ArrowException):
                self._writer.close()
        self._context.__exit__(kind, error, trace)
        if self._writer is None and kind is None:
            self._path.unlink(missing_ok=True)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows, and write every full group."""
        if batch.num_rows:
            self._pending.append(batch)
            self._flush(self._size)

    def _flush(self, least: int) -> None:
        """Write groups while at least `least` rows are pending."""
        while sum(batch.num_rows for batch in self._pending) >= least:
            table = pa.Table.from_batches(self._pending)
            group = table.slice(0, self._size).combine_chunks()
            self._pending = table.slice(self._size).to_batches()
            if self._writer is None:
                self._writer = pq.ParquetWriter(
                    self._stream, group.schema, compression="zstd", write_page_checksum=True
                )
            self._writer.write_table(group, row_group_size=self._size)
            self.rows, self.shards = self.rows + group.num_rows, self.shards + 1


def _require_few(splits: set[str]) -> None:
    """Raise RequestError if there are more splits than files can be open."""
    if len(splits) > _MOST_SPLITS:
        names = ", ".join(f"`{name[:30]}`" for name in sorted(splits)[:3])
        raise RequestError(
            "corpus.split",
            f"the column holds more than {_MOST_SPLITS} different values, as {names}",
            "name a column of few values, or give each file its split: `corpus.files: {train: a.csv}`",
        )


def _chosen(job: Job, corpus: CorpusConfig, splits: tuple[str, ...]) -> frozenset[str] | None:
    """Return the ids that run.limit leaves, those with the smallest hash of seed and id; None without a limit."""
    if job.run.limit is None:
        return None

    def keyed() -> Iterator[tuple[bytes, str]]:
        for chunk in read(corpus, job.run.allow_download, job.run.shard_rows):
            for name, split in zip(
                chunk.rows.column("id").to_pylist(), chunk.rows.column("split").to_pylist(), strict=True
            ):
                if split in splits:
                    yield blake2b(f"{job.seed}\0limit\0{name}".encode(), digest_size=8).digest(), name

    return frozenset(name for _, name in nsmallest(job.run.limit, keyed()))


def _columns(shape: Shape) -> dict[str, str | None]:
    """Return which source column is which."""
    return {
        "text": shape.text,
        "text_pair": shape.text_pair,
        "label": shape.label,
        "id": shape.id,
        "split": shape.split,
    }


def _name(corpus: CorpusConfig) -> str:
    """Return what to call a corpus in a message."""
    return corpus.hub or ", ".join(str(corpus.root / file.path) for file in corpus.files)
