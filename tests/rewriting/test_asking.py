"""Calls to a server that misbehaves: it is left alone as it wants, nothing stored is requested again, and too many errors stop the work."""

import subprocess
import sys
import time
from pathlib import Path
from threading import Lock, Timer
from urllib.parse import urlsplit

import pytest

from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.errors import RequestError
from augment.rewriting.answers import AnswerBook, Limits
from augment.rewriting.asking import Asker, open_asker
from augment.rewriting.server import Message, NoAnswerError
from tests.conftest import CHECKOUT
from tests.rewriting.stub_server import (
    Behaviour,
    Reply,
    StubServer,
    closed_address,
    rewrites,
    stub_server,
    well_behaved,
)


def messages(number: int = 0) -> list[Message]:
    """Return a conversation of a number."""
    return [{"role": "system", "content": "s"}, {"role": "user", "content": f"Text: row {number}\n\nAnswer"}]


def asker(llm: LlmConfig) -> Asker:
    """Return what calls the language model of a config."""
    return open_asker(Job(llm=llm))


def answers(server: StubServer, count: int, **settings: object) -> list[str]:
    """Return the answers to this many conversations."""
    opened = asker(server.config(**settings))
    return opened.each(range(count), lambda number: opened.ask(messages(number)).text)


def test_a_stored_answer_is_never_requested_again(tmp_path: Path) -> None:
    with stub_server() as server:
        first = answers(server, 5, answers=tmp_path / "a.sqlite")
        assert len(server.requests) == 5
        assert answers(server, 5, answers=tmp_path / "a.sqlite") == first
        assert len(server.requests) == 5
        answers(server, 5, answers=tmp_path / "a.sqlite", temperature=0.1)
        assert len(server.requests) == 10


def test_the_same_question_of_two_rows_is_one_call() -> None:
    with stub_server(lambda words, before: Reply("{}", seconds=0.05)) as server:
        opened = asker(server.config())
        opened.each(range(6), lambda number: opened.ask(messages()).text)
    assert len(server.requests) == 1


def test_calls_are_as_many_at_a_time_as_allowed_and_no_more() -> None:
    with stub_server(lambda words, before: Reply("{}", seconds=0.05)) as server:
        answers(server, 12, concurrency=3)
    assert server.most_at_once == 3


def test_a_busy_server_is_left_alone_as_long_as_it_wants() -> None:
    def busy(words: list[dict[str, str]], before: int) -> Reply:
        return Reply("{}") if before else Reply(status=429, headers={"Retry-After": "0.4"}, body="{}")

    with stub_server(busy) as server:
        answers(server, 1)
    assert len(server.times) == 2
    assert server.times[1] - server.times[0] >= 0.4


def test_a_server_that_refuses_some_and_answers_others_loses_no_question() -> None:
    taken = Lock()

    def one_at_a_time(words: list[dict[str, str]], before: int) -> Reply:
        if not taken.acquire(blocking=False):
            return Reply(status=429, headers={"Retry-After": "0.1"}, body="{}")
        time.sleep(0.05)
        taken.release()
        return Reply("{}")

    with stub_server(one_at_a_time) as server:
        assert answers(server, 6, concurrency=3, tries=2, error_rate=0.0) == ["{}"] * 6


@pytest.mark.parametrize(
    "bad",
    [
        Reply(status=500, body="{}"),
        Reply(status=503, body="<html>down</html>"),
        Reply(body="{not json"),
        Reply(body='{"choices": []}'),
        Reply("{}", seconds=1.0),
    ],
    ids=["error", "unavailable", "no-json", "no-choice", "slow"],
)
def test_a_failure_that_passes_costs_a_further_call_and_no_answer(bad: Reply) -> None:
    def once(words: list[dict[str, str]], before: int) -> Reply:
        return rewrites(["x"]) if before else bad

    with stub_server(once) as server:
        assert answers(server, 1, timeout=0.3) == ['{"rewrites": ["x"]}']
        assert len(server.requests) == 2


def test_a_request_that_the_server_refuses_is_not_repeated() -> None:
    with stub_server(lambda words, before: Reply(status=400, body="{}")) as server:
        with pytest.raises(NoAnswerError, match="refuses the request"):
            answers(server, 1)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 302])
def test_what_no_call_can_mend_stops_the_work_at_once(status: int) -> None:
    def refuse(words: list[dict[str, str]], before: int) -> Reply:
        return Reply(
            status=status, body='{"error": "key sk-123"}', headers={"Location": "http://127.0.0.1:9/v1"}
        )

    with stub_server(refuse) as server:
        with pytest.raises(RequestError) as error:
            answers(server, 50, concurrency=1)
        assert len(server.requests) == 1
    assert "sk-123" not in str(error.value)


def test_too_many_questions_without_an_answer_stop_the_work() -> None:
    def often(words: list[dict[str, str]], before: int) -> Reply:
        return Reply(status=400, body="{}") if words[1]["content"][10] in "13579" else Reply("{}")

    with stub_server(often) as server:
        opened = asker(server.config(concurrency=1))
        with pytest.raises(RequestError, match="have no answer"):
            opened.each(range(200), lambda number: ask_or_reason(opened, number))
        assert len(server.requests) == 20


def ask_or_reason(opened: Asker, number: int) -> str:
    """Return an answer, or why there is none."""
    try:
        return opened.ask(messages(number)).text
    except NoAnswerError as error:
        return error.reason


def test_no_server_stops_the_work_after_few_calls_that_cost_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    config = LlmConfig(server=closed_address(), model="stub", answers=path, tries=3, concurrency=5)
    opened = asker(config)
    with pytest.raises(RequestError, match="cannot be reached") as error:
        opened.each(range(5), lambda number: ask_or_reason(opened, number))
    assert str(error.value).splitlines()[0] == f"llm.server: {config.server}"
    assert "start the server" in error.value.hint
    assert len(str(error.value).splitlines()) == 3
    usage = AnswerBook(path, Limits()).usage()
    # Each thread calls once, and one of them tries again for all.
    assert usage["calls"] == usage["calls refused"] <= 5 + 2
    assert usage["tokens booked"] == 0
    with stub_server() as server:
        assert len(answers(server, 5, answers=path)) == len(server.requests) == 5


def test_a_server_that_starts_late_is_waited_for() -> None:
    address = closed_address()
    opened = asker(LlmConfig(server=address, model="stub", concurrency=5))
    servers: list[StubServer] = []
    start = Timer(0.3, lambda: servers.append(StubServer(well_behaved, int(urlsplit(address).port or 0))))
    start.start()
    try:
        assert len(opened.each(range(5), lambda number: opened.ask(messages(number)).text)) == 5
        assert len(servers[0].requests) == 5
    finally:
        start.join()
        servers[0].close()


def test_a_server_that_goes_away_leaves_no_question_without_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with stub_server(lambda words, before: Reply("{}", headers={"Connection": "close"})) as server:
        opened = asker(server.config(answers=path, tries=1, error_rate=1.0))
        opened.each(range(3), lambda number: ask_or_reason(opened, number))
    with pytest.raises(RequestError, match=r"cannot be reached.*all answers so far are kept"):
        opened.each(range(3, 4), lambda number: ask_or_reason(opened, number))


@pytest.mark.parametrize("status", [400, 500])
def test_a_server_without_one_answer_stops_the_work_of_few_rows(status: int) -> None:
    with stub_server(lambda words, before: Reply(status=status, body="{}")) as server:
        opened = asker(server.config(tries=1))
        with pytest.raises(RequestError, match="2 of 2 questions have no answer"):
            opened.each(range(2), lambda number: ask_or_reason(opened, number))
        allowed = asker(server.config(tries=1, error_rate=1.0))
        assert len(allowed.each(range(2), lambda number: ask_or_reason(allowed, number))) == 2


def test_a_limit_is_never_passed_and_a_higher_one_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with stub_server() as server:
        with pytest.raises(RequestError, match="most_tokens"):
            answers(server, 40, answers=path, answer_tokens=100, most_tokens=2000)
        sent = len(server.requests)
        # A call is booked at 100 tokens and its prompt, and comes to 120 in the end.
        assert 120 * sent <= 2000
        assert sent < 40
        answers(server, 40, answers=path, answer_tokens=100, most_tokens=200_000)
        assert len(server.requests) == 40


_WORK = """
import sys
from pathlib import Path
from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.rewriting.asking import open_asker
asker = open_asker(Job(llm=LlmConfig(server=sys.argv[1], model="stub", answers=Path(sys.argv[2]), concurrency=4)))
asker.each(range(40), lambda number: asker.ask(
    [{"role": "system", "content": "s"}, {"role": "user", "content": f"Text: row {number}\\n\\nAnswer"}]))
"""


def test_after_a_kill_only_the_calls_on_their_way_are_repeated(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"

    def steady(words: list[dict[str, str]], before: int) -> Reply:
        return Reply("{}", seconds=0.02)

    behaviour: Behaviour = steady
    with stub_server(behaviour) as server:
        for least in (5, 20):
            worker = subprocess.Popen([sys.executable, "-c", _WORK, server.address, str(path)], cwd=CHECKOUT)
            deadline = time.monotonic() + 60
            while len(server.requests) < least and time.monotonic() < deadline:
                time.sleep(0.005)
            worker.kill()
            worker.wait()
        answers(server, 40, answers=path, concurrency=4)
        assert 40 <= len(server.requests) <= 40 + 2 * 4
        answers(server, 40, answers=path)
        assert len({str(request["messages"]) for request in server.requests}) == 40
        assert len(server.requests) <= 40 + 2 * 4


def test_nothing_is_called_where_all_answers_are_stored(tmp_path: Path) -> None:
    with stub_server(well_behaved) as server:
        answers(server, 3, answers=tmp_path / "a.sqlite")
    gone = LlmConfig(server=server.address, model="stub", answers=tmp_path / "a.sqlite")
    opened = asker(gone)
    assert len(opened.each(range(3), lambda number: opened.ask(messages(number)).text)) == 3
