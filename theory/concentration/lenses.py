"""The largest clique whose longest edge is a given one, bounded from above and searched for.

All its members lie in the lens of that edge: the samples no farther from either end than the ends are from each other. In
data with a geometry a lens falls into two halves, each nearly a clique, so that pairs too far apart run between the halves:
their graph H is nearly bipartite. A clique is an independent set of H, so a fractional matching of H of weight w shows that
no clique in a lens of s samples has more than s - w. For a bipartite H that is exact (Koenig); in general the largest w is
half the largest matching of the bipartite double cover of H (Nemhauser and Trotter 1975). Two weaker bounds come first,
since they are cheaper: s itself, and a greedy colouring, which may gather more than two samples that are mutually too far.

A graph is (n, W) uint64 words, bit j of row i set when i and j are within the threshold; sets of samples are (W,) words.
"""

from typing import Any

import numpy as np

from theory.concentration.cliques import search_among
from theory.concentration.compiled import bit, compiled, lowest, ones
from theory.setting import Array

COUNTED, COLOURED, MATCHED = 0, 1, 2
"""How the bound of an edge was obtained; a later stage k is a search of FIRST_EFFORT 8^(k - 3) nodes."""
FIRST_EFFORT = 64


@compiled
def lens(rows: Array, i: int, j: int, out: Array) -> Any:
    """Write the samples within the threshold of both i and j to `out`, and return how many they are."""
    size = 0
    for w in range(len(out)):
        out[w] = rows[i, w] & rows[j, w]
        size += ones(out[w])
    return size


@compiled
def colours(rows: Array, P: Array, size: int, enough: int) -> Any:
    """No clique of P, which has `size` members, is larger: classes of a greedy colouring. Ends early at `enough`."""
    W = len(P)
    left, candidates = P.copy(), np.empty(W, np.uint64)
    k, rest, first = 0, size, 0
    while k + rest > enough and rest > 0:
        while left[first] == 0:
            first += 1
        candidates[:] = left
        for w in range(first, W):
            while candidates[w]:
                v = (w << 6) + lowest(candidates[w])
                candidates[w] &= ~bit(v)
                left[w] &= ~bit(v)
                rest -= 1
                for i in range(w, W):
                    candidates[i] &= ~rows[v, i]
        k += 1
    return k + rest


@compiled
def _partner(rows: Array, x: int, among: Array) -> Any:
    """The first sample of `among` other than x and too far from it; -1 if there is none."""
    for w in range(len(among)):
        far = among[w] & ~rows[x, w]
        if w == x >> 6:
            far &= ~bit(x)
        if far:
            return (w << 6) + lowest(far)
    return -1


@compiled
def uncovered(rows: Array, P: Array, size: int, enough: int) -> Any:
    """No clique of P, which has `size` members, is larger: size - (fractional matching of pairs too far apart).

    Augments along disjoint paths until none is left, or the bound has come down to `enough`.
    """
    n = len(rows)
    mate, mate_of, parent = np.full(n, -1), np.full(n, -1), np.empty(n, np.int64)  # left to right copy, back, path
    free, weight = P.copy(), 0  # right copies without a mate; twice the weight
    unseen = np.empty(len(P), np.uint64)
    grown = True
    while grown:
        grown = False
        unseen[:] = P
        for start_word in range(len(P)):
            starts = P[start_word]
            while starts:
                start = (start_word << 6) + lowest(starts)
                starts &= starts - np.uint64(1)
                if mate[start] >= 0:
                    continue
                x, end = start, -1
                while True:
                    end = _partner(rows, x, free)
                    if end >= 0:
                        parent[end] = x
                        break
                    y = _partner(rows, x, unseen)
                    if y >= 0:
                        unseen[y >> 6] &= ~bit(y)
                        parent[y] = x
                        x = mate_of[y]
                    elif x == start:
                        break
                    else:
                        x = parent[mate[x]]
                if end < 0:
                    continue
                free[end >> 6] &= ~bit(end)
                unseen[end >> 6] &= ~bit(end)
                while end >= 0:
                    x = parent[end]
                    mate_of[end], mate[x], end = x, end, mate[x]
                weight += 1
                grown = True
                if (2 * size - weight) // 2 <= enough:
                    return (2 * size - weight) // 2
    return (2 * size - weight) // 2


@compiled
def sizes(ranks: Array, pairs: Array) -> Array:
    """(E,) samples in the closed lens of every edge, its two ends included; `pairs` as in `sweep`."""
    n, filled = len(ranks), 0
    rows, out = np.zeros((n, (n + 63) // 64), np.uint64), np.empty(len(pairs), np.int32)
    P = np.empty(rows.shape[1], np.uint64)
    for e in range(len(pairs)):
        i, j = pairs[e] // n, pairs[e] % n
        filled = filled_up(ranks, pairs, rows, filled, ranks[i, j])
        out[e] = lens(rows, i, j, P) + 2
    return out


@compiled
def filled_up(ranks: Array, pairs: Array, rows: Array, filled: int, threshold: int) -> Any:
    """Add the edges up to the threshold to a graph that has the first `filled`; returns how many it has then."""
    n = len(ranks)
    while filled < len(pairs):
        i, j = pairs[filled] // n, pairs[filled] % n
        if ranks[i, j] > threshold:
            break
        rows[i, j >> 6] |= bit(j)
        rows[j, i >> 6] |= bit(i)
        filled += 1
    return filled


@compiled
def sweep(
    ranks: Array,
    pairs: Array,
    rows: Array,
    bounds: Array,
    stages: Array,
    reached: Array,
    at: Array,
    slack: int,
    last: int,
    nodes: int,
) -> Any:
    """Sharpen the bounds of edges, shortest first, until they are within `slack` of what was reached, or of a shorter edge.

    pairs   (E,) edges as n i + j, in ascending order of rank
    rows    (n, W) the graph of the first at[1] edges
    bounds  (E,) no clique whose longest edge is this one is larger; `stages` (E,) says where that comes from
    reached (n,) reached[c - 1] is the least rank at which a clique of c samples is known
    at      (3,) the next edge, edges in the graph, the largest bound of the edges before; all are moved on
    last    the last stage to try

    Ends with all edges, with `nodes` spent, or with a clique that lowers `reached`. Returns (its members, nodes spent).
    """
    n, spent, known = len(ranks), 0, 0
    P = np.empty(rows.shape[1], np.uint64)
    while at[0] < len(pairs):
        e = at[0]
        i, j = pairs[e] // n, pairs[e] % n
        t = ranks[i, j]
        at[1] = filled_up(ranks, pairs, rows, at[1], t)
        while known < n and reached[known] <= t:
            known += 1
        goal = max(at[2], known + slack)
        while bounds[e] > goal and stages[e] < last:
            if spent >= nodes:
                return P[:0].astype(np.int64), spent
            stages[e] += 1
            size = lens(rows, i, j, P)
            if stages[e] == COLOURED:
                bound, used = colours(rows, P, size, known - 2), 1
            elif stages[e] == MATCHED:
                bound, used = uncovered(rows, P, size, known - 2), 1
            else:
                effort = FIRST_EFFORT * 8 ** (stages[e] - MATCHED - 1)
                members, bound, used = search_among(ranks, t, _listed(P), known - 2, min(effort, nodes - spent))
                if len(members):
                    bounds[e] = min(bounds[e], bound + 2)
                    return np.append(members, np.array([i, j])), spent + used
            bounds[e] = min(bounds[e], bound + 2)
            spent += used
        at[2] = max(at[2], bounds[e])
        at[0] += 1
    return P[:0].astype(np.int64), spent


@compiled
def _listed(P: Array) -> Array:
    out = np.empty(64 * len(P), np.int64)
    size = 0
    for w in range(len(P)):
        x = P[w]
        while x:
            out[size] = (w << 6) + lowest(x)
            size += 1
            x &= x - np.uint64(1)
    return out[:size]
