"""Finer rules behind any rule: its nodes are kept, weights are means, and polynomials come out right."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.ig.nested import extended
from augment.ig.quadrature import gauss_legendre, patterson, single


@given(st.sets(st.integers(0, 100), min_size=3, max_size=20))
@settings(max_examples=15)
def test_whatever_the_first_nodes_all_are_kept_and_most_degrees_integrated(positions: set[int]) -> None:
    nodes = np.asarray(sorted(positions, key=lambda position: position * 37 % 101)) / 100
    first = single((nodes, np.full(len(nodes), 1 / len(nodes))), corrected=True)
    chain = extended(first, (12, 32, 48))
    counts = [level.count for level in chain.levels]
    assert counts == [len(nodes), *(count for count in (12, 32, 48) if count > len(nodes))]
    np.testing.assert_array_equal(chain.nodes[: len(nodes)], nodes)
    assert len(set(chain.nodes.tolist())) == len(chain.nodes) == 48
    assert ((chain.nodes >= 0) & (chain.nodes <= 1)).all()
    assert all(level.corrected for level in chain.levels)
    weights = chain.levels[-1].weights
    assert (weights >= 0).all()
    for power in range(33):
        assert weights @ chain.nodes**power == pytest.approx(1 / (power + 1), abs=1e-8)


def test_a_wave_too_short_for_a_rule_is_integrated_by_its_extension() -> None:
    chain = extended(patterson(), (160,))
    exact = (1 - np.cos(150)) / 150
    errors = [abs(level.weights @ np.sin(150 * chain.nodes[: level.count]) - exact) for level in chain.levels]
    assert errors[1] > 0.01
    assert errors[-1] < 1e-9


def test_nothing_is_added_to_a_rule_that_is_as_fine() -> None:
    chain = single(gauss_legendre(64))
    assert extended(chain, (32, 64)).levels == chain.levels
