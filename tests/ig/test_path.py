"""The straight path: nodes that integrate polynomials exactly, and points whose ends are exact."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.ig.path import gauss_legendre, point

FLOATS = st.floats(-1e6, 1e6, width=32)


@given(st.integers(1, 128))
@settings(deadline=None, max_examples=40)
def test_nodes_rise_inside_the_path_and_weights_sum_to_one(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    assert len(nodes) == len(weights) == steps
    assert nodes.dtype == weights.dtype == np.float64
    assert (np.diff(nodes) > 0).all()
    assert 0 < nodes[0] <= nodes[-1] < 1
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@given(st.integers(1, 64))
@settings(deadline=None, max_examples=40)
def test_the_rule_is_the_same_from_both_ends(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    np.testing.assert_allclose(nodes + nodes[::-1], 1, atol=1e-12)
    np.testing.assert_allclose(weights, weights[::-1], atol=1e-12)


@given(st.integers(1, 12), st.data())
@settings(deadline=None, max_examples=40)
def test_polynomials_up_to_twice_the_nodes_less_one_are_integrated_exactly(
    steps: int, data: st.DataObject
) -> None:
    coefficients = data.draw(st.lists(st.floats(-10, 10), min_size=1, max_size=2 * steps))
    nodes, weights = gauss_legendre(steps)
    exact = sum(value / (power + 1) for power, value in enumerate(coefficients))
    found = weights @ np.polynomial.polynomial.polyval(nodes, coefficients)
    assert found == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_the_next_power_is_not_integrated_exactly(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    assert abs(weights @ nodes ** (2 * steps) - 1 / (2 * steps + 1)) > 1e-7


@pytest.mark.parametrize("steps", [0, -3])
def test_a_rule_without_a_node_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="at least one node"):
        gauss_legendre(steps)


@given(
    st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=8),
    st.sampled_from([torch.float32, torch.float64]),
)
@settings(deadline=None, max_examples=40)
def test_the_ends_of_the_path_are_its_baseline_and_its_input_bit_for_bit(
    pairs: list[tuple[float, float]], dtype: torch.dtype
) -> None:
    baseline, inputs = torch.tensor(pairs, dtype=dtype).T[:, None, :, None]
    assert torch.equal(point(baseline, inputs, torch.zeros(1)), baseline)
    assert torch.equal(point(baseline, inputs, torch.ones(1)), inputs)


def test_every_row_has_its_own_place_on_the_path() -> None:
    baseline, inputs = torch.zeros(3, 2, 4), torch.ones(3, 2, 4)
    places = torch.tensor([0.0, 0.25, 1.0])
    assert torch.equal(point(baseline, inputs, places), places[:, None, None].expand(3, 2, 4))
