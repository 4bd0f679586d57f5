"""Workers are forked from a process that has imported the libraries, and find modules and environment as this one has them."""

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from augment.engine import beginning as beginning_module
from augment.engine.beginning import become, beginning, environment

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")


def look() -> tuple[int, bool, list[str]]:
    """Return the parent of this process, whether it has torch and transformers, and where it finds modules."""
    return (
        os.getppid(),
        {"torch", "transformers", "augment.models.classifier"} <= sys.modules.keys(),
        sys.path,
    )


@on_linux
def test_workers_have_imported_the_libraries_and_find_modules_as_this_process_does() -> None:
    parents = set()
    for _ in range(2):
        with ProcessPoolExecutor(1, beginning("cpu")) as pool:
            parent, imported, path = pool.submit(look).result(timeout=300)
        assert imported
        assert path == sys.path
        parents.add(parent)
    assert len(parents) == 1
    assert os.getpid() not in parents


@on_linux
def test_a_process_that_was_forked_itself_begins_new_ones() -> None:
    beginning("cpu")
    context = multiprocessing.get_context("fork")
    methods = context.Queue()
    process = context.Process(target=lambda: methods.put(beginning("cpu").get_start_method()))
    process.start()
    assert methods.get(timeout=60) == "spawn"
    process.join(60)


@pytest.mark.parametrize(("device", "count"), [("auto", 1), ("cuda", 1), ("cuda:1", 0), ("mps", 0)])
def test_no_driver_is_forked(device: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beginning_module, "cuda_devices", lambda: count)
    assert beginning(device).get_start_method() == "spawn"


def test_modules_of_the_current_folder_are_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "augment.py").write_text("raise SystemExit('another')", encoding="utf-8")
    (tmp_path / "colorsys.py").write_text("raise SystemExit('another')", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with environment(beginning_module._same_modules()):
        line = [sys.executable, "-c", "import augment, colorsys; print(augment.__file__)"]
        done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == sys.modules["augment"].__file__


def test_a_process_takes_over_the_environment_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAYS", "1")
    given = {**os.environ, "NEW": "2", "STAYS": "3"}
    monkeypatch.setenv("GOES", "1")
    before = dict(os.environ)
    try:
        become(given)
        assert dict(os.environ) == given
    finally:
        become(before)
    with environment({"NEW": "4"}):
        assert os.environ["NEW"] == "4"
    assert dict(os.environ) == before
