"""What is not ours: a command that is refused leaves every file as it was, byte for byte, and adds none."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from augment.api.run import run
from augment.evaluation.evaluation import FILE
from augment.hardening.hardening import FILE as HARDENED
from augment.tables.run_folder import MANIFEST, PLAN
from tests.cli.test_commands import CONFIG, augment
from tests.small import small_job
from tests.test_bad_input import refused

few = how(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
# Names of people that read like those of files that we leave, lock or swap, and names of ours in the hands of others.
NAMES = (
    "x.tmp-final.docx",
    "train.parquet.tmp-0a1b2c3d4e5f",
    "data/train.parquet.tmp-0a1b2c3d4e5f",
    "run/part-00000.parquet.tmp-draft",
    "run/plan.json.tmp-0a1b2c3d4e5f",
    "work/years/of.txt",
    "MODEL.tmp/a.jpg",
    "out.tmp/model.safetensors",
    "model.safetensors",
    "config.json",
    "fold-0/model.safetensors",
    "out_of_fold.parquet",
    "report.html",
    "README.md",
    "data/train.parquet",
    "probes/评论.txt",
    "evaluation.md",
    ".augment-lock",
    "mine.tmp-draft.txt",
)
# Next to the folder: near to the names of our folders and locks, but not theirs.
FOREIGN = (
    ".out.new-photos",
    ".out.new-0a1b2c3d4e5",
    ".out.new-0a1b2c3d4e5f-old",
    ".other.new-0a1b2c3d4e5f",
    "out.tmp",
    "MODEL.tmp",
    "x.tmp-final.docx",
    ".out.lock",
    "out.augment-lock",
)
# What makes a folder look like ours, and is not.
CLAIMS = {
    PLAN: ("", "{}", "[]", '{"fingerprint": {}}', '{"fingerprint": [], "staged": {}}', "\0"),
    FILE: ("", "{}", "[]", '{"cells": []}', '{"cells": {"a": {}}}'),
    HARDENED: ("", "{}", "[]", '{"fingerprint": 1}'),
    MANIFEST: ("", "{}", "[]", '{"summary": 1}'),
}
COMMANDS = (
    ("run", "eda", "-q", "-o"),
    ("run", "eda", "-q", "--overwrite", "-o"),
    ("keywords", "-q", "-o"),
    ("evaluate", "-q", "-o"),
    ("evaluate", "-q", "--overwrite", "-o"),
    ("harden", "-q", "--overwrite", "-o"),
    ("train", "-q", "-m"),
    ("report",),
    ("verify",),
)


@pytest.fixture(scope="module")
def config(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a config of the small corpus."""
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(CONFIG.format(root=small), encoding="utf-8")
    return path


def tree(root: Path) -> dict[str, bytes | str | None]:
    """Return every file below a folder with its content, every link with where it leads, and every folder."""
    contents: dict[str, bytes | str | None] = {}
    for path in sorted(root.rglob("*")):
        content = path.read_bytes() if path.is_file() else None
        contents[str(path.relative_to(root))] = os.readlink(path) if path.is_symlink() else content
    return contents


def laid(root: Path, names: list[str]) -> None:
    """Lay files of others out, each with its name for content; a name may be in the way of another."""
    for name in names:
        path = root / name
        if not path.exists() and not any(source.is_file() for source in path.parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"mine: {name}", encoding="utf-8")


@few
@given(
    command=st.sampled_from(COMMANDS),
    inside=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True),
    others=st.lists(st.sampled_from(FOREIGN), max_size=4, unique=True),
    claim=st.none() | st.sampled_from([(name, text) for name, texts in CLAIMS.items() for text in texts]),
    linked=st.booleans(),
)
def test_a_folder_of_others_is_as_it_was_after_any_command(
    config: Path,
    tmp_path_factory: pytest.TempPathFactory,
    command: tuple[str, ...],
    inside: list[str],
    others: list[str],
    claim: tuple[str, str] | None,
    linked: bool,
) -> None:
    """Also where it holds a file of a name of ours, and where it is named by a link."""
    root = tmp_path_factory.mktemp("foreign")
    laid(root / "out", inside)
    laid(root, [f"{name}/a.txt" if "new-" in name else name for name in others])
    if claim is not None:
        path = root / "out" / claim[0]
        path.parent.mkdir(exist_ok=True)
        path.write_text(claim[1], encoding="utf-8")
    if linked:
        (root / "link").symlink_to("out")
    before = tree(root)
    given = () if command[0] in ("report", "verify") else ("-c", config)
    result = augment(*command, root / ("link" if linked else "out"), *given)
    # What `verify` is to look at it may look at, and find to be damaged.
    assert result.code in ((1, 2, 5) if command[0] == "verify" else (2,)), result
    assert "Traceback" not in result.err
    assert tree(root) == before


@pytest.fixture(scope="module")
def runs(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished run `done` and an unfinished one, `begun`."""
    root = tmp_path_factory.mktemp("runs")
    job = small_job(small, limit=12, shard_rows=6)
    run("eda", job, root / "done")

    def stop(phase: str, done: int, total: int) -> None:
        """Stop when a shard is done."""
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("eda", job, root / "begun", progress=stop)
    return root


OTHER = (
    ("run", "explain", "-q", "-o"),
    ("run", "eda", "-q", "--limit", "11", "-o"),
    ("keywords", "-q", "-o"),
    ("evaluate", "-q", "-o"),
    ("evaluate", "-q", "--overwrite", "-o"),
    ("harden", "-q", "--overwrite", "-o"),
    ("train", "-q", "-m"),
)


@few
@given(
    command=st.sampled_from(OTHER),
    name=st.sampled_from(("done", "begun")),
    inside=st.lists(st.sampled_from(NAMES), max_size=6, unique=True),
    others=st.lists(st.sampled_from(FOREIGN), max_size=4, unique=True),
)
def test_a_run_and_the_files_of_others_in_it_are_as_they_were_after_a_command_that_is_not_for_it(
    config: Path,
    runs: Path,
    tmp_path_factory: pytest.TempPathFactory,
    command: tuple[str, ...],
    name: str,
    inside: list[str],
    others: list[str],
) -> None:
    root = tmp_path_factory.mktemp("ours")
    folder = Path(shutil.copytree(runs / name, root / "out"))
    # These were being written by a run that died, and are removed whatever comes next.
    laid(folder, [path for path in inside if "tmp-0a1b2c3d4e5f" not in path])
    laid(root, [f"{path}/a.txt" if "new-" in path else path for path in others])
    before = tree(root)
    result = augment(*command, folder, "-c", config)
    assert result.code in (2, 3), result
    assert tree(root) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("command", [command for command in COMMANDS if command[0] != "train"])
@pytest.mark.parametrize("name", [PLAN, FILE, MANIFEST])
def test_a_pipe_in_the_place_of_a_file_of_ours_is_refused_and_not_waited_for(
    config: Path, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    (tmp_path / "out" / name).parent.mkdir(parents=True)
    os.mkfifo(tmp_path / "out" / name)
    given = () if command[0] in ("report", "verify") else ("-c", config)
    refused(augment(*command, tmp_path / "out", *given), 2, "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_nothing_but_a_folder_called_work_is_not_of_an_evaluation(
    config: Path, tmp_path: Path
) -> None:
    laid(tmp_path, ["out/work/thesis.docx"])
    refused(augment("evaluate", "-q", "-o", tmp_path / "out", "-c", config), 2, "out", "not empty")
    refused(augment("evaluate", "-q", "--overwrite", "-o", tmp_path / "out", "-c", config), 2, "not empty")
    assert tree(tmp_path) == {
        "out": None,
        "out/work": None,
        "out/work/thesis.docx": b"mine: out/work/thesis.docx",
    }


def test_what_is_shown_of_a_plan_of_others_is_no_more_than_its_place(config: Path, tmp_path: Path) -> None:
    laid(tmp_path, ["out/a.txt"])
    (tmp_path / "out" / "run").mkdir()
    (tmp_path / "out" / PLAN).write_text(json.dumps({"secret": "words"}), encoding="utf-8")
    result = augment("run", "eda", "-q", "-o", tmp_path / "out", "-c", config)
    refused(result, 2, "plan.json")
    assert "words" not in result.err
