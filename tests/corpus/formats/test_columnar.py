"""Parquet columns that are text without saying so, and labels in lists."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from augment.config.sections import CorpusConfig
from augment.corpus import peek, read
from augment.errors import DataError
from tests.corpus.formats.one_file import PAIRS, batches, rows
from tests.texts import TEXTS

KINDS = (
    pa.binary(),
    pa.large_binary(),
    pa.large_string(),
    pa.string(),
    pa.dictionary(pa.int32(), pa.string()),
)


def section(root: Path) -> CorpusConfig:
    """Return a corpus section for a.parquet."""
    return CorpusConfig.model_validate({"root": root, "files": "a.parquet"})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_text_is_text_however_the_file_stores_it(tmp_path: Path, kind: pa.DataType) -> None:
    """Some writers leave out that bytes are UTF-8; other columns of bytes stay bytes."""
    texts = [text for text in TEXTS if text.strip()]
    values = (
        pa.array(texts).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(texts).cast(kind)
    )
    table = pa.table({"text": values, "label": values, "raw": pa.array([b"\xff"] * len(texts))})
    pq.write_table(table, tmp_path / "a.parquet")
    rows = [row for chunk in read(section(tmp_path)) for row in chunk.rows.to_pylist()]
    assert [row["text"] for row in rows] == texts
    assert [row["label"] for row in rows] == texts
    assert {row["source"]["raw"] for row in rows} == {b"\xff"}
    assert peek(section(tmp_path)).rows == len(texts)


def test_bytes_that_are_no_text_are_rejected_row_by_row(tmp_path: Path) -> None:
    """With the byte; the other rows are read."""
    values = ["好".encode(), "好".encode("gb18030"), None, b"fine"]
    pq.write_table(pa.table({"text": pa.array(values, pa.binary())}), tmp_path / "a.parquet")
    [chunk] = read(section(tmp_path))
    assert chunk.rows.column("text").to_pylist() == ["好", "fine"]
    assert chunk.rows.column("id").to_pylist() == ["a.parquet:1", "a.parquet:4"]
    assert [(one.where, one.reason) for one in chunk.rejects] == [
        ("a.parquet:2", "`text` is not UTF-8 at byte 0"),
        ("a.parquet:3", "empty text"),
    ]


@settings(max_examples=50)
@given(pairs=PAIRS)
def test_parquet_strings_survive(pairs: list[tuple[str, str]]) -> None:
    """Any string of a Parquet file comes back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "corpus.parquet")
        records = [{"text": text, "label": label} for text, label in pairs]
        pq.write_table(pa.Table.from_pylist(records), path)
        assert rows(path) == records


def test_parquet_keeps_arrow_types(tmp_path: Path) -> None:
    """Only dictionaries are read as their values, since they differ from batch to batch."""
    path = tmp_path / "corpus.parquet"
    table = pa.table(
        {
            "text": pa.array(["好", "a"]).dictionary_encode(),
            "label": pa.array([1, 0], pa.int8()),
            "tags": pa.array([["x"], None]),
        }
    )
    pq.write_table(table, path)
    [batch] = batches(path)
    assert batch.rows.schema.types == [pa.string(), pa.int8(), pa.list_(pa.string())]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="not a sound Parquet file"):
        rows(path)
