"""Files of rows: whole or not at all, every value as it was."""

import codecs
import csv
import errno
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import DiskFullError
from augment.tables.sink import Sink
from tests.texts import TEXTS

CELLS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8
) | st.sampled_from([*TEXTS, "a\rb", "\r", "\r\n", "a\nb", '"', ",", " ", "007", "NA", "男/女"])


@given(
    st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), st.sampled_from(["csv", "jsonl", "parquet"])
)
def test_every_value_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], kind: str
) -> None:
    path = tmp_path_factory.mktemp("sink") / f"rows.{kind}"
    sink = Sink(path)
    for row in rows:
        sink.add(pa.table({"text": [row[0]], "标签": [row[1]]}))
    sink.close(keep=True)
    assert sink.rows == len(rows)
    assert read(path) == rows


def read(path: Path) -> list[tuple[str, str]]:
    """Return the rows of a file, as any reader of its format sees them."""
    if path.suffix == ".parquet":
        return [(row["text"], row["标签"]) for row in pq.read_table(path).to_pylist()]
    content = path.read_bytes().decode()
    if path.suffix == ".jsonl":
        return [tuple(json.loads(line).values()) for line in content.split("\n")[:-1]]
    cells = [(row[0], row[1]) for row in csv.reader(io.StringIO(content, newline=""))]
    assert cells[0] == ("text", "标签")
    return cells[1:]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_what_is_not_kept_leaves_nothing(tmp_path: Path, kind: str) -> None:
    sink = Sink(tmp_path / f"rows.{kind}")
    sink.add(pa.table({"text": ["很好"]}))
    sink.close(keep=False)
    assert not list(tmp_path.iterdir())


def test_small_tables_share_a_row_group(tmp_path: Path) -> None:
    """Or the footer would grow with the number of shards; all rows are there, in their order."""
    sink = Sink(tmp_path / "rows.parquet")
    for first in range(0, 20_000, 100):
        sink.add(pa.table({"number": range(first, first + 100)}))
    sink.close(keep=True)
    file = pq.ParquetFile(tmp_path / "rows.parquet")
    assert file.num_row_groups == 3
    assert file.read().column("number").to_pylist() == list(range(20_000))


def test_what_cannot_be_written_at_the_end_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows that wait are written when the file is closed, where a disk may be full."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    sink = Sink(tmp_path / "rows.parquet")
    sink.add(pa.table({"text": ["很好"]}))
    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(DiskFullError):
        sink.close(keep=True)
    assert not list(tmp_path.iterdir())


def test_csv_begins_with_a_byte_order_mark_where_it_is_to(tmp_path: Path) -> None:
    """Once, whatever is added."""
    sink = Sink(tmp_path / "rows.csv", mark=True)
    for text in ("很好", "很差"):
        sink.add(pa.table({"text": [text]}))
    sink.close(keep=True)
    assert (tmp_path / "rows.csv").read_bytes() == codecs.BOM_UTF8 + "text\n很好\n很差\n".encode()
