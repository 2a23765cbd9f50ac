"""Largest cliques of a threshold graph: bit-parallel branch and bound with re-colouring and re-sorted subproblems.

A graph is (n, W) uint64 words, bit j of row i set when i and j are within the threshold. Bounds come from greedy
colourings: a set that c independent sets cover holds no clique of more than c. Source: San Segundo et al. 2013, "An improved
bit parallel exact maximum clique algorithm" (BBMCR); re-sorting of subproblems by degeneracy after Konc and Janezic 2007
(MCQD). In threshold graphs of real data greedy colouring is nearly exact, which is why this answers at once where a general
solver does not: the samples within t of both ends of an edge of length t split into two halves, each nearly a clique.

The unit of work is the search node (one colouring), so the same input and budget give the same answer on every machine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.concentration.compiled import bit, compiled, lowest
from theory.setting import Array

RESORTED_LEVELS = 4
"""Depth to which subproblems are induced and re-sorted when a first try of 2 n nodes does not settle them."""


@dataclass(frozen=True)
class Found:
    """What a search above `lower` found: members of a larger clique (empty when none), no clique exceeds `upper`."""

    members: Array
    upper: int
    nodes: int


def larger_clique(ranks: Array, threshold: int, lower: int, nodes: int) -> Found:
    """The largest clique of {ranks <= threshold} with more than `lower` members; ranks (n, n) int32, diagonal ignored.

    Stops after about `nodes` search nodes with the interval reached by then: lower <= size <= upper.
    """
    order = _dense_core(ranks, threshold, lower)
    if len(order) <= lower:
        return Found(order[:0], lower, 1)
    members, upper, used = _search(_induced(ranks, threshold, order), lower, nodes, RESORTED_LEVELS)
    return Found(order[members], upper, used + 1)


@compiled
def _dense_core(ranks: Array, threshold: int, lower: int) -> Array:
    """Vertices that may belong to a clique of more than `lower`, in degeneracy order: the last to be peeled comes first.

    Peeling removes a vertex of least degree; while that degree is below `lower` the vertex is in no such clique.
    """
    n = len(ranks)
    degree = np.zeros(n, np.int32)
    for i in range(n):
        row, count = ranks[i], 0
        for j in range(n):
            count += row[j] <= threshold
        degree[i] = count - (row[i] <= threshold)
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
        order[place] = v
        row = ranks[v]
        for j in range(n):
            degree[j] -= row[j] <= threshold
        degree[v] = gone + n
    return order[:kept]


@compiled
def _induced(ranks: Array, threshold: int, order: Array) -> Array:
    n = len(order)
    rows = np.zeros((n, (n + 63) // 64), np.uint64)
    for a in range(n):
        row = ranks[order[a]]
        for b in range(n):
            if row[order[b]] <= threshold and a != b:
                rows[a, b >> 6] |= bit(b)
    return rows


@compiled
def _resorted(rows: Array, members: Array) -> tuple[Array, Array]:
    """The subgraph on `members` in degeneracy order: (order, rows)."""
    m = len(members)
    degree = np.zeros(m, np.int64)
    near = np.zeros((m, m), np.bool_)
    for a in range(m):
        row = rows[members[a]]
        for b in range(m):
            near[a, b] = (row[members[b] >> 6] >> np.uint64(members[b] & 63)) & np.uint64(1)
            degree[a] += near[a, b]
    order = np.empty(m, np.int64)
    for place in range(m - 1, -1, -1):
        v = 0
        for i in range(m):
            if degree[i] < degree[v]:
                v = i
        order[place] = v
        for j in range(m):
            degree[j] -= near[v, j]
        degree[v] = 3 * m
    out = np.zeros((m, (m + 63) // 64), np.uint64)
    for a in range(m):
        row_a = near[order[a]]
        for b in range(m):
            if row_a[order[b]]:
                out[a, b >> 6] |= bit(b)
    return members[order], out


@compiled
def _conflict(members: Array, row: Array) -> tuple[int, int, int]:
    """How many of `members` are adjacent (0, 1, or 2 for more), and the word and bit position of a single one."""
    count, word, place = 0, 0, 0
    for w in range(len(row)):
        x = members[w] & row[w]
        if x:
            if count or (x & (x - np.uint64(1))):
                return 2, 0, 0
            count, word, place = 1, w, lowest(x)
    return count, word, place


@compiled
def _recoloured(
    v: int, P: Array, left: Array, rows: Array, free: int, classes: Array, home: Array, mark: Array
) -> bool:
    """Put v into one of the first `free` classes, moving at most one other vertex out of its way; False if it cannot be.

    Only classes that hold a non-neighbour of v can take it: every other one conflicts with more than the vertex to be moved,
    or consists of it alone. `mark` remembers the classes tried.
    """
    mark[0, 0] += 1
    for w in range(len(P)):
        x = P[w] & ~rows[v, w] & ~left[w]
        while x:
            y = (w << 6) + lowest(x)
            x &= x - np.uint64(1)
            k = home[y]
            if y == v or k >= free or mark[1, k] == mark[0, 0]:
                continue
            mark[1, k] = mark[0, 0]
            count, word, place = _conflict(classes[k], rows[v])
            if count == 2:
                continue
            if count == 1:
                u = (word << 6) + place
                k2 = _refuge(u, k, P, left, rows, free, classes, home, mark)
                if k2 < 0:
                    continue
                classes[k, word] &= ~bit(place)
                classes[k2, word] |= bit(place)
                home[u] = k2
            classes[k, v >> 6] |= bit(v)
            home[v] = k
            return True
    return False


@compiled
def _refuge(
    u: int, k: int, P: Array, left: Array, rows: Array, free: int, classes: Array, home: Array, mark: Array
) -> Any:
    """One of the first `free` classes, other than k, with no neighbour of u; -1 if there is none."""
    mark[0, 1] += 1
    for w in range(len(P)):
        x = P[w] & ~rows[u, w] & ~left[w]
        while x:
            y = (w << 6) + lowest(x)
            x &= x - np.uint64(1)
            k2 = home[y]
            if y == u or k2 >= free or k2 == k or mark[2, k2] == mark[0, 1]:
                continue
            mark[2, k2] = mark[0, 1]
            if _conflict(classes[k2], rows[u])[0] == 0:
                return k2
    return -1


@compiled
def _colour(
    P: Array, rows: Array, free: int, branch: Array, bound: Array, top: int, classes: Array, home: Array, mark: Array
) -> int:
    """Colour P greedily, class by class; append the vertices beyond the first `free` classes to `branch` and, to `bound`, the
    number of classes that cover P up to and including them. Returns the new top. The rest of P holds no clique above `free`.
    """
    W = len(P)
    left, candidates = P.copy(), np.empty(W, np.uint64)
    k, first = 0, 0
    while True:
        while first < W and left[first] == 0:
            first += 1
        if first == W:
            return top
        for w in range(W):
            classes[k, w] = 0
            candidates[w] = left[w]
        empty = True
        for w in range(first, W):
            while candidates[w]:
                v = (w << 6) + lowest(candidates[w])
                candidates[w] &= ~bit(v)
                left[w] &= ~bit(v)
                for i in range(w, W):
                    candidates[i] &= ~rows[v, i]
                if k >= free > 1 and _recoloured(v, P, left, rows, free, classes, home, mark):
                    continue
                classes[k, w] |= bit(v)
                home[v] = k
                empty = False
                if k >= free:
                    branch[top], bound[top] = v, k + 1
                    top += 1
        if not empty:
            k += 1


@compiled
def _everyone(n: int) -> Array:
    P = np.zeros((n + 63) // 64, np.uint64)
    for v in range(n):
        P[v >> 6] |= bit(v)
    return P


@compiled
def _members(P: Array) -> Array:
    found = np.empty(64 * len(P), np.int64)
    m = 0
    for w in range(len(P)):
        x = P[w]
        while x:
            found[m] = (w << 6) + lowest(x)
            x &= x - np.uint64(1)
            m += 1
    return found[:m]


@compiled
def _branch_and_bound(rows: Array, lower: int, nodes: int) -> tuple[Array, int, int]:
    """(members, upper, nodes used) of the largest clique above `lower`, without recursion."""
    n, W = rows.shape
    P = np.zeros((n + 1, W), np.uint64)
    branch, bound = np.empty(n * (n + 1) // 2 + n, np.int32), np.empty(n * (n + 1) // 2 + n, np.int32)
    base, top = np.zeros(n + 2, np.int64), np.zeros(n + 2, np.int64)
    classes, home, mark = np.empty((n + 1, W), np.uint64), np.zeros(n, np.int64), np.zeros((3, n + 2), np.int64)
    chosen, members = np.empty(n + 1, np.int64), np.empty(0, np.int64)
    best, used, depth = lower, 1, 0
    P[0] = _everyone(n)
    top[0] = _colour(P[0], rows, best, branch, bound, 0, classes, home, mark)
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
            top[depth] = _colour(P[depth], rows, best - depth, branch, bound, base[depth], classes, home, mark)
        elif depth + 1 > best:
            best = depth + 1
            members = chosen[:best].copy()
    upper = best
    while depth >= 0:  # what is still open
        if top[depth] > base[depth]:
            upper = max(upper, depth + bound[top[depth] - 1])
        depth -= 1
    return members, upper, used


@compiled
def _search(rows: Array, lower: int, nodes: int, levels: int) -> tuple[Array, int, int]:
    """As `_branch_and_bound`; what that does not settle in 2 n nodes is branched on, each child in an order of its own."""
    n = len(rows)
    members, upper, used = _branch_and_bound(rows, lower, nodes if levels == 0 else min(nodes, 2 * n))
    best = max(lower, len(members))
    if upper == best or used >= nodes:
        return members, upper, used
    branch, bound = np.empty(n, np.int32), np.empty(n, np.int32)
    child_branch, child_bound = np.empty(n, np.int32), np.empty(n, np.int32)
    classes = np.empty((n + 1, rows.shape[1]), np.uint64)
    home, mark = np.zeros(n, np.int64), np.zeros((3, n + 2), np.int64)
    P = _everyone(n)
    top = _colour(P, rows, best, branch, bound, 0, classes, home, mark)
    while top > 0 and bound[top - 1] > best:
        if used >= nodes:
            return members, min(upper, bound[top - 1]), used
        top -= 1
        v = branch[top]
        P[v >> 6] &= ~bit(v)
        child = P & rows[v]
        used += 1
        if _colour(child, rows, best - 1, child_branch, child_bound, 0, classes, home, mark) == 0:
            continue
        order, inner = _resorted(rows, _members(child))
        found, inner_upper, inner_used = _search(inner, best - 1, nodes - used, levels - 1)
        used += inner_used
        if len(found) > best - 1:
            best = len(found) + 1
            members = np.append(order[found], v)
        if inner_upper + 1 > best:
            return members, min(upper, max(inner_upper + 1, bound[top])), used
    return members, best, used


@compiled
def growth(ranks: Array, seed: int) -> tuple[Array, Array]:
    """A greedy chain of cliques from `seed`: always the sample whose farthest member is nearest (ties: least sum).

    Returns (order, diameters), both (n,): the first c of `order` have the diameter diameters[c - 1], a rank.
    """
    n = len(ranks)
    far, total = ranks[seed].copy(), ranks[seed].astype(np.int64)
    outside = np.ones(n, np.bool_)
    order, diameters = np.empty(n, np.int64), np.zeros(n, ranks.dtype)
    v = seed
    for c in range(n):
        if c > 0:
            v = -1
            for u in range(n):
                if outside[u] and (v < 0 or far[u] < far[v] or (far[u] == far[v] and total[u] < total[v])):
                    v = u
            diameters[c] = max(diameters[c - 1], far[v])
        order[c], outside[v] = v, False
        row = ranks[v]
        for u in range(n):
            far[u] = max(far[u], row[u])
            total[u] += row[u]
    return order, diameters


@compiled
def peeled(ranks: Array, members: Array) -> tuple[Array, Array]:
    """A chain of cliques down from `members`: of the two ends of a longest edge, the one with the longer next edge goes.

    Returns (order, diameters) as `growth` does, both (len(members),).
    """
    order = members.copy()
    m = len(order)
    diameters = np.zeros(m, ranks.dtype)
    far = np.zeros(m, ranks.dtype)
    for i in range(m):
        for j in range(m):
            if i != j:
                far[i] = max(far[i], ranks[order[i], order[j]])
    for c in range(m, 1, -1):
        longest = far[:c].max()
        diameters[c - 1] = longest
        out, next_longest = -1, ranks[0, 0]
        for i in range(c):
            if far[i] == longest:
                second = ranks[0, 0] * 0
                for j in range(c):
                    rank = ranks[order[i], order[j]]
                    if i != j and rank < longest:
                        second = max(second, rank)
                if out < 0 or second > next_longest:
                    out, next_longest = i, second
        v = order[out]
        order[out], far[out] = order[c - 1], far[c - 1]
        order[c - 1] = v
        for i in range(c - 1):
            if ranks[order[i], v] == far[i]:
                far[i] = 0
                for j in range(c - 1):
                    if i != j:
                        far[i] = max(far[i], ranks[order[i], order[j]])
    return order, diameters
