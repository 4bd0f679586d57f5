"""Coloured texts as a figure: a file of any kind, as high as it must be, and an error where it cannot be drawn."""

import builtins
from pathlib import Path

import pytest

from augment.errors import RequestError
from augment.report import figure
from augment.report.figure import draw_texts

PARTS = [("The room", 0.5), (" ", None), ("was $clean$", -1.0), ("\n.", None)]


@pytest.mark.parametrize("name", ["a.png", "a.svg", "a.pdf"])
def test_a_file_of_each_kind_is_written(tmp_path: Path, name: str) -> None:
    draw_texts([("good · 0.9", PARTS)], tmp_path / name)
    assert (tmp_path / name).stat().st_size > 500


def test_a_long_text_makes_a_higher_figure() -> None:
    short, long = draw_texts([("a", PARTS)]), draw_texts([("a", PARTS * 20)])
    assert long.get_size_inches()[1] > short.get_size_inches()[1]
    assert long.get_size_inches()[0] == short.get_size_inches()[0]


def test_what_cannot_be_drawn_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RequestError, match="no kind of picture"):
        draw_texts([("a", PARTS)], tmp_path / "a.txt")
    with pytest.raises(RequestError, match="no font 'None such'"):
        draw_texts([("a", PARTS)], font="None such")
    monkeypatch.setattr(figure, "_CHINESE", ("None such",))
    with pytest.raises(RequestError, match="fonts-noto-cjk"):
        draw_texts([("a", [("很好", 1.0)])])


def test_without_matplotlib_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RequestError, match="pip install"):
        draw_texts([("a", PARTS)])
