"""A run by batch files: the same rows as by calls, no call, limits that hold, and files that are damaged or of another run refused whole."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from augment.api.batch import ReadBatch, WrittenBatch, read_batch, write_batch
from augment.api.run import run
from augment.cli.commands import app
from augment.config.job import Job
from augment.errors import RequestError
from augment.output.manifest import Summary
from augment.rewriting.answers import AnswerBook, Limits
from augment.verification import verify
from tests.rewriting.stub_server import Behaviour, Reply, completion, stub_server, well_behaved
from tests.stages.test_rewrite import job, plan, samples_of

NOBODY = {"server": "http://127.0.0.1:9/v1", "model": "stub"}


def nobody(small: Path, **settings: object) -> Job:
    """Return a job whose server is not there: whatever is sent fails."""
    return Job.model_validate(
        {
            **job(small, None, limit=8).model_dump(),
            "llm": {**NOBODY, "tries": 1, "error_rate": 0.0, **settings},
        }
    )


def answered(requests: Path, path: Path, behaviour: Behaviour = well_behaved) -> Path:
    """Write the file of answers that a server makes of a file of requests, as vLLM and OpenAI do, and return its path."""
    lines = []
    for number, line in enumerate(lines_of(requests)):
        request = json.loads(line)
        assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
        reply = behaviour(request["body"]["messages"], 0)
        response = {
            "status_code": reply.status,
            "request_id": str(number),
            "body": json.loads(completion(reply)),
        }
        lines.append(
            {"id": f"b{number}", "custom_id": request["custom_id"], "response": response, "error": None}
        )
    # Servers answer in any order.
    path.write_text("".join(json.dumps(line) + "\n" for line in reversed(lines)), encoding="utf-8")
    return path


def lines_of(path: Path) -> list[str]:
    """Return the lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def careless(messages: list[dict[str, str]], before: int) -> Reply:
    """Return what does not fit first, and then what does."""
    return Reply("certainly!") if len(messages) == 2 else well_behaved(messages, before)


def written(small: Path, folder: Path, name: str, **settings: object) -> WrittenBatch:
    """Write the requests of the run in a folder to a file there."""
    result = write_batch(plan(), nobody(small, **settings), folder / name, folder / "out", progress=False)
    assert isinstance(result, WrittenBatch)
    return result


@pytest.fixture(scope="module")
def begun(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a run in `out` up to its requests, which are in one.jsonl."""
    folder = tmp_path_factory.mktemp("batch")
    written(small, folder, "one.jsonl")
    return folder


@pytest.fixture
def copied(begun: Path, tmp_path: Path) -> Path:
    """Return a copy of that folder, whose answers are read to a book of its own."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_run_by_batch_files_sends_nothing_and_has_the_rows_of_a_run_by_calls(
    small: Path, tmp_path: Path
) -> None:
    first = written(small, tmp_path, "one.jsonl")
    assert not (tmp_path / "out/manifest.json").exists()
    read = read_batch(
        plan(), nobody(small), [answered(first.files[0], tmp_path / "1.jsonl", careless)], tmp_path / "out"
    )
    assert (read.new, read.known) == (first.requests, 0)
    # What did not fit is requested with the reason.
    second = written(small, tmp_path, "two.jsonl")
    assert all(len(json.loads(line)["body"]["messages"]) == 4 for line in lines_of(second.files[0]))
    read_batch(
        plan(), nobody(small), [answered(second.files[0], tmp_path / "2.jsonl", careless)], tmp_path / "out"
    )
    summary = write_batch(plan(), nobody(small), tmp_path / "3.jsonl", tmp_path / "out", progress=False)
    assert isinstance(summary, Summary)
    assert not (tmp_path / "3.jsonl").exists()
    assert verify(tmp_path / "out").ok
    with stub_server(careless) as server:
        called = run(plan(), job(small, server.config(), limit=8), tmp_path / "called", progress=False)
    assert len(server.requests) == first.requests + second.requests
    assert samples_of(tmp_path / "out") == samples_of(tmp_path / "called")
    assert summary.language_model["rewrite"]["calls answered"] == called.language_model["rewrite"]["calls"]


def test_what_is_written_is_what_would_be_sent(small: Path, tmp_path: Path) -> None:
    with stub_server() as server:
        config = server.config(top_p=0.9, extra={"seed": 5})
        result = write_batch(
            plan(), job(small, config, limit=8), tmp_path / "r.jsonl", tmp_path / "out", progress=False
        )
        assert isinstance(result, WrittenBatch)
        assert server.requests == []
        run(plan(), job(small, config, limit=8), tmp_path / "out", progress=False)
    lines = [json.loads(line)["body"] for line in lines_of(tmp_path / "r.jsonl")]
    assert sorted(map(json.dumps, lines)) == sorted(map(json.dumps, server.requests))


def test_requests_in_a_file_count_at_the_most_they_can_cost_and_once(copied: Path, small: Path) -> None:
    shutil.rmtree(copied / "out")
    with pytest.raises(RequestError, match=r"requests can come to .* limit is 10,000; no file was written"):
        written(small, copied, "r.jsonl", most_tokens=10_000)
    assert not list(copied.glob("r.jsonl*"))
    first = written(small, copied, "two.jsonl")
    again = written(small, copied, "three.jsonl", most_tokens=first.tokens)
    texts = [(copied / f"{name}.jsonl").read_bytes() for name in ("one", "two", "three")]
    assert texts[0] == texts[1] == texts[2]
    book = AnswerBook(copied / "out/answers.sqlite", Limits())
    assert book.usage()["tokens booked"] == first.tokens == again.tokens
    assert book.waiting() == first.requests
    read_batch(plan(), nobody(small), [answered(first.files[0], copied / "a.jsonl")], copied / "out")
    assert book.usage()["tokens booked"] == 120 * first.requests
    assert book.waiting() == 0
    book.close()


def test_answers_are_read_once_and_failed_requests_are_written_again(copied: Path, small: Path) -> None:
    answers = answered(copied / "one.jsonl", copied / "a.jsonl")
    lines = [json.loads(line) for line in lines_of(answers)]
    lines[0] |= {"response": None, "error": {"code": "batch_expired", "message": "too late"}}
    lines[1]["response"] = {"status_code": 400, "body": {"error": {"message": "no"}}}
    answers.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    read = read_batch(plan(), nobody(small), [answers], copied / "out")
    assert read == ReadBatch(len(lines) - 2, 0, {"batch_expired": 1, "status 400": 1})
    assert "failed (batch_expired 1, status 400 1)" in str(read)
    assert read_batch(plan(), nobody(small), [answers], copied / "out").known == len(lines) - 2
    assert written(small, copied, "two.jsonl").requests == 2


def test_what_cannot_be_meant_is_refused(copied: Path, small: Path) -> None:
    (copied / "mine.jsonl").write_text("mine")
    settings = {**nobody(small).model_dump(exclude={"llm"}), "llm": {"path": str(copied)}}
    ranks = {**nobody(small).model_dump(), "run": {"executor": "rank"}}
    changes: list[tuple[Callable[[], object], str]] = [
        (lambda: written(small, copied, "mine.jsonl"), "the file exists"),
        (lambda: read_batch(plan(), nobody(small), [copied / "one.jsonl"], copied / "new"), "no batch file"),
        (lambda: write_batch("keywords", nobody(small), copied / "x"), "requests anything"),
        (lambda: write_batch(plan(), Job.model_validate(ranks), copied / "x"), "one process"),
        (lambda: write_batch(plan(), Job.model_validate(settings), copied / "x", copied / "p"), "folder"),
    ]
    for change, what in changes:
        with pytest.raises(RequestError, match=what) as caught:
            change()
        assert len(str(caught.value).splitlines()) == 3
    assert (copied / "mine.jsonl").read_text() == "mine"


def test_the_command_line_writes_a_file_and_reads_its_answers(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "rewrite.yaml"
    stages = [stage.model_dump(mode="json", exclude_unset=True) for stage in plan().stages]
    path.write_text(json.dumps({"name": "rewrite", "about": "", "splits": ["train"], "stages": stages}))
    command = [
        "run",
        str(path),
        str(small / "small.csv"),
        "--text",
        "review",
        "--label",
        "label",
        "--limit",
        "8",
    ]
    command += ["--output", str(tmp_path / "out"), "--quiet"]
    command += [word for key, value in NOBODY.items() for word in ("--set", f"llm.{key}={value}")]
    result = CliRunner().invoke(app, [*command, "--write-batch", str(tmp_path / "r.jsonl")])
    assert (result.exit_code, result.stdout.strip()) == (0, str(tmp_path / "r.jsonl")), result.output
    assert "8 requests, at most" in result.stderr
    answers = answered(tmp_path / "r.jsonl", tmp_path / "a.jsonl")
    result = CliRunner().invoke(app, [*command, "--read-batch", str(answers)])
    assert result.exit_code == 0, result.output
    assert "8 new, 0 stored before" in result.stderr
    assert result.stdout.strip() == str(tmp_path / "out")
    assert len(samples_of(tmp_path / "out")) == 16
