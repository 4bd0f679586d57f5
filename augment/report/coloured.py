r"""A text with coloured words as a piece of HTML, Markdown or LaTeX: to be put into another page, an issue or an article.

parts = [("很", 0.1), ("好", 1.0), ("。", None)]      # each with its score in [-1, 1], None for what is no word
as_html(parts)              # <span style="background:#fff…">很</span>…
as_latex(parts)             # \colorbox[HTML]{FFF8F2}{\strut 很}…
"""

import re
from collections.abc import Sequence
from html import escape

from augment.report.colour import level, signed
from augment.text.visible import visible

Tinted = Sequence[tuple[str, float | None]]
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|<>~&])")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{mark: f"\\{mark}" for mark in "&%$#_{}"},
}
# Words from this share of the strongest score on are bold where there is no colour.
_BOLD = 0.5


def as_html(parts: Tinted) -> str:
    """Return coloured words as spans, everything in them escaped."""
    return "".join(
        escape(part)
        if tint is None
        else f'<span style="background:{signed(tint)};color:#111">{escape(part)}</span>'
        for part, tint in parts
    )


def as_markdown(parts: Tinted) -> str:
    """Return the text on one line: strong words for the target bold, strong words against it struck out."""
    return "".join(_marked(markdown_escaped(part), tint or 0.0) for part, tint in parts)


def as_latex(parts: Tinted) -> str:
    """Return coloured words as boxes of the package xcolor."""
    return "".join(
        latex_escaped(part)
        if not level(tint)
        else f"\\colorbox[HTML]{{{signed(tint)[1:].upper()}}}{{\\strut {latex_escaped(part)}}}"
        for part, tint in parts
    )


def markdown_escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    return _MARKDOWN.sub(
        r"\\\1", " ".join(visible(text).splitlines()) if text.strip() else text.replace("\n", " ")
    )


def latex_escaped(text: str) -> str:
    """Return text that LaTeX sets as it is."""
    return "".join(_LATEX.get(mark, mark) for mark in visible(text).replace("\n", " "))


def _marked(text: str, tint: float) -> str:
    """Return a word with the marks of its score."""
    if not text.strip() or abs(tint) < _BOLD:
        return text
    return f"**{text}**" if tint > 0 else f"~~{text}~~"
