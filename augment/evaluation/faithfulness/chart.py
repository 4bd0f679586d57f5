"""The picture of an evaluation: each method's figures with their intervals, and its deletion and insertion curves. Plain SVG.

write_text(path, chart(result))
"""

from collections.abc import Sequence
from html import escape
from math import isnan

from augment.evaluation.faithfulness.result import PERMUTED, RANDOM, Faithfulness
from augment.evaluation.statistics import Difference

_LINE, _LEFT, _PANEL, _GAP, _TALL = 20, 190, 120, 18, 150
_COLOURS = ("#1b6ca8", "#d1495b", "#2e8b57", "#8e5ea2", "#c98a1b", "#3aa6a6", "#7a7a2a", "#b05a9d", "#4a5fc1")


def chart(result: Faithfulness) -> str:
    """Return the picture: a panel for each measure, the methods below each other, and the curves of each way below."""
    methods, measures = result.methods, result.measures
    width = _LEFT + len(measures) * (_PANEL + _GAP) + _GAP
    bottom = 40 + len(methods) * _LINE
    parts = [
        f'<text x="10" y="{48 + number * _LINE}" fill="{_colour(method, number)}">{escape(_short(method))}</text>'
        for number, method in enumerate(methods)
    ]
    for number, measure in enumerate(measures):
        parts += _panel(measure, result.statistics(measure), methods, _LEFT + number * (_PANEL + _GAP))
    ways = [measure for measure in measures if measure in result.limits]
    for number, way in enumerate(ways):
        parts += _curves(result, way, _LEFT + number * (_PANEL + 60 + _GAP), bottom + 40)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{bottom + 70 + _TALL}" '
        'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
    )
    note = f'<text x="10" y="{bottom + 52}" fill="#555">probability of the class,</text>'
    rest = ("words gone (full) or", "there (dashed),", "strongest first")
    more = "".join(
        f'<text x="10" y="{bottom + 68 + 16 * number}" fill="#555">{line}</text>'
        for number, line in enumerate(rest)
    )
    return "\n".join([head, *parts, note, more, "</svg>", ""])


def _panel(measure: str, statistics: dict[str, Difference], methods: Sequence[str], left: int) -> list[str]:
    """Return the dots of a measure with their intervals; a line where chance is."""
    values = [
        value for one in statistics.values() for value in (one.mean, one.low, one.high) if not isnan(value)
    ]
    low, high = min([0.0, *values]), max([1.0 if measure in ("mosaics", "planted") else 0.2, *values])
    chance = 0.5 if measure == "mosaics" else 0.0

    def x_of(value: float) -> float:
        """Return where a value is."""
        return round(left + _PANEL * (value - low) / (high - low), 1)

    end = 40 + len(methods) * _LINE
    parts = [
        f'<text x="{left}" y="24" font-weight="bold">{escape(measure)}</text>',
        f'<line x1="{x_of(chance)}" x2="{x_of(chance)}" y1="32" y2="{end}" stroke="#999" stroke-dasharray="3 3"/>',
        f'<text x="{left + _PANEL}" y="{end + 12}" text-anchor="end" fill="#777" font-size="10">{high:.2f}</text>',
    ]
    for number, method in enumerate(methods):
        one = statistics.get(method)
        if one is None:
            continue
        y, colour = 44 + number * _LINE, _colour(method, number)
        if not isnan(one.low):
            parts.append(
                f'<line x1="{x_of(one.low)}" x2="{x_of(one.high)}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
            )
        parts.append(f'<circle cx="{x_of(one.mean)}" cy="{y}" r="3.5" fill="{colour}"/>')
    return parts


def _curves(result: Faithfulness, way: str, left: int, top: int) -> list[str]:
    """Return both curves of every method when words are taken away in one way."""
    wide = _PANEL + 60
    parts = [
        f'<text x="{left}" y="{top}" font-weight="bold">{way}</text>',
        f'<rect x="{left}" y="{top + 8}" width="{wide}" height="{_TALL}" fill="none" stroke="#bbb"/>',
    ]
    for number, method in enumerate(result.methods):
        for curve, dashes in (("deletion", ""), ("insertion", ' stroke-dasharray="4 3"')):
            points = result.cells[method][way][curve]
            path = " ".join(
                f"{left + wide * index / (len(points) - 1):.1f},{top + 8 + _TALL * (1 - min(max(value, 0.0), 1.0)):.1f}"
                for index, value in enumerate(points)
            )
            colour = _colour(method, number)
            parts.append(
                f'<polyline points="{path}" fill="none" stroke="{colour}"{dashes} stroke-width="1.3"/>'
            )
    return parts


def _colour(method: str, number: int) -> str:
    """Return the colour of a method; grey for what must be no better than chance."""
    return "#999999" if method in (PERMUTED, RANDOM) else _COLOURS[number % len(_COLOURS)]


def _short(method: str) -> str:
    """Return a name that fits its column."""
    return method if len(method) < 28 else f"{method[:26]}…"
