"""Count out-of-memory retries.

with counted() as retries:
    ...                                  # somewhere below: count("batch halved")
retries["batch halved"]
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_LISTENING: ContextVar[Counter[str] | None] = ContextVar("retries", default=None)


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Yield what is counted within the block, in this thread."""
    retries: Counter[str] = Counter()
    token = _LISTENING.set(retries)
    try:
        yield retries
    finally:
        _LISTENING.reset(token)


def count(what: str) -> None:
    """Count a retry, if anybody listens."""
    retries = _LISTENING.get()
    if retries is not None:
        retries[what] += 1
