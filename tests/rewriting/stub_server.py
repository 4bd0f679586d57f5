"""A server with OpenAI's interface on this machine, for tests: it rewrites texts by rule, and misbehaves as it is made to."""

import json
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from augment.config.llm import LlmConfig

OPENINGS = {
    "en": ("To be honest, ", "All in all, ", "Well, ", "In short, "),
    "zh": ("说实话，", "总的来说，", "其实，", "怎么讲呢，"),
}


@dataclass(frozen=True)
class Reply:
    """What the server answers: a status, headers, the content of the message and its tokens, or any body in place of a completion."""

    content: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    seconds: float = 0.0
    finish: str = "stop"
    read: int = 100
    written: int = 20


# Given the messages of a request and the number of requests before with the same ones.
Behaviour = Callable[[list[dict[str, str]], int], Reply]


def text_in(messages: list[dict[str, str]]) -> str:
    """Return the text that is to be rewritten."""
    match = re.search(r"^(?:Text: |文本：)(.*?)\n\n", messages[1]["content"], re.MULTILINE | re.DOTALL)
    assert match is not None, messages
    return match[1]


def openings(messages: list[dict[str, str]]) -> list[str]:
    """Return rewrites of the text that keep all its words, with other ones before them."""
    text = text_in(messages)
    language = "zh" if "文本：" in messages[1]["content"] else "en"
    return [f"{opening}{text}" for opening in OPENINGS[language]]


def rewrites(texts: list[str]) -> Reply:
    """Return the reply that holds rewrites as it should."""
    return Reply(json.dumps({"rewrites": texts}, ensure_ascii=False))


def well_behaved(messages: list[dict[str, str]], before: int) -> Reply:
    """Return rewrites that keep every rule."""
    return rewrites(openings(messages))


class StubServer:
    """A server that runs, and what it was sent."""

    def __init__(self, behaviour: Behaviour, port: int = 0) -> None:
        """Start to listen on a port of this machine; 0: a free one."""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.most_at_once = 0
        # What its completions cost, also those that nobody received.
        self.tokens = 0
        self._at_once, self._lock, self._behaviour = 0, Lock(), behaviour
        self._seen: Counter[str] = Counter()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            """Answers one request after the other of a connection."""

            protocol_version = "HTTP/1.1"
            # Else the body waits for the receipt of the head, up to 40 ms.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.answer(self, body)

            def log_message(self, format: str, *words: object) -> None:
                """Print nothing."""

        class Listening(ThreadingHTTPServer):
            """Prints nothing where a client is killed."""

            def handle_error(self, request: object, client_address: object) -> None:
                """Do nothing."""

        self._server = Listening(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """The address for a config."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def config(self, **settings: object) -> LlmConfig:
        """Return a section that names this server."""
        return LlmConfig.model_validate({"server": self.address, "model": "stub", "timeout": 5.0, **settings})

    def answer(self, handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        """Send the reply to a request."""
        with self._lock:
            key = json.dumps(body["messages"])
            before, self._seen[key] = self._seen[key], self._seen[key] + 1
            self.requests.append(body)
            self.headers.append({name.lower(): value for name, value in handler.headers.items()})
            self.times.append(time.monotonic())
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        reply = self._behaviour(body["messages"], before)
        with self._lock:
            self.tokens += reply.read + reply.written if reply.status == 200 else 0
        time.sleep(reply.seconds)
        with self._lock:
            self._at_once -= 1
        sent = (reply.body if reply.body is not None else completion(reply)).encode()
        try:
            handler.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Type": "application/json"}.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(sent)))
            handler.end_headers()
            handler.wfile.write(sent)
        except OSError:
            # The client has given up.
            handler.close_connection = True

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def completion(reply: Reply) -> str:
    """Return the body of a completion."""
    message = {"role": "assistant", "content": reply.content}
    choice = {"index": 0, "finish_reason": reply.finish, "message": message}
    usage = {"prompt_tokens": reply.read, "completion_tokens": reply.written}
    named = {"id": "1", "object": "chat.completion", "created": 0, "model": "stub"}
    return json.dumps({**named, "choices": [choice], "usage": usage}, ensure_ascii=False)


def closed_address() -> str:
    """Return the address of a port of this machine at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


@contextmanager
def stub_server(behaviour: Behaviour = well_behaved) -> Iterator[StubServer]:
    """Yield a server that runs within the block."""
    server = StubServer(behaviour)
    try:
        yield server
    finally:
        server.close()
