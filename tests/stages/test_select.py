"""Classes get exactly the rows requested, evenly from their source rows."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.stages import Select
from augment.verification import verify
from tests.small import small_job
from tests.stages.runs import samples, with_stages


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [({"samples": 30}, 30), ({"rows": 150}, 150), ({"rows": "largest"}, None)],
)
def test_each_class_has_exactly_the_rows_requested(
    corpus: Path, tmp_path: Path, settings: dict[str, object], wanted: int | None
) -> None:
    summary = run(
        with_stages({"kind": "distinct"}, {"kind": "select", **settings}), small_job(corpus), tmp_path / "out"
    )
    table = pq.read_table(summary.folder / "data" / "train.parquet").to_pylist()
    joined = Counter(row["label"] for row in table if row["source_id"])
    whole = Counter(row["label"] for row in table)
    if "samples" in settings:
        assert set(joined.values()) == {wanted}
    else:
        sources = Counter(row["label"] for row in table if not row["source_id"])
        assert set(whole.values()) == {wanted or max(sources.values())}
    assert not any("lack" in notice for notice in summary.notices)
    assert verify(summary.folder).ok


def test_source_rows_are_used_evenly_and_shortfalls_of_a_class_are_reported(
    corpus: Path, tmp_path: Path
) -> None:
    few = run(with_stages({"kind": "select", "samples": 60}), small_job(corpus), tmp_path / "few")
    each = Counter(row["source_id"] for row in samples(few)[0])
    assert set(each.values()) == {1}
    many = run(with_stages({"kind": "select", "samples": 5000}), small_job(corpus), tmp_path / "many")
    shortfall_reason = next(notice for notice in many.notices if "missing by class" in notice)
    joined = Counter(str(row["label"]) for row in samples(many)[0])
    assert all(f"{label} {5000 - count:,}" in shortfall_reason for label, count in joined.items())


def test_source_rows_are_in_all_buckets_of_a_class_count() -> None:
    """They are only counted; under one key, all of a large corpus would come into memory together."""
    rows = pa.table(
        {
            "id": [f"r{row}" for row in range(1024)],
            "source_id": pa.nulls(1024, pa.string()),
            "label": ["good"] * 1024,
            "verdict": pa.nulls(1024, pa.string()),
        }
    )
    stage = Select.model_validate({"kind": "select", "rows": "largest"})
    keys = stage.summarise(rows, Job(name="counted"), active=True).column("key").to_pylist()
    assert Counter(key >> 60 for key in keys).keys() == set(range(16))
    assert max(Counter(key >> 60 for key in keys).values()) < 80
