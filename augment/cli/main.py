"""Run the command line to its end: errors in three lines, signals, exit codes.

Apart from the commands, which raise and return: a notebook or a test that calls what they call gets the errors themselves.

    augment run explian; echo $?  # three lines on stderr, then 2
"""

import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import NoReturn

import typer

from augment.cli.commands import app
from augment.cli.terminal import log
from augment.config.shipped import names
from augment.errors import AugmentError, RequestError, as_ours, nearest

# Options that take a name; an empty one would mean the current folder.
_NAMES = {
    "-o",
    "--output",
    "--data",
    "-m",
    "--model",
    "-c",
    "--config",
    "--from",
    "--calibration",
    "--accept-flags",
    "--accept",
    "--text",
    "--label",
    "--pair",
    "--format",
    "--html",
}
# Commands that go on where they were broken off.
_GOING_ON = ("run", "evaluate", "harden")
# Around what the parser quotes.
_QUOTE = "'"
# What a shell shows for a program that SIGPIPE ended, as `cat` ends where nobody reads on.
_UNREAD = 141


def main() -> None:
    """Run the command line; errors are three lines on stderr and an exit code."""
    debug = "--debug" in sys.argv
    arguments = [word for word in sys.argv[1:] if word != "--debug"] or ["--help"]
    where = f"augment {arguments[0]}"
    _open_output()
    try:
        _require_text(arguments)
        with _signals():
            code = app(arguments, standalone_mode=False, prog_name="augment")
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt, _StoppedError) as stopped:
        code = stopped.code if isinstance(stopped, _StoppedError) else 130
        keeps = arguments[0] in _GOING_ON
        kept = "interrupted; what was finished is kept" if keeps else "interrupted before it was done"
        _fail(where, kept, f"run the same command again{' to go on' if keeps else ''}", code)
    except SystemExit as stopped:
        # The parser and rich end with 1 where nobody reads the output.
        _leave(_UNREAD if stopped.code == 1 else stopped.code)
    except BrokenPipeError:
        _leave(_UNREAD)
    except Exception as error:
        if debug:
            raise
        _end(error, where)
    sys.exit(code if isinstance(code, int) else 0)


def _open_output() -> None:
    """Let the output take whatever is written to it: nowhere if it is closed, an escape sequence for what its encoding lacks."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - open until the end
        elif isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _require_text(arguments: list[str]) -> None:
    """Raise RequestError for an argument whose bytes are not text in the encoding of the system, and for an empty name."""
    for word in arguments:
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            shown = word.encode("utf-8", "backslashreplace").decode()
            raise RequestError(
                f"the argument {shown}",
                "its bytes are no UTF-8",
                "convert text first (iconv -f gb18030 -t utf-8); rename a file of such a name",
            )
    for option, word in pairwise([*arguments, "-"]):
        empty = word == "" and option in _NAMES
        if empty or (option.endswith("=") and option[:-1] in _NAMES):
            raise RequestError(
                f"{option.rstrip('=')} ''",
                "the name is empty",
                "is a variable of the shell unset? leave it out",
            )


def _leave(code: object) -> NoReturn:
    """Exit without a word, also where the output is closed already and Python would write what is left of it."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code if isinstance(code, int) else 0)


def _end(error: Exception, where: str) -> NoReturn:
    """Print what an error is and exit with its code; what nobody has foreseen is a fault of augment."""
    ours = as_ours(error, where)
    if ours is not None:
        _fail(ours.where, ours.what, ours.hint, ours.exit_code)
    if hasattr(error, "format_message"):
        _fail_usage(error)
    hint = "this is a fault of augment; --debug shows where"
    _fail(type(error).__name__, str(error) or "no message", hint, AugmentError.exit_code)


class _StoppedError(BaseException):
    """A signal that ends the program; `code` is its exit code."""

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


def _fail_usage(error: Exception) -> NoReturn:
    """Print what is wrong with the words of a command, as the parser reports it, and exit."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "augment"
    what = str(getattr(error, "format_message")()).rstrip(".")  # noqa: B009 - typer's own click is private
    hint = f"`{command} --help` shows what it takes"
    if "extra argument" in what:
        hint = f"quote a text with spaces; {hint}"
    if command == "augment" and "no such command" in what.lower():
        hint = f"{_instead(what.split(_QUOTE)[1])}; {hint}"
    _fail(command, what[0].lower() + what[1:], hint, 2)


def _instead(word: str) -> str:
    """Return what to write for a word that is no command: what it may be, or the nearest command."""
    if word in names("pipelines"):
        return f"it is a pipeline: `augment run {word}`"
    if word in names("configs") or word.endswith((".yaml", ".yml")):
        return f"it is a config: `augment run augment -c {word}`"
    if os.path.exists(word):
        return f"it is a file: `augment init {word}` writes a config, `augment run augment {word}` runs a pipeline"
    commands = sorted(typer.main.get_group(app).commands)
    return nearest(word, commands)


def _fail(where: str, what: str, hint: str, code: int) -> NoReturn:
    """Print an error and exit."""
    first, second, third = (" ".join(part.split()) or "no name" for part in (where, what, hint))
    with suppress(OSError):
        for line in (f"error: {first}", f"  {second}", f"  {third}"):
            log(line)
    _leave(code)


if __name__ == "__main__":
    main()
