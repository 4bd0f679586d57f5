"""Runs with stages that see all rows, and what came of them."""

import pyarrow.parquet as pq

from augment.config.shipped import find
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline, read_pipeline

Row = dict[str, object]


def with_stages(*stages: dict[str, object]) -> Pipeline:
    """Return the pipeline `augment` up to its verdicts, with other stages behind."""
    plan = read_pipeline(find("pipelines", "augment-wide"))
    positions = [stage.kind for stage in plan.stages]
    kept = [stage.model_dump() for stage in plan.stages[: positions.index("keep") + 1]]
    return Pipeline.model_validate({"name": "whole", "about": "", "stages": [*kept, *stages]})


def samples(summary: Summary) -> tuple[list[Row], list[Row]]:
    """Return the samples that joined, and those that were dropped."""
    folder = summary.folder
    rows = [row for path in (folder / "data").glob("*") for row in pq.read_table(path).to_pylist()]
    dropped = folder / "dropped.parquet"
    return [row for row in rows if row["source_id"]], pq.read_table(
        dropped
    ).to_pylist() if dropped.exists() else []


def read_sources(summary: Summary) -> list[Row]:
    """Return all source rows."""
    files = (summary.folder / "data").glob("*")
    return [row for path in files for row in pq.read_table(path).to_pylist() if not row["source_id"]]
