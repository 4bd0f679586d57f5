"""Rules that turn an integral over [0, 1] into a weighted sum: where the gradient is taken, and what it counts.

    nodes, weights = gauss_legendre(16)      # exact for polynomials of degree 31
    chain = patterson()                      # 7, 15, 31, 63 and 127 nodes, each among the next
    chain.levels[0].weights, chain.new(1)    # the first rule, and what the second one adds

Patterson's rules (Patterson 1968, "The optimum addition of points to quadrature formulae") extend a rule by the nodes
that raise its degree most: a row that is not settled by 7 nodes needs only 8 more to be one of 15.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

# The positive nodes of the 127-point rule on [-1, 1], the roots of the extension polynomials, computed with 260 digits.
_PATTERSON = (
    0.0281846489497456943,
    0.05634431304659279,
    0.0844540400837108837,
    0.112488943133186626,
    0.140424233152560175,
    0.168235251552207465,
    0.195897502711100154,
    0.223386686428966882,
    0.250678730303483177,
    0.277749822021824315,
    0.304576441556714043,
    0.331135393257976833,
    0.357403837831532152,
    0.383359324198730347,
    0.408979821229888672,
    0.434243749346802558,
    0.459130011989832333,
    0.483618026945841028,
    0.507687757533716602,
    0.531319743644375624,
    0.554495132631932549,
    0.577195710052045815,
    0.599403930242242893,
    0.621102946737226403,
    0.642276642509759514,
    0.662909660024780595,
    0.682987431091079228,
    0.702496206491527079,
    0.721423085370098915,
    0.739756044352694759,
    0.757483966380513638,
    0.774596669241483377,
    0.791084933799848361,
    0.806940531950217612,
    0.822156254364980407,
    0.836725938168868736,
    0.85064449476835028,
    0.863907938193690477,
    0.87651341448470527,
    0.888459232872256999,
    0.899744899776940037,
    0.910371156957004292,
    0.920340025470012421,
    0.929654857429740057,
    0.938320397779592884,
    0.946342858373402905,
    0.953730006425761136,
    0.960491268708020283,
    0.966637851558416567,
    0.972182874748581797,
    0.977141514639705714,
    0.981531149553740107,
    0.985371499598520371,
    0.98868475754742948,
    0.991495721178106132,
    0.993831963212755022,
    0.995724104698407189,
    0.997206259372221959,
    0.998316635318407393,
    0.999098124967667598,
    0.999598799671910683,
    0.999872888120357612,
    0.999982430354891599,
)


@dataclass(frozen=True)
class Level:
    """One rule of a chain: the first `count` nodes of the chain, their weights, and whether the scores are corrected.

    weights: [count] float64. corrected: what the rule misses of F(x) - F(x') is shared out among the tokens.
    """

    weights: np.ndarray
    corrected: bool = False

    @property
    def count(self) -> int:
        """How many nodes the rule has."""
        return len(self.weights)


@dataclass(frozen=True)
class Chain:
    """Rules of growing size on nested nodes. nodes: [S] float64 in the order in which they are evaluated."""

    nodes: np.ndarray
    levels: tuple[Level, ...]

    def new(self, level: int) -> np.ndarray:
        """Return the nodes that a level adds to the one before, [S_level - S_before]."""
        begin = self.levels[level - 1].count if level else 0
        return self.nodes[begin : self.levels[level].count]


def single(rule: tuple[np.ndarray, np.ndarray], corrected: bool = False) -> Chain:
    """Return the chain of one rule, given as nodes and weights."""
    return Chain(rule[0], (Level(rule[1], corrected),))


def gauss_legendre(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights on [0, 1], each [S] float64, ascending; ValueError if `steps` < 1.

    Exact for polynomials up to degree 2 S - 1.
    """
    if steps < 1:
        raise ValueError(f"a rule needs at least one node, not {steps}")
    nodes, weights = _legendre(steps)
    return (nodes + 1) / 2, weights / 2


@cache
def _legendre(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights on [-1, 1], which take 20 ms to find for 128: every plan without a calibration asks for them."""
    return np.polynomial.legendre.leggauss(steps)


def trapezoid(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return equally spaced nodes from 0 to 1 and their weights, half at both ends; ValueError if `steps` < 2."""
    if steps < 2:
        raise ValueError(f"a trapezoid rule needs both ends, not {steps} nodes")
    weights = np.full(steps, 1 / (steps - 1))
    weights[[0, -1]] /= 2
    return np.linspace(0, 1, steps), weights


@cache
def patterson() -> Chain:
    """Return the chain of 7, 15, 31, 63 and 127 nodes; exact to degree 11, 23, 47, 95 and 191."""
    half = np.asarray(_PATTERSON)
    nodes = np.sort(np.concatenate([-half, [0.0], half]))
    order: list[int] = []
    levels = []
    for stride in (16, 8, 4, 2, 1):
        order += [index for index in range(stride - 1, len(nodes), stride) if index not in order]
        levels.append(Level(interpolatory((nodes[order] + 1) / 2)))
    return Chain((nodes[order] + 1) / 2, tuple(levels))


def interpolatory(nodes: np.ndarray) -> np.ndarray:
    """Return the weights [S] of the rule on these nodes that is exact for polynomials of degree S - 1."""
    powers = np.polynomial.legendre.legvander(2 * nodes - 1, len(nodes) - 1)
    moments = np.zeros(len(nodes))
    moments[0] = 1.0
    return np.asarray(np.linalg.solve(powers.T, moments))


def resampling(steps: int, positions: np.ndarray) -> np.ndarray:
    """Return the matrix [P, S] that takes values at Gauss-Legendre nodes to those of their polynomial at `places`."""
    nodes, weights = gauss_legendre(steps)
    degrees = 2 * np.arange(steps) + 1
    known = np.polynomial.legendre.legvander(2 * nodes - 1, steps - 1)
    wanted = np.polynomial.legendre.legvander(2 * positions - 1, steps - 1)
    return np.asarray(wanted @ (degrees[:, None] * known.T * weights))
