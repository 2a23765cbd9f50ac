"""The compiled loops behind `distances`: sums of squares in a fixed order, and the search for the nearest pair of views.

In one file, since Numba's cache does not notice when a function of another file changes.
"""

from typing import Any

import numpy as np

from theory.concentration.compiled import compiled
from theory.setting import Array

LANES = 32
"""Partial sums of a sum of squares. Fixed, so that every machine adds in the same order."""
TINY = 2.0**-100
"""Slack of a limit for underflow, as `bands` says."""


@compiled
def _square(a: Array, b: Array, unit: float, sums: Array) -> Any:
    """Sum of (unit (a_i - b_i))^2 in float64; `sums` (LANES,) is scratch."""
    D = len(a)
    sums[:] = 0.0
    full = D - D % LANES
    for start in range(0, full, LANES):
        for lane in range(LANES):
            gap = (np.float64(a[start + lane]) - np.float64(b[start + lane])) * unit
            sums[lane] += gap * gap
    for i in range(full, D):
        gap = (np.float64(a[i]) - np.float64(b[i])) * unit
        sums[i - full] += gap * gap
    half = LANES // 2
    while half > 0:
        for lane in range(half):
            sums[lane] += sums[lane + half]
        half //= 2
    return float(sums[0])


@compiled
def square_norms(rows: Array, width: int) -> Array:
    """Squared norms, in float64, of the first `width` coordinates of rows (p, D): (p,)."""
    sums, origin, out = np.empty(LANES), np.zeros(width, rows.dtype), np.empty(len(rows))
    for i in range(len(rows)):
        out[i] = _square(rows[i, :width], origin, 1.0, sums)
    return out


@compiled
def centre_rows(rows: Array, scale: float, centre: Array, out: Array) -> None:
    """out[:, :D] = scale rows - centre, in float64, then rounded to the type of `out`; rows (p, D)."""
    for i in range(len(rows)):
        row, target = rows[i], out[i]
        for c in range(len(centre)):
            target[c] = np.float64(row[c]) * scale - centre[c]


@compiled
def direct_minima(here: Array, there: Array, unit: float, skip: int, out: Array) -> None:
    """out[i, j] = min over views of unit ||here[i, a] - there[j, b]||, for j + skip >= i."""
    sums = np.empty(LANES)
    for i in range(len(here)):
        for j in range(max(0, i - skip), len(there)):
            least = np.inf
            for a in range(here.shape[1]):
                for b in range(there.shape[1]):
                    least = min(least, _square(here[i, a], there[j, b], unit, sums))
            out[i, j] = np.sqrt(least)


@compiled
def pruned_minima(
    products: Array,
    tops: Array,
    here: Array,
    there: Array,
    norms: Array,
    norms2: Array,
    unit: float,
    skip: int,
    grow: float,
    kappa: float,
    beta: float,
    out: Array,
) -> None:
    """As `direct_minima`, evaluating pairs of views in the order of their products down to the limit that `bands` proves.

    products (rows of `here`, rows of `there`) and tops (n, rows of `there`), their largest among the views of a sample, are
    overwritten; norms (n,), norms2 (n',) as in `Factors`.
    """
    m, m2 = here.shape[1], there.shape[1]
    sums = np.empty(LANES)
    for i in range(len(here)):
        top = tops[i]
        for j in range(max(0, i - skip), len(there)):
            reach = norms[i] + norms2[j]
            least, limit = np.inf, -np.inf
            while True:
                most = top[j * m2]
                for c in range(j * m2 + 1, j * m2 + m2):
                    most = max(most, top[c])
                if not (most > -np.inf and most >= limit):
                    break
                a, c = i * m, j * m2
                while top[c] != most:
                    c += 1
                while products[a, c] != most:
                    a += 1
                square = _square(here[i, a - i * m], there[j, c - j * m2], unit, sums)
                if square < least:
                    least = square
                    radius = np.sqrt(least) * grow + kappa * reach
                    limit = -(radius * radius + beta * reach * reach) / 2 - TINY
                products[a, c] = -np.inf
                top[c] = products[i * m, c]
                for row in range(i * m + 1, i * m + m):
                    top[c] = max(top[c], products[row, c])
            out[i, j] = np.sqrt(least)
