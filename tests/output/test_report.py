"""The report of a run: drawn from the folder alone, with the rows that matter when not all fit."""

import re
import shutil
from collections import defaultdict
from functools import partial
from itertools import count, zip_longest
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import augment
from augment.api.run import run
from augment.errors import LockedError, RequestError
from augment.output.export import SAMPLES, SOURCE_ROWS
from augment.output.manifest import Summary
from augment.output.report import REPORT, draw_folder, redraw
from augment.tables.locking import locked
from augment.verification import verify
from tests.engine.killing import killed_at
from tests.plans import DENSE_PROBE
from tests.small import small_job


@pytest.fixture(scope="module")
def probed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """Return the summary of `probe` on all rows of the small corpus."""
    job = small_job(small, splits=("train", "validation", "test"))
    return run(DENSE_PROBE, job, tmp_path_factory.mktemp("runs") / "probe")


def test_the_report_is_drawn_again_without_the_model(small: Path, probed: Summary) -> None:
    first = (probed.folder / REPORT).read_bytes()
    (probed.folder / REPORT).unlink()
    moved = (small / "model").rename(small / "elsewhere")
    try:
        assert draw_folder(probed.folder).read_bytes() == first
    finally:
        moved.rename(small / "model")


def test_a_report_whose_drawing_was_killed_anywhere_is_drawn_again_and_the_folder_is_whole(
    probed: Summary, tmp_path: Path
) -> None:
    """What is there after the kill is the old page or the new one, and no file is left half-written in the end."""
    old = (probed.folder / REPORT).read_bytes()
    whole = Path(shutil.copytree(probed.folder, tmp_path / "whole" / "run"))
    new = redraw(whole, rows=10).read_bytes()
    copies = (Path(shutil.copytree(probed.folder, tmp_path / str(n) / "run")) for n in count())
    for call, folder in enumerate(copies):
        killed = killed_at(call, partial(redraw, folder, 10))
        assert (folder / REPORT).read_bytes() in (old, new)
        assert redraw(folder, rows=10).read_bytes() == new
        assert verify(folder).ok
        assert [path.name for path in folder.parent.iterdir()] == ["run"]
        if not killed:
            break
    assert call > 4


def test_a_folder_in_which_a_run_is_at_work_gets_no_report(probed: Summary) -> None:
    before = (probed.folder / REPORT).read_bytes()
    with locked(probed.folder), pytest.raises(LockedError):
        redraw(probed.folder, rows=10)
    assert (probed.folder / REPORT).read_bytes() == before


def test_fewer_rows_are_drawn_on_request_and_the_report_shows_it(probed: Summary) -> None:
    page = draw_folder(probed.folder, rows=10).read_text(encoding="utf-8")
    shown = page.split("<noscript>")[0]
    assert "10" in shown
    assert "300" in shown


def test_rows_are_taken_in_turn_from_every_label_and_outcome(probed: Summary) -> None:
    from augment.output.report_sample import sample

    ids = set(sample(probed.folder, "ig", 8).to_pylist())
    rows = [row for row in pq.read_table(probed.folder / SOURCE_ROWS).to_pylist() if row["id"] in ids]
    assert len(rows) == 8
    assert {row["label"] for row in rows} == {"good", "bad"}


@pytest.mark.parametrize("count", [1, 7, 20, 29])
def test_within_a_label_and_outcome_the_largest_errors_come_first(probed: Summary, count: int) -> None:
    from augment.output.report_sample import sample

    outcomes: dict[str, set[str]] = defaultdict(set)
    for made in pq.read_table(probed.folder / SAMPLES).to_pylist():
        changed = made["pred_before"] != made["pred_after"]
        outcomes[made["source_id"]].add("changed" if changed else made["verdict"])
    strata: dict[tuple[str, str], list[tuple[float, int, str]]] = defaultdict(list)
    for index, row in enumerate(pq.read_table(probed.folder / SOURCE_ROWS).to_pylist()):
        outcome = "+".join(sorted(outcomes[row["id"]]))
        strata[row["label"], outcome].append((-row["ig_error"], index, row["id"]))
    turns = zip_longest(*(sorted(strata[key]) for key in sorted(strata)))
    chosen = [entry for turn in turns for entry in turn if entry is not None][:count]
    expected = [name for _, _, name in sorted(chosen, key=lambda entry: entry[1])]
    assert sample(probed.folder, "ig", count).to_pylist() == expected


def test_the_attributions_of_compare_are_side_by_side(small: Path, tmp_path: Path) -> None:
    summary = run("compare", small_job(small, limit=20), tmp_path / "compare")
    names = pq.read_schema(summary.folder / SOURCE_ROWS).names
    assert {"ig", "gradient", "gradient_x_input", "deeplift", "occlusion"} <= set(names)
    page = (summary.folder / REPORT).read_text(encoding="utf-8")
    assert "gradient_x_input" in page
    assert set(summary.attribution) == {"ig", "gradient_x_input", "deeplift"}


@pytest.mark.parametrize("pipeline", ["attack", "compare"])
def test_every_fact_of_a_run_has_a_chinese_name(small: Path, tmp_path: Path, pipeline: str) -> None:
    """Every count, zero ones too, and the errors of every attribution."""
    summary = run(pipeline, small_job(small, limit=20), tmp_path / pipeline)
    page = (summary.folder / REPORT).read_text(encoding="utf-8")
    names = {"error (median, worst)", *summary.counts, *re.findall(r'data-fact="([\w ]+)"', page)}
    assert "pipeline" in names
    assert [name for name in sorted(names) if not re.search(rf'"{re.escape(name)}": "[^"]', page)] == []
    assert all(f'data-fact="{method} error (median, worst)"' in page for method in summary.attribution)


def test_the_version_is_at_the_foot_of_the_report(probed: Summary) -> None:
    head, foot = (probed.folder / REPORT).read_text(encoding="utf-8").split("<footer")
    assert f"augment {augment.__version__}" in foot
    assert f"augment {augment.__version__}" not in head


def test_a_folder_without_a_run_has_no_report(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="no finished run"):
        draw_folder(tmp_path)
