"""Learn a chain of rules from the paths of a few texts, so that later texts need fewer evaluations.

A Gauss-Legendre rule is made for polynomials; the gradients of one model change most in the same part of the path for
all its texts. Nodes and weights are chosen so that the integrals of the texts at hand come out right in the mean
square; nodes of a smaller rule stay in the larger ones. Any such rule is still a weighted mean of the same integrand.

    chain = learn([dense], counts=(8, 12), corrected=False)      # dense: integrands [S, T] at Gauss-Legendre nodes
"""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import nnls

from augment.ig.quadrature import Chain, Level, gauss_legendre, resampling

COUNTS = (8, 12, 16, 24, 32)

POSITIONS = np.linspace(0.0, 1.0, 101)

# How hard weights are held together where few texts leave them free.
_RIDGE = 1e-4
_SWEEPS = 3
_REACH = 4
_LIKELY = 12


def learn(
    integrands: Sequence[np.ndarray],
    counts: Sequence[int] = COUNTS,
    corrected: bool = False,
    positions: np.ndarray = POSITIONS,
) -> Chain:
    """Return nested rules of `counts` nodes with weights that are not negative and sum to 1.

    integrands: one array [S, T] a text, the gradient along the path at the S Gauss-Legendre nodes, per piece; S is the
    same for all. With `corrected` the rules are fitted to what is left after the completeness correction. places: where
    nodes may be; between the S nodes the integrands are interpolated, which small rules gain from and fine ones do not.
    """
    fit = _Fit(_moments(integrands, corrected), len(integrands[0]), positions)
    chosen: list[int] = []
    levels = []
    for count in counts:
        chosen = fit.extend(chosen, count)
        levels.append(Level(fit.weights(chosen)[0], corrected))
    return Chain(positions[chosen], tuple(levels))


def correction(weights: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Return the share of each token in what a rule misses, [T], summing to 1: a regression on the tokens' sum.

    weights: [S]; along: [S, T]. A token that goes with the sum of all tokens along the path is missed with it.
    """
    total = along.sum(1)
    energy = float(weights @ total**2)
    if energy <= 0:
        return np.full(along.shape[1], 1 / along.shape[1])
    return np.asarray((weights * total) @ along / energy)


def _moments(integrands: Sequence[np.ndarray], corrected: bool) -> np.ndarray:
    """Return the sum over texts and pieces of products of integrands, [S, S], each text scaled by its scores."""
    _, weights = gauss_legendre(len(integrands[0]))
    total = np.zeros((len(weights), len(weights)))
    for along in integrands:
        scale = np.abs(weights @ along).sum()
        if scale > 0:
            left = along - np.outer(along.sum(1), correction(weights, along)) if corrected else along
            total += left @ left.T / scale**2
    return total


class _Fit:
    """The least-squares problem of one set of texts: which places, with which weights."""

    def __init__(self, moments: np.ndarray, steps: int, candidates: np.ndarray) -> None:
        """Bring the problem to a triangle over the candidate places, the sum of weights as a heavy row."""
        self._count = len(candidates)
        values, vectors = np.linalg.eigh(moments)
        root = np.sqrt(np.clip(values, 0, None))[:, None] * vectors.T
        columns = root @ resampling(steps, candidates).T
        wanted = root @ gauss_legendre(steps)[1]
        energy = float((columns**2).sum(0).mean()) or 1.0
        ridge = np.sqrt(_RIDGE * energy) * np.eye(self._count)
        heavy = np.full((1, self._count), 1e3 * np.sqrt(energy))
        table = np.vstack([columns, ridge, heavy])
        right = np.concatenate([wanted, np.zeros(self._count), heavy[0, :1]])
        basis, self._triangle = np.linalg.qr(table)
        self._right = basis.T @ right

    def weights(self, chosen: Sequence[int]) -> tuple[np.ndarray, float]:
        """Return the best weights of these places, [len(chosen)], summing to 1, and what they leave."""
        solution, rest = nnls(self._triangle[:, list(chosen)], self._right)
        return solution / solution.sum(), float(rest)

    def extend(self, kept: list[int], count: int) -> list[int]:
        """Return `kept` and the places that with them leave least: greedily, then moved one by one."""
        chosen = list(kept)
        while len(chosen) < count:
            chosen.append(self._next(chosen))
        best = self.weights(chosen)[1]
        for _ in range(_SWEEPS):
            before = best
            for slot in range(len(kept), count):
                chosen, best = self._moved(chosen, slot, best, everywhere=not kept)
            if best >= before * (1 - 1e-6):
                break
        return chosen

    def _next(self, chosen: list[int]) -> int:
        """Return the place that, added, leaves least."""
        free = [candidate for candidate in range(self._count) if candidate not in chosen]
        if chosen:
            # Only the places that point most towards what is left: rules hold better on other texts.
            weights = nnls(self._triangle[:, chosen], self._right)[0]
            rest = self._right - self._triangle[:, chosen] @ weights
            free.sort(key=lambda candidate: -float(self._triangle[:, candidate] @ rest))
            free = free[:_LIKELY]
        return self.best(chosen, free, np.inf)[0]

    def _moved(self, chosen: list[int], slot: int, best: float, everywhere: bool) -> tuple[list[int], float]:
        """Return the places with the one in `slot` moved to where it leaves least."""
        here = chosen[slot]
        reach = range(self._count) if everywhere else range(here - _REACH, here + _REACH + 1)
        free = [candidate for candidate in reach if 0 <= candidate < self._count and candidate not in chosen]
        candidate, left = self.best([*chosen[:slot], *chosen[slot + 1 :]], free, best * (1 - 1e-9))
        return (chosen, best) if candidate < 0 else ([*chosen[:slot], candidate, *chosen[slot + 1 :]], left)

    def best(self, others: list[int], free: Sequence[int], below: float) -> tuple[int, float]:
        """Return which of the `free` positions, added to the others, leaves least, and how much; -1 if none less than `below`.

        Without the sign of the weights, what every place leaves is known from one projection; that is never more than
        what it leaves with it, so that few places are tried.
        """
        basis, _ = np.linalg.qr(self._triangle[:, others])
        rest = self._right - basis @ (basis.T @ self._right)
        columns = self._triangle[:, list(free)]
        across = columns - basis @ (basis.T @ columns)
        gained = (across.T @ rest) ** 2 / np.maximum((across**2).sum(0), np.finfo(float).tiny)
        least = np.sqrt(np.maximum(rest @ rest - gained, 0))
        chosen = -1
        for index in np.argsort(least, kind="stable"):
            if least[index] >= below:
                break
            left = self.weights([*others, free[index]])[1]
            if left < below * (1 - 1e-9):
                chosen, below = free[index], left
        return chosen, below
