"""Rules: weights that sum to one, polynomials integrated as promised, and nodes that larger rules keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.ig.quadrature import (
    Chain,
    gauss_legendre,
    interpolatory,
    patterson,
    resampling,
    single,
    trapezoid,
)


@given(st.integers(1, 128))
@settings(max_examples=40)
def test_nodes_rise_inside_the_path_and_weights_sum_to_one(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    assert len(nodes) == len(weights) == steps
    assert nodes.dtype == weights.dtype == np.float64
    assert (np.diff(nodes) > 0).all()
    assert 0 < nodes[0] <= nodes[-1] < 1
    assert (weights > 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@given(st.integers(1, 64))
@settings(max_examples=40)
def test_the_rule_is_the_same_from_both_ends(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    np.testing.assert_allclose(nodes + nodes[::-1], 1, atol=1e-12)
    np.testing.assert_allclose(weights, weights[::-1], atol=1e-12)


@given(st.integers(1, 12), st.data())
@settings(max_examples=40)
def test_polynomials_up_to_twice_the_nodes_less_one_are_integrated_exactly(
    steps: int, data: st.DataObject
) -> None:
    coefficients = data.draw(st.lists(st.floats(-10, 10), min_size=1, max_size=2 * steps))
    nodes, weights = gauss_legendre(steps)
    exact = sum(value / (power + 1) for power, value in enumerate(coefficients))
    result = weights @ np.polynomial.polynomial.polyval(nodes, coefficients)
    assert result == pytest.approx(exact, abs=1e-9)


@pytest.mark.parametrize("steps", [1, 2, 3, 5])
def test_the_next_power_is_not_integrated_exactly(steps: int) -> None:
    nodes, weights = gauss_legendre(steps)
    assert abs(weights @ nodes ** (2 * steps) - 1 / (2 * steps + 1)) > 1e-7


@pytest.mark.parametrize("steps", [0, -3])
def test_a_rule_without_a_node_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="at least one node"):
        gauss_legendre(steps)


@given(st.integers(2, 200))
@settings(max_examples=40)
def test_the_trapezoid_rule_has_both_ends_at_half_weight(steps: int) -> None:
    nodes, weights = trapezoid(steps)
    assert (nodes[0], nodes[-1]) == (0, 1)
    assert weights.sum() == pytest.approx(1, abs=1e-12)
    assert weights @ nodes == pytest.approx(0.5, abs=1e-12)
    assert weights[0] == weights[-1]
    assert steps == 2 or weights[1] == pytest.approx(2 * weights[0])


def test_a_trapezoid_rule_without_both_ends_is_refused() -> None:
    with pytest.raises(ValueError, match="both ends"):
        trapezoid(1)


@pytest.mark.parametrize(
    ("level", "count", "degree"), [(0, 7, 11), (1, 15, 23), (2, 31, 47), (3, 63, 95), (4, 127, 191)]
)
def test_patterson_rules_integrate_the_degrees_they_promise(level: int, count: int, degree: int) -> None:
    chain = patterson()
    weights = chain.levels[level].weights
    nodes = chain.nodes[:count]
    assert len(weights) == count
    assert (weights > 0).all()
    for power in range(degree + 1):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-14)


def test_the_smallest_patterson_rule_promises_no_more() -> None:
    chain = patterson()
    nodes = 2 * chain.nodes[:7] - 1
    assert abs(chain.levels[0].weights @ np.polynomial.legendre.legval(nodes, [0] * 12 + [1])) > 1e-3


def test_a_larger_rule_keeps_the_nodes_of_the_smaller_and_adds_the_rest() -> None:
    chain = patterson()
    met = np.concatenate([chain.new(level) for level in range(5)])
    np.testing.assert_array_equal(met, chain.nodes)
    assert [len(chain.new(level)) for level in range(5)] == [7, 8, 16, 32, 64]
    assert len(set(chain.nodes.tolist())) == 127


def test_one_rule_is_a_chain_of_one_level() -> None:
    chain = single(gauss_legendre(5), corrected=True)
    assert isinstance(chain, Chain)
    assert [(level.count, level.corrected) for level in chain.levels] == [(5, True)]


@given(st.sets(st.integers(0, 40), min_size=1, max_size=10))
@settings(max_examples=40)
def test_an_interpolatory_rule_is_exact_for_as_many_powers_as_it_has_nodes(positions: set[int]) -> None:
    nodes = np.asarray(sorted(positions)) / 40
    weights = interpolatory(nodes)
    for power in range(len(nodes)):
        assert weights @ nodes**power == pytest.approx(1 / (power + 1), abs=1e-6)


@given(st.integers(2, 40), st.integers(0, 39))
@settings(max_examples=40)
def test_resampling_is_exact_for_polynomials_the_nodes_determine(steps: int, power: int) -> None:
    positions = np.linspace(0, 1, 17)
    nodes, _ = gauss_legendre(steps)
    table = resampling(steps, positions)
    if power < steps:
        np.testing.assert_allclose(table @ nodes**power, positions**power, atol=1e-10)
