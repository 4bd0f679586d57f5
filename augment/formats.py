"""Raw records out of files, every value code point for code point and every record with its line number.

Readers that guess types turn `NA`, `007` and `1e5` into something else, and one broken line stops them; so text is
read here with the standard library: strings only, a record that cannot be read becomes a `Fault` and reading goes on.
Only a batch of records is held; the bytes are read once more beforehand to know the encoding (and the types of JSON).

    for _, table in tables(config):
        for batch in table.batches(table.schema(whole=True), 1024, {}):
            batch.rows, batch.lines, batch.faults
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from augment.decode import encoding_of, lines, text
from augment.errors import DataError, RequestError
from augment.fetch import CATALOGUE
from augment.job import CorpusConfig, SourceFile

Allowed = Mapping[str, tuple[type, ...]]
Record = Mapping[str, object]
Value = TypeVar("Value")
Records = Iterator[tuple[int, Value | str]]  # (line, record), or (line, reason why it cannot be read)

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".txt": "lines",
}
PLAIN = {"lines": ("text",), "text-label": ("text", "label"), "label-text": ("label", "text")}


@dataclass(frozen=True)
class Fault:
    """A record that cannot be read: its row number, the line it starts on (both from 1) and what is wrong."""

    number: int
    line: int
    reason: str


@dataclass(frozen=True)
class Batch:
    """Some records with the source's columns; `numbers` and `lines` place each row, `faults` are the broken ones."""

    rows: pa.RecordBatch
    numbers: list[int]
    lines: list[int]
    faults: list[Fault]


class Table(Protocol):
    """One table of a corpus: a file, or one split of a saved data set. `name` stands in row ids and messages."""

    @property
    def name(self) -> str:
        """The file relative to the root of the corpus."""

    @property
    def split(self) -> str | None:
        """The split the table is, where a saved data set says so."""

    def schema(self, whole: bool) -> pa.Schema:
        """Return names and types of the columns, from the head of the file or from all of it."""

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the records, `size` at a time; a JSON value of a type not allowed in its column is a fault."""

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return at most `count` records of the head as plain values, those that cannot be read left out.

        No Arrow array is made of Python values: the first one takes a second where pandas is installed.
        """


def tables(config: CorpusConfig, allow_download: bool = False) -> list[tuple[SourceFile, Table]]:
    """Return every table of a corpus, unread; RequestError for a missing file or a format that cannot be told."""
    if config.hub is not None:
        return [(SourceFile(path=config.hub), table) for table in _from_hub(config.hub, allow_download)]
    require_files(config)
    found: list[tuple[SourceFile, Table]] = []
    for file in config.files:
        path = config.root / file.path
        name = _relative(path, config.root) if Path(file.path).is_absolute() else Path(file.path).as_posix()
        found.extend((file, table) for table in _from_path(path, name, config))
    _distinct([table.name for _, table in found], "corpus.files", "file")
    return found


def require_files(config: CorpusConfig, origin: Callable[[], str] = lambda: "`corpus.files`") -> None:
    """Raise RequestError for a file that is not there, with who named it (`origin`) and a near name that is."""
    for file in config.files:
        path = config.root / file.path
        if not path.exists():
            what = f"the file does not exist; it is named by {origin()}"
            raise RequestError(str(path), what, _instead(config.root, file.path))


@dataclass(frozen=True)
class TextTable:
    """A delimited or plain text file; every column is a string."""

    name: str
    path: Path
    format: str
    config: CorpusConfig
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns that the header, the config or the format names."""
        names, _ = self._open(whole)
        return pa.schema([(name, pa.string()) for name in names])

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the records as strings; one with too few or too many fields is a fault."""

        def make(rows: list[list[str]]) -> pa.RecordBatch:
            columns = list(zip(*rows, strict=True)) or [()] * len(schema)
            return pa.RecordBatch.from_arrays(
                [pa.array(column, pa.string()) for column in columns], schema=schema
            )

        names, records = self._open(whole=True)
        yield from _gathered(_of_width(records, len(names)), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first records as strings."""
        names, records = self._open(whole=False)
        rows = islice(_of_width(records, len(names)), count)
        return [dict(zip(names, row, strict=True)) for _, row in rows if not isinstance(row, str)]

    def _open(self, whole: bool) -> tuple[tuple[str, ...], Records[list[str]]]:
        """Return the names of the columns, and the records behind the header."""
        records = self._records(whole)
        if self.format in PLAIN:
            return PLAIN[self.format], records
        if self.config.columns is not None:
            return _distinct(self.config.columns, "corpus.columns", "column"), records
        line, header = next(records, (1, "the file has no header"))
        if isinstance(header, str):
            raise DataError(
                f"{self.path}:{line}", header, "name the columns in the first row or in `corpus.columns`"
            )
        return _distinct(header, f"{self.path}:{line}", "column"), records

    def _records(self, whole: bool) -> Records[list[str]]:
        """Yield every record that is not blank, the header included."""
        encoding = encoding_of(self.path, self.config.encoding, whole)
        delimiter = self.config.delimiter or ("," if self.format == "csv" else "\t")
        if self.config.quoted if self.config.quoted is not None else self.format in ("csv", "tsv"):
            yield from _quoted(self.path, encoding, delimiter, whole)
            return
        for number, line in lines(self.path, encoding, whole):
            if self.format == "lines":
                yield number, [line]
            elif line.strip():
                yield number, _parted(line, delimiter, self.format)


@dataclass(frozen=True)
class JsonTable:
    """JSON lines. A column keeps the type of its values; where they are nested or of several kinds it is JSON text."""

    name: str
    path: Path
    encoding: str
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return each key with the narrowest type that holds all of its values."""
        kinds: dict[str, set[str]] = {}
        for _, record in self._records(whole):
            for key, value in record.items() if isinstance(record, dict) else ():
                kinds.setdefault(key, set()).update(_kind(value))
        if not kinds:
            raise DataError(str(self.path), "no line holds a JSON object", "check `corpus.format`")
        return pa.schema([(key, _json_type(found)) for key, found in kinds.items()])

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the records; one that is no JSON object, or holds what is not allowed, is a fault."""

        def make(rows: list[dict[str, object]]) -> pa.RecordBatch:
            columns = [
                pa.array([_as(field.type, row.get(field.name)) for row in rows], field.type)
                for field in schema
            ]
            return pa.RecordBatch.from_arrays(columns, schema=schema)

        yield from _gathered(_of_types(self._records(whole=True), allowed), make, size)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first objects, with the values that their columns hold."""
        rows = [row for _, row in islice(self._records(whole=False), count) if isinstance(row, dict)]
        return [{field.name: _as(field.type, row.get(field.name)) for field in schema} for row in rows]

    def _records(self, whole: bool) -> Records[dict[str, object]]:
        """Yield the object on every line that is not blank."""
        encoding = encoding_of(self.path, self.encoding, whole)
        for number, line in lines(self.path, encoding, whole):
            if number == 1 and line.lstrip().startswith("["):
                hint = "write one object a line, for example with `jq -c '.[]'`"
                raise DataError(f"{self.path}:1", "a JSON array, not JSON lines", hint)
            if line.strip():
                yield number, _json_object(line)


@dataclass(frozen=True)
class ParquetTable:
    """A Parquet file; columns keep their Arrow types, dictionaries are read as their values."""

    name: str
    path: Path
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns as the footer gives them."""
        with self._open() as file:
            return _without_dictionaries(file.schema_arrow)

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the rows."""
        with self._open() as file:
            yield from _numbered(file.iter_batches(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        with self._open() as file:
            batches = islice(file.iter_batches(batch_size=count), 1)
            return [row for batch in batches for row in batch.to_pylist()]

    @contextmanager
    def _open(self) -> Iterator[pq.ParquetFile]:
        """Give the open file; DataError if it, or a page of it, is damaged."""
        try:
            with pq.ParquetFile(self.path) as file:
                yield file
        except (pa.ArrowException, OSError) as error:
            first = str(error).split("\n", 1)[0]
            raise DataError(
                str(self.path), f"not a sound Parquet file: {first}", "obtain or write it again"
            ) from None


class Dataset(Protocol):
    """The part of a `datasets.Dataset` used here."""

    def with_format(self, kind: str) -> "Dataset":
        """Return the same rows in another format."""

    def iter(self, batch_size: int) -> Iterator[pa.Table]:
        """Yield the rows, `batch_size` at a time."""


@dataclass(frozen=True)
class DatasetTable:
    """One split of a data set of the `datasets` library; the schema's metadata holds the names of its classes."""

    name: str
    rows: Dataset
    columns: pa.Schema
    split: str | None = None

    def schema(self, whole: bool) -> pa.Schema:
        """Return the columns of the features."""
        return self.columns

    def batches(self, schema: pa.Schema, size: int, allowed: Allowed, whole: bool = True) -> Iterator[Batch]:
        """Yield the rows."""
        yield from _numbered(self.rows.with_format("arrow").iter(batch_size=size), schema)

    def peek(self, schema: pa.Schema, count: int) -> list[Record]:
        """Return the first rows."""
        batches = islice(self.rows.with_format("arrow").iter(batch_size=count), 1)
        return [row for batch in batches for row in batch.to_pylist()]


def _from_path(path: Path, name: str, config: CorpusConfig) -> list[Table]:
    """Return the tables at a path: one for a file, one a split for a saved data set."""
    kind = _format_of(path) if config.format == "auto" else config.format
    if kind == "datasets":
        return _from_folder(path, name)
    if path.is_dir():
        raise RequestError(str(path), f"a folder, where format {kind} needs a file", "name a file in it")
    _check_options(kind, config, str(path))
    if kind == "parquet":
        return [ParquetTable(name, path)]
    return [
        JsonTable(name, path, config.encoding) if kind == "jsonl" else TextTable(name, path, kind, config)
    ]


def _instead(root: Path, name: str) -> str:
    """Return what to do about a missing file: the near name, the folder it does lie in, or how to obtain it."""
    wanted = Path(name).as_posix()
    names = [
        demo for demo, packages in CATALOGUE.items() if any(package.holds(wanted) for package in packages)
    ]
    if names:
        return (
            f"`augment fetch {names[-1]}` obtains it; elsewhere than in {root}, name the folder with --data"
        )
    path = root / name
    there = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    close = get_close_matches(path.name, there, n=1)
    if close:
        return f"did you mean `{(Path(name).parent / close[0]).as_posix()}`?"
    if Path(name).exists():
        return f"`{name}` is in the folder you are in: set `corpus.root: .` or use --data ."
    return f"file names are relative to `corpus.root`, here {root}; data/README.md says how to obtain each corpus"


def _relative(path: Path, root: Path) -> str:
    """Return an absolute path as seen from the root, where it lies below it."""
    return (
        path.relative_to(root.absolute()).as_posix()
        if path.is_relative_to(root.absolute())
        else path.as_posix()
    )


def _distinct(names: Iterable[str], where: str, what: str) -> tuple[str, ...]:
    """Return the names; RequestError if one is there twice."""
    kept = tuple(names)
    twice = next((name for name in kept if kept.count(name) > 1), None)
    if twice is not None:
        raise RequestError(where, f"the {what} `{twice}` is named twice", "rename or remove one of them")
    return kept


def _format_of(path: Path) -> str:
    """Return the format that a file's name, or a folder's content, says."""
    if path.is_dir():
        if any((path / mark).exists() for mark in ("state.json", "dataset_info.json", "dataset_dict.json")):
            return "datasets"
        raise RequestError(
            str(path), "a folder that is no saved data set", "name a file, or a `save_to_disk` folder"
        )
    suffix = (path.with_suffix("") if path.suffix == ".gz" else path).suffix.lower()
    if suffix not in SUFFIXES:
        hint = "set `corpus.format` (csv, tsv, jsonl, parquet, lines, text-label, label-text)"
        raise RequestError(str(path), f"the name ending `{suffix}` does not tell the format", hint)
    return SUFFIXES[suffix]


def _check_options(kind: str, config: CorpusConfig, where: str) -> None:
    """Refuse options that the format would ignore."""
    table = kind in ("csv", "tsv")
    quoted = table and config.quoted is not False
    delimiter = config.delimiter
    checks = (
        (config.columns is not None and not table, "`columns` names the columns of csv and tsv files only"),
        (bool(config.quoted) and not table, "`quoted` is for csv and tsv files only"),
        (
            delimiter is not None and kind in ("jsonl", "parquet", "lines"),
            f"format {kind} has no `delimiter`",
        ),
        (delimiter == "", "`delimiter` is empty"),
        (
            quoted and delimiter is not None and (len(delimiter) != 1 or delimiter in '"\r\n'),
            "`delimiter` must be one character",
        ),
    )
    for wrong, what in checks:
        if wrong:
            raise RequestError(
                where, what, f"the format is {kind}: change `corpus.format` or remove the option"
            )


def _from_folder(path: Path, name: str) -> list[Table]:
    """Return the tables of a folder that `save_to_disk` wrote."""
    from datasets import load_from_disk

    try:
        return _splits(load_from_disk(str(path)), name)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        raise DataError(
            str(path), f"not a sound saved data set: {error}", "write it again with `save_to_disk`"
        ) from None


def _from_hub(hub: str, allow_download: bool) -> list[Table]:
    """Return the tables of a data set on the hub; RequestError unless downloads are allowed."""
    if not allow_download:
        hint = (
            "set `run.allow_download: true`, or save the data set to a folder and name that in `corpus.files`"
        )
        raise RequestError("corpus.hub", f"`{hub}` would be downloaded, which is not allowed", hint)
    from datasets import load_dataset

    try:
        return _splits(load_dataset(hub), hub)
    except (OSError, ValueError, RuntimeError) as error:
        raise RequestError(
            "corpus.hub", f"`{hub}` cannot be loaded: {error}", "check the id and the network"
        ) from None


def _splits(loaded: object, name: str) -> list[Table]:
    """Return one table for a data set, or one for each split of several."""
    parts = (
        {f"{name}/{split}": (split, rows) for split, rows in loaded.items()}
        if isinstance(loaded, dict)
        else {}
    )
    return [
        DatasetTable(part, rows, _without_dictionaries(rows.features.arrow_schema), split)
        for part, (split, rows) in (parts or {name: (None, loaded)}).items()
    ]


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    """Return a schema whose dictionary columns have the type of their values, which is the same in every batch."""
    plain = [
        field.with_type(field.type.value_type) if pa.types.is_dictionary(field.type) else field
        for field in schema
    ]
    _distinct(schema.names, "the source's columns", "column")
    return pa.schema(plain, metadata=schema.metadata)


def _numbered(batches: Iterable[pa.RecordBatch | pa.Table], schema: pa.Schema) -> Iterator[Batch]:
    """Yield Arrow rows cast to a schema, the row number standing for the line."""
    done = 0
    for rows in batches:
        numbers = list(range(done + 1, done + rows.num_rows + 1))
        done += rows.num_rows
        columns = [rows.column(name).cast(schema.field(name).type) for name in schema.names]
        arrays = [
            column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column for column in columns
        ]
        yield Batch(pa.RecordBatch.from_arrays(arrays, schema=schema), numbers, numbers, [])


def _gathered(
    records: Records[Value], make: Callable[[list[Value]], pa.RecordBatch], size: int
) -> Iterator[Batch]:
    """Yield records `size` at a time, the broken ones apart; row numbers count both."""
    rows: list[Value] = []
    numbers: list[int] = []
    lines: list[int] = []
    faults: list[Fault] = []
    for number, (line, record) in enumerate(records, 1):
        if isinstance(record, str):
            faults.append(Fault(number, line, record))
        else:
            rows.append(record)
            numbers.append(number)
            lines.append(line)
        if number % size == 0:
            yield Batch(make(rows), numbers, lines, faults)
            rows, numbers, lines, faults = [], [], [], []
    if rows or faults:
        yield Batch(make(rows), numbers, lines, faults)


def _of_width(records: Records[list[str]], width: int) -> Records[list[str]]:
    """Yield the records, those with another number of fields as faults."""
    for line, record in records:
        wrong = not isinstance(record, str) and len(record) != width
        yield line, f"{len(record)} fields where {width} are named" if wrong else record


def _of_types(records: Records[dict[str, object]], allowed: Allowed) -> Records[dict[str, object]]:
    """Yield the records, those with a value of a type not allowed in its column as faults."""
    for line, record in records:
        wrong = [
            f"`{key}` holds {type(record[key]).__name__} where {'/'.join(kind.__name__ for kind in kinds)} is needed"
            for key, kinds in allowed.items()
            if isinstance(record, dict) and record.get(key) is not None and not isinstance(record[key], kinds)
        ]
        yield line, wrong[0] if wrong else record


def _quoted(path: Path, encoding: str, delimiter: str, whole: bool) -> Records[list[str]]:
    """Yield records whose fields may be quoted and hold line ends; DataError for a quote that is never closed.

    The csv module's own limit of 131,072 characters a field is lifted; it is a setting of the process, set here on use.
    """
    csv.field_size_limit(1 << 30)
    with text(path, encoding, "", whole) as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        while True:
            start = reader.line_num + 1
            try:
                fields = next(reader, None)
            except csv.Error as error:
                if str(error) == "unexpected end of data":
                    if not whole:  # the head may end within a quoted field
                        return
                    hint = (
                        "close it, or set `corpus.quoted: false` if quotes are plain characters in this file"
                    )
                    raise DataError(
                        f"{path}:{start}", "a quote opened in this record is never closed", hint
                    ) from None
                yield start, f"broken quoting: {error}"
                continue
            if fields is None:
                return
            if fields:
                yield start, fields


def _parted(line: str, delimiter: str, kind: str) -> list[str] | str:
    """Return the fields of an unquoted line; a label is parted from its text once, wherever else delimiters stand."""
    if kind in ("csv", "tsv"):
        return line.split(delimiter)
    if delimiter not in line:
        return f"no delimiter {delimiter!r} between text and label"
    return line.split(delimiter, 1) if kind == "label-text" else line.rsplit(delimiter, 1)


def _json_object(line: str) -> dict[str, object] | str:
    """Return the object written on a line, or the reason why there is none."""
    try:
        value = json.loads(line)
        if "\\u" in line:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg} at column {error.colno}"
    except UnicodeEncodeError:
        return "not text: half of a surrogate pair"
    except (ValueError, RecursionError):
        return "not readable JSON: a number too long or nesting too deep"
    return value if isinstance(value, dict) else f"JSON {type(value).__name__}, not an object"


def _kind(value: object) -> set[str]:
    """Return the kind of a JSON value as a set, empty for null; integers by what can hold them."""
    if value is None:
        return set()
    if isinstance(value, bool | str | float):
        return {type(value).__name__}
    if isinstance(value, int):
        return {"int" if abs(value) <= 1 << 53 else "long" if -(1 << 63) <= value < 1 << 63 else "endless"}
    return {"nested"}


def _json_type(kinds: set[str]) -> pa.DataType:
    """Return the Arrow type that holds values of these kinds without loss; the null type if there are none."""
    if not kinds:
        return pa.null()
    if kinds == {"bool"}:
        return pa.bool_()
    if kinds <= {"int", "long"}:
        return pa.int64()
    return pa.float64() if kinds <= {"int", "float"} else pa.string()


def _as(kind: pa.DataType, value: object) -> object:
    """Return a JSON value as a column of this type takes it."""
    if value is None or isinstance(value, str) or kind != pa.string():
        return value
    return json.dumps(value, ensure_ascii=False)
