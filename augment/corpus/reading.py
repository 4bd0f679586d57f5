"""Read a corpus through: the rows that are used, in the order of the files, and the rejects met between them.

for chunk in read(config):
    chunk.rows, chunk.rejects, chunk.skipped
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from heapq import nsmallest

import pyarrow as pa

from augment.config.sections import CorpusConfig
from augment.corpus.column_roles import Layout, Part, Shape, lay_out
from augment.corpus.formats import SourceBatch, TextFolder
from augment.corpus.rows import SourceRow, batches_of, rows_of, text_digest
from augment.corpus.seen_ids import SeenHashes
from augment.errors import DataError, RequestError, few, nearest
from augment.tables.columns import CORPUS
from augment.tables.rows import Reject

STAGE = "corpus"
_IDS = 8192  # rows read at a time where only their ids are wanted


@dataclass(frozen=True)
class Chunk:
    """Rows with the columns of `CORPUS` and `source`, the rejects met between them, and the number not used."""

    rows: pa.RecordBatch
    rejects: list[Reject]
    skipped: int


def read(config: CorpusConfig, allow_download: bool = False, batch_rows: int = 1024) -> Iterator[Chunk]:
    """Yield the corpus in the order of its files, at most `batch_rows` rows at a time.

    Raises as `inspect` does, and DataError for a file without rows, an id that occurs twice, or no row left to use.
    """
    layout = settled(lay_out(config, allow_download, whole=True))
    chunks = _chunks(layout, batch_rows)
    if config.limit is not None:
        chunks = _only(chunks, _lowest(_chunks(layout, batch_rows), config.limit))
    kept, reasons = 0, Counter[str]()
    for chunk in chunks:
        kept += chunk.rows.num_rows
        reasons.update(reject.reason for reject in chunk.rejects)
        yield chunk
    if not kept:
        what = "no row is left to use"
        if reasons:
            reason, count = reasons.most_common(1)[0]
            what += f"; {count:,} of {reasons.total():,} rejected rows: {reason}"
        raise DataError(
            few([part.table.name for part in layout.parts]),
            what,
            "check `corpus.label`, `corpus.labels`, `score_threshold` and the rows",
        )


def settled_shape(config: CorpusConfig, allow_download: bool = False) -> tuple[Shape, tuple[str, ...]]:
    """Return what `read` takes a corpus for, and what a user should know of it. Raises as `read` does."""
    layout = settled(lay_out(config, allow_download, whole=True))
    return layout.shape, layout.notices


def _chunks(layout: Layout, size: int) -> Iterator[Chunk]:
    """Yield every row of every part; ids are unique and every wanted label occurs, else an error is raised."""
    ids = _Unique(layout)
    labels: set[str] = set()
    for part in layout.parts:
        empty = True
        for batch in batches_of(layout, part, size):
            empty = False
            rows = rows_of(layout, part, batch)
            ids.check(part, batch, rows)
            labels.update(
                each for row in rows if row.label is not None for each in layout.shape.each(row.label)
            )
            yield _chunk(layout, part, batch, rows)
        if empty:
            raise DataError(part.table.name, "the file has no rows", "check how it was made")
    known = labels | {layout.shape.label_names.get(label, label) for label in labels}
    for label in sorted(set(layout.config.labels or ()) - known):
        raise RequestError("corpus.labels", f"no row has the label `{label}`", nearest(label, sorted(known)))


def settled(layout: Layout) -> Layout:
    """Return the layout without the column of ids if no config named it and an id repeats in it, with a notice.

    The ids are read once more for it; those of texts in a folder are the names of files, which are unique.
    """
    column = layout.shape.id
    if column is None or layout.config.id or all(isinstance(part.table, TextFolder) for part in layout.parts):
        return layout
    seen = SeenHashes()
    for part in layout.parts:
        for batch in batches_of(layout, part, _IDS):
            for row, line in zip(rows_of(layout, part, batch), batch.lines, strict=True):
                if not seen.add(row.id):
                    notice = (
                        f"the column `{column}` is not used as id: {part.table.name}:{line} repeats an id; rows are called "
                        f"file:row (`corpus.id: false` does the same without this note)"
                    )
                    return replace(layout, shape=replace(layout.shape, id=None), notices=(notice,))
    return layout


class _Unique:
    """The ids met so far."""

    def __init__(self, layout: Layout) -> None:
        """Start with no ids."""
        self._layout = layout
        self._seen = SeenHashes()

    def check(self, part: Part, batch: SourceBatch, rows: list[SourceRow]) -> None:
        """Raise DataError if a row has the id of an earlier one; the others are unique, or checked by `settled`."""
        if not self._layout.config.id:
            return
        for row, line in zip(rows, batch.lines, strict=True):
            if not self._seen.add(row.id):
                first = self._first(row.id)
                hint = "set `corpus.id` to a column of unique values, or to false"
                raise DataError(f"{part.table.name}:{line}", f"the id `{row.id}` is also at {first}", hint)

    def _first(self, identity: str) -> str:
        """Return the first place of an id, reading the corpus again."""
        for part in self._layout.parts:
            for batch in batches_of(self._layout, part, 1024):
                for row, line in zip(rows_of(self._layout, part, batch), batch.lines, strict=True):
                    if row.id == identity:
                        return f"{part.table.name}:{line}"
        return "an earlier row"


def _chunk(layout: Layout, part: Part, batch: SourceBatch, rows: list[SourceRow]) -> Chunk:
    """Return the rows that are used, with the rejects of the batch in the order of the file."""
    name = part.table.name
    rejects = [(fault.number, f"{name}:{fault.number}", fault.reason, fault.line) for fault in batch.faults]
    rejects += [
        (number, row.id, row.fault, line)
        for row, number, line in zip(rows, batch.numbers, batch.lines, strict=True)
        if row.fault is not None
    ]
    kept = [index for index, row in enumerate(rows) if row.used and row.fault is None]
    skipped = sum(not row.used and row.fault is None for row in rows)
    columns = [
        Reject(identity, STAGE, reason, f"{name}:{line}") for _, identity, reason, line in sorted(rejects)
    ]
    return Chunk(_table(layout, batch, [rows[index] for index in kept], kept), columns, skipped)


def _table(layout: Layout, batch: SourceBatch, rows: list[SourceRow], kept: list[int]) -> pa.RecordBatch:
    """Return rows as the columns of `CORPUS`, and the source's own columns as a struct."""
    named = [row._replace(label=layout.shape.named(row.label)) for row in rows]
    arrays = [pa.array([getattr(row, column.name) for row in named], column.type) for column in CORPUS]
    source = batch.rows.take(pa.array(kept, pa.int64()))
    fields = [pa.field(entry.name, entry.type) for entry in layout.shape.schema]
    columns = [
        source.column(entry.name).cast(entry.type)
        if entry.name in source.schema.names
        else pa.nulls(len(kept), entry.type)
        for entry in fields
    ]
    arrays.append(pa.StructArray.from_arrays(columns, fields=fields))
    return pa.RecordBatch.from_arrays(arrays, names=[*(column.name for column in CORPUS), "source"])


def _lowest(chunks: Iterator[Chunk], limit: int) -> set[int]:
    """Return the places of the rows whose texts have the lowest hashes, at most `limit`."""
    texts = (
        pair
        for chunk in chunks
        for pair in zip(*(chunk.rows.column(name).to_pylist() for name in ("text", "text_pair")), strict=True)
    )
    keys = ((text_digest(text, pair, b"limit"), index) for index, (text, pair) in enumerate(texts))
    return {index for _, index in nsmallest(limit, keys)}


def _only(chunks: Iterator[Chunk], chosen: set[int]) -> Iterator[Chunk]:
    """Yield the chunks with the chosen rows alone; the others are skipped."""
    first = 0
    for chunk in chunks:
        size = chunk.rows.num_rows
        indices = [index for index in range(size) if first + index in chosen]
        first += size
        rows = chunk.rows.take(pa.array(indices, pa.int64()))
        yield Chunk(rows, chunk.rejects, chunk.skipped + size - len(indices))
