"""Shards with rows that a stage cannot bear: found one by one, rejected with stage and reason, nobody else touched."""

from dataclasses import fields
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.engine.phases import LAST
from augment.engine.shard import Receipt, finished, read_part, read_receipt, run_shard
from augment.engine.staging import ACTIVE
from augment.errors import AugmentError, DataError, DiskFullError, RequestError
from augment.models.memory_retries import count
from augment.pipeline.apply import Applied, StageFailedError
from augment.tables.files import read_json, write_json, write_table
from augment.tables.rows import Reject
from tests.texts import TEXTS


def shard(folder: Path, count: int) -> None:
    """Write one shard with a number of rows."""
    texts = [TEXTS[row % len(TEXTS)] for row in range(count)]
    write_table(folder / ACTIVE, pa.table({"id": [f"行{row}" for row in range(count)], "text": texts}))


@given(st.integers(1, 90), st.data())
def test_poison_rows_are_rejected_and_all_others_pass_in_order(
    tmp_path_factory: pytest.TempPathFactory, count: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("run")
    shard(folder, count)
    bad = {f"行{row}" for row in data.draw(st.sets(st.integers(0, count - 1), max_size=6))}

    def apply(table: pa.Table) -> Applied:
        """Fail on a batch that holds a bad row."""
        if result := bad & set(table.column("id").to_pylist()):
            raise StageFailedError("attribute", ValueError(f"cannot bear {len(result)} rows\nand more"))
        return Applied(table.append_column("seen", pa.array([True] * table.num_rows)), ())

    receipt = run_shard(folder, 0, apply)
    everyone = [f"行{row}" for row in range(count)]
    assert [reject.id for reject in receipt.rejects] == [name for name in everyone if name in bad]
    assert {(reject.stage, reject.reason) for reject in receipt.rejects} <= {
        ("attribute", "ValueError: cannot bear 1 rows")
    }
    assert read_part(folder, 0).column("id").to_pylist() == [name for name in everyone if name not in bad]
    assert (receipt.rows, receipt.samples) == (count, 0)
    assert (receipt.retries.get("rows halved", 0) > 0) == (bool(bad) and count > 1)
    assert run_shard(folder, 0, lambda _: pytest.fail("treated again")) == receipt


@given(st.integers(0), st.integers(0, 7))
def test_a_part_with_a_flipped_bit_has_the_same_rows_or_is_refused_by_its_shard(
    tmp_path_factory: pytest.TempPathFactory, index: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("run")
    shard(folder, 20)
    run_shard(folder, 0, lambda table: Applied(table, ()))
    part, whole = LAST.part_path(folder, 0), read_part(folder, 0)
    content = bytearray(part.read_bytes())
    content[index % len(content)] ^= 1 << bit
    part.write_bytes(content)
    try:
        held = read_part(folder, 0).equals(whole)
    except DataError as refused:
        held = f"shard 0: {part}" in refused.where and not LAST.receipt_path(folder, 0).exists()
    assert held


def test_a_stage_that_fails_on_row_after_row_is_at_fault_itself(tmp_path: Path) -> None:
    shard(tmp_path, 90)

    def apply(table: pa.Table) -> Applied:
        """Fail always."""
        raise StageFailedError("rank", TypeError("no such thing"))

    with pytest.raises(AugmentError, match="fails on row after row") as failed:
        run_shard(tmp_path, 0, apply)
    assert failed.value.where == "stage rank"
    assert not LAST.receipt_path(tmp_path, 0).exists()


def test_an_error_of_a_stage_itself_is_not_taken_for_a_poison_row(tmp_path: Path) -> None:
    shard(tmp_path, 4)

    def apply(table: pa.Table) -> Applied:
        """Find the disk full."""
        raise DiskFullError("here", "no space", "free some")

    with pytest.raises(DiskFullError):
        run_shard(tmp_path, 0, apply)
    assert not LAST.part_path(tmp_path, 0).exists()


@pytest.mark.parametrize("key", [field.name for field in fields(Receipt)] + ["sha256"])
def test_a_shard_whose_receipt_has_a_key_missing_is_made_again(tmp_path: Path, key: str) -> None:
    """Its rows are those that it had, and so is its receipt."""
    shard(tmp_path, 3)
    rejects = (Reject("行2", "judge", "不行", "c.csv:3"),)

    def apply(table: pa.Table) -> Applied:
        """Leave the last row out."""
        count("rows halved")
        return Applied(table.slice(0, 2), rejects)

    receipt, path = run_shard(tmp_path, 0, apply), LAST.receipt_path(tmp_path, 0)
    rows, values = read_part(tmp_path, 0), read_json(path)
    del values[key]
    write_json(path, values)
    if key != "lines":  # No stage ends this phase, so there are none, and nothing is missed.
        assert finished(tmp_path, 0) is None
        with pytest.raises(RequestError, match="changed or damaged"):
            read_receipt(path)
    assert run_shard(tmp_path, 0, apply) == receipt == read_receipt(path)
    assert read_part(tmp_path, 0).equals(rows)


def test_a_receipt_is_read_as_it_was_written(tmp_path: Path) -> None:
    shard(tmp_path, 3)
    rejects = (Reject("行1", "judge", "不行", "c.csv:3"),)
    receipt = run_shard(tmp_path, 0, lambda table: Applied(table.slice(0, 2), rejects))
    assert receipt == run_shard(tmp_path, 0, lambda _: pytest.fail("treated again"))
    assert isinstance(receipt, Receipt)
    assert len(receipt.decisions) == len(receipt.values) == 32
