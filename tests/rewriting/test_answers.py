"""The book of calls: limits hold for all who share it, the first answer of a key is kept, and nothing is lost by a kill."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from augment.errors import RequestError
from augment.rewriting.answers import Answer, AnswerBook, Limits


def booked(book: AnswerBook, key: str, tokens: int) -> int:
    """Return the number of a call that has no answer."""
    number = book.book(key, tokens, 0.0)
    assert isinstance(number, int)
    return number


def test_the_first_answer_is_kept_and_read_again_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    book = AnswerBook(path, Limits())
    one, other = booked(book, "k", 100), booked(book, "k", 100)
    assert book.answer(one, "k", Answer("first", 10, 2), 0.0) == Answer("first", 10, 2)
    assert book.answer(other, "k", Answer("second", 10, 2, False), 0.0) == Answer("first", 10, 2)
    assert book.book("k", 100, 0.0) == Answer("first", 10, 2)
    book.close()
    again = AnswerBook(path, Limits())
    assert again.read("k") == Answer("first", 10, 2)
    assert again.read("other") is None
    assert again.usage()["calls"] == 2
    again.close()


def test_a_call_is_booked_at_the_most_it_can_cost_until_its_answer_comes(tmp_path: Path) -> None:
    book = AnswerBook(tmp_path / "answers.sqlite", Limits(tokens=250))
    one = booked(book, "a", 200)
    with pytest.raises(RequestError, match="most_tokens"):
        book.book("b", 100, 0.0)
    book.answer(one, "a", Answer("", 20, 5), 0.0)
    two = booked(book, "b", 200)
    book.refuse(two)
    three = booked(book, "b", 200)
    book.lose(three)
    with pytest.raises(RequestError, match="run the same command again"):
        book.book("c", 100, 0.0)
    assert book.usage() == {
        "calls": 3,
        "calls answered": 1,
        "calls lost": 1,
        "calls refused": 1,
        "tokens read": 20,
        "tokens written": 5,
        "tokens booked": 225,
        "money": 0.0,
    }
    book.close()


def test_a_limit_of_money_holds() -> None:
    book = AnswerBook(None, Limits(money=1.0))
    book.book("a", 1, 0.6)
    with pytest.raises(RequestError, match="most_money"):
        book.book("b", 1, 0.6)


def test_many_who_share_a_book_never_pass_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    books = [AnswerBook(path, Limits(tokens=1000)) for _ in range(4)]

    def spend(number: int) -> int:
        """Book calls until none may be booked, and return how many were."""
        for booked in range(1000):
            try:
                books[number].book(f"{number}-{booked}", 30, 0.0)
            except RequestError:
                return booked
        return 1000

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(spend, range(4))) == 33
    for book in books:
        book.close()


def test_threads_that_wait_for_the_file_share_a_commit_and_a_limit_stops_only_those_above_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "answers.sqlite"
    book = AnswerBook(path, Limits(tokens=50), across_machines=True)
    booked(book, "first", 0)
    before = _commits(path)

    def spend(number: int) -> bool:
        """Return whether a call may be sent."""
        try:
            booked(book, str(number), 10)
        except RequestError:
            return False
        return True

    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(8) as pool:
        may = pool.map(spend, range(8))
        time.sleep(0.3)
        other.execute("ROLLBACK")
        assert sum(may) == 5
    other.close()
    assert book.usage()["tokens booked"] == 50
    assert _commits(path) - before < 5
    book.close()


def _commits(path: Path) -> int:
    """Return how many transactions have changed a file: the counter in its head, where it has no log."""
    return int.from_bytes(path.read_bytes()[24:28], "big")


def test_a_damaged_book_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "answers.sqlite"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(RequestError, match="book of answers"):
        AnswerBook(path, Limits()).read("k")
    assert path.read_bytes() == b"no database" * 1000


@pytest.mark.parametrize(
    "damage",
    ["UPDATE answers SET text = x'ff00'", "UPDATE spent SET tokens = 'many'", "DELETE FROM spent"],
)
def test_a_file_that_holds_something_else_is_an_error_with_its_name(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "answers.sqlite"
    book = AnswerBook(path, Limits())
    book.answer(booked(book, "key", 1), "key", Answer("{}", 1, 1), 0.0)
    book.close()
    with sqlite3.connect(path) as connection:
        connection.execute(damage)
        if "DELETE" in damage:
            connection.execute("CREATE TRIGGER t BEFORE INSERT ON spent BEGIN SELECT RAISE(IGNORE); END")
    use = (lambda: book.read("key")) if "answers" in damage else (lambda: book.book("other", 1, 0.0))
    with pytest.raises(RequestError, match=r"answers\.sqlite\n.*something else"):
        use()
    book.close()


def test_a_folder_that_cannot_be_made_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RequestError, match=r"a\.sqlite\n"):
        AnswerBook(tmp_path / "file/x/a.sqlite", Limits()).read("key")
