"""What must never happen: code out of data, files out of pickles, or a word to the network during a run."""

import ast
import socket
from pathlib import Path

import pytest

import augment
from augment.config.sections import CorpusConfig, ModelConfig, RunConfig
from augment.errors import ModelError, RequestError
from tests.conftest import CHECKOUT
from tests.small import small_job

CALLS = {"eval", "exec", "compile", "__import__", "input", "breakpoint"}
IMPORTS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
# Whether an object can be sent to another process is tried here; nothing is read.
WRITES_ONLY = "augment/engine/in_memory.py"
SHELLS = {
    "pickle.load",
    "pickle.loads",
    "pickle.Unpickler",
    "os.system",
    "os.popen",
    "torch.load",
    "yaml.unsafe_load",
    "yaml.full_load",
}
SOURCES = sorted((CHECKOUT / "augment").rglob("*.py"))


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Close the network of this process, and return the list of all requests to it."""
    seen: list[object] = []

    def refuse(*words: object, **_: object) -> None:
        seen.append(words)
        raise OSError("the network is closed")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return seen


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_source_runs_text_as_code_or_reads_pickles(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert name not in CALLS | SHELLS, f"{path}:{node.lineno} calls {name}"
            for word in node.keywords:
                assert (word.arg, ast.unparse(word.value)) not in {
                    ("trust_remote_code", "True"),
                    ("allow_pickle", "True"),
                    ("shell", "True"),
                    ("use_safetensors", "False"),
                }, f"{path}:{node.lineno}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            names = (
                {alias.name.partition(".")[0] for alias in node.names}
                if not module
                else {module.partition(".")[0]}
            )
            if path.relative_to(CHECKOUT).as_posix() == WRITES_ONLY and isinstance(node, ast.Import):
                names -= {"pickle"}
            assert not names & IMPORTS, f"{path}:{node.lineno} imports {names & IMPORTS}"


def test_a_run_asks_nothing_of_the_network(small: Path, tmp_path: Path, requests: list[object]) -> None:
    """From the corpus to the report; models and lexicons are local files."""
    summary = augment.run("probe", small_job(small, limit=20), tmp_path / "out")
    assert summary.counts["rows processed"] == 20
    assert (tmp_path / "out" / "report.html").is_file()
    augment.explain("房间 很好", small / "model", run=RunConfig(device="cpu", threads=1))
    assert requests == []


def test_a_hub_id_is_not_looked_up_unless_downloads_are_allowed(
    small: Path, tmp_path: Path, requests: list[object]
) -> None:
    job = small_job(small)
    elsewhere = job.model_copy(update={"model": ModelConfig(path="nobody/nothing")})
    with pytest.raises(ModelError, match="allow downloads"):
        augment.run("explain", elsewhere, tmp_path / "out")
    with pytest.raises(ModelError, match="allow downloads"):
        augment.explain("好", "nobody/nothing")
    hub = job.model_copy(update={"corpus": CorpusConfig(hub="nobody/nothing")})
    with pytest.raises(RequestError, match="not allowed"):
        augment.run("explain", hub, tmp_path / "out")
    assert requests == []
    assert not (tmp_path / "out").exists()


def test_the_report_fetches_nothing(small: Path, tmp_path: Path) -> None:
    """A page that is opened in a browser asks no other machine for anything."""
    augment.run("explain", small_job(small, limit=3), tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert not any(
        mark in page for mark in ('src="http', "src='http", "@import", 'rel="stylesheet"', "url(http")
    )
