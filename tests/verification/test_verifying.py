"""Verifying: a whole folder passes, whatever its format; the command and Python report every check."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import augment
from augment.api.run import run
from augment.errors import DataError, RequestError
from augment.output.export import SAMPLES
from augment.tables.files import read_json
from augment.tables.run_folder import MANIFEST
from augment.verification import verify
from augment.verification.checks import UNITS
from tests.cli.test_commands import augment as command
from tests.small import small_job
from tests.verification.folders import DROP, files_of, rewritten


def test_a_run_with_every_kind_of_file_is_whole(probed: Path) -> None:
    positions = {name.partition("/")[0] for name in files_of(probed)}
    assert positions >= {
        "data",
        "probes",
        "explain",
        "run",
        "dropped.parquet",
        "rejects.parquet",
        "report.html",
    }
    verification = verify(probed)
    assert (verification.ok, [check.name for check in verification.checks]) == (True, list(UNITS))
    counts = read_json(probed / MANIFEST)["summary"]
    assert isinstance(counts, dict)
    looked = {check.name: check.looked for check in verification.checks}
    assert looked["edits"] == counts["counts"]["samples made"] > 15
    assert looked["files"] == len(files_of(probed))
    assert all(looked.values())


def test_awkward_texts_are_whole_in_every_format(awkward: Path) -> None:
    """With numbers for labels, and source columns that have names of ours."""
    verification = verify(awkward)
    assert verification.ok, verification
    assert verification.checks[3].looked > 20


def test_pairs_and_a_calibration_are_whole(paired: Path) -> None:
    assert verify(paired).ok
    assert any("calibration" in name for name in files_of(paired))
    samples = pq.read_table(paired / SAMPLES).to_pylist()
    assert {edit["side"] for sample in samples for edit in sample["edits"]} == {0, 1}


def test_a_run_without_samples_or_a_report_is_whole(small: Path, tmp_path: Path) -> None:
    job = small_job(small, limit=5)
    job = job.model_copy(update={"output": job.output.model_copy(update={"report_rows": 0})})
    folder = run("explain", job, tmp_path / "out").folder
    assert verify(folder).ok
    assert "report.html" not in files_of(folder)


def test_the_command_tells_every_check_and_takes_json(probed: Path) -> None:
    plain = command("verify", probed, "--quiet")
    assert (plain.code, plain.err) == (0, "")
    assert [line.split()[:2] for line in plain.out.splitlines()] == [[name, "ok"] for name in UNITS]
    result = command("verify", probed, "--json")
    reported = json.loads(result.out)
    assert (result.code, result.err, reported["ok"], reported["folder"]) == (0, "", True, str(probed))
    assert [(check["name"], check["ok"], check["problems"]) for check in reported["checks"]] == [
        (name, True, []) for name in UNITS
    ]


def test_the_command_tells_what_is_wrong_and_ends_with_code_5(folder: Path) -> None:
    """Every check on stdout; then three lines that name the first, and no text of the corpus."""
    (folder / "README.md").unlink()
    rewritten(folder, DROP, lambda rows: rows[0].update(review="秘密"))
    result = command("verify", folder)
    assert result.code == 5
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines] == list(UNITS)
    assert re.fullmatch(r"files +failed  \d+ files, 1 wrong: README\.md: missing", lines[0])
    assert lines[-1].split()[1] == "ok"
    assert result.err.splitlines()[:2] == [
        f"error: {folder}",
        "  3 of 6 checks failed, first `files`: README.md: missing",
    ]
    assert len(result.err.splitlines()) == 3
    assert "秘密" not in result.out + result.err
    reported = json.loads(command("verify", folder, "--json").out)
    assert (reported["ok"], reported["checks"][0]["problems"]) == (False, ["README.md: missing"])


def test_an_id_cannot_steer_the_terminal(folder: Path) -> None:
    rewritten(folder, DROP, lambda rows: rows[0].update(id="\x1b[31m\n好"))
    assert "\x1b" not in command("verify", folder).out
    assert "好" in command("verify", folder).out


def test_a_folder_without_a_finished_run_is_a_wrong_request(tmp_path: Path) -> None:
    for index in (tmp_path, tmp_path / "nowhere"):
        result = command("verify", index)
        assert (result.code, result.out, len(result.err.splitlines())) == (2, "", 3)
        assert "no finished run" in result.err
    with pytest.raises(RequestError, match="no finished run"):
        augment.verify(tmp_path)


def test_python_gets_the_checks_and_may_ask_for_an_error(folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    verification = verify(str(folder), lambda phase, done, total: seen.append((phase, done, total)))
    assert isinstance(verification, augment.Verification)
    verification.require()
    assert {phase for phase, _, _ in seen} == {"files", "rows"}
    assert all(0 <= done <= total for _, done, total in seen)
    (folder / "README.md").unlink()
    with pytest.raises(DataError, match="1 of 6 checks failed, first `files`"):
        augment.verify(folder).require()


def test_neither_torch_nor_a_model_is_loaded(folder: Path) -> None:
    script = (
        "import sys; from augment.verification import verify; assert verify(sys.argv[1]).ok\n"
        "print(sorted({'torch', 'transformers', 'datasets', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, folder], capture_output=True, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr
