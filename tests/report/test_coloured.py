"""Coloured text in other formats: what is in it stays text, and its words carry their colour."""

import re
from html import unescape

import pytest

from augment.report.coloured import as_html, as_latex, as_markdown, latex_escaped, markdown_escaped
from tests.texts import TEXTS

PARTS = [("<b>", None), ("很好", 1.0), (" & ", None), ("bad*", -0.9), ("ok", 0.1)]


def test_html_is_escaped_and_coloured() -> None:
    html = as_html(PARTS)
    assert unescape(re.sub(r"<[^>]*>", "", html)) == "<b>很好 & bad*ok"
    assert html.count("<span") == 3


def test_markdown_marks_strong_words() -> None:
    assert as_markdown(PARTS) == "\\<b\\>**很好** \\& ~~bad\\*~~ok"


def test_latex_colours_words_and_escapes_the_rest() -> None:
    assert as_latex([("a_b", 1.0), (" 100%", None)]) == r"\colorbox[HTML]{F69646}{\strut a\_b} 100\%"
    assert latex_escaped("\\~^{") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}\{"


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_is_one_line(text: str) -> None:
    assert "\n" not in latex_escaped(text)
    assert "\n" not in markdown_escaped(text)
