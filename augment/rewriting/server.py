"""A language model behind a server with OpenAI's interface. Only the address of the config is called, and no redirect is followed.

The client would read keys, organisations, proxies and headers from the environment by itself: all of that is shut off, as it is meant for
another server than the one that is named.
"""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from augment.config.llm import LlmConfig
from augment.errors import RequestError
from augment.rewriting.answers import Answer, EndlessError
from augment.rewriting.checking import SCHEMA

if TYPE_CHECKING:
    from openai import APIStatusError, OpenAI

# The role of each part of a conversation, and what it is.
Message = Mapping[str, str]
# Nothing about a call can change these answers: the key, the address or the name of the model is wrong.
_WRONG = {
    401: "the server refuses the key",
    403: "the server refuses the key",
    404: "the server has no such model or path",
}
# The server took nothing: it is busy.
_BUSY = (429, 503)
_MAY_PASS = (408, 409, 425, 500, 502, 504, 520, 522, 524, 529)
_NO_COMPLETION = "the server answers with something else than a completion"
# Headers that the environment has for a client of another server.
_FOREIGN_HEADERS = "OPENAI_CUSTOM_HEADERS"
# Tokens of one call that a server may count.
_MOST_TOKENS = 10**9
# Tokens that a template puts around a message, at most.
_AROUND = 32


class LanguageModel(Protocol):
    """A language model."""

    def write(self, messages: Sequence[Message], count: int) -> Answer:
        """Return the answer to a conversation, JSON of this many rewrites as far as the model is able to; TryAgainError or NoAnswerError."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class TryAgainError(Exception):
    """A call has no answer yet. wait: seconds the server wants to be left alone; sent: whether it may have cost something.

    reached: whether a server was there to be connected to.
    """

    def __init__(
        self, reason: str, wait: float | None = None, sent: bool = True, reached: bool = True
    ) -> None:
        super().__init__(reason)
        self.reason, self.wait, self.sent, self.reached = reason, wait, sent, reached


class NoAnswerError(Exception):
    """A question has no answer, and will have none, for a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Server:
    """The server that a config names."""

    def __init__(self, config: LlmConfig) -> None:
        """Make a client for the address and nothing else; RequestError if `openai` or the key is missing."""
        if find_spec("openai") is None:
            raise RequestError("llm.server", "needs the package openai", "pip install 'augment-ig[llm]'")
        self._config, self._key = config, _key(config)
        self._client: OpenAI | None = None
        self._lock = Lock()

    def write(self, messages: Sequence[Message], count: int) -> Answer:
        """Return the answer of the server; TryAgainError, NoAnswerError, or RequestError where no call can succeed."""
        import openai

        from augment.rewriting.bounded import HttpResponse

        headers: Any = {**_without_foreign_headers(), "Authorization": f"Bearer {self._key}"}
        try:
            # The call below `chat.completions.create`, which spends a quarter of its time on the types of the fields of each message.
            response = self._opened().post(
                "/chat/completions",
                cast_to=HttpResponse,
                body=request_body(self._config, messages),
                options={"headers": headers},
            )
            completion = json.loads(response.content)
        except EndlessError as error:
            raise TryAgainError(str(error)) from None
        except openai.APIConnectionError as error:
            # ConnectError and ConnectTimeout: nothing was sent.
            reached = "connect" not in type(error.__cause__).__name__.lower()
            late = reached and isinstance(error, openai.APITimeoutError)
            reason = "the server did not answer in time" if late else "the server cannot be reached"
            raise TryAgainError(reason, sent=reached, reached=reached) from None
        except openai.APIStatusError as error:
            raise self._failure(error) from None
        except (openai.OpenAIError, ValueError, RecursionError):
            raise TryAgainError(_NO_COMPLETION) from None
        answer = answer_in(completion, size_of(messages))
        if answer is None:
            raise TryAgainError(_NO_COMPLETION)
        return answer

    def close(self) -> None:
        """Close the connections; the next call opens others."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _opened(self) -> "OpenAI":
        """Return the client, opened with the first call. What it would read from the environment is given as empty."""
        from openai import DefaultHttpxClient, OpenAI

        from augment.rewriting.bounded import BoundedTransport

        with self._lock:
            if self._client is None:
                self._client = OpenAI(
                    base_url=self._config.server,
                    api_key=self._key,
                    admin_api_key="",
                    organization="",
                    project="",
                    webhook_secret="",
                    max_retries=0,
                    timeout=self._config.timeout,
                    http_client=DefaultHttpxClient(
                        trust_env=False,
                        follow_redirects=False,
                        timeout=self._config.timeout,
                        headers={"Accept-Encoding": "identity"},
                        transport=BoundedTransport(self._config.concurrency, self._config.timeout),
                    ),
                )
            return self._client

    def _failure(self, error: "APIStatusError") -> Exception:
        """Return what an answer of the server other than a completion amounts to. Its text is not shown: it may repeat a key."""
        status = int(error.status_code)
        if status in _WRONG:
            raise RequestError(
                f"llm.server: {self._config.server}",
                f"{_WRONG[status]} ({status})",
                "check llm.server, llm.model, and the variable that llm.key_variable names",
            ) from None
        if 300 <= status < 400:
            raise RequestError(
                f"llm.server: {self._config.server}",
                f"it redirects ({status}) to another address, and texts go only to the one that is named",
                "name the address that it redirects to, if you trust it",
            ) from None
        if status in _BUSY or status in _MAY_PASS:
            wait = retry_after(error.response.headers.get("retry-after"))
            return TryAgainError(f"the server is busy or fails ({status})", wait, status not in _BUSY)
        return NoAnswerError(f"the server refuses the request ({status})")


def request_body(config: LlmConfig, messages: Sequence[Message]) -> dict[str, object]:
    """Return the body of a request, as it is sent or written to a batch file; it has no key."""
    body: dict[str, object] = {
        "model": config.model,
        "messages": [dict(message) for message in messages],
        "temperature": config.temperature,
        "max_tokens": config.answer_tokens,
    }
    if config.top_p is not None:
        body["top_p"] = config.top_p
    if config.json_mode == "object":
        body["response_format"] = {"type": "json_object"}
    elif config.json_mode == "schema":
        named = {"name": "rewrites", "strict": True, "schema": SCHEMA}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return {**body, **config.extra}


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a header Retry-After, a number or a date; None without one that can be read."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - (now or datetime.now(UTC))).total_seconds())
    except (TypeError, ValueError):
        return None


def _key(config: LlmConfig) -> str:
    """Return the key of the server from the environment; a word that is none where the config names no variable."""
    if config.key_variable is None:
        return "none"
    key = os.environ.get(config.key_variable, "").strip()
    if not key:
        problem = "the environment has no such variable, or it is empty"
    elif not (key.isascii() and key.isprintable()):
        problem = "its value has line breaks or characters that no key has"
    else:
        return key
    raise RequestError(
        f"llm.key_variable: {config.key_variable}",
        problem,
        f"export {config.key_variable}=… in the shell that runs augment",
    )


def _without_foreign_headers() -> dict[str, object]:
    """Return headers by which those are left out that the environment has for another server."""
    from openai import Omit

    lines = os.environ.get(_FOREIGN_HEADERS, "").splitlines()
    names = {line.partition(":")[0].strip() for line in lines if ":" in line}
    return {
        name: Omit() for name in {"OpenAI-Organization", "OpenAI-Project", *names} - {"", "Authorization"}
    }


def size_of(messages: Sequence[Message]) -> int:
    """Return how many tokens a conversation has, at most: one for each byte, and some around each message."""
    return sum(len(message["content"].encode()) + _AROUND for message in messages) + _AROUND


def answer_in(completion: object, size: int) -> Answer | None:
    """Return what the JSON of a completion holds; None if it is none. A server that counts no tokens is taken to have read `size`."""
    given: dict[str, Any] = completion if isinstance(completion, dict) else {}
    try:
        choice = given["choices"][0]
        content, reason = choice["message"].get("content"), choice.get("finish_reason")
        if not isinstance(content, str | None):
            return None
        # Half an emoji, as an escape in JSON may be, is no text.
        text = (content or "").encode(errors="ignore").decode()
        usage = given.get("usage") or {}
        read = _count(usage.get("prompt_tokens"), size)
        written = _count(usage.get("completion_tokens"), len(text.encode()))
        return Answer(text, read, written, reason != "length")
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError):
        return None


def _count(tokens: float | str | None, otherwise: int) -> int:
    """Return a count of tokens that a server gives, of any JSON type; another one where it would undo a limit, as one below 0."""
    if tokens is None:
        return otherwise
    count = int(tokens)
    return count if 0 <= count <= _MOST_TOKENS else otherwise
