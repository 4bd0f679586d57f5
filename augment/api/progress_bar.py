"""Progress in Python: a bar of rich on a terminal, nothing elsewhere or where the caller wants none.

with shown(progress) as report:
    report("explain", 3, 12)
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from augment.errors import WrongTypeError
from augment.progress import Announcement, Progress, silent
from augment.text.visible import one_line

# What a function takes as `progress`: true or false, a function of one's own, or None for a bar where there is a terminal.
Shown = bool | Progress | None


@contextmanager
def shown(progress: Shown) -> Iterator[Progress]:
    """Yield the function that shows progress; WrongTypeError for a `progress` that is none."""
    if callable(progress):
        yield progress
        return
    if progress is not None and not isinstance(progress, bool):
        hint = "give True, False, or a function of phase, done and total"
        raise WrongTypeError("progress", f"{type(progress).__name__} is not taken", hint)
    if progress is False or (progress is None and not sys.stderr.isatty()):
        yield silent
        return
    with bar() as report:
        yield report


@contextmanager
def bar() -> Iterator[Progress]:
    """Yield the function that moves a bar on stderr, which is gone after the block."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as drawn:
        shown_phase, task = "start", drawn.add_task("start", total=None)

        def report(phase: str, done: int, total: int) -> None:
            """Show a phase and how far it is, or an announcement above the bar."""
            nonlocal shown_phase, task
            if isinstance(phase, Announcement):
                drawn.console.print(one_line(phase), markup=False, highlight=False)
                return
            if phase != shown_phase:
                # A bar that was full once is no longer animated, whatever it shows then.
                drawn.remove_task(task)
                shown_phase, task = phase, drawn.add_task(one_line(phase), total=None)
            drawn.update(task, completed=done, total=total or None)

        yield report
