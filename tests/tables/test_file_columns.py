"""A column is in the files that its declaration names, and in no other."""

import pyarrow as pa
import pytest

from augment.tables.columns import ATTACK, CORPUS, DECLARED, KEEP, MOVED, RANK, SAMPLE, Column
from augment.tables.file_columns import file_columns

EVERY = [
    Column(f"{on}_{public}_{dropped}", pa.int32(), "own", on=on, public=public, dropped=dropped)
    for on in ("row", "sample", "both")
    for public in (False, True)
    for dropped in (False, True)
]


@pytest.mark.parametrize("column", EVERY, ids=lambda column: column.name)
def test_a_column_is_in_the_files_it_is_declared_for(column: Column) -> None:
    files = file_columns([RANK, SAMPLE, (column,)])
    there = {
        "source_rows": column.on in ("row", "both"),
        "samples": column.on in ("sample", "both"),
        "data": column.public,
        "dropped": column.public or column.dropped,
    }
    assert {name: column.name in getattr(files, name) for name in there} == there


def test_a_column_that_a_stage_adds_with_its_samples_is_on_them() -> None:
    files = file_columns([(*SAMPLE, Column("own", pa.int32(), "own"))])
    assert "own" in files.samples & files.source_rows


def test_a_column_on_both_that_is_added_before_there_are_samples_is_on_source_rows_alone() -> None:
    files = file_columns([RANK, SAMPLE])
    assert "key" in files.source_rows - files.samples


def test_every_run_has_the_columns_of_the_corpus_and_of_samples() -> None:
    files = file_columns([])
    assert {column.name for column in CORPUS} <= files.source_rows & files.samples
    assert {"source_id", "method", "edits", "verdict", "reason"} <= files.data & files.samples
    assert "shortfall" in files.source_rows - files.samples - files.data


def test_a_sample_column_is_on_no_source_row_and_a_row_column_on_no_sample() -> None:
    files = file_columns([(*SAMPLE, *ATTACK), MOVED, KEEP])
    assert not files.source_rows & {column.name for column in (*KEEP, *MOVED)}
    assert not files.samples & {column.name for column in ATTACK}


def test_no_two_declarations_have_one_name() -> None:
    names = [column.name for column in DECLARED]
    assert len(set(names)) == len(names)
