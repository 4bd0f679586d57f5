"""A row as any file of a run writes it: Parquet, CSV or JSON lines, under the names of ours or of the source.

A text format keeps no types and a source may have a column named like one of ours, so the content of a data file is
compared with what was read, not with how it is written.

    [record["id"] for record in records(folder / "data/train.csv", ("id",))]
    Labels({}, {"label": "stars"}, ("stars",)).same(1.0, "1.0")  # True
"""

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
from pydantic import BaseModel

from augment.config.numerals import plain
from augment.tables.files import in_parts
from augment.tables.output_names import written_names
from augment.text.edits import Edit

BATCH = 1024


class FileRow(BaseModel):
    """A row of any file, under the names of `augment.tables.columns`; the label as it is written there."""

    id: str
    text: str = ""
    text_pair: str | None = None
    label: object = None
    split: str | None = None
    source_id: str | None = None
    method: str | None = None
    edits: tuple[Edit, ...] | None = None
    verdict: str | None = None
    label_from: str | None = None

    def mark(self) -> bytes:
        """Return a hash of what two files must agree on for a sample."""
        edits = [tuple(edit) for edit in self.edits or ()]
        return hashed(
            repr(
                (
                    self.id,
                    self.text,
                    self.text_pair,
                    self.source_id,
                    self.method,
                    edits,
                    self.verdict,
                    self.label_from,
                )
            )
        )


class Declared(BaseModel):
    """The entry of a column that a stage adds in a manifest."""

    name: str
    public: bool = False
    dropped: bool = False


def records(path: Path, columns: tuple[str, ...]) -> Iterator[dict[str, object]]:
    """Yield the rows of a file, of Parquet those columns alone; empty cells of CSV are null."""
    if path.suffix == ".parquet":
        with in_parts(path) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(BATCH, columns=there):
                yield from batch.to_pylist()
    elif path.suffix == ".jsonl":
        yield from written_records(path)
    else:
        for row in written_records(path):
            cells = {name: cell or None for name, cell in row.items()}
            edits = cells.get("edits")
            yield {**cells, "edits": json.loads(str(edits)) if edits else None}


def written_records(path: Path) -> Iterator[dict[str, object]]:
    """Yield the rows of a file of JSON lines or CSV as they are written there: the cells of CSV are strings."""
    if path.suffix == ".jsonl":
        with path.open(encoding="utf-8", newline="\n") as stream:
            yield from map(json.loads, stream)
    else:
        # The limit is a setting of the process, and texts may be longer.
        csv.field_size_limit(1 << 30)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.DictReader(stream, strict=True)


class Labels:
    """How labels and columns of the source are written in the data files."""

    def __init__(
        self,
        job: Mapping[str, object],
        roles: Mapping[str, str | None],
        source: Sequence[str] = (),
        own: Sequence[Declared] = (),
    ) -> None:
        """Take the settings of a run, the source column of each role, all source columns, and those of stages."""
        corpus = job.get("corpus")
        corpus = corpus if isinstance(corpus, dict) else {}
        self._names = corpus.get("label_names") or {}
        files = corpus.get("files")
        by_file = any(isinstance(file, dict) and file.get("label") is not None for file in files or ())
        given = roles.get("label")
        made = [corpus.get("score_threshold"), corpus.get("label_separator")]
        self._derived = given is None or by_file or any(setting is not None for setting in made)
        self._roles, self._own = roles, own
        self._source = source or tuple(name for name in roles.values() if name is not None)

    def written(self, dropped: bool) -> dict[str, str]:
        """Return the name that each source column has in the data files, or in dropped.parquet."""
        own = [column.name for column in self._own if column.public or (dropped and column.dropped)]
        return written_names(self._source, derived=self._derived, dropped=dropped, own=own)

    def columns(self, dropped: bool) -> dict[str, str | None]:
        """Return the name that texts and label have in the data files, or in dropped.parquet."""
        written = self.written(dropped)
        names = {role: self._roles.get(role) for role in ("text", "text_pair", "label")}
        outward = {role: None if name is None else written.get(name, name) for role, name in names.items()}
        return outward | ({"label": "label"} if self._derived else {})

    def same(self, cell: object, label: object) -> bool:
        """Return whether a cell of a data file holds a label, given by its name."""
        if label is None:
            # -1 is how the `datasets` library writes "not labelled".
            return cell in (None, -1, "-1")
        if self._derived:
            return cell == label
        return any(self._names.get(way, way) == label for way in _ways(cell))


def _ways(cell: object) -> Iterator[str]:
    """Yield the strings that a source's value may have been read as; text formats do not keep its type."""
    text = str(cell)
    yield text
    yield plain(text)
    if text in ("True", "False"):
        yield text.lower()
    if re.fullmatch(r"-?(\d+\.\d+|\d(\.\d+)?e[-+]\d+)", text):
        for kind in (pa.float64(), pa.float32()):
            yield pa.scalar(float(text), kind).cast(pa.string()).as_py()


def hashed(text: str) -> bytes:
    """Return a hash of a text, 16 bytes."""
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
