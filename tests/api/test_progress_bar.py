"""Progress: silent where there is no terminal or none is wanted, and a function of one's own is called."""

import re

import pytest

from augment.api.progress_bar import shown
from augment.cli.terminal import show_progress
from augment.errors import WrongTypeError
from augment.progress import Announcement


@pytest.mark.parametrize("progress", [None, False])
def test_without_a_terminal_nothing_is_written(
    progress: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with shown(progress) as report:
        report("explain", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_bar_is_on_stderr_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(True) as report:
        report("explain", 1, 2)
    assert capsys.readouterr().out == ""


def test_an_announcement_stays_on_a_terminal_and_comes_at_once_without_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shown(True) as report:
        report(Announcement("texts go to [there]"), 0, 0)
        report("explain", 1, 2)
    assert "texts go to [there]" in capsys.readouterr().err
    with show_progress(quiet=False) as report:
        report("explain", 1, 2)
        report(Announcement("texts go there"), 0, 0)
    assert capsys.readouterr().err == "texts go there\n"


def test_a_bar_moves_again_after_a_phase_that_was_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    with shown(True) as report:
        report("first", 2, 2)
        report("second", 0, 2)
    last = [line for line in re.split("[\r\n]", capsys.readouterr().err) if "second" in line][-1]
    assert re.search("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] second", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", last))
    assert "0:00:00" not in last


def test_a_function_is_called_and_anything_else_refused() -> None:
    calls: list[tuple[str, int, int]] = []
    with shown(lambda *call: calls.append(call)) as report:
        report("explain", 1, 2)
    assert calls == [("explain", 1, 2)]
    with pytest.raises(WrongTypeError, match="progress"), shown("yes"):  # type: ignore[arg-type]  # a wrong call
        pass
