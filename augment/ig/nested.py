"""Go on from a rule of any nodes to finer ones that keep them all.

New nodes go into the widest gaps between those that are there, measured along the half circle over [0, 1], where the nodes of
good rules are evenly spaced. The weights are those nearest to the gaps' own that are not negative and integrate polynomials of
the highest degree: nearly as many degrees as there are nodes, wherever the first ones are.

    chain = extended(chain, (64, 96, 136))
"""

from collections.abc import Sequence

import numpy as np

from augment.ig.quadrature import Chain, Level

_ROUNDING = 1e-10


def extended(chain: Chain, counts: Sequence[int]) -> Chain:
    """Return the chain with further rules of `counts` nodes; those that are no larger than its last are left out."""
    last = chain.levels[-1]
    nodes, levels = list(chain.nodes[: last.count]), list(chain.levels)
    for count in counts:
        if count > len(nodes):
            nodes = _spread(nodes, count)
            levels.append(Level(_weights(np.asarray(nodes)), last.corrected))
    return Chain(np.asarray(nodes), tuple(levels))


def _spread(nodes: Sequence[float], count: int) -> list[float]:
    """Return the nodes and new ones behind them, each in the middle of the widest gap."""
    angles = sorted(np.arccos(1 - 2 * np.asarray(nodes)))
    fresh = []
    while len(angles) < count:
        # Beyond an end the nodes are taken to go on as in a mirror.
        gaps = np.diff([-angles[0], *angles, 2 * np.pi - angles[-1]])
        widest = int(gaps.argmax())
        if widest == 0:
            angle = angles[0] / 3
        elif widest == len(angles):
            angle = np.pi - (np.pi - angles[-1]) / 3
        else:
            angle = (angles[widest - 1] + angles[widest]) / 2
        angles.insert(widest, angle)
        fresh.append((1 - np.cos(angle)) / 2)
    return [*nodes, *fresh]


def _weights(nodes: np.ndarray) -> np.ndarray:
    """Return the weights of the rule on these nodes that is exact to the highest degree without a negative one."""
    usual = _gaps(nodes)
    root = np.sqrt(usual)
    powers = np.polynomial.legendre.legvander(2 * nodes - 1, len(nodes) - 1)
    for degree in range(len(nodes) - 1, 0, -1):
        table = powers[:, : degree + 1]
        missed = np.eye(degree + 1)[0] - table.T @ usual
        step = np.linalg.lstsq((table * root[:, None]).T, missed, rcond=1e-12)[0]
        weights = usual + root * step
        if (weights >= -_ROUNDING).all() and np.abs(
            table.T @ weights - np.eye(degree + 1)[0]
        ).max() < _ROUNDING:
            weights = weights.clip(0)
            return np.asarray(weights / weights.sum())
    return usual


def _gaps(nodes: np.ndarray) -> np.ndarray:
    """Return the share of [0, 1] that is nearest to each node along the half circle; they sum to 1."""
    order = np.argsort(nodes)
    angles = np.arccos(1 - 2 * nodes[order])
    ends = np.concatenate([[0.0], (angles[1:] + angles[:-1]) / 2, [np.pi]])
    shares = np.empty(len(nodes))
    shares[order] = -np.diff(np.cos(ends)) / 2
    return shares
