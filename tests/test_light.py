"""What only reads files starts at once: help, check, list and report never import torch, transformers or datasets.

One process tries them all, since a module once imported stays; no times are measured.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_commands import CPU, augment

# Prints, after each step, the names of the packages among WATCHED that are there by then.
SCRIPT = """
import json, sys
from contextlib import redirect_stdout, redirect_stderr
from io import StringIO
steps, watched = json.loads(sys.argv[1])
def found(): return sorted(set(watched) & set(sys.modules))
import augment
print(json.dumps(found()))
from augment.cli.main import main
for words in steps:
    sys.argv = ["augment", *words]
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
        try:
            main()
        except SystemExit as stop:
            assert not stop.code, (words, err.getvalue())
    assert out.getvalue(), words
    print(json.dumps(found()))
"""
HEAVY = ["datasets", "pandas", "sklearn", "torch", "transformers"]
LIGHT = ["numpy", "pyarrow", "pydantic", "yaml", "jinja2", "jieba", "rich.console", "typer"]


@pytest.fixture(scope="module")
def loaded(small: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Return which packages are loaded after `import augment` and after each command."""
    folder = tmp_path_factory.mktemp("light")
    config = folder / "small.yaml"
    config.write_text(
        f"corpus: {{root: {small}, files: small.csv}}\nmodel: {{path: {small}/model}}\nresources: {{lexicons: []}}\n",
        encoding="utf-8",
    )
    assert augment("run", "probe", "-c", config, *CPU, "-o", folder / "run", "--limit", 5).code == 0
    steps = {
        "--help": ["--help"],
        "run --help": ["run", "--help"],
        "list": ["list"],
        "doctor": ["doctor"],
        "init": ["init", str(small / "small.csv"), "-o", str(folder / "first.yaml")],
        "check": ["check", "probe", "-c", str(config)],
        "report": ["report", str(folder / "run")],
    }
    words = json.dumps([list(steps.values()), HEAVY + LIGHT])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, words], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return dict(zip(["import", *steps], lines, strict=True))


def test_importing_the_package_loads_nothing(loaded: dict[str, list[str]]) -> None:
    assert loaded["import"] == []


def test_help_loads_no_more_than_the_parser(loaded: dict[str, list[str]]) -> None:
    """What typer itself takes to read the types of options."""
    for command in ("--help", "run --help"):
        assert set(loaded[command]) <= {"typer", "rich.console", "pydantic"}


@pytest.mark.parametrize("command", ["--help", "run --help", "list", "doctor", "init", "check"])
def test_no_heavy_package_is_loaded(loaded: dict[str, list[str]], command: str) -> None:
    assert set(loaded[command]) & set(HEAVY) == set()


def test_the_report_loads_no_heavy_package(loaded: dict[str, list[str]]) -> None:
    """But pandas, which pyarrow imports on its own the first time an array is made, where it is installed."""
    assert set(loaded["report"]) & set(HEAVY) <= {"pandas"}


# The modules of the system that Windows lacks are not there for us and for the locks; what else is installed is that of Linux.
BLOCKED = """
import builtins, importlib, pkgutil, sys, warnings
real = builtins.__import__
def without(name, globals=None, *rest, **more):
    asking = (globals or {}).get("__name__", "").partition(".")[0]
    if name in ("fcntl", "resource") and asking in ("augment", "filelock"):
        raise ModuleNotFoundError(name)
    return real(name, globals, *rest, **more)
builtins.__import__ = without
warnings.simplefilter("ignore")
import augment
for module in pkgutil.walk_packages(augment.__path__, "augment."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
import filelock
assert filelock.FileLock is filelock.SoftFileLock
from augment.cli.main import main
sys.argv = ["augment", *sys.argv[1:]]
main()
"""


def test_a_run_needs_no_module_that_windows_does_not_have(small: Path, tmp_path: Path) -> None:
    """Every module imports, two runs in one folder are distinguished, and the lock of a finished one holds nobody up."""
    (tmp_path / "small.yaml").write_text(
        json.dumps(
            {
                "corpus": {"root": str(small), "files": "small.csv"},
                "model": {"path": str(small / "model"), "max_length": 64},
                "resources": {"lexicons": []},
                "run": {"limit": 12, "device": "cpu", "threads": 1},
            }
        ),
        encoding="utf-8",
    )
    words = [
        "run",
        "augment",
        "-q",
        "-c",
        str(tmp_path / "small.yaml"),
        "-o",
        str(tmp_path / "out"),
        "--json",
    ]
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", BLOCKED, *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert json.loads(done.stdout)["counts"]["rows processed"] == 12
    assert augment("verify", tmp_path / "out").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "small.yaml"]
