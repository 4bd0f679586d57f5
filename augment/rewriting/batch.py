"""Batch files in OpenAI's format: the requests of a run, a line each, for a server that answers them in its own time, and its answers.

A line of requests has `custom_id` (the key of the answer in the book), `method`, `url` and `body`; a line of answers has `custom_id`,
`response` with `status_code` and `body`, and `error`. Nothing is sent here, and no file holds a key.

    collector = Collector(config, book)               # in place of an asker: it looks answers up, and notes what has none
    write_requests(path, collector.wanted.values())
    book.settle(read_outcomes(answers_path, config, book.requested()).outcomes)
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from augment.config.llm import LlmConfig
from augment.errors import RequestError
from augment.rewriting.answers import Answer, AnswerBook, BatchOutcome, Came
from augment.rewriting.asking import Given, key_of_conversation
from augment.rewriting.server import Message, NoAnswerError, answer_in, request_body, size_of
from augment.tables.files import whole

# What a server takes as one file: requests, and bytes.
MOST_REQUESTS, MOST_BYTES = 50_000, 200_000_000
# Bytes of a line of answers, as many as an answer of a server may have.
_LONGEST = 16 << 20
_URL = "/v1/chat/completions"
_DAMAGED = "download the file again; a file of answers has a JSON object with `custom_id`, `response` and `error` in each line"


@dataclass(frozen=True)
class BatchRequest:
    """A request without a stored answer: the line of the file, and what its call can cost at most."""

    key: str
    line: bytes
    tokens: int
    money: float


@dataclass(frozen=True)
class BatchAnswers:
    """What a file of answers holds: what came of each request, and how many failed, by reason."""

    outcomes: tuple[BatchOutcome, ...]
    failed: Mapping[str, int]


class Collector:
    """Answers from the book alone, and notes each request that has none; in place of an `Asker`."""

    def __init__(self, config: LlmConfig, book: AnswerBook) -> None:
        """Keep the parts."""
        self._config, self._book = config, book
        self.wanted: dict[str, BatchRequest] = {}

    def each(self, given: Sequence[Given], treat: Callable[[Given], Came]) -> list[Came]:
        """Return what each is treated to."""
        try:
            return [treat(one) for one in given]
        finally:
            self._book.close()

    def ask(self, messages: Sequence[Message], count: int = 1) -> Answer:
        """Return the stored answer to a conversation; NoAnswerError if there is none, and its request is noted."""
        key = key_of_conversation(self._config, messages)
        answer = self._book.read(key)
        if answer is not None:
            return answer
        if key not in self.wanted:
            content = {
                "custom_id": key,
                "method": "POST",
                "url": _URL,
                "body": request_body(self._config, messages),
            }
            line = json.dumps(content, ensure_ascii=False).encode() + b"\n"
            size, most = size_of(messages), self._config.answer_tokens
            self.wanted[key] = BatchRequest(key, line, size + most, self._config.money(size, most))
        raise NoAnswerError("its request goes to a batch file")


def write_requests(path: Path, requests: Iterable[BatchRequest], book: AnswerBook) -> list[Path]:
    """Return the files that hold requests, as few as servers take; all are booked first. RequestError if a limit could be passed."""
    parts = list(_parts(requests))
    paths = [
        path,
        *(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, len(parts) + 1)),
    ]
    for one in paths:
        if one.exists():
            raise RequestError(str(one), "the file exists", "name another one, or remove it")
    with ExitStack() as files:
        for one, part in zip(paths, parts, strict=False):
            stream: BinaryIO = files.enter_context(whole(one))
            stream.writelines(request.line for request in part)
        book.reserve({request.key: (request.tokens, request.money) for part in parts for request in part})
    return paths


def _parts(requests: Iterable[BatchRequest]) -> Iterator[list[BatchRequest]]:
    """Yield as many requests as one file may have at a time."""
    part: list[BatchRequest] = []
    size = 0
    for request in requests:
        if part and (len(part) >= MOST_REQUESTS or size + len(request.line) > MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(request)
        size += len(request.line)
    if part:
        yield part


def read_outcomes(path: Path, config: LlmConfig, requested: Mapping[str, int]) -> BatchAnswers:
    """Return what a file of answers holds; RequestError if it is damaged, or an answer is of a request that was never written.

    requested: the keys of all requests, with the tokens that each was booked at.
    """
    outcomes: list[BatchOutcome] = []
    failed: Counter[str] = Counter()
    for where, line in _lines(path):
        key, completion, reason = _parsed(where, line)
        if key not in requested:
            raise RequestError(
                where,
                f"its custom_id {key[:16]!r} is of no request of this run",
                "name the file of answers to this run's batch file; another model, parameter or prompt makes other requests",
            )
        if reason:
            failed[reason] += 1
            outcomes.append(BatchOutcome(key, None))
            continue
        answer = answer_in(completion, requested[key])
        if answer is None:
            raise RequestError(where, "its response is no completion", _DAMAGED)
        outcomes.append(BatchOutcome(key, answer, config.money(answer.read, answer.written)))
    if not outcomes:
        raise RequestError(str(path), "the file has no answers", "name the file that the server wrote")
    return BatchAnswers(tuple(outcomes), dict(failed.most_common()))


def _lines(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of a file that are not blank, each with where it is."""
    if not path.is_file():
        what = "not a plain file" if path.exists() else "the file does not exist"
        raise RequestError(str(path), what, "name the file of answers that the server wrote")
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(_LONGEST + 1):
                number += 1
                where = f"{path}:{number}"
                if len(line) > _LONGEST:
                    raise RequestError(where, f"the line is longer than {_LONGEST >> 20} MiB", _DAMAGED)
                if line.strip():
                    yield where, line
    except OSError as error:
        raise RequestError(str(path), f"cannot be read: {error.strerror}", "check the file") from None


def _parsed(where: str, line: bytes) -> tuple[str, Any, str]:
    """Return the key of a line of answers, its completion, and why there is none; RequestError if it is no such line."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("custom_id"), str):
        raise RequestError(where, "no JSON object with a `custom_id`: is the file cut off?", _DAMAGED)
    if "body" in content and "response" not in content:
        raise RequestError(
            where, "this is a file of requests, not of answers", "name the file that the server wrote"
        )
    key, error = content["custom_id"], content.get("error")
    given = content.get("response")
    response: dict[str, Any] = given if isinstance(given, dict) else {}
    if isinstance(error, dict):
        return key, None, str(error.get("code") or error.get("message") or "error")[:60]
    status = response.get("status_code")
    if not isinstance(status, int) or isinstance(status, bool):
        raise RequestError(where, "neither a `response` with a status_code nor an `error`", _DAMAGED)
    return key, response.get("body"), "" if status == 200 else f"status {status}"
