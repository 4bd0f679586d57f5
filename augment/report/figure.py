"""Coloured texts as a figure of matplotlib, without a window and without its global state.

draw_texts([("positive · 0.98", [("很", 0.1), ("好", 1.0)])], "a.png")
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings, filterwarnings

from augment.errors import RequestError
from augment.report.colour import signed
from augment.report.coloured import Tinted
from augment.text.script import language
from augment.text.visible import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Where a part is drawn: its text, score, left edge in pixels and line.
Placed = tuple[str, float | None, float, int]
# Inches, points and dots per inch.
_WIDTH, _LINE, _MARGIN, _SIZE, _SMALL, _DPI = 8.0, 0.27, 0.1, 11.0, 8.0, 150
# Fonts with Chinese characters, the usual ones first.
_CHINESE = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "SimHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)


def draw_texts(
    texts: Sequence[tuple[str, Tinted]], path: str | Path | None = None, font: str | None = None
) -> "Figure":
    """Return a figure with each heading and its coloured text, saved to `path` if given.

    RequestError if matplotlib is not installed, the kind of file is not known to it, or no font has Chinese characters.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        hint = 'pip install "augment-ig[plot]", or use to_html, which needs no package'
        raise RequestError("plot", "matplotlib is not installed", hint) from None
    family = _family("".join(part for _, parts in texts for part, _ in parts), font)
    figure = Figure(figsize=(_WIDTH, 1), dpi=_DPI)
    FigureCanvasAgg(figure)
    measured = figure.text(0, 0, "", family=family, size=_SIZE, parse_math=False)

    def width(part: str) -> float:
        """Return how wide a part is drawn, in pixels."""
        measured.set_text(part)
        return float(measured.get_window_extent().width)

    with catch_warnings():
        # A character that no font has is drawn as a box.
        filterwarnings("ignore", message=r"Glyph .* missing from")
        line = 0
        lines: list[tuple[str, int, list[Placed]]] = []
        for heading, parts in texts:
            placed = list(_placed(parts, width, line + 1))
            lines.append((heading, line, placed))
            line = max((last for *_, last in placed), default=line) + 2
        measured.remove()
        _draw(figure, lines, line, family)
        if path is not None:
            _save(figure, Path(path))
    return figure


def _placed(parts: Tinted, width: Callable[[str], float], line: int) -> Iterator[Placed]:
    """Yield where each part is drawn; what does not fit into a line begins the next."""
    left, right = _MARGIN * _DPI, (_WIDTH - _MARGIN) * _DPI
    x = left
    for part, score in parts:
        text = visible(" ".join(part.split("\n")))
        wide = width(text)
        if x + wide > right and x > left:
            x, line = left, line + 1
        if text.strip() or x > left:
            yield text, score, x, line
            x += wide


def _draw(
    figure: "Figure", texts: Sequence[tuple[str, int, Sequence[Placed]]], count: int, family: list[str]
) -> None:
    """Draw headings and words on a figure that is made as high as it must be."""
    height = count * _LINE + _MARGIN
    figure.set_size_inches(_WIDTH, height)

    def draw(text: str, x: float, line: int, size: float, colour: str | None) -> None:
        """Draw one part."""
        box = None if colour is None else {"facecolor": colour, "edgecolor": "none", "pad": 1.0}
        y = 1 - ((line + 0.8) * _LINE + _MARGIN / 2) / height
        figure.text(
            x / (_WIDTH * _DPI),
            y,
            text,
            size=size,
            family=family,
            bbox=box,
            parse_math=False,
            color="#1c1d21",
        )

    for heading, line, placed in texts:
        draw(visible(heading), _MARGIN * _DPI, line, _SMALL, None)
        for text, score, x, at in placed:
            draw(text, x, at, _SIZE, signed(score) if score else None)


def _save(figure: "Figure", path: Path) -> None:
    """Write the figure; RequestError for an ending that matplotlib does not know."""
    kinds = figure.canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        hint = f"use one of {', '.join('.' + kind for kind in sorted(kinds))}"
        raise RequestError(str(path), "this is no kind of picture", hint)
    figure.savefig(path)


def _family(text: str, font: str | None) -> list[str]:
    """Return the families a text is drawn with; RequestError if the font is not installed, or none has Chinese characters."""
    from matplotlib.font_manager import fontManager

    installed = {entry.name for entry in fontManager.ttflist}
    if font is not None:
        if font not in installed:
            raise RequestError(
                "font", f"no font {font!r} is installed", "give the name of an installed family"
            )
        return [font, "DejaVu Sans"]
    chinese = [name for name in _CHINESE if name in installed][:1]
    if not chinese and language(text) != "en":
        hint = "install one (Debian: fonts-noto-cjk), give font=NAME, or use to_html"
        raise RequestError("plot", "no font with Chinese characters is installed", hint)
    return ["DejaVu Sans", *chinese]
