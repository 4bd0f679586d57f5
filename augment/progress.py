"""How long work reports its progress: by calling a function it is given.

report: Progress = progress or silent
report("calibrate", 3, 12)
"""

from collections.abc import Callable

# What is done, how much of it, of how much; 0 of 0 where that is not known.
Progress = Callable[[str, int, int], None]


class Announcement(str):
    """What a user should have read before the work goes on, in place of a phase: a line that stays."""

    __slots__ = ()


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""
