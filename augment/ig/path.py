"""The straight line from a baseline to an input.

Integrated gradients (Sundararajan, Taly, Yan 2017, equation 1) are the integral over a in [0, 1] of the gradient at
x' + a (x - x'), times (x - x').
"""

from torch import Tensor, lerp


def point(baseline: Tensor, inputs: Tensor, alphas: Tensor) -> Tensor:
    """Return the points of the line: [B, T, D] for embeddings [B, T, D] and positions `alphas` [B] in [0, 1].

    The ends are exact: a = 0 gives the baseline and a = 1 the input, bit for bit.
    """
    return lerp(baseline, inputs, alphas.to(inputs.dtype)[:, None, None])
