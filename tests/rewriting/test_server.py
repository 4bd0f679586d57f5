"""What leaves this machine: requests to the server that is named, with its key and nothing else of the environment."""

import gzip
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from threading import Thread

import pytest
from pydantic import ValidationError

from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.errors import RequestError
from augment.rewriting.answers import Answer
from augment.rewriting.asking import open_asker
from augment.rewriting.checking import SCHEMA
from augment.rewriting.server import Message, NoAnswerError, retry_after
from tests.rewriting.stub_server import Reply, StubServer, completion, stub_server

QUESTION: list[Message] = [
    {"role": "system", "content": "s"},
    {"role": "user", "content": "Text: a text\n\nAnswer"},
]


def ask(llm: LlmConfig) -> None:
    """Call a language model once."""
    opened = open_asker(Job(llm=llm))
    opened.each([0], lambda number: opened.ask(QUESTION))


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list of all addresses that this process connects to."""
    addresses: list[object] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: object) -> None:
        addresses.append(address)
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", watched)
    return addresses


def test_only_the_named_server_is_connected_whatever_the_environment_has(
    connected: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "OPENAI_API_KEY": "secret-1",
        "OPENAI_ORG_ID": "secret-2",
        "OPENAI_PROJECT_ID": "secret-3",
        "OPENAI_ADMIN_KEY": "secret-4",
        "OPENAI_CUSTOM_HEADERS": "X-Other: secret-5\nAuthorization: Bearer secret-6",
    }
    with stub_server() as other, stub_server() as server:
        for name, value in {**secrets, "HTTP_PROXY": other.address, "ALL_PROXY": other.address}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OPENAI_BASE_URL", other.address)
        ask(server.config())
        assert other.requests == []
        assert len(server.requests) == 1
        assert "secret" not in str(server.headers) + str(server.requests)
        assert {address[1] for address in connected if isinstance(address, tuple)} == {_port(server)}


def test_a_redirect_is_not_followed() -> None:
    with stub_server() as other:

        def away(words: list[dict[str, str]], before: int) -> Reply:
            return Reply(status=307, headers={"Location": f"{other.address}/chat/completions"}, body="{}")

        with stub_server(away) as server, pytest.raises(RequestError, match="redirects"):
            ask(server.config())
        assert other.requests == []


def test_the_key_is_that_of_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "key-1")
    with stub_server() as server:
        ask(server.config(key_variable="MY_KEY"))
        assert server.headers[0]["authorization"] == "Bearer key-1"
        monkeypatch.delenv("MY_KEY")
        with pytest.raises(RequestError, match="MY_KEY"):
            ask(server.config(key_variable="MY_KEY"))
        assert len(server.requests) == 1


def test_a_request_has_the_parameters_of_the_config() -> None:
    with stub_server() as server:
        ask(server.config(temperature=0.3, top_p=0.9, answer_tokens=77, extra={"seed": 5}))
        ask(server.config(json_mode="none"))
    body = server.requests[0]
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (0.3, 0.9, 77, 5)
    assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "response_format" not in server.requests[1]


def test_nothing_is_named_so_nothing_is_called(connected: list[object]) -> None:
    for llm in (None, LlmConfig(), LlmConfig(server="http://127.0.0.1:9/v1")):
        with pytest.raises(RequestError):
            open_asker(Job(llm=llm))
    assert connected == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"server": "127.0.0.1:8000"},
        {"server": "ftp://host/v1"},
        {"server": "https://name:password@host/v1"},
        {"server": "https://host/v1?key=1"},
        {"server": "http://host/v1", "path": "models/x"},
        {"path": "models/x", "key_variable": "KEY"},
        {"server": "http://host/v1", "most_money": 3},
        {"server": "http://host/v1", "key_variable": "sk-123 456"},
    ],
)
def test_a_section_that_cannot_be_meant_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LlmConfig.model_validate(wrong)


def test_the_wait_is_read_as_seconds_or_as_a_date() -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    assert retry_after("2.5") == 2.5
    assert retry_after(format_datetime(now + timedelta(seconds=30), usegmt=True), now) == 30
    assert retry_after("-3") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def _port(server: StubServer) -> int:
    """Return the port of a server."""
    return int(server.address.split(":")[2].partition("/")[0])


def answer_of(server: StubServer) -> Answer:
    """Return the answer to one call, tried once."""
    opened = open_asker(Job(llm=server.config(tries=1, timeout=1.0)))
    return opened.each([0], lambda number: opened.ask(QUESTION))[0]


@pytest.mark.parametrize("count", ["-1000000000", "1" + "0" * 30])
def test_a_count_of_tokens_that_none_can_be_does_not_undo_a_limit(count: str) -> None:
    body = completion(Reply("{}")).replace('"prompt_tokens": 100', f'"prompt_tokens": {count}')
    with stub_server(lambda words, before: Reply(body=body)) as server:
        assert 0 < answer_of(server).read < 1000


@pytest.mark.parametrize("body", [completion(Reply("{}")).replace(": 100", ": 1e999"), "[" * 200_000])
def test_numbers_and_depths_beyond_all_measure_are_no_completion(body: str) -> None:
    with (
        stub_server(lambda words, before: Reply(body=body)) as server,
        pytest.raises(NoAnswerError, match="something else"),
    ):
        answer_of(server)


def test_half_an_emoji_in_an_answer_is_left_out() -> None:
    body = completion(Reply("a@b")).replace("@", "\\ud83d")
    with stub_server(lambda words, before: Reply(body=body)) as server:
        assert answer_of(server).text == "ab"


@pytest.mark.parametrize(
    ("head", "part", "reason"),
    [
        ("Transfer-Encoding: chunked", b"40000\r\n" + b" " * 0x40000 + b"\r\n", "more than 16 MiB"),
        ("Transfer-Encoding: chunked", b"1\r\n \r\n", "did not end its answer in time"),
        ("Content-Encoding: gzip", gzip.compress(b" " * 1_000_000), "a packed answer"),
    ],
)
def test_an_answer_that_never_ends_or_is_too_large_is_given_up(head: str, part: bytes, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.settimeout(10)
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
                until = time.monotonic() + 10
                while time.monotonic() < until:
                    connection.sendall(part)
                    time.sleep(0.0 if len(part) > 100_000 else 0.1)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        llm = LlmConfig.model_validate({"server": address, "model": "m", "timeout": 0.5, "tries": 1})
        opened = open_asker(Job(llm=llm))
        with pytest.raises(NoAnswerError, match=reason):
            opened.each([0], lambda number: opened.ask(QUESTION))
        thread.join(15)


@pytest.mark.parametrize("key", ["key-1\nX-Other: 1", "k€y"])
def test_a_key_that_no_header_can_hold_is_refused_and_not_shown(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", key)
    with stub_server() as server:
        with pytest.raises(RequestError, match="characters that no key has") as caught:
            ask(server.config(key_variable="MY_KEY"))
        assert server.requests == []
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "http://127.0.0.1:99999/v1",
        "http://127.0.0.1:x/v1",
        "http://[::1/v1",
        "http://a b/v1",
        "http://\n127.0.0.1/v1",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="is no address"):
        LlmConfig.model_validate({"server": address, "model": "m"})


@pytest.mark.parametrize("address", ["ftp://u:secret@host/v1", "u:secret@host/v1"])
def test_a_password_in_an_address_of_any_form_is_not_shown(address: str) -> None:
    with pytest.raises(ValidationError) as caught:
        LlmConfig.model_validate({"server": address, "model": "m"})
    assert "secret" not in str([each["msg"] for each in caught.value.errors()])
