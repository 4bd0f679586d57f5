"""Stages that see all rows: what they decide is what one look at everything would, however the run is cut."""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.config.job import Job
from augment.config.shipped import find
from augment.output.manifest import Summary
from augment.pipeline.definition import Pipeline, read_pipeline
from augment.stages import Select
from augment.text.shingles import alike, sequences
from augment.training import train
from augment.verification import verify
from tests.small import small_job, write_corpus

Row = dict[str, object]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small corpus and a classifier; of 300 rows many say the same but for their number."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    train(small_job(folder))
    path = folder / "small.csv"
    lines = path.read_text(encoding="utf-8").split("\n")
    # Without their number rows repeat each other, and so do their samples.
    path.write_text("\n".join(_unnumbered(line) for line in lines), encoding="utf-8")
    return folder


def _unnumbered(line: str) -> str:
    """Return a line of the corpus whose text has lost the number at its end."""
    if line.count('"') < 4:
        return line
    text = line.split('"')[1]
    return line.replace(text, text.rsplit(" ", 1)[0])


def with_stages(*stages: dict[str, object]) -> Pipeline:
    """Return the pipeline `augment` up to its verdicts, with other stages behind."""
    plan = read_pipeline(find("pipelines", "augment"))
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


def source_texts(summary: Summary) -> set[str]:
    """Return the texts of all source rows."""
    files = (summary.folder / "data").glob("*")
    return {
        row["review"] for path in files for row in pq.read_table(path).to_pylist() if not row["source_id"]
    }


def hashes(summary: Summary) -> list[str]:
    """Return the values of all rows, by shard, as their receipts have them."""
    return [
        path.read_text().split('"values": "')[1][:32]
        for path in sorted((summary.folder / "run").glob("*.done.json"))
    ]


@pytest.fixture(scope="module")
def distinct(corpus: Path) -> Summary:
    """Run with `distinct`."""
    return run(with_stages({"kind": "distinct"}), small_job(corpus), corpus / "distinct")


def test_no_sample_has_the_text_of_another_row_and_the_first_of_equals_stays(
    corpus: Path, distinct: Summary
) -> None:
    plain = run(with_stages(), small_job(corpus), corpus / "plain")
    joined, dropped = samples(distinct)
    texts = [row["review"] for row in joined]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & source_texts(distinct)
    # By one look at everything: the samples that would join, in their order.
    seen, first = source_texts(plain), []
    for row in samples(plain)[0]:
        if row["review"] not in seen:
            first.append(row["id"])
            seen.add(str(row["review"]))
    assert [row["id"] for row in joined] == first
    copies = [row for row in dropped if row["reason"] == "another row has the same text"]
    assert len(copies) == len(samples(plain)[0]) - len(first) > 20
    sources = {row["id"]: row["review"] for row in [*joined, *read_sources(distinct)]}
    assert all(sources[row["same_as"]] == row["review"] for row in copies)
    assert verify(distinct.folder).ok


def read_sources(summary: Summary) -> list[Row]:
    """Return all source rows."""
    files = (summary.folder / "data").glob("*")
    return [row for path in files for row in pq.read_table(path).to_pylist() if not row["source_id"]]


def test_nothing_of_a_phase_is_left_when_the_run_is_done(distinct: Summary) -> None:
    assert not list((distinct.folder / "run").glob("phase-*"))
    assert not list((distinct.folder / "run").glob("part-*.parquet"))


@pytest.mark.parametrize("settings", [{"shard_rows": 16}, {"shard_rows": 1000}])
def test_which_sample_stays_does_not_depend_on_how_the_run_is_cut(
    corpus: Path, distinct: Summary, tmp_path: Path, settings: dict[str, object]
) -> None:
    other = run(with_stages({"kind": "distinct"}), small_job(corpus, **settings), tmp_path / "out")
    assert [row["id"] for row in samples(other)[0]] == [row["id"] for row in samples(distinct)[0]]


def test_several_processes_come_to_the_same_rows(corpus: Path, distinct: Summary, tmp_path: Path) -> None:
    job = small_job(corpus, executor="processes", workers=2)
    other = run(with_stages({"kind": "distinct"}), job, tmp_path / "out")
    assert hashes(other) == hashes(distinct)
    assert other.counts == distinct.counts


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [({"samples": 30}, 30), ({"rows": 150}, 150), ({"rows": "largest"}, None)],
)
def test_each_class_has_exactly_the_rows_asked_for(
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


def test_parents_are_used_evenly_and_what_a_class_lacks_is_said(corpus: Path, tmp_path: Path) -> None:
    few = run(with_stages({"kind": "select", "samples": 60}), small_job(corpus), tmp_path / "few")
    each = Counter(row["source_id"] for row in samples(few)[0])
    assert set(each.values()) == {1}
    many = run(with_stages({"kind": "select", "samples": 5000}), small_job(corpus), tmp_path / "many")
    shortfall_reason = next(notice for notice in many.notices if "lack" in notice)
    joined = Counter(str(row["label"]) for row in samples(many)[0])
    assert all(f"{label} {5000 - count:,}" in shortfall_reason for label, count in joined.items())


def test_samples_near_a_text_of_the_guard_are_dropped_and_source_rows_marked(
    corpus: Path, tmp_path: Path
) -> None:
    plain = run(with_stages(), small_job(corpus), tmp_path / "plain")
    near = [str(row["review"]) for row in samples(plain)[0][:5]]
    own = [str(row["review"]) for row in read_sources(plain)[:3]]
    guard = tmp_path / "guard.csv"
    guard.write_text(
        "review\n" + "".join(f'"{text.upper()}  "\n' for text in [*near, *own]), encoding="utf-8"
    )
    summary = run(
        with_stages({"kind": "guard", "near": 0.6}), guarded(small_job(corpus), guard), tmp_path / "out"
    )
    known = [sequences(text) for text in [*near, *own]]
    for row in samples(summary)[0]:
        assert max(alike(sequences(str(row["review"])), one) for one in known) < 0.6
    dropped = [row for row in samples(summary)[1] if "guard file" in str(row["reason"])]
    assert len(dropped) >= 5
    assert all(row["near_guard"] and float(str(row["near_share"])) >= 0.6 for row in dropped)
    assert any("guard file" in notice for notice in summary.notices)


def guarded(job: Job, path: Path) -> Job:
    """Return the job with a guard file."""
    return job.model_copy(update={"resources": job.resources.model_copy(update={"guard": (str(path),)})})


def test_source_rows_lie_in_all_buckets_of_a_class_count() -> None:
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
