"""Choose few of many items, good ones and unlike each other: greedy inference of a determinantal point process.

The items of a set Y span a volume: det L_Y of the kernel L = diag(q) S diag(q) (Kulesza, Taskar 2012), S the cosines of
their vectors, q their quality. The most probable set is hard to find; the greedy one, which takes the item that adds most
volume at each step, is found by keeping the Cholesky row of every item (Chen, Zhang, Zhou, "Fast Greedy MAP Inference for
Determinantal Point Process to Improve Recommendation Diversity", NeurIPS 2018, algorithm 1): O(M^2 N) for M of N items.

    chosen(vectors, quality, 8)          # eight indices in the order of choice
"""

import numpy as np

# Volumes are compared after rounding: vectors of length 1 in float32 are sure to about 1e-7, so the last bits decide nothing.
_DIGITS = 6


def chosen(
    vectors: np.ndarray, quality: np.ndarray, count: int, given: np.ndarray | None = None
) -> list[int]:
    """Return the indices of at most `count` items in the order of choice, the first among equals.

    vectors: [N, W], each of length 1; quality: [N], above 0; given: [W], a vector that is in the set already, so that what
    is like it adds little. Items that add no volume come last, those of the highest quality first.
    """
    items = np.asarray(vectors, dtype=np.float64)
    good = np.asarray(quality, dtype=np.float64)
    # The part of each item that the set does not span, which shrinks as the set grows; its square is the gain (d of the paper).
    left = np.einsum("nw,nw->n", items, items)
    rows = np.zeros((count + 1, len(items)))
    filled = 0
    if given is not None and given.any():
        rows[0] = items @ np.asarray(given, dtype=np.float64)
        left, filled = left - rows[0] ** 2, 1
    order: list[int] = []
    free = np.ones(len(items), dtype=bool)
    while len(order) < min(count, len(items)):
        gains = np.where(free, np.round(left * good**2, _DIGITS), -1.0)
        best = int(gains.argmax())
        if gains[best] <= 0 or round(left[best], _DIGITS) <= 0:
            break
        order.append(best)
        free[best] = False
        # Equation 5: the Cholesky row of every other item gets one more entry.
        entry = (items @ items[best] - rows[:filled].T @ rows[:filled, best]) / np.sqrt(left[best])
        rows[filled], filled = entry, filled + 1
        left = left - entry**2
    rest = sorted(np.flatnonzero(free).tolist(), key=lambda item: (-round(float(good[item]), _DIGITS), item))
    return order + rest[: count - len(order)]
