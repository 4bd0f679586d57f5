"""The book of all calls to a language model: each is booked before it is sent, and its answer is kept and never requested again.

One SQLite file, shared by all workers of a run. What is spent counts a call from when it is booked: at the most it can cost, until
its answer shows what it did. So neither a kill nor many workers can pass a limit. A call without an answer stays booked. Threads that
wait for the file share a transaction: a commit to disk takes as long for the bookings and answers of all of them as for one.

    book = AnswerBook(Path("answers.sqlite"), Limits(tokens=1000))
    number = book.book("key", tokens=40, money=0.0)               # or the answer, where there is one
    book.answer(number, "key", Answer("{}", 10, 2), 0.0)          # the answer that is kept: the first one
"""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import fsum
from pathlib import Path
from threading import Lock
from types import UnionType
from typing import Any, Generic, TypeVar

from augment.errors import RequestError

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, complete INTEGER NOT NULL, read INTEGER NOT NULL, written INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, tokens INTEGER NOT NULL, money REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS spent (one INTEGER PRIMARY KEY CHECK (one = 1), tokens INTEGER NOT NULL, money REAL NOT NULL);
INSERT OR IGNORE INTO spent VALUES (1, 0, 0.0);
"""
# How long a worker waits for the others, each of which writes for milliseconds.
_PATIENCE = 120.0


# A call whose request is in a batch file, and that has no answer yet.
_IN_BATCH = "in a batch file"
Came = TypeVar("Came")


class EndlessError(Exception):
    """An answer is too large, or does not end."""


@dataclass(frozen=True)
class Answer:
    """What a language model wrote, and the tokens it read and wrote. complete: whether it came to its end."""

    text: str
    read: int
    written: int
    complete: bool = True


@dataclass(frozen=True)
class Limits:
    """What all calls in a book may cost together; None for no limit."""

    tokens: int | None = None
    money: float | None = None


@dataclass(frozen=True)
class BatchOutcome:
    """What became of a request in a batch file: its answer and what that cost, or none, as it failed."""

    key: str
    answer: Answer | None
    money: float = 0.0


class _Waiting(Generic[Came]):
    """What a thread has to do with the file, and what came of it. If it raises RequestError it has changed nothing."""

    def __init__(self, do: Callable[[sqlite3.Connection], Came]) -> None:
        """Keep it; nothing has come of it yet."""
        self._do = do
        self.future: Future[Came] = Future()
        self._finish: Callable[[], object] = self.future.cancel

    def do(self, connection: sqlite3.Connection) -> None:
        """Do it, in a transaction that is not committed yet."""
        try:
            self._finish = partial(self.future.set_result, self._do(connection))
        except RequestError as error:
            self._finish = partial(self.future.set_exception, error)

    def finish(self, error: BaseException | None) -> None:
        """Give the thread what came of it, now that it is on the disk; an error if it is not."""
        if error is None:
            self._finish()
        else:
            self.future.set_exception(error)


class AnswerBook:
    """Calls and answers in a file, or in memory where there is none."""

    def __init__(self, path: Path | None, limits: Limits, across_machines: bool = False) -> None:
        """Remember the file, which is opened with the first question. across_machines: whether workers on others write to it."""
        self._path, self._limits, self._across = path, limits, across_machines
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()
        # What threads wait for, and whose turn it is to do it for all of them.
        self._queue: deque[_Waiting[Any]] = deque()
        self._turn = Lock()

    def read(self, key: str) -> Answer | None:
        """Return the answer of a key, if there is one."""
        with self._transaction("DEFERRED") as connection:
            return self._stored(connection, key)

    def book(self, key: str, tokens: int, money: float) -> int | Answer:
        """Return the number of a call that may be sent now, or the answer of its key if there is one; RequestError if it could pass a limit."""

        def booked(connection: sqlite3.Connection) -> int | Answer:
            """Book it unless there is an answer."""
            answer = self._stored(connection, key)
            if answer is not None:
                return answer
            spent, paid = _require_kinds(
                connection.execute("SELECT tokens, money FROM spent").fetchone(), (int | float, int | float)
            )
            self._require(spent + tokens, paid + money)
            connection.execute("UPDATE spent SET tokens = tokens + ?, money = money + ?", (tokens, money))
            query = "INSERT INTO calls (key, state, tokens, money) VALUES (?, 'booked', ?, ?)"
            return int(connection.execute(query, (key, tokens, money)).lastrowid or 0)

        return self._together(booked)

    def answer(self, number: int, key: str, answer: Answer, money: float) -> Answer:
        """Keep the answer of a call and what it cost, and return the one that is kept for its key: the first."""

        def kept(connection: sqlite3.Connection) -> Answer:
            """Keep it unless there is one."""
            self._keep(connection, key, answer)
            self._settle(connection, number, "answered", answer.read + answer.written, money)
            return self._stored(connection, key) or answer

        return self._together(kept)

    def refuse(self, number: int) -> None:
        """Note that the server did not take a call, which cost nothing."""
        self._together(lambda connection: self._settle(connection, number, "refused", 0, 0.0))

    def lose(self, number: int) -> None:
        """Note that a call was sent and has no answer; what it may have cost stays booked."""
        query = "UPDATE calls SET state = 'lost' WHERE number = ?"
        self._together(lambda connection: connection.execute(query, (number,)).rowcount)

    def reserve(self, costs: Mapping[str, tuple[int, float]]) -> None:
        """Book the calls of batch files by their keys, all or none, but for those in a file before; RequestError if they could pass a limit."""
        with self._transaction() as connection:
            waiting = self._waiting(connection)
            new = [(key, tokens, money) for key, (tokens, money) in costs.items() if key not in waiting]
            more, paid = sum(tokens for _, tokens, _ in new), fsum(money for _, _, money in new)
            spent = connection.execute("SELECT tokens, money FROM spent").fetchone()
            self._require(
                spent[0] + more,
                spent[1] + paid,
                f"the {len(costs):,} requests can come to {spent[0] + more:,} tokens{f' and {spent[1] + paid:,.4g} of money' if paid else ''} "
                "with what was spent, and the limit is",
                "no file was written",
            )
            connection.execute("UPDATE spent SET tokens = tokens + ?, money = money + ?", (more, paid))
            query = f"INSERT INTO calls (key, state, tokens, money) VALUES (?, '{_IN_BATCH}', ?, ?)"
            connection.executemany(query, new)

    def requested(self) -> dict[str, int]:
        """Return the tokens that each key with a call was last booked at."""
        with self._transaction("DEFERRED") as connection:
            return dict(connection.execute("SELECT key, tokens FROM calls ORDER BY number").fetchall())

    def settle(self, outcomes: Sequence[BatchOutcome]) -> int:
        """Keep what came of requests in batch files, all or none, and return how many answers are new."""
        new = 0
        with self._transaction() as connection:
            waiting = self._waiting(connection)
            for outcome in outcomes:
                answer, number = outcome.answer, waiting.pop(outcome.key, None)
                if answer is not None:
                    new += self._keep(connection, outcome.key, answer)
                if number is not None and answer is not None:
                    tokens = answer.read + answer.written
                    self._settle(connection, number, "answered", tokens, outcome.money)
                elif number is not None:
                    self._settle(connection, number, "refused", 0, 0.0)
        return new

    def stored(self) -> int:
        """Return how many answers are stored."""
        with self._transaction("DEFERRED") as connection:
            return int(connection.execute("SELECT COUNT(*) FROM answers").fetchone()[0])

    def waiting(self) -> int:
        """Return how many requests in batch files have no answer yet."""
        with self._transaction("DEFERRED") as connection:
            return len(self._waiting(connection))

    @staticmethod
    def _waiting(connection: sqlite3.Connection) -> dict[str, int]:
        """Return the numbers of the calls in batch files without an answer, by key."""
        query = "SELECT key, number FROM calls WHERE state = ?"
        return dict(connection.execute(query, (_IN_BATCH,)).fetchall())

    @staticmethod
    def _stored(connection: sqlite3.Connection, key: str) -> Answer | None:
        """Return the answer of a key, if there is one."""
        query = "SELECT text, read, written, complete FROM answers WHERE key = ?"
        row = connection.execute(query, (key,)).fetchone()
        if row is None:
            return None
        text, read, written, complete = _require_kinds(row, (str, int, int, int))
        return Answer(text, read, written, bool(complete))

    @staticmethod
    def _keep(connection: sqlite3.Connection, key: str, answer: Answer) -> int:
        """Keep an answer unless its key has one, and return how many were kept: one or none."""
        values = (key, answer.text, int(answer.complete), answer.read, answer.written)
        return connection.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", values).rowcount

    def usage(self) -> dict[str, float]:
        """Return what all calls came to: answers, calls by how they ended, tokens and money."""
        with self._transaction("DEFERRED") as connection:
            states = dict(connection.execute("SELECT state, COUNT(*) FROM calls GROUP BY state").fetchall())
            read, written = connection.execute(
                "SELECT COALESCE(SUM(read), 0), COALESCE(SUM(written), 0) FROM answers"
            ).fetchone()
            tokens, money = connection.execute("SELECT tokens, money FROM spent").fetchone()
        calls = {f"calls {state}": states[state] for state in sorted(states)}
        sums = {"calls": sum(states.values()), **calls, "tokens read": read, "tokens written": written}
        return {**sums, "tokens booked": tokens, "money": round(money, 6)}

    def close(self) -> None:
        """Close the file, which the next use opens again; what is in memory stays."""
        with self._lock:
            if self._connection is not None and self._path is not None:
                self._connection.close()
                self._connection = None

    def _require(
        self,
        tokens: int,
        money: float,
        what: str = "the next call could pass",
        then: str = "no further call is sent, and all answers so far are kept",
    ) -> None:
        """Raise RequestError if this much is more than a limit."""
        for key, amount, limit in (
            ("most_tokens", tokens, self._limits.tokens),
            ("most_money", money, self._limits.money),
        ):
            if limit is not None and amount > limit:
                raise RequestError(
                    f"llm.{key}",
                    f"{what} {limit:,}; {then}",
                    f"raise llm.{key} and run the same command again: it continues from there",
                )

    @staticmethod
    def _settle(connection: sqlite3.Connection, number: int, state: str, tokens: int, money: float) -> None:
        """Book what a call did cost in place of what it could."""
        booked = connection.execute("SELECT tokens, money FROM calls WHERE number = ?", (number,)).fetchone()
        change = (tokens - booked[0], money - booked[1])
        connection.execute("UPDATE spent SET tokens = tokens + ?, money = money + ?", change)
        query = "UPDATE calls SET state = ?, tokens = ?, money = ? WHERE number = ?"
        connection.execute(query, (state, tokens, money, number))

    def _together(self, do: Callable[[sqlite3.Connection], Came]) -> Came:
        """Return what comes of something to do, on the disk by then, in one transaction with what other threads wait to have done."""
        work = _Waiting(do)
        self._queue.append(work)
        with self._turn:
            if not work.future.done():
                self._do_waiting()
        return work.future.result()

    def _do_waiting(self) -> None:
        """Do what threads wait for, in one transaction; nothing is done until all of it is on the disk."""
        works = [self._queue.popleft() for _ in range(len(self._queue))]
        failed: BaseException | None = None
        try:
            with self._transaction() as connection:
                for work in works:
                    work.do(connection)
        except BaseException as error:
            failed = error
        for work in works:
            work.finish(failed)

    @contextmanager
    def _transaction(self, kind: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        """Yield the connection within a transaction, which is undone if an error comes; one thread at a time."""
        with self._lock:
            try:
                connection = self._opened()
                connection.execute(f"BEGIN {kind}")
                try:
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except (sqlite3.Error, OSError) as error:
                raise RequestError(
                    str(self._path or "the answers in memory"),
                    f"the book of answers cannot be used: {error}",
                    "check the disk; a damaged file can be moved away, and its answers are then requested again",
                ) from None

    def _opened(self) -> sqlite3.Connection:
        """Return the connection, opened with the first use."""
        if self._connection is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path or ":memory:", timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            # A log takes 0.7 ms a call where a journal takes 37, but all who write to it must share memory. DELETE leaves no journal.
            connection.execute(f"PRAGMA journal_mode = {'DELETE' if self._across else 'WAL'}")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
            self._connection = connection
        return self._connection


def _require_kinds(row: tuple[Any, ...] | None, kinds: Sequence[type | UnionType]) -> tuple[Any, ...]:
    """Return a row; sqlite3.DataError where a value is of another kind than we write, or there is none."""
    if row is None or not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
        raise sqlite3.DataError("it holds something else than augment wrote")
    return row
