"""Ask a language model for many answers: from the book where they are in it, else by calls, several at a time, each booked first.

asker = open_asker(job)
asker.each(rows, lambda row: asker.ask(messages_of(row), 2))
"""

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from threading import Event, Lock
from typing import TypeVar
from weakref import finalize

from augment.config.job import Job
from augment.config.llm import LlmConfig
from augment.errors import AugmentError, RequestError
from augment.rewriting.answers import Answer, AnswerBook, Came, Limits
from augment.rewriting.server import LanguageModel, Message, NoAnswerError, Server, TryAgainError, size_of
from augment.tables.files import canonical

# From this many calls on a share of errors means something.
_CALLS = 20
# Seconds between two tries where the server wants none: the first, and the longest; and the longest that it may want.
_FIRST, _LONGEST, _MOST_WANTED = 0.5, 60.0, 600.0
Given = TypeVar("Given")


class Asker:
    """A language model with its book. Used by many threads."""

    def __init__(self, config: LlmConfig, book: AnswerBook, writer: Callable[[], LanguageModel]) -> None:
        """Keep the parts; the writer is opened with the first call, so that a run with all its answers calls nobody."""
        self._config, self._book, self._open = config, book, writer
        self._writer: LanguageModel | None = None
        self._opening, self._counting = Lock(), Lock()
        # Whether the server was ever there; until then one thread tries again, for all of them.
        self._reached, self._trying = False, Lock()
        self._flying: dict[str, Future[Answer]] = {}
        self._stopped = Event()
        self._error: AugmentError | None = None
        self._free_at = 0.0
        self._calls = self._failures = 0
        self._last = ""

    def each(self, given: Sequence[Given], treat: Callable[[Given], Came]) -> list[Came]:
        """Return what each is treated to, several at a time; the first error stops those that have not begun.

        RequestError if calls were made and not one answer is known, so that rows are never finished by failures alone.
        """
        self._begin()
        pool = ThreadPoolExecutor(self._config.concurrency, "rewrite")
        try:
            futures = [pool.submit(treat, one) for one in given]
            came = [future.result() for future in futures]
            self._require_an_answer()
            return came
        except AugmentError as error:
            # That of another row may be the one that stopped this one.
            raise self._error or error from None
        finally:
            self._stopped.set()
            # Answers on their way are kept, also after an error.
            pool.shutdown(wait=True, cancel_futures=True)
            self._book.close()

    def _begin(self) -> None:
        """Forget an error of earlier work."""
        self._stopped.clear()
        self._error = None

    def ask(self, messages: Sequence[Message], count: int = 1) -> Answer:
        """Return the answer to a conversation about this many rewrites: the stored one, or that of a call. NoAnswerError or RequestError."""
        key = key_of_conversation(self._config, messages, count)
        with self._counting:
            flying = self._flying.get(key)
            future: Future[Answer] = flying or Future()
            if flying is None:
                self._flying[key] = future
        if flying is not None:
            return flying.result()
        try:
            answer = self._answer(key, messages, count)
        except BaseException as error:
            if isinstance(error, AugmentError):
                self._error = self._error or error
                self._stopped.set()
            future.set_exception(error)
            raise
        else:
            future.set_result(answer)
            return answer
        finally:
            with self._counting:
                del self._flying[key]

    def _answer(self, key: str, messages: Sequence[Message], count: int) -> Answer:
        """Return the stored answer, or that of a call, of several where the server is busy or does not answer."""
        size = size_of(messages)
        reason, number = "", 0
        with ExitStack() as turn:
            while number < self._config.tries:
                self._wait()
                answered = self._answered
                most = size + self._config.answer_tokens
                booked = self._book.book(key, most, self._config.money(size, self._config.answer_tokens))
                if isinstance(booked, Answer):
                    return booked
                try:
                    answer = self._opened().write(messages, count)
                except TryAgainError as error:
                    (self._book.lose if error.sent else self._book.refuse)(booked)
                    reason = error.reason
                    self._see_whether_reached(error, number, turn)
                    self._pause(number, error.wait)
                    # A server that wants to be left alone and answers others in the meantime is at work: that is no try.
                    number += error.wait is None or error.sent or self._answered == answered
                    continue
                except (NoAnswerError, AugmentError) as error:
                    self._book.refuse(booked)
                    if isinstance(error, NoAnswerError):
                        self._reached = True
                        self._count(failed=True, reason=error.reason)
                    raise
                self._reached = True
                self._count(failed=False)
                return self._book.answer(booked, key, answer, self._config.money(answer.read, answer.written))
        self._count(failed=True, reason=reason)
        raise NoAnswerError(reason)

    def _see_whether_reached(self, error: TryAgainError, number: int, turn: ExitStack) -> None:
        """Wait for the turn to try again where no server was ever there; RequestError after the last try, which is no answer to keep."""
        if error.reached:
            self._reached = True
        elif number + 1 >= self._config.tries:
            kept = "all answers so far are kept" if self._reached else "nothing was sent"
            raise RequestError(
                self._where,
                f"{error.reason}: {number + 1} tries, one after the other, found no server there; {kept}",
                "start the server, or correct llm.server, and run the same command again",
            )
        elif not self._reached and not number:
            turn.enter_context(self._trying)
        if self._reached:
            turn.close()

    @property
    def _answered(self) -> int:
        """How many questions were answered by calls."""
        return self._calls - self._failures

    def _opened(self) -> LanguageModel:
        """Return the writer, opened with the first call and closed with this object: its connections outlast a shard."""
        with self._opening:
            if self._writer is None:
                self._writer = self._open()
                finalize(self, self._writer.close)
            return self._writer

    def _wait(self) -> None:
        """Wait until the server may be called again; RequestError if the work was stopped in the meantime."""
        while (left := self._free_at - time.monotonic()) > 0 and not self._stopped.is_set():
            self._stopped.wait(left)
        if self._stopped.is_set():
            raise RequestError("stage rewrite", "stopped by an error in another row", "see the other error")

    def _pause(self, number: int, wanted: float | None) -> None:
        """Leave the server alone: all threads as long as it wants, and this one longer with each try, by chance."""
        if wanted is not None:
            with self._counting:
                until = time.monotonic() + min(wanted, _MOST_WANTED)
                self._free_at = max(self._free_at, until)
        # Chance only keeps the calls apart here; no row depends on it.
        if wanted is None or number:
            self._stopped.wait(min(_FIRST * 2**number, _LONGEST) * random.uniform(0.5, 1.0))

    def _count(self, failed: bool, reason: str = "") -> None:
        """Count a question; RequestError if too many have no answer."""
        with self._counting:
            self._calls += 1
            self._failures += failed
            self._last = reason or self._last
            calls, failures = self._calls, self._failures
        if failed and calls >= _CALLS and failures > self._config.error_rate * calls:
            raise self._too_many(failures, calls, reason)

    def _require_an_answer(self) -> None:
        """Raise RequestError if all questions so far failed and no answer is stored, however few they are."""
        allowed = self._config.error_rate >= 1
        if self._calls and not self._answered and not allowed and not self._book.stored():
            raise self._too_many(self._failures, self._calls, self._last)

    def _too_many(self, failures: int, calls: int, reason: str) -> RequestError:
        """Return the error of too many questions without an answer."""
        return RequestError(
            self._where,
            f"{failures} of {calls} questions have no answer, the last: {reason}; all answers so far are kept",
            f"see to the {'model' if self._config.server is None else 'server'} and run the same command again, or raise llm.error_rate",
        )

    @property
    def _where(self) -> str:
        """What an error is about: the server or the folder."""
        config = self._config
        return f"llm.path: {config.path}" if config.server is None else f"llm.server: {config.server}"


def key_of_conversation(config: LlmConfig, messages: Sequence[Message], count: int = 1) -> str:
    """Return what identifies a conversation with a model: the hash of all that decides the answer. count: rewrites, for a folder."""
    content: dict[str, object] = {
        "llm": config.deciding(),
        "path": config.path,
        "messages": list(map(dict, messages)),
    }
    if config.path is not None:
        content["rewrites"] = count
    return sha256(canonical(content).encode()).hexdigest()


def open_asker(job: Job) -> Asker:
    """Return the language model that a job names, with its book; nothing is called or loaded yet. RequestError if it names none."""
    config = job.needs_llm()

    def writer() -> LanguageModel:
        """Open the server or the folder."""
        if config.server is not None:
            return Server(config)
        from augment.rewriting.local import LocalModel

        return LocalModel(config, job.run)

    return Asker(config, open_book(job), writer)


def open_book(job: Job) -> AnswerBook:
    """Return the book of a job's answers, a file that is opened with the first use. RequestError if it names no language model."""
    config = job.needs_llm()
    limits = Limits(config.most_tokens, config.most_money)
    return AnswerBook(config.answers, limits, across_machines=job.run.executor in ("ray", "rank"))
