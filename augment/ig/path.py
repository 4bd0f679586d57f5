"""The straight line from a baseline to an input, and the nodes on it where the gradient is taken.

Integrated gradients (Sundararajan, Taly, Yan 2017, equation 1) are the integral over a in [0, 1] of the gradient at
x' + a (x - x'), times (x - x'). Gauss-Legendre with n nodes integrates polynomials up to degree 2n - 1 exactly.

    nodes, weights = gauss_legendre(16)      # weights sum to 1
"""

import numpy as np
import torch
from torch import Tensor


def gauss_legendre(steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return nodes and weights on [0, 1], each [S] float64, ascending; ValueError if `steps` < 1."""
    if steps < 1:
        raise ValueError(f"a rule needs at least one node, not {steps}")
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    return (nodes + 1) / 2, weights / 2


def point(baseline: Tensor, inputs: Tensor, alphas: Tensor) -> Tensor:
    """Return the points of the line: [B, T, D] for embeddings [B, T, D] and positions `alphas` [B] in [0, 1].

    The ends are exact: a = 0 gives the baseline and a = 1 the input, bit for bit.
    """
    return torch.lerp(baseline, inputs, alphas.to(inputs.dtype)[:, None, None])
