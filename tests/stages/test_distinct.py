"""Which of equal samples stays is what one look at everything would decide, however the run is cut."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from augment.api.run import run
from augment.output.manifest import Summary
from augment.verification import verify
from tests.small import small_job
from tests.stages.runs import read_sources, samples, with_stages


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
