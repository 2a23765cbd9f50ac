"""Concentration of augmented data: augmented distances, and main parts as cliques of their threshold graph.

Source: lecture, Definition 1 ((sigma, delta)-augmentation); Huang et al., ICLR 2023, section 2. sigma(delta) of a class is
the largest clique of {d_A <= delta} over the class size. [H] bounded it by a 2-approximation of vertex cover; here a
branch and bound finds it, or an interval that contains it when the budget of nodes is spent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from theory.elementary import sqrt
from theory.setting import Array, check_views


def augmented_distances(views: Array) -> Array:
    """d_A(x1, x2) = min over x1' in A(x1), x2' in A(x2) of ||x1' - x2'||; views (n, m, D), result (n, n).

    Direct float64 evaluation (zero exactly at shared views); exact on Fractions whose distances are rational.
    """
    check_views("views", views)
    n, m, _ = views.shape
    if views.dtype == object:
        gaps = views[:, None, :, None, :] - views[None, :, None, :, :]
        return np.asarray(sqrt((gaps**2).sum(axis=4).min(axis=(2, 3))))
    rows = views.reshape(n * m, -1).astype(float)
    return np.stack([cdist(views[i].astype(float), rows).reshape(m, n, m).min(axis=(0, 2)) for i in range(n)])


@dataclass(frozen=True)
class MainPart:
    """A clique of the threshold graph, and what is known of the largest.

    indices  (lower,) the samples of the clique found
    lower    its size: a witness, safe for certificates
    upper    no clique is larger; equal to `lower` when certified
    """

    indices: Array
    lower: int
    upper: int


def main_part(distances: Array, delta: Any, *, nodes: int = 50_000) -> MainPart:
    """The largest set of samples that are pairwise within delta; distances (n, n) symmetric, delta >= 0.

    Source of the search: San Segundo et al., bit-parallel maximum clique with greedy colouring (BBMC). Stops after `nodes`
    search nodes with the interval reached by then. The same input gives the same answer.
    """
    if not delta >= 0:
        raise ValueError(f"delta is {delta}; a distance is needed: give delta >= 0")
    n = len(distances)
    near = distances <= delta
    np.fill_diagonal(near, False)
    order = np.argsort(-near.sum(axis=1), kind="stable")
    rows = near[np.ix_(order, order)]
    neighbours = [int.from_bytes(np.packbits(row, bitorder="little").tobytes(), "little") for row in rows]
    clique, upper = _largest_clique(neighbours, n, nodes)
    return MainPart(np.sort(order[clique]), len(clique), upper)


@dataclass(frozen=True)
class Steps:
    """sigma(delta) of one class as a step function.

    thresholds  (n,) non-decreasing: thresholds[c - 1] is the least delta at which a clique of c samples was found
    exact       every search ended within its budget: no smaller delta has such a clique
    """

    thresholds: Array
    exact: bool

    def size(self, delta: Any) -> Any:
        """Size of the main part at delta; delta a float or an array."""
        return np.searchsorted(self.thresholds, delta, side="right")


def clique_steps(distances: Array, *, nodes: int = 50_000) -> Steps:
    """sigma(delta) for all delta, on (n, n) distances: bisection over their values, between thresholds of unequal size."""
    n = len(distances)
    if n == 0:
        return Steps(np.empty(0), True)
    values = np.unique(np.concatenate([[0.0], distances[np.triu_indices(n, 1)]]))
    found = np.empty(n)
    exact = True

    def size(index: int) -> int:
        nonlocal exact
        part = main_part(distances, values[index], nodes=nodes)
        exact = exact and part.lower == part.upper
        return part.lower

    def fill(low: int, high: int, small: int, large: int) -> None:
        """found[c - 1] for small < c <= large, the sizes at values[low] and values[high]."""
        if small >= large:
            return
        if high - low == 1:
            found[small:large] = values[high]
            return
        middle = (low + high) // 2
        between = min(max(size(middle), small), large)
        fill(low, middle, small, between)
        fill(middle, high, between, large)

    least = size(0)
    found[:least] = values[0]
    fill(0, len(values) - 1, least, n)
    return Steps(found, exact)


def _colouring(candidates: int, neighbours: list[int]) -> list[tuple[int, int]]:
    """Greedy sequential colouring: (vertex, colours used so far), in the order of the colours."""
    coloured, colour = [], 0
    while candidates:
        colour += 1
        free = candidates
        while free:
            lowest = free & -free
            vertex = lowest.bit_length() - 1
            coloured.append((vertex, colour))
            candidates ^= lowest
            free = (free ^ lowest) & ~neighbours[vertex]
    return coloured


def _largest_clique(neighbours: list[int], n: int, nodes: int) -> tuple[list[int], int]:
    best: list[int] = []
    everyone = (1 << n) - 1
    coloured = _colouring(everyone, neighbours)
    upper = coloured[-1][1]
    stack: list[tuple[list[int], int, list[tuple[int, int]]]] = [([], everyone, coloured)]
    while stack and nodes > 0:
        chosen, candidates, coloured = stack[-1]
        if not coloured or len(chosen) + coloured[-1][1] <= len(best):
            stack.pop()
            continue
        nodes -= 1
        vertex, _ = coloured.pop()
        stack[-1] = (chosen, candidates & ~(1 << vertex), coloured)
        clique, common = [*chosen, vertex], candidates & neighbours[vertex]
        if len(clique) > len(best):
            best = clique
        stack.append((clique, common, _colouring(common, neighbours)))
    return best, upper if stack else len(best)
