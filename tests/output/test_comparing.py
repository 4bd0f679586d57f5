"""Two runs drawn next to each other: what differs is counted, comes first, and each score and sample has the mark of its run."""

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any

import pytest

from augment.api.run import run
from augment.errors import RequestError
from augment.output.comparing import compare_folders
from augment.pipeline.definition import Pipeline
from tests.small import small_job


@pytest.fixture(scope="module")
def runs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two runs on the same rows that make other samples by other scores."""
    folders = []
    for name, method, share in (("one", "integrated_gradients", 0.2), ("two", "gradient", 0.6)):
        fixed = {"fixed": 2} if name == "one" else {}
        stages = [
            {"kind": "tokenize"},
            {"kind": "attribute", "method": method, **fixed},
            {"kind": "rank", "fraction": 0.25},
            {"kind": "delete", "on": "any", "samples": 1, "share": share},
        ]
        plan = Pipeline.model_validate(
            {"name": name, "about": "A run.", "splits": ("train",), "stages": stages}
        )
        job = small_job(small, limit=8)
        job = job.model_copy(update={"output": job.output.model_copy(update={"report_rows": 0})})
        folders.append(run(plan, job, tmp_path_factory.mktemp("runs") / name).folder)
    return folders[0], folders[1]


def payload(page: Path) -> dict[str, Any]:
    """Return the rows that a page holds."""
    packed = re.search(r'id="payload">([^<]+)<', page.read_text("utf-8"))
    assert packed is not None
    data: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(packed[1])))
    return data


def test_each_row_has_the_scores_and_samples_of_both_runs(runs: tuple[Path, Path], tmp_path: Path) -> None:
    page = compare_folders(*runs, tmp_path / "page.html")
    data = payload(page)
    assert data["methods"] == ["A ig", "B ig"]
    assert len(data["rows"]) == 8
    assert all([one["method"] for one in row["explained"]] == ["A ig", "B ig"] for row in data["rows"])
    marks = {sample["of"] for row in data["rows"] for sample in row["samples"]}
    assert marks == {"A", "B"}
    assert data["review"] is None
    text = page.read_text("utf-8")
    assert 'data-fact="rows in both"' in text
    assert 'data-fact="rows whose samples differ"' in text
    assert compare_folders(*runs, page) == page


def test_a_run_compared_with_itself_differs_in_nothing(runs: tuple[Path, Path], tmp_path: Path) -> None:
    text = compare_folders(runs[0], runs[0], tmp_path / "page.html", rows=3).read_text("utf-8")
    assert 'data-fact="predictions that differ"' not in text
    assert 'data-fact="rows whose samples differ"' not in text


def test_another_file_is_not_written_over(runs: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("mine", "utf-8")
    with pytest.raises(RequestError, match="no report"):
        compare_folders(*runs, path)
    assert path.read_text("utf-8") == "mine"
