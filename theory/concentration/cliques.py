"""Largest cliques of a threshold graph: bit-parallel branch and bound with re-colouring.

A graph is (n, W) uint64 words, bit j of row i set when i and j are within the threshold. Bounds come from greedy
colourings: a set that c independent sets cover holds no clique of more than c. Source: San Segundo et al. 2013, "An improved
bit parallel exact maximum clique algorithm" (BBMCR). Here the classes that could take a vertex are found from its
non-neighbours, few in the dense graphs that matter, and a vertex without another class to go to is remembered. In threshold
graphs of real data greedy colouring is nearly exact, which is why this answers at once where a general solver does not: the
samples within t of both ends of an edge of length t split into two halves, each nearly a clique.

The unit of work is the search node (one colouring), so the same input and budget give the same answer on every machine.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from theory.concentration.compiled import bit, compiled, lowest
from theory.setting import Array

MOST_NODES = 2**62
"""No search ever gets there; compiled code counts in 64 bits."""


@dataclass(frozen=True)
class CliqueSearch:
    """What a search for a clique of more than `lower` samples ends with.

    members  of the largest such clique that it met; empty where it met none
    upper    no clique is larger
    nodes    search nodes spent
    """

    members: Array
    upper: int
    nodes: int


def larger_clique(ranks: Array, threshold: int, lower: int, nodes: int) -> CliqueSearch:
    """The largest clique of {ranks <= threshold} with more than `lower` members; ranks (n, n) int32, diagonal ignored.

    Stops after about `nodes` search nodes with the interval reached by then: lower <= size <= upper.
    """
    return CliqueSearch(*search_among(ranks, threshold, np.arange(len(ranks)), lower, int(min(nodes, MOST_NODES))))


@compiled
def search_among(ranks: Array, threshold: int, samples: Array, lower: int, nodes: int) -> tuple[Array, int, int]:
    """`larger_clique` among some samples only: (members, upper, nodes spent)."""
    order = _dense_core(ranks, threshold, samples, lower)
    if len(order) <= lower:
        return order[:0], lower, 1
    members, upper, used = _branch_and_bound(induced(ranks, threshold, order), lower, nodes)
    return order[members], upper, used + 1


@compiled
def _dense_core(ranks: Array, threshold: int, samples: Array, lower: int) -> Array:
    """Samples that may belong to a clique of more than `lower`, in degeneracy order: the last to be peeled comes first.

    Peeling removes a vertex of least degree; while that degree is below `lower` the vertex is in no such clique.
    """
    n = len(samples)
    degree = np.zeros(n, np.int32)
    for i in range(n):
        row, count = ranks[samples[i]], 0
        for j in range(n):
            count += row[samples[j]] <= threshold
        degree[i] = count - 1
    gone = np.int32(2 * n)
    order = np.empty(n, np.int64)
    kept, dropping = n, True
    for place in range(n - 1, -1, -1):
        v = 0
        for i in range(n):
            if degree[i] < degree[v]:
                v = i
        if dropping and degree[v] < lower:
            kept -= 1
        else:
            dropping = False
        order[place] = samples[v]
        row = ranks[samples[v]]
        for j in range(n):
            degree[j] -= row[samples[j]] <= threshold
        degree[v] = gone + n
    return order[:kept]


@compiled
def induced(ranks: Array, threshold: int, order: Array) -> Array:
    """The graph {ranks <= threshold} of the samples in `order`, numbered by their place there."""
    n = len(order)
    rows = np.zeros((n, (n + 63) // 64), np.uint64)
    for a in range(n):
        row = ranks[order[a]]
        for b in range(n):
            if row[order[b]] <= threshold and a != b:
                rows[a, b >> 6] |= bit(b)
    return rows


class _Colouring(NamedTuple):
    """The classes of the set last coloured, and what one attempt at re-colouring notes down. All int64.

    home   (n,) class of each vertex
    size   (n + 1,) members of each class
    code   (n + 1,) exclusive or of the members: the last one left is known when all others are known
    stuck  (n,) the colouring at which this vertex was found to have no other class to go to
    tried, met  (2, n + 1) per class, the attempt that looked at it last and the non-neighbours it met there; row 0 for the
           vertex to be placed, row 1 for the one in its way
    others (n + 1,) code of the members that the vertex to be placed has not met
    clock  (3,) how many attempts of either kind there were, and how many colourings
    """

    home: Array
    size: Array
    code: Array
    stuck: Array
    tried: Array
    met: Array
    others: Array
    clock: Array


@compiled
def _blank(n: int) -> _Colouring:
    return _Colouring(
        np.zeros(n, np.int64),
        np.zeros(n + 1, np.int64),
        np.zeros(n + 1, np.int64),
        np.zeros(n, np.int64),
        np.zeros((2, n + 1), np.int64),
        np.zeros((2, n + 1), np.int64),
        np.zeros(n + 1, np.int64),
        np.zeros(3, np.int64),
    )


@compiled
def _recoloured(v: int, P: Array, left: Array, rows: Array, free: int, c: _Colouring) -> bool:
    """Put v into one of the first `free` classes, moving at most one other vertex out of its way; False if it cannot be.

    Only non-neighbours of v are looked at: a class takes v once all its members were met, or all but one that can leave.
    v itself must stand outside the first `free` classes: its class of an earlier colouring would be counted as a member met.
    """
    c.clock[0] += 1
    for w in range(len(P)):
        x = P[w] & ~rows[v, w] & ~left[w]
        while x:
            y = (w << 6) + lowest(x)
            x &= x - np.uint64(1)
            k = c.home[y]
            if k >= free:
                continue
            if c.tried[0, k] != c.clock[0]:
                c.tried[0, k], c.met[0, k], c.others[k] = c.clock[0], 0, c.code[k]
            c.met[0, k] += 1
            c.others[k] ^= y
            if c.met[0, k] == c.size[k]:
                _join(v, k, c)
                return True
            if c.met[0, k] == c.size[k] - 1:
                u = c.others[k]
                if c.stuck[u] == c.clock[2]:
                    continue
                refuge = _refuge(u, P, left, rows, free, c)
                if refuge < 0:
                    c.stuck[u] = c.clock[2]
                    continue
                c.size[k] -= 1
                c.code[k] ^= u
                _join(u, refuge, c)
                _join(v, k, c)
                c.clock[2] += 1
                return True
    return False


@compiled
def _refuge(u: int, P: Array, left: Array, rows: Array, free: int, c: _Colouring) -> Any:
    """One of the first `free` classes, other than that of u, with no neighbour of u; -1 if there is none."""
    c.clock[1] += 1
    for w in range(len(P)):
        x = P[w] & ~rows[u, w] & ~left[w]
        while x:
            y = (w << 6) + lowest(x)
            x &= x - np.uint64(1)
            k = c.home[y]
            if y == u or k >= free:
                continue
            if c.tried[1, k] != c.clock[1]:
                c.tried[1, k], c.met[1, k] = c.clock[1], 0
            c.met[1, k] += 1
            if c.met[1, k] == c.size[k]:
                return k
    return -1


@compiled
def _join(v: int, k: int, c: _Colouring) -> None:
    c.home[v] = k
    c.size[k] += 1
    c.code[k] ^= v


@compiled
def _colour(P: Array, rows: Array, free: int, branch: Array, bound: Array, top: int, c: _Colouring) -> int:
    """Colour P greedily, class by class; append the vertices beyond the first `free` classes to `branch` and, to `bound`, the
    number of classes that cover P up to and including them. Returns the new top. The rest of P holds no clique above `free`.
    """
    W = len(P)
    left, candidates = P.copy(), np.empty(W, np.uint64)
    k, first = 0, 0
    c.clock[2] += 1
    while True:
        while first < W and left[first] == 0:
            first += 1
        if first == W:
            return top
        c.size[k], c.code[k] = 0, 0
        candidates[:] = left
        for w in range(first, W):
            while candidates[w]:
                v = (w << 6) + lowest(candidates[w])
                candidates[w] &= ~bit(v)
                left[w] &= ~bit(v)
                for i in range(w, W):
                    candidates[i] &= ~rows[v, i]
                c.home[v] = k
                if k >= free > 1 and _recoloured(v, P, left, rows, free, c):
                    continue
                _join(v, k, c)
                if k >= free:
                    branch[top], bound[top] = v, k + 1
                    top += 1
        if c.size[k] > 0:
            k += 1


@compiled
def _everyone(n: int) -> Array:
    P = np.zeros((n + 63) // 64, np.uint64)
    for v in range(n):
        P[v >> 6] |= bit(v)
    return P


@compiled
def _branch_and_bound(rows: Array, lower: int, nodes: int) -> tuple[Array, int, int]:
    """(members, upper, nodes used) of the largest clique above `lower`, without recursion."""
    n, W = rows.shape
    P = np.zeros((n + 1, W), np.uint64)
    branch, bound = np.empty(n * (n + 1) // 2 + n, np.int32), np.empty(n * (n + 1) // 2 + n, np.int32)
    base, top = np.zeros(n + 2, np.int64), np.zeros(n + 2, np.int64)
    chosen, members = np.empty(n + 1, np.int64), np.empty(0, np.int64)
    best, used, depth, colouring = lower, 1, 0, _blank(n)
    P[0] = _everyone(n)
    top[0] = _colour(P[0], rows, best, branch, bound, 0, colouring)
    while depth >= 0:
        if top[depth] == base[depth] or depth + bound[top[depth] - 1] <= best:
            depth -= 1
            continue
        if used >= nodes:
            break
        used += 1
        top[depth] -= 1
        v = branch[top[depth]]
        chosen[depth] = v
        P[depth, v >> 6] &= ~bit(v)
        more = np.uint64(0)
        for w in range(W):
            P[depth + 1, w] = P[depth, w] & rows[v, w]
            more |= P[depth + 1, w]
        if more:
            depth += 1
            base[depth] = top[depth - 1]
            top[depth] = _colour(P[depth], rows, best - depth, branch, bound, base[depth], colouring)
        elif depth + 1 > best:
            best = depth + 1
            members = chosen[:best].copy()
    upper = best
    while depth >= 0:  # what is still open
        if top[depth] > base[depth]:
            upper = max(upper, depth + bound[top[depth] - 1])
        depth -= 1
    return members, upper, used
