"""Background tints for scores: the colour of a token in the report and in the terminal.

Two scales. `signed` runs from blue (against) over the paper to orange (for): the pair that people with
any common colour blindness can distinguish. `red` is the one-sided scale of the article this tool grew from: the more a
token matters, for or against, the redder. Both are cut into LEVELS steps a side, few enough to be style sheet classes,
so that a page needs no inline styles and switching scale, or light and dark, draws nothing anew. The full colours
are chosen so that the page's ink keeps a contrast of at least 4.5:1 on every step (WCAG 2.2, 1.4.3).

    signed(0.8)          '#f8aa69'
    tint_class(-0.5)     'a8'        # against, level 8 of 16
    rich_style(0.8)      'black on #f8aa69'
"""

import math
from collections.abc import Sequence
from typing import Final, Literal

ColourMode = Literal["light", "dark"]
Score = float | None

LEVELS: Final = 16
INK: Final[dict[ColourMode, str]] = {"light": "#1c1d21", "dark": "#ececf0"}
PAPER: Final[dict[ColourMode, str]] = {"light": "#ffffff", "dark": "#141519"}

_FOR: Final[dict[ColourMode, str]] = {"light": "#f69646", "dark": "#a35310"}
_AGAINST: Final[dict[ColourMode, str]] = {"light": "#6fb0f2", "dark": "#1f62ad"}
_RED: Final[dict[ColourMode, str]] = {"light": "#f4766c", "dark": "#b0302a"}


def signed(score: Score, mode: ColourMode = "light") -> str:
    """Return the tint of a score in [-1, 1]: blue below 0, orange above; paper for 0, None and NaN."""
    full = _FOR if level(score) > 0 else _AGAINST
    return _mix(PAPER[mode], full[mode], abs(level(score)) / LEVELS)


def red(score: Score, mode: ColourMode = "light") -> str:
    """Return the tint of the magnitude of a score in [-1, 1]; paper for 0, None and NaN."""
    return _mix(PAPER[mode], _RED[mode], abs(level(score)) / LEVELS)


def level(score: Score) -> int:
    """Return the step of a score in -LEVELS..LEVELS; scores beyond [-1, 1] take the last step, None and NaN step 0."""
    if score is None or math.isnan(score):
        return 0
    return int(math.copysign(math.floor(min(abs(score), 1.0) * LEVELS + 0.5), score))


def tint_class(score: Score) -> str:
    """Return the style sheet class of a score: f1..f16 for, a1..a16 against, "" for step 0."""
    step = level(score)
    return "" if step == 0 else f"{'f' if step > 0 else 'a'}{abs(step)}"


def full_colour(scores: Sequence[Score], share: float = 0.99) -> float:
    """Return the magnitude that takes the full colour: the `share` quantile of all |score| that are not 0.

    A quantile, because with the largest one a single outlier would bleach the whole report. 1.0 where there is nothing
    to scale by (no score, or all 0), so that dividing by it is always safe.
    """
    sizes = sorted(
        abs(score) for score in scores if score is not None and math.isfinite(score) and score != 0
    )
    return sizes[math.ceil(share * len(sizes)) - 1] if sizes else 1.0


def scaled(scores: Sequence[Score], full: float) -> list[float]:
    """Return scores divided by the full-colour magnitude and cut to [-1, 1]; 0 for None, NaN and a `full` of 0."""
    usable = full > 0 and math.isfinite(full)
    return [
        max(-1.0, min(1.0, score / full)) if usable and score is not None and not math.isnan(score) else 0.0
        for score in scores
    ]


def rich_style(score: Score) -> str:
    """Return a rich style for a score in [-1, 1]: black on the light tint, readable on any terminal; "" for step 0."""
    return f"black on {signed(score)}" if level(score) else ""


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours #rrggbb, 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def stylesheet() -> str:
    """Return the style sheet rules of every step, for both scales and both modes, with the ink and paper they suit."""
    rules = [
        f":root{{--ink:{_both(INK['light'], INK['dark'])};--paper:{_both(PAPER['light'], PAPER['dark'])}}}"
    ]
    for step in range(1, LEVELS + 1):
        score = step / LEVELS
        reds = _both(red(score), red(score, "dark"))
        rules.append(f".f{step}{{background:{_both(signed(score), signed(score, 'dark'))}}}")
        rules.append(f".a{step}{{background:{_both(signed(-score), signed(-score, 'dark'))}}}")
        rules.append(f"[data-scale=red] .f{step},[data-scale=red] .a{step}{{background:{reds}}}")
    return "\n".join(rules) + "\n"


def _both(light: str, dark: str) -> str:
    """Return the CSS value that is one colour in light mode and another in dark mode."""
    return f"light-dark({light},{dark})"


def _mix(start: str, end: str, share: float) -> str:
    """Return the colour `share` of the way from `start` to `end`, linear in sRGB."""
    pairs = zip(_channels(start), _channels(end), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * share):02x}" for low, high in pairs)


def _channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of #rrggbb, 0..255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb, 0..1 (WCAG 2.2)."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
