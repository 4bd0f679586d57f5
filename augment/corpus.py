"""The corpus as rows: which column is the text, which the label, which rows are used, and where each one stands.

Whatever the source looks like, its rows come out with the same six columns, and `source` keeps every column it had
under its own name and type, so that samples can be written back in the form the user gave.

    shape = inspect(config)                  # heads of the files only: what will be read as what
    for chunk in read(config):               # peek(config): rows and labels of the heads
        chunk.rows, chunk.rejects, chunk.skipped

Every row of the files is in one of the three. `skipped` counts rows that the config leaves out.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import nsmallest
from typing import NamedTuple, cast

import pyarrow as pa

from augment.columns import CORPUS
from augment.errors import DataError, RequestError, nearest
from augment.formats import Batch, Table, tables
from augment.job import CorpusConfig, Job, SourceFile
from augment.table import Reject

# Column names that say their role, in lower case.
USUAL: Mapping[str, str] = {
    "text": "text sentence content review query sentence1 text_a text1 question question1 premise document title comment "
    "文本 文本1 评论 内容 句子 句子1 标题 正文 问题 问题1 文章 微博",
    "text_pair": "text_pair sentence2 text_b text2 question2 query2 hypothesis 文本2 文本对 句子2 问题2",
    "label": "label labels category sentiment class target 标签 类别 情感 分类 标注 情绪",
    "id": "id",
    "split": "split",
}
SPLITS = {name: name for name in ("train", "validation", "test")} | dict.fromkeys(
    ("val", "dev", "valid"), "validation"
)
SCALARS = (str, int, float, bool)
STAGE = "corpus"
Roles = Mapping[str, str | None]


@dataclass(frozen=True)
class Shape:
    """Which column plays which role (None: no column does), and the source's columns; of JSON, as the head has them.

    `class_names` are the names of the labels 0, 1, … where the source defines them. `label_names` gives the name of
    each label that has one, from the config or else the source; rows hold the name, and `source` what was written.
    """

    text: str
    text_pair: str | None
    label: str | None
    id: str | None
    split: str | None
    schema: pa.Schema
    class_names: tuple[str, ...] | None
    label_names: Mapping[str, str]


@dataclass(frozen=True)
class Peek:
    """What the heads of the files show: how many rows, and which labels, by split."""

    rows: int
    labels: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class Chunk:
    """Rows with the columns of `CORPUS` and `source`, the rejects met between them, and the number not used."""

    rows: pa.RecordBatch
    rejects: list[Reject]
    skipped: int


def inspect(config: CorpusConfig, allow_download: bool = False) -> Shape:
    """Return what a corpus will be read as, from the heads of its files.

    RequestError if a file or column is missing or two columns could be the text; DataError if a head is unreadable.
    """
    return _plan(config, allow_download, whole=False).shape


def peek(config: CorpusConfig, allow_download: bool = False, count: int = 1024) -> Peek:
    """Return what the first rows of every file, at most `count`, show; only heads are read. Raises as `inspect` does."""
    plan = _plan(config, allow_download, whole=False)
    seen, labels = 0, defaultdict[str, set[str]](set)
    for part in plan.parts:
        records = part.table.peek(part.schema, count)
        seen += len(records)
        cells = [[_cell(record.get(name or ""), name, part) for name in _columns(plan)] for record in records]
        for row in _read(plan, part, range(1, len(records) + 1), cells):
            if row.used and row.fault is None and row.label is not None:
                labels[row.split].add(plan.shape.label_names.get(row.label, row.label))
    return Peek(seen, {split: frozenset(found) for split, found in labels.items()})


def require_splits(job: Job) -> None:
    """Raise RequestError, listing the splits there are, if the corpus has none of a name in `run.splits`.

    Files are read only where a column says the split, and only until every name was met.
    """
    lacking, there = set(job.run.splits or ()), set[str]()
    if not lacking:
        return
    for found in _splits_met(job.needs_corpus(), job.run.allow_download):
        there |= found
        if lacking <= there:
            return
    name = min(lacking - there)
    usual = SPLITS.get(name.lower(), name)
    what = f"the corpus has no such split; there are {', '.join(sorted(there))}"
    raise RequestError(f"split `{name}`", what, nearest(usual, sorted(there)))


def with_label_names(job: Job) -> Job:
    """Return the job with the label names that the source itself gives, where the config gives none."""
    corpus = job.needs_corpus()
    if corpus.label_names is not None:
        return job
    names = dict(inspect(corpus, job.run.allow_download).label_names)
    return job.model_copy(update={"corpus": corpus.model_copy(update={"label_names": names or None})})


def read(config: CorpusConfig, allow_download: bool = False, batch_rows: int = 1024) -> Iterator[Chunk]:
    """Yield the corpus in the order of its files, at most `batch_rows` rows at a time.

    Raises as `inspect` does, and DataError for a file without rows, an id that occurs twice, or no row left to use.
    """
    plan = _plan(config, allow_download, whole=True)
    chunks = _chunks(plan, batch_rows)
    if config.limit is not None:
        chunks = _only(chunks, _lowest(_chunks(plan, batch_rows), config.limit))
    kept = 0
    for chunk in chunks:
        kept += chunk.rows.num_rows
        yield chunk
    if not kept:
        where = ", ".join(part.table.name for part in plan.parts)
        raise DataError(
            where, "no row is left to use", "check `corpus.labels`, `score_threshold` and the rejected rows"
        )


@dataclass(frozen=True)
class _Part:
    """One table, what the config says of its file, and the columns it has."""

    file: SourceFile
    table: Table
    schema: pa.Schema


@dataclass(frozen=True)
class _Plan:
    """All that is fixed before the first row is read."""

    config: CorpusConfig
    parts: tuple[_Part, ...]
    shape: Shape
    wanted: frozenset[str] | None


class _Row(NamedTuple):
    """One record, its label read; `fault` says why it cannot be used, `used` whether the config wants it."""

    id: str
    text: str
    text_pair: str | None
    label: str | None
    split: str
    fault: str | None
    used: bool


def _plan(config: CorpusConfig, allow_download: bool, whole: bool) -> _Plan:
    """Return the parts of a corpus and the roles of their columns."""
    parts = tuple(_Part(file, table, table.schema(whole)) for file, table in tables(config, allow_download))
    schema = _union(parts)
    where = _names(parts)
    roles = _roles(config, schema, where)
    _check_types(roles, schema, where)
    for part in parts:
        absent = [
            roles[role] for role in ("text", "text_pair") if roles[role] not in (None, *part.schema.names)
        ]
        if absent:
            what = f"no column `{absent[0]}`, which the other files have"
            raise RequestError(part.table.name, what, "give every file the same columns")
    shape = _shape(config, roles, schema)
    names = {name: label for label, name in shape.label_names.items()}
    wanted = None if config.labels is None else frozenset(names.get(label, label) for label in config.labels)
    return _Plan(config, parts, shape, wanted)


def _names(parts: Sequence[_Part]) -> str:
    """Return the first few files, for a message."""
    return ", ".join(part.table.name for part in parts[:3]) + (", …" if len(parts) > 3 else "")


def _union(parts: tuple[_Part, ...]) -> pa.Schema:
    """Return the columns of all parts; RequestError if a column has types that do not go together."""
    plain = [pa.schema([pa.field(entry.name, entry.type) for entry in part.schema]) for part in parts]
    try:
        joined = pa.unify_schemas(plain, promote_options="permissive")
    except pa.ArrowException as error:
        what = f"a column has different types in different files: {error}"
        raise RequestError(_names(parts), what, "write all files with the same types") from None
    # A column that is null in every file is text by default; null in one, it has the type of the others.
    joined = pa.schema(
        [entry.with_type(pa.string()) if pa.types.is_null(entry.type) else entry for entry in joined]
    )
    hugging = (parts[0].schema.metadata or {}).get(b"huggingface")
    return joined.with_metadata({b"huggingface": hugging}) if hugging else joined


def _roles(config: CorpusConfig, schema: pa.Schema, where: str) -> Roles:
    """Return the column of each role: the one that the config names, else the one with a usual name."""
    named: dict[str, str | None] = {role: getattr(config, role) for role in USUAL}
    for role, name in named.items():
        if name is not None and name not in schema.names:
            raise RequestError(
                where, f"no column `{name}`, named by `corpus.{role}`", nearest(name, schema.names)
            )
    free = [name for name in schema.names if name not in named.values()]
    given = {
        role for role in ("label", "split") if all(getattr(file, role) is not None for file in config.files)
    }
    if config.hub is not None:
        given = set()
    found = {role: named[role] or (None if role in given else _usual(role, free, where)) for role in USUAL}
    if found["text"] is None:
        columns = ", ".join(f"`{name}`" for name in schema.names)
        raise RequestError(
            where, f"no column looks like the text; there are {columns}", "set `corpus.text: COLUMN`"
        )
    return found


def _usual(role: str, columns: list[str], where: str) -> str | None:
    """Return the one column whose name is usual for a role; RequestError if there are several."""
    hits = [name for name in columns if name.strip().lower() in USUAL[role].split()]
    if len(hits) > 1:
        both = " and ".join(f"`{name}`" for name in hits)
        raise RequestError(where, f"{both} could each be the {role}", f"set `corpus.{role}:` to one of them")
    return hits[0] if hits else None


def _check_types(roles: Roles, schema: pa.Schema, where: str) -> None:
    """Raise RequestError if a text column holds no text, or the column of another role holds lists or objects."""
    for role, name in roles.items():
        if name is None:
            continue
        kind = schema.field(name).type
        if not _is_text(kind) if role in ("text", "text_pair") else pa.types.is_nested(kind):
            raise RequestError(
                where, f"column `{name}` holds {kind}, not a {role}", f"set `corpus.{role}:` to another"
            )


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds strings; one without any value may."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    return any(test(kind) for test in tests)


def _shape(config: CorpusConfig, roles: Roles, schema: pa.Schema) -> Shape:
    """Return the shape, with the names of classes that the source's metadata holds."""
    names = _class_names(schema, roles["label"])
    label_names = config.label_names or {str(number): name for number, name in enumerate(names or ())}
    text = roles["text"] or ""
    pair, label, identity, split = (roles[role] for role in ("text_pair", "label", "id", "split"))
    return Shape(text, pair, label, identity, split, schema, names, label_names)


def _class_names(schema: pa.Schema, label: str | None) -> tuple[str, ...] | None:
    """Return the names that the `datasets` library noted for the label column, if it did."""
    noted = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    feature = noted.get("info", {}).get("features", {}).get(label, {})
    is_class = isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    return tuple(feature["names"]) if is_class else None


def _chunks(plan: _Plan, size: int) -> Iterator[Chunk]:
    """Yield every row of every part; ids are unique and every wanted label occurs, else an error is raised."""
    ids = _Unique(plan)
    labels: set[str] = set()
    for part in plan.parts:
        empty = True
        for batch in _batches(plan, part, size):
            empty = False
            rows = _rows(plan, part, batch)
            ids.check(part, batch, rows)
            labels.update(row.label for row in rows if row.label is not None)
            yield _chunk(plan, part, batch, rows)
        if empty:
            raise DataError(part.table.name, "the file has no rows", "check how it was made")
    for label in sorted((plan.wanted or frozenset()) - labels):
        raise RequestError("corpus.labels", f"no row has the label `{label}`", nearest(label, sorted(labels)))


def _batches(plan: _Plan, part: _Part, size: int) -> Iterator[Batch]:
    """Yield the records of a part; texts must be text, labels, ids and splits single values."""
    shape = plan.shape
    allowed: dict[str, tuple[type, ...]] = {}
    for name in (shape.label, shape.id, shape.split, shape.text, shape.text_pair):
        if name is not None:
            allowed[name] = (str,) if name in (shape.text, shape.text_pair) else SCALARS
    return part.table.batches(part.schema, size, allowed)


class _Unique:
    """The ids met so far, each kept as a hash of 8 bytes so that a large corpus does not fill the memory."""

    def __init__(self, plan: _Plan) -> None:
        """Start with no ids."""
        self._plan = plan
        self._seen: set[int] = set()

    def check(self, part: _Part, batch: Batch, rows: list[_Row]) -> None:
        """Raise DataError if a row has the id of an earlier one; ids made of file and row number need no check."""
        if self._plan.shape.id is None:
            return
        for row, line in zip(rows, batch.lines, strict=True):
            key = int.from_bytes(blake2b(row.id.encode(), digest_size=8).digest(), "big")
            if key in self._seen:
                first = self._first(row.id)
                hint = f"set `corpus.id` to a column of unique values, or rename the column `{self._plan.shape.id}`"
                raise DataError(f"{part.table.name}:{line}", f"the id `{row.id}` is also at {first}", hint)
            self._seen.add(key)

    def _first(self, identity: str) -> str:
        """Return the first place of an id, reading the corpus again."""
        for part in self._plan.parts:
            for batch in _batches(self._plan, part, 1024):
                for row, line in zip(_rows(self._plan, part, batch), batch.lines, strict=True):
                    if row.id == identity:
                        return f"{part.table.name}:{line}"
        return "an earlier row"


def _rows(plan: _Plan, part: _Part, batch: Batch) -> list[_Row]:
    """Return the records of a batch, read and judged."""
    cells = zip(*(_strings(batch.rows, column) for column in _columns(plan)), strict=True)
    return _read(plan, part, batch.numbers, cells)


def _columns(plan: _Plan) -> tuple[str | None, ...]:
    """Return the columns a row is read from, in the order `_read` takes their cells."""
    shape = plan.shape
    return (shape.text, shape.text_pair, shape.label, shape.id, shape.split)


def _read(
    plan: _Plan, part: _Part, numbers: Sequence[int], cells: Iterable[Sequence[str | None]]
) -> list[_Row]:
    """Return records, given as the strings in their cells, read and judged."""
    shape, name = plan.shape, part.table.name
    prefix = f"{name}:" if plan.config.id is None and len(plan.parts) > 1 else ""
    rows = []
    for number, (text, pair, given, identity, split) in zip(numbers, cells, strict=True):
        label, fault, used = _label(plan, part, given)
        if shape.text_pair is not None and not (pair or "").strip():
            fault = f"empty {shape.text_pair}"
        if not (text or "").strip():
            fault = f"empty {shape.text}"
        row = f"{prefix}{identity}" if identity else f"{name}:{number}"
        rows.append(_Row(row, text or "", pair, label, _split(part, split, text or "", pair), fault, used))
    return rows


def _cell(value: object, column: str | None, part: _Part) -> str | None:
    """Return one plain value as `_strings` gives it."""
    if value is None or isinstance(value, str) or column is None:
        return cast(str | None, value)
    if isinstance(value, int):
        return str(value).lower()
    return cast(str | None, pa.scalar(value, part.schema.field(column).type).cast(pa.string()).as_py())


def _strings(rows: pa.RecordBatch, column: str | None) -> list[str | None]:
    """Return a column's cells as strings, all None where there is no such column."""
    if column is None or column not in rows.schema.names:
        return [None] * rows.num_rows
    return cast(list[str | None], rows.column(column).cast(pa.string()).to_pylist())


def _label(plan: _Plan, part: _Part, given: str | None) -> tuple[str | None, str | None, bool]:
    """Return a row's label, what is wrong with it, and whether the config wants it."""
    if part.file.label is not None:
        return part.file.label, None, _wanted(plan, part.file.label)
    if plan.shape.label not in part.schema.names:
        return None, None, plan.wanted is None
    if not (given or "").strip():
        return None, f"empty {plan.shape.label}", False
    if plan.config.score_threshold is not None:
        return _signed(plan, given or "", plan.config.score_threshold)
    if (
        plan.shape.class_names is not None and given == "-1"
    ):  # how the `datasets` library writes "not labelled"
        return None, None, plan.wanted is None
    return given, None, _wanted(plan, given)


def _wanted(plan: _Plan, label: str | None) -> bool:
    """Return whether rows with this label are used."""
    return plan.wanted is None or label in plan.wanted


def _signed(plan: _Plan, given: str, threshold: float) -> tuple[str | None, str | None, bool]:
    """Return what `_label` does, for a signed score: nearer to 0 than the threshold it is not used."""
    try:
        score = float(given)
    except ValueError:
        score = math.nan
    if not math.isfinite(score):
        return None, f"`{given}` is not a score", False
    label = "positive" if score > 0 else "negative"
    return label, None, score != 0 and abs(score) >= threshold and _wanted(plan, label)


def _split(part: _Part, given: str | None, text: str, pair: str | None) -> str:
    """Return the split that the file, the saved data set or the row gives, else 80/10/10 by hash of the text."""
    name = part.file.split or part.table.split or given
    if name and name.strip():
        return SPLITS.get(name.strip().lower(), name)
    tenth = int.from_bytes(_digest(text, pair, b"split"), "big") % 10
    return "train" if tenth < 8 else "validation" if tenth == 8 else "test"


def _splits_met(config: CorpusConfig, allow_download: bool) -> Iterator[set[str]]:
    """Yield the splits there are, more and more of them, those known without reading the rows first."""
    plan = _plan(config, allow_download, whole=False)
    named = [part.file.split or part.table.split for part in plan.parts]
    yield {_split(part, None, "", None) for part, name in zip(plan.parts, named, strict=True) if name}
    if plan.shape.split is None:
        yield set() if all(named) else set(SPLITS.values())
        return
    plan = _plan(config, allow_download, whole=True)
    for part, name in zip(plan.parts, named, strict=True):
        if not name:
            for batch in _batches(plan, part, 1024):
                yield {row.split for row in _rows(plan, part, batch) if row.used and row.fault is None}


def _digest(text: str, pair: str | None, purpose: bytes) -> bytes:
    """Return 8 bytes that depend on the texts of a row alone, and on what they are for."""
    return blake2b(f"{text}\0{pair or ''}".encode(), digest_size=8, person=purpose).digest()


def _chunk(plan: _Plan, part: _Part, batch: Batch, rows: list[_Row]) -> Chunk:
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
    found = [
        Reject(identity, STAGE, reason, f"{name}:{line}") for _, identity, reason, line in sorted(rejects)
    ]
    return Chunk(_table(plan, batch, [rows[index] for index in kept], kept), found, skipped)


def _table(plan: _Plan, batch: Batch, rows: list[_Row], kept: list[int]) -> pa.RecordBatch:
    """Return rows as the columns of `CORPUS`, and the source's own columns as a struct."""
    named = [row._replace(label=plan.shape.label_names.get(row.label or "", row.label)) for row in rows]
    arrays = [pa.array([getattr(row, column.name) for row in named], column.type) for column in CORPUS]
    source = batch.rows.take(pa.array(kept, pa.int64()))
    fields = [pa.field(entry.name, entry.type) for entry in plan.shape.schema]
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
    keys = ((_digest(text, pair, b"limit"), place) for place, (text, pair) in enumerate(texts))
    return {place for _, place in nsmallest(limit, keys)}


def _only(chunks: Iterator[Chunk], chosen: set[int]) -> Iterator[Chunk]:
    """Yield the chunks with the chosen rows alone; the others are skipped."""
    first = 0
    for chunk in chunks:
        size = chunk.rows.num_rows
        places = [place for place in range(size) if first + place in chosen]
        first += size
        rows = chunk.rows.take(pa.array(places, pa.int64()))
        yield Chunk(rows, chunk.rejects, chunk.skipped + size - len(places))
