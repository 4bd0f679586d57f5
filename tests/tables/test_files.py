"""Reading part by part: memory does not grow with the file."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.errors import RequestError
from augment.tables.files import in_parts
from augment.tables.run_folder import MANIFEST, change, require_finished
from tests.conftest import CHECKOUT

GROUPS, ROWS = 40, 4096


def test_what_was_read_of_a_file_is_not_kept_while_it_is_open(tmp_path: Path) -> None:
    """Numbers that cannot be compressed: the file is as large as its rows, a group one part in forty of it."""
    path, rng = tmp_path / "rows.parquet", np.random.default_rng(0)
    with pq.ParquetWriter(path, pa.schema([("number", pa.int64())])) as writer:
        for _ in range(GROUPS):
            writer.write_table(pa.table({"number": rng.integers(0, 1 << 62, ROWS)}))
    held, before = [], pa.total_allocated_bytes()
    with in_parts(path) as file:
        for batch in file.iter_batches(ROWS):
            held.append(pa.total_allocated_bytes() - before)
            assert batch.num_rows == ROWS
    assert path.stat().st_size > GROUPS * ROWS * 7
    assert max(held) < path.stat().st_size / 4


def test_nothing_opens_a_file_another_way() -> None:
    opened = [
        path.name
        for path in (CHECKOUT / "augment").rglob("*.py")
        if "ParquetFile(" in path.read_text("utf-8")
    ]
    assert opened == ["files.py"]


def test_other_files_of_a_corpus_are_named_by_their_names() -> None:
    was = {"corpus": {"a.csv": "0" * 64, "b.csv": "1" * 64}, "job": {"seed": 1}}
    assert change(was, was | {"corpus": {"评论.csv": "0" * 64}}) == (
        "the corpus is now read without a.csv, b.csv and with 评论.csv"
    )
    many = {f"{number}.csv": "0" * 64 for number in range(9)}
    assert change({"corpus": {}}, {"corpus": many}) == "the corpus is now read with 0.csv, 1.csv, 2.csv, …"
    assert change(was, was | {"corpus": {"a.csv": "0" * 64, "b.csv": "2" * 64}}) == (
        "`corpus.b.csv` was 11111111…, is 22222222…"
    )
    assert change(was, was | {"job": {"seed": 1, "guard": 2}}) == "`job.guard` was not there, is 2"
    one, other = (
        {"job": {"limit": number}, "pipeline": {"name": name}} for number, name in ((1, "probe"), (2, "eda"))
    )
    assert change(one, other) == '`pipeline.name` was "probe", is "eda"'


@pytest.mark.parametrize("name", [MANIFEST, "report.html", "data/train.parquet"])
@pytest.mark.parametrize("device", [False, True])
def test_a_folder_with_a_pipe_or_a_device_is_refused_without_a_wait(
    name: str, device: bool, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    if device:
        (tmp_path / name).symlink_to("/dev/zero")
    else:
        os.mkfifo(tmp_path / name)
    with pytest.raises(RequestError) as caught:
        require_finished(tmp_path)
    assert caught.value.where == str(tmp_path / name)
    assert "not a plain file" in caught.value.what
