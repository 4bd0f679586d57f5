"""Run the command line to its end: errors in three lines, signals, exit codes.

Apart from the commands, which raise and return: a notebook or a test that calls what they call gets the errors themselves.

    augment run explian; echo $?  # three lines on stderr, then 2
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from augment.cli import app
from augment.errors import AugmentError
from augment.shipped import names
from augment.telling import say


def main() -> None:
    """Run the command line; errors are three lines on stderr and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"] or ["--help"]
    try:
        with _signals():
            code = app(arguments, standalone_mode=False, prog_name="augment")
    except AugmentError as error:
        if debug:
            raise
        _fail(error.where, error.what, error.hint, error.exit_code)
    except (typer.Abort, KeyboardInterrupt, _StoppedError) as stopped:
        code = stopped.code if isinstance(stopped, _StoppedError) else 130
        where = f"augment {arguments[0]}"
        _fail(where, "interrupted; what was finished is kept", "run the same command again to go on", code)
    except OSError as error:
        if debug or error.filename is None:
            raise
        _fail(str(error.filename), error.strerror or str(error), "check the path and its permissions", 2)
    except Exception as error:
        if debug:
            raise
        if hasattr(error, "format_message"):
            _fail_usage(error)
        _fail(
            type(error).__name__,
            str(error) or "no message",
            "this is a fault of augment; --debug shows where",
            1,
        )
    sys.exit(code if isinstance(code, int) else 0)


class _StoppedError(BaseException):
    """A signal asked the program to end; `code` is what it ends with."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number


@contextmanager
def _signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM end the program in good order within the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: object) -> None:
    """Drop what is in hand, clear up and end; a second signal ends at once."""
    signal.signal(number, lambda again, frame: os._exit(128 + again))
    raise _StoppedError(number)


def _fail_usage(error: Exception) -> None:
    """Print what is wrong with the words of a command, as the parser says it, and exit."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "augment"
    what = str(getattr(error, "format_message")()).rstrip(".")  # noqa: B009 - typer's own click is private
    hint = f"`{command} --help` shows what it takes"
    if "extra argument" in what:
        hint = f"options begin with a dash, configs with -c; {hint}"
    pipeline = next((name for name in names("pipelines") if what.endswith(f"'{name}'")), None)
    if pipeline is not None and command == "augment":
        hint = f"it is a pipeline: `augment run {pipeline}`; {hint}"
    _fail(command, what[0].lower() + what[1:], hint, 2)


def _fail(where: str, what: str, hint: str, code: int) -> None:
    """Print an error and exit."""
    first, second, third = (" ".join(part.splitlines()) for part in (where, what, hint))
    say(f"error: {first}\n  {second}\n  {third}")
    sys.exit(code)


if __name__ == "__main__":
    main()
