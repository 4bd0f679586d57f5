"""A forest plot: for each test and condition the mean difference and its interval, zero in the middle. Plain SVG, no library."""

from collections.abc import Mapping
from html import escape
from math import isnan

from augment.evaluation.statistics import Difference

_LINE, _LEFT, _WIDTH, _RIGHT = 22, 190, 420, 150


def forest(tests: Mapping[str, Mapping[str, Difference]]) -> str:
    """Return the picture, points to the right of zero for what is gained."""
    shown = [one for conditions in tests.values() for one in conditions.values()]
    reach = max(
        [1.0, *(abs(value) for one in shown for value in (one.low, one.high, one.mean) if not isnan(value))]
    )
    parts: list[str] = []
    at = 10
    for test, conditions in tests.items():
        at += _LINE
        parts.append(f'<text x="10" y="{at}" font-weight="bold">{escape(test)}</text>')
        for condition, one in conditions.items():
            at += _LINE
            parts += _row(condition, one, at, reach)
    height = at + 2 * _LINE
    middle = _LEFT + _WIDTH / 2
    axis = (
        f'<line x1="{middle}" x2="{middle}" y1="10" y2="{at + 6}" stroke="#999" stroke-dasharray="3 3"/>'
        f'<text x="{middle}" y="{at + _LINE}" text-anchor="middle" fill="#666">points against duplicate (± {reach:.1f})</text>'
    )
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + _RIGHT}" height="{height}" '
        'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, axis, *parts, "</svg>", ""])


def _row(condition: str, one: Difference, at: int, reach: float) -> list[str]:
    """Return one condition's line: its name, its interval, its mean, both as numbers."""

    def x_of(value: float) -> float:
        return round(_LEFT + _WIDTH / 2 * (1 + value / reach), 1)

    colour = {"higher": "#1a7f37", "lower": "#b42318"}.get(one.verdict, "#555")
    cells = [
        f'<text x="24" y="{at}">{escape(condition)}</text>',
        f'<circle cx="{x_of(one.mean)}" cy="{at - 4}" r="4" fill="{colour}"/>',
    ]
    text = f"{one.mean:+.2f}"
    if not isnan(one.low):
        span = f'x1="{x_of(one.low)}" x2="{x_of(one.high)}" y1="{at - 4}" y2="{at - 4}"'
        cells.append(f'<line {span} stroke="{colour}" stroke-width="2"/>')
        text += f" [{one.low:+.2f}, {one.high:+.2f}]"
    cells.append(f'<text x="{_LEFT + _WIDTH + 10}" y="{at}" fill="{colour}">{text}</text>')
    return cells
