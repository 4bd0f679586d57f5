"""Samples close to a text of a guard file are dropped."""

from pathlib import Path

from augment.api.run import run
from augment.config.job import Job
from augment.text.shingles import alike, sequences
from tests.small import small_job
from tests.stages.runs import read_sources, samples, with_stages


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
