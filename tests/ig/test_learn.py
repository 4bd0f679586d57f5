"""Learned rules: weights that are means, nodes that are kept, and integrals that come out right with few of them."""

import numpy as np
import pytest

from augment.ig.learn import COUNTS, POSITIONS, _Fit, _moments, correction, learn
from augment.ig.quadrature import Chain, gauss_legendre, resampling

STEPS = 48


def sharp(seed: int, texts: int = 12, tokens: int = 9) -> list[np.ndarray]:
    """Return integrands [S, T] that rise and fall early on the path, as those of a trained encoder do."""
    drawn = np.random.default_rng(seed)
    nodes, _ = gauss_legendre(STEPS)
    flags = []
    for _ in range(texts):
        centre, width = drawn.normal(0.25, 0.03), drawn.uniform(0.04, 0.09)
        shape = np.exp(-(((nodes - centre) / width) ** 2))[:, None]
        tail = np.exp(-nodes / 0.4)[:, None] * drawn.normal(size=tokens)
        flags.append(shape * drawn.normal(1, 1, size=tokens) + 0.3 * tail)
    return flags


def errors(chain: Chain, level: int, paths: list[np.ndarray]) -> np.ndarray:
    """Return sum |difference| / sum |exact| of each path, corrected where the level requires it."""
    rule, (_, weights) = chain.levels[level], gauss_legendre(STEPS)
    table = resampling(STEPS, chain.nodes[: rule.count])
    gaps = []
    for path in paths:
        exact, sampled = weights @ path, table @ path
        scores = rule.weights @ sampled
        if rule.corrected:
            scores = scores + correction(rule.weights, sampled) * (exact.sum() - scores.sum())
        gaps.append(np.abs(scores - exact).sum() / np.abs(exact).sum())
    return np.asarray(gaps)


@pytest.mark.parametrize("corrected", [False, True])
def test_weights_are_means_and_nodes_are_kept(corrected: bool) -> None:
    chain = learn(sharp(0), corrected=corrected)
    assert [level.count for level in chain.levels] == list(COUNTS)
    assert len(set(chain.nodes.tolist())) == COUNTS[-1]
    assert ((chain.nodes >= 0) & (chain.nodes <= 1)).all()
    for level in chain.levels:
        assert (level.weights >= 0).all()
        assert level.weights.sum() == pytest.approx(1, abs=1e-12)
        assert level.corrected == corrected


@pytest.mark.parametrize("corrected", [False, True])
def test_learned_rules_beat_gauss_legendre_on_texts_they_have_not_seen(corrected: bool) -> None:
    paths = sharp(1)
    chain = learn(sharp(0), corrected=corrected)
    for level, rule in enumerate(chain.levels[:3]):
        nodes, weights = gauss_legendre(rule.count)
        table = resampling(STEPS, nodes)
        _, dense = gauss_legendre(STEPS)
        plain = [np.abs(weights @ (table @ p) - dense @ p).sum() / np.abs(dense @ p).sum() for p in paths]
        assert np.quantile(errors(chain, level, paths), 0.9) < np.quantile(plain, 0.9)


def test_every_rule_of_a_chain_nears_the_same_integral() -> None:
    chain = learn(sharp(0, texts=24))
    paths = sharp(2)
    sums = [np.quantile(errors(chain, level, paths), 0.95) for level in range(len(COUNTS))]
    assert sums[-1] < 0.01
    assert sums[-1] < sums[0]


def test_the_same_texts_teach_the_same_rules() -> None:
    one, other = learn(sharp(3)), learn(sharp(3))
    np.testing.assert_array_equal(one.nodes, other.nodes)


def test_texts_without_any_gradient_teach_a_rule_all_the_same() -> None:
    chain = learn([np.zeros((STEPS, 4))], counts=(4, 6))
    assert chain.levels[1].weights.sum() == pytest.approx(1)


def test_shares_of_a_correction_sum_to_one() -> None:
    path, (_, weights) = sharp(4, texts=1)[0], gauss_legendre(STEPS)
    assert correction(weights, path).sum() == pytest.approx(1)
    assert correction(weights, np.zeros((STEPS, 5))).tolist() == [0.2] * 5


@pytest.mark.parametrize("others", [[], [10, 40], [3, 20, 41, 77, 90]])
def test_the_place_that_leaves_least_is_found_without_trying_all(others: list[int]) -> None:
    fit = _Fit(_moments(sharp(2), corrected=False), STEPS, POSITIONS)
    free = [index for index in range(len(POSITIONS)) if index not in others]
    left = [fit.weights([*others, index])[1] for index in free]
    index, least = fit.best(others, free, np.inf)
    assert least == pytest.approx(min(left), rel=1e-9)
    assert left[free.index(index)] == least
    assert fit.best(others, free, min(left) * 0.999) == (-1, min(left) * 0.999)
