"""How long work says where it stands: to whoever asked for it, by a function it is given.

say: Progress = progress or silent
say("calibrate", 3, 12)
"""

from collections.abc import Callable

# What is done, how much of it, of how much; 0 of 0 where that is not known.
Progress = Callable[[str, int, int], None]


def silent(phase: str, done: int, total: int) -> None:
    """Say nothing."""
