"""Kill a run where it hurts: before its k-th call that changes the disk, or after some seconds.

The run happens in a child made by fork, so that models and libraries need not be loaded again.

    calls = calls_of(work)                    # how many places there are
    killed_at(7, work)                        # True unless the work ended before its seventh call
    failed_at(7, work)                        # the same, but the call raises, so that the work can clear up
"""

import gc
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess

# All that pathlib, shutil and our own code change the disk with.
CALLS = ("replace", "rename", "unlink", "rmdir", "mkdir", "fsync", "ftruncate")
# Seconds a child may take on a busy machine.
_LONGEST = 300
Work = Callable[[], object]


def calls_of(work: Work) -> int:
    """Return how many calls that change the disk the work makes."""
    context = multiprocessing.get_context("fork")
    count = context.Value("i", 0)
    process = context.Process(target=_run, args=(work, -1, count))
    _done(process)
    assert process.exitcode == 0
    return int(count.value)


def killed_at(call: int, work: Work) -> bool:
    """Run the work in a child that is killed before its call of this number; return whether it was."""
    return _ended_at(call, work, _die) == -signal.SIGKILL


def failed_at(call: int, work: Work) -> bool:
    """Run the work in a child that is interrupted before its call of this number; return whether it was."""
    return _ended_at(call, work, _stop) == 1


def _ended_at(call: int, work: Work, end: Callable[[], None]) -> int | None:
    """Return with which code a child ended that ends so before its call of this number."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_run, args=(work, call, context.Value("i", 0), end))
    _done(process)
    assert process.exitcode in (0, 1, -signal.SIGKILL)
    return process.exitcode


def _die() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def _stop() -> None:
    """Interrupt this process; it ends with code 1 and prints nothing."""
    raise SystemExit(1)


def killed_after(seconds: float, work: Work) -> bool:
    """Run the work in a child that is killed after a number of seconds; return whether it was."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_run, args=(work, -1, context.Value("i", 0)))
    process.start()
    process.join(seconds)
    process.kill()
    process.join(120)
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _done(process: BaseProcess) -> None:
    """Run a child to its end, which comes in time or not at all."""
    process.start()
    process.join(_LONGEST)
    if process.is_alive():
        process.kill()
        raise AssertionError("the child hangs")


def _run(
    work: Work,
    call: int,
    count: "multiprocessing.sharedctypes.Synchronized[int]",
    end: Callable[[], None] = _die,
) -> None:
    """Do the work, counting calls, and end before one of them."""

    def watched(real: Callable[..., object]) -> Callable[..., object]:
        def counted(*args: object, **kwargs: object) -> object:
            count.value += 1
            if count.value == call + 1:
                end()
            return real(*args, **kwargs)

        return counted

    # What earlier tests left in circles may own folders, which the collector would remove in one child and not in the next.
    gc.freeze()
    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    work()
