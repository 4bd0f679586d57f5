"""Tints: readable in both modes, and safe for every score."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.report import colour
from augment.report.colour import ColourMode

SCORES = st.none() | st.floats(allow_nan=True, allow_infinity=True)
STEPS = [step / colour.LEVELS for step in range(-colour.LEVELS, colour.LEVELS + 1)]
MODES: tuple[ColourMode, ...] = ("light", "dark")


def test_contrast_agrees_with_the_values_that_wcag_gives() -> None:
    assert colour.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colour.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("score", STEPS)
def test_text_is_readable_on_every_tint(score: float, mode: ColourMode) -> None:
    for tint in (colour.signed(score, mode), colour.red(score, mode)):
        assert colour.contrast(colour.INK[mode], tint) >= 4.5


def test_black_is_readable_on_every_terminal_tint() -> None:
    for score in STEPS:
        assert colour.contrast("#000000", colour.signed(score)) >= 4.5


@given(SCORES)
def test_any_score_has_a_colour_a_class_and_a_style(score: float | None) -> None:
    assert all(
        re.fullmatch(r"#[0-9a-f]{6}", tint) for tint in (colour.signed(score), colour.red(score, "dark"))
    )
    assert re.fullmatch(r"|[fa]([1-9]|1[0-6])", colour.tint_class(score))
    assert re.fullmatch(r"|black on #[0-9a-f]{6}", colour.rich_style(score))


@given(st.floats(-1, 1))
def test_the_sign_chooses_the_side_and_red_ignores_it(score: float) -> None:
    assert colour.level(-score) == -colour.level(score)
    assert colour.red(-score) == colour.red(score)
    assert colour.level(score) == 0 or colour.signed(score) != colour.signed(-score)


@given(st.lists(st.floats(0, 1), min_size=2).map(sorted))
def test_a_larger_score_never_takes_a_lighter_step(scores: list[float]) -> None:
    steps = [colour.level(score) for score in scores]
    assert steps == sorted(steps)


def test_nothing_to_show_is_paper() -> None:
    for score in (None, math.nan, 0.0, -0.0):
        assert colour.signed(score) == colour.PAPER["light"]
        assert colour.rich_style(score) == colour.tint_class(score) == ""


@given(st.lists(SCORES))
def test_scaling_by_the_full_colour_never_divides_by_zero(scores: list[float | None]) -> None:
    full = colour.full_colour(scores)
    assert full > 0
    assert all(-1 <= score <= 1 for score in colour.scaled(scores, full))


@pytest.mark.parametrize("scores", [[], [None], [0.0, 0.0], [math.nan, None], [math.inf]])
def test_scores_without_a_scale_have_scale_one(scores: list[float | None]) -> None:
    assert colour.full_colour(scores) == 1.0


def test_equal_scores_take_the_full_colour_each() -> None:
    assert colour.scaled([0.3, 0.3, 0.3], colour.full_colour([0.3, 0.3, 0.3])) == [1, 1, 1]


def test_one_outlier_does_not_bleach_the_rest() -> None:
    assert colour.full_colour([0.5] * 199 + [100.0]) == 0.5


@pytest.mark.parametrize("full", [0.0, math.nan, math.inf])
def test_a_useless_scale_gives_zeros(full: float) -> None:
    assert colour.scaled([1.0, -1.0, None], full) == [0, 0, 0]


def test_the_style_sheet_has_a_rule_for_every_class() -> None:
    sheet = colour.stylesheet()
    for score in STEPS:
        assert not colour.tint_class(score) or f".{colour.tint_class(score)}{{" in sheet
