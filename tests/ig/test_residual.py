"""The residual of a rule: nothing where the rule is exact, and close to the true error where it is not."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from augment.ig.quadrature import Chain, Level, gauss_legendre, patterson, single
from augment.ig.residual import Paths, integrate

RATES = st.lists(st.floats(-6, 6), min_size=2, max_size=6)


def exponential(rates: list[float], chain: Chain) -> tuple[Paths, Tensor]:
    """Return the path of F(a) = sum of exp(r a) / r', and the exact scores, exp(r) - 1 over r'."""
    rate = torch.tensor(rates, dtype=torch.float64)
    size = rate.abs() + 1
    nodes = torch.from_numpy(chain.nodes)[:, None]
    along = rate * torch.exp(rate * nodes) / size
    values = (torch.exp(rate * nodes) / size).sum(-1)
    start, end = (1 / size).sum(), (torch.exp(rate) / size).sum()
    paths = Paths(along[None].float(), values[None], start[None], end[None])
    return paths, (torch.exp(rate) - 1) / size


@given(RATES)
@settings(max_examples=50)
def test_a_fine_rule_gives_the_exact_scores_and_no_residual(rates: list[float]) -> None:
    chain = single(gauss_legendre(32))
    paths, exact = exponential(rates, chain)
    result = integrate(paths, chain.levels[0])
    torch.testing.assert_close(result.scores[0], exact, rtol=1e-5, atol=1e-6)
    assert result.gap.abs().max() < 1e-5
    assert result.residual.max() < 1e-4


@given(RATES, st.sampled_from([2, 3, 4]))
@settings(max_examples=50)
def test_a_coarse_rule_is_recognised_by_its_residual(rates: list[float], steps: int) -> None:
    chain = single(gauss_legendre(steps))
    paths, exact = exponential(rates, chain)
    result = integrate(paths, chain.levels[0])
    error = float((result.scores[0] - exact).abs().sum() / exact.abs().sum().clamp_min(1e-9))
    assert error <= 30 * float(result.residual[0]) + 1e-5


def test_the_gap_can_close_by_chance_and_the_residual_still_tells() -> None:
    """Two tokens are missed by as much in opposite directions: completeness sees nothing."""
    chain = single(gauss_legendre(2))
    nodes = torch.from_numpy(chain.nodes)
    bump = 5 * nodes**4
    along = torch.stack([bump, 2 - bump], dim=-1)
    start, end = torch.zeros(1).double(), torch.full((1,), 2.0).double()
    # F is a straight line, so its moments hold too: only a path that bends can be detected from F alone.
    straight = integrate(Paths(along[None].float(), 2 * nodes[None], start, end), chain.levels[0])
    assert abs(float(straight.gap[0])) < 1e-6
    # A path that bends and closes by chance.
    values = 2 * nodes + torch.sin(2 * torch.pi * nodes)
    slope = 2 + 2 * torch.pi * torch.cos(2 * torch.pi * nodes)
    slope *= 2 / float(chain.levels[0].weights @ slope.numpy())
    bent = integrate(Paths(slope[None, :, None].float(), values[None], start, end), chain.levels[0])
    assert abs(float(bent.gap[0])) < 1e-5
    assert float(bent.residual[0]) > 0.05


@given(RATES)
@settings(max_examples=50)
def test_a_correction_makes_the_scores_complete_and_the_gap_stays_what_it_was(rates: list[float]) -> None:
    chain = single(gauss_legendre(2), corrected=True)
    paths, _ = exponential(rates, chain)
    plain, mended = (integrate(paths, Level(chain.levels[0].weights, kind)) for kind in (False, True))
    torch.testing.assert_close(plain.gap, mended.gap)
    if float((paths.along.double() ** 2).sum()) > 1e-3 and float(paths.along.sum(-1).abs().min()) > 1e-3:
        change = paths.end - paths.start
        torch.testing.assert_close(mended.scores.sum(-1), change, rtol=1e-6, atol=1e-8)


def test_rows_do_not_feel_each_other() -> None:
    chain = patterson()
    paths = [exponential([1.0, -2.0], chain)[0], exponential([5.0, 4.0], chain)[0]]
    names = ("along", "values", "start", "end")
    together = Paths(*(torch.cat([getattr(path, name) for path in paths]) for name in names))
    for level in chain.levels:
        both = integrate(together, level)
        for row, path in enumerate(paths):
            alone = integrate(path, level)
            assert float(both.residual[row]) == pytest.approx(float(alone.residual[0]), abs=1e-12)
            np.testing.assert_allclose(both.scores[row], alone.scores[0], atol=1e-12)


def test_a_path_on_which_nothing_moves_has_scores_of_zero() -> None:
    still = Paths(
        torch.zeros(1, 7, 3), torch.ones(1, 7).double(), torch.ones(1).double(), torch.ones(1).double()
    )
    result = integrate(still, Level(patterson().levels[0].weights, corrected=True))
    assert (result.scores == 0).all()
    assert float(result.residual[0]) == 0
