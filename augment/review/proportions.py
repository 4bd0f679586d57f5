"""What a share of reviewed rows shows of all rows: its interval, and how many more must be reviewed for a narrower one.

The interval is Wilson's (1927), which holds for few rows and for shares near 0 and 1. `more_for` takes the variance of the share
as Agresti and Coull (1998) estimate it, and corrects for a finite number of rows.

    interval(18, 20)                       # (0.699, 0.972)
    more_for(0.03, 18, 20, 1000)           # 430
"""

from math import ceil, sqrt

# Of the normal distribution: 95 % are within.
_Z = 1.959964


def interval(hits: int, rows: int) -> tuple[float, float]:
    """Return the 95 % interval of a share; (0, 1) of no rows."""
    if not rows:
        return 0.0, 1.0
    share, square = hits / rows, _Z * _Z
    centre = share + square / (2 * rows)
    half = _Z * sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    whole = 1 + square / rows
    low = 0.0 if not hits else max(0.0, (centre - half) / whole)
    high = 1.0 if hits == rows else min(1.0, (centre + half) / whole)
    return low, high


def more_for(half: float, hits: int, rows: int, every: int) -> int:
    """Return how many more of `every` rows must be reviewed for an interval of plus or minus `half`; 0 if it is reached."""
    square = _Z * _Z
    share = (hits + square / 2) / (rows + square)
    wanted = square * share * (1 - share) / (half * half)
    finite = wanted / (1 + (wanted - 1) / every) if every else 0.0
    return max(0, min(ceil(finite), every) - rows)
