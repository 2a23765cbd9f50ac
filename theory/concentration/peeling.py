"""A bound of the largest clique of a whole graph: samples are peeled off while a matching shows that they are in none.

A clique that contains a sample lies, but for the sample itself, among its neighbours. Disjoint pairs of neighbours that are
too far apart cost a clique one sample each: among s neighbours with w such pairs no clique has more than s - w. Where that
excludes a clique of more than `goal` samples the sample is taken away, which leaves fewer neighbours to the others. Without
pairs this is the bound by degeneracy. With them it comes within a few samples of the truth in graphs of real data: as in
`lenses`, the neighbours of a sample far from the middle fall into two halves. Pairs are taken greedily as long as that takes
samples away, and a largest fractional matching, which costs far more, is looked for where the greedy one does not.

A graph is (n, W) uint64 words as in `lenses`.
"""

import numpy as np

from theory.concentration.compiled import bit, compiled, lowest, ones
from theory.concentration.lenses import uncovered
from theory.setting import Array

MOST_MISSES = 8
"""A thorough round looks for no more largest matchings after this many in a row that take no sample away."""


@compiled
def unpaired(rows: Array, P: Array, size: int, enough: int) -> int:
    """No clique of P, which has `size` members, is larger: size - (disjoint pairs too far apart, paired greedily).

    Ends early at `enough`.
    """
    left, bound = P.copy(), size
    for w in range(len(P)):
        while left[w]:
            x = (w << 6) + lowest(left[w])
            left[w] &= left[w] - np.uint64(1)
            for k in range(w, len(P)):
                far = left[k] & ~rows[x, k]
                if far:
                    left[k] &= ~bit(lowest(far))
                    bound -= 1
                    break
            if bound <= enough:
                return bound
    return bound


@compiled
def peeling_levels(rows: Array, start: int, nodes: int) -> tuple[Array, int]:
    """(levels, nodes spent): no clique that contains sample v has more than levels[v] samples; none is below `start`.

    Samples are looked at from the last to the first, again and again: that should be from the outside inwards. A round that
    takes none away is followed by a thorough one, with largest matchings. When that takes none away either, the goal, first
    `start`, rises to the least bound there is, and by a quarter of what it has risen before, which saves rounds. A bound
    falls by at most one with every neighbour taken away, and pairs leave at least half: mostly that decides without pairing.
    A node is one round or one largest matching.
    """
    n, W = rows.shape
    kept, P = np.zeros(W, np.uint64), np.empty(W, np.uint64)
    for v in range(n):
        kept[v >> 6] |= bit(v)
    levels = np.zeros(n, np.int64)
    paired, matched = np.full(n, n), np.full(n, n)  # pairs among the neighbours when they were last counted
    goal, left, spent, thorough = start, n, 0, False
    while left > goal and spent < nodes:
        spent += 1
        while kept[W - 1] == 0:
            W -= 1
        least, before, misses = n, left, 0
        for v in range(min(n, 64 * W) - 1, -1, -1):
            if not kept[v >> 6] & bit(v):
                continue
            size = 0
            for w in range(W):
                P[w] = rows[v, w] & kept[w]
                size += ones(P[w])
            bound, half = size, (size + 1) // 2
            if bound >= goal:
                bound = max(half, size - paired[v])
                if bound < goal:
                    bound = unpaired(rows, P[:W], size, goal - 1)
                    paired[v] = size - bound
            open_yet = bound >= goal > max(size // 2, size - matched[v])
            if thorough and open_yet and misses < MOST_MISSES and spent < nodes:
                spent += 1
                bound = uncovered(rows, P[:W], size, goal - 1)
                matched[v] = size - bound
                misses = misses + 1 if bound >= goal else 0
            if bound < goal:
                kept[v >> 6] &= ~bit(v)
                levels[v] = goal
                left -= 1
            else:
                least = min(least, bound)
        if left == before and thorough:
            goal = least + 1 + (goal - start) // 4
        thorough = left == before and not thorough
    for v in range(n):
        if kept[v >> 6] & bit(v):
            levels[v] = max(left, goal)
    return levels, spent


@compiled
def cap(bounds: Array, pairs: Array, levels: Array) -> None:
    """Lower the bounds of edges n i + j to those of their ends."""
    n = len(levels)
    for e in range(len(pairs)):
        bounds[e] = min(bounds[e], levels[pairs[e] // n], levels[pairs[e] % n])
