"""Batch files in OpenAI's format: requests are collected once, files are as large as servers take, and damaged answers are refused."""

import json
from pathlib import Path

import pytest

from augment.config.llm import LlmConfig
from augment.errors import RequestError
from augment.rewriting import batch as batch_files
from augment.rewriting.answers import Answer, AnswerBook, BatchOutcome, Limits
from augment.rewriting.batch import Collector, read_outcomes, write_requests
from augment.rewriting.server import Message, NoAnswerError
from tests.rewriting.stub_server import Reply, completion

CONFIG = LlmConfig(server="http://127.0.0.1:9/v1", model="m", price_read=1, price_written=2)


def collected(book: AnswerBook, texts: list[str]) -> Collector:
    """Return what has collected the requests of some texts."""
    collector = Collector(CONFIG, book)

    def treat(text: str) -> None:
        messages: list[Message] = [{"role": "user", "content": text}]
        with pytest.raises(NoAnswerError):
            collector.ask(messages)

    collector.each(texts, treat)
    return collector


def line(key: str, **changes: object) -> str:
    """Return a line of answers."""
    response = {"status_code": 200, "body": json.loads(completion(Reply("{}")))}
    return json.dumps({"custom_id": key, "response": response, "error": None, **changes})


def read(path: Path, *lines: str) -> list[BatchOutcome]:
    """Return what lines of answers to the requests a and b hold."""
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    return list(read_outcomes(path, CONFIG, {"a": 500, "b": 500}).outcomes)


def test_a_request_that_occurs_twice_is_collected_once_and_a_stored_answer_is_given() -> None:
    book = AnswerBook(None, Limits())
    collector = collected(book, ["一", "two 😀", "一"])
    assert len(collector.wanted) == 2
    request = next(iter(collector.wanted.values()))
    content = json.loads(request.line)
    assert content["custom_id"] == request.key
    assert content["body"]["messages"][0]["content"] == "一"
    assert "一".encode() in request.line
    book.settle([BatchOutcome(request.key, Answer("kept", 1, 1))])
    assert collector.ask([{"role": "user", "content": "一"}]).text == "kept"


def test_many_requests_go_to_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = AnswerBook(None, Limits())
    requests = collected(book, list("abcdefg")).wanted.values()
    monkeypatch.setattr(batch_files, "MOST_REQUESTS", 3)
    paths = write_requests(tmp_path / "r.jsonl", requests, book)
    assert [path.name for path in paths] == ["r.jsonl", "r-2.jsonl", "r-3.jsonl"]
    assert [len(path.read_bytes().splitlines()) for path in paths] == [3, 3, 1]
    monkeypatch.setattr(batch_files, "MOST_BYTES", 1)
    assert len(write_requests(tmp_path / "s.jsonl", requests, book)) == 7
    with pytest.raises(RequestError, match="the file exists"):
        write_requests(tmp_path / "s.jsonl", requests, book)


def test_a_limit_that_could_be_passed_leaves_neither_a_file_nor_a_booking(tmp_path: Path) -> None:
    requests = collected(AnswerBook(None, Limits()), ["a", "b"]).wanted.values()
    book = AnswerBook(None, Limits(money=1e-6))
    with pytest.raises(RequestError, match=r"most_money\n.* of money .*no file was written"):
        write_requests(tmp_path / "r.jsonl", requests, book)
    assert list(tmp_path.iterdir()) == []
    assert book.usage()["calls"] == 0


def test_answers_and_failures_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    failed = {"response": None, "error": {"code": "batch_expired"}}
    outcomes = read(path, line("b"), "", line("a", **failed))
    assert outcomes == [BatchOutcome("b", Answer("{}", 100, 20), 0.00014), BatchOutcome("a", None)]
    # A server that counts nothing is taken to have read all that was booked.
    silent = json.loads(completion(Reply("{}")))
    del silent["usage"]
    outcomes = read(path, line("a", response={"status_code": 200, "body": silent}))
    assert outcomes[0].answer == Answer("{}", 500, 2)


@pytest.mark.parametrize(
    ("damaged", "what"),
    [
        (line("a")[:40], "is the file cut off"),
        (line("a", response={"code": 200}), "neither a `response`"),
        (line("a", response={"status_code": True}), "neither a `response`"),
        (line("a", response={"status_code": 200, "body": {"choices": []}}), "no completion"),
        (line("a", response={"status_code": 200, "body": None}), "no completion"),
        (line("c"), "of no request of this run"),
        ("[]", "no JSON object"),
        ('{"custom_id": 5}', "no JSON object"),
        ('{"custom_id": "a", "method": "POST", "url": "", "body": {}}', "a file of requests"),
        ("\udcff", "no JSON object"),
        ("[" * 100_000, "no JSON object"),
    ],
)
def test_a_damaged_or_foreign_line_is_an_error_with_its_number(
    damaged: str, what: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    with pytest.raises(RequestError, match=what) as caught:
        read(path, line("b"), damaged)
    assert caught.value.where == f"{path}:2"
    assert len(str(caught.value).splitlines()) == 3


def test_what_is_no_file_of_answers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, what in ((tmp_path / "no", "does not exist"), (tmp_path, "not a plain file")):
        with pytest.raises(RequestError, match=what):
            read_outcomes(path, CONFIG, {})
    with pytest.raises(RequestError, match="has no answers"):
        read(tmp_path / "empty", "", " ")
    monkeypatch.setattr(batch_files, "_LONGEST", 100)
    with pytest.raises(RequestError, match="longer than"):
        read(tmp_path / "long", line("a"))


def test_a_request_answered_twice_keeps_its_first_answer(tmp_path: Path) -> None:
    book = AnswerBook(tmp_path / "a.sqlite", Limits())
    book.reserve({"a": (500, 0.1), "b": (500, 0.1)})
    book.reserve({"a": (500, 0.1)})
    assert (
        book.settle(
            [BatchOutcome("a", Answer("one", 1, 2), 0.01), BatchOutcome("a", Answer("two", 9, 9), 0.01)]
        )
        == 1
    )
    assert book.read("a") == Answer("one", 1, 2)
    assert book.usage() == {
        "calls": 2,
        "calls answered": 1,
        "calls in a batch file": 1,
        "tokens read": 1,
        "tokens written": 2,
        "tokens booked": 503,
        "money": 0.11,
    }
    assert book.settle([BatchOutcome("b", None)]) == 0
    assert (book.waiting(), book.usage()["tokens booked"]) == (0, 3)
    book.close()
