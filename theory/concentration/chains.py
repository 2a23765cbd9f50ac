"""Cliques that are found and not proved largest: greedy chains up and down, and a local search between them.

Ranks are the (n, n) int32 positions of the distances among the distinct ones; a clique of diameter t is a set whose ranks are
at most t. A chain is an order of samples whose first c form a clique for every c, with the diameters of those cliques.
"""

import numpy as np

from theory.concentration.compiled import compiled
from theory.setting import Array

LOCAL_STEPS = 1000
"""Steps without a larger clique after which a local search gives up: about the cost of a hundred nodes of an exact search."""


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


@compiled
def swapped(ranks: Array, threshold: int, start: Array, steps: int) -> Array:
    """A clique of {ranks <= threshold}, at least as large as the clique `start`, by local search.

    Each step adds a sample, else swaps one that misses a single member for that member, else drops one; who left stays out
    for 5 to 10 steps. Ends after `steps` steps without a larger clique. Pseudo-random with a fixed seed: the same input gives
    the same answer.

    Source: Pullan and Hoos 2006, "Dynamic local search for the maximum clique problem".
    """
    n = len(ranks)
    missing, inside, free_at = np.zeros(n, np.int32), np.zeros(n, np.bool_), np.zeros(n, np.int64)
    for v in start:
        inside[v] = True
        row = ranks[v]
        for u in range(n):
            missing[u] += row[u] > threshold
    size, best, step, stop = len(start), start.copy(), 0, steps
    state = np.uint64(1)
    while step < stop:
        step += 1
        state = state * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        turn, stay = int((state >> np.uint64(33)) % np.uint64(n)), int((state >> np.uint64(45)) % np.uint64(6))
        enter, leave = -1, -1
        for i in range(n):
            u = i + turn if i + turn < n else i + turn - n
            if inside[u] or free_at[u] > step or missing[u] > 1:
                continue
            if missing[u] == 0:
                enter = u
                break
            if enter < 0:
                enter = u
        if enter < 0 or missing[enter] == 1:
            for i in range(n):
                u = i + turn if i + turn < n else i + turn - n
                if inside[u] and (enter < 0 or ranks[enter, u] > threshold):
                    leave = u
                    break
        if leave >= 0:
            inside[leave], free_at[leave] = False, step + 5 + stay
            size -= 1
            row = ranks[leave]
            for u in range(n):
                missing[u] -= row[u] > threshold
        if enter >= 0:
            inside[enter] = True
            size += 1
            row = ranks[enter]
            for u in range(n):
                missing[u] += row[u] > threshold
        if size > len(best):
            best = np.flatnonzero(inside)
            stop = step + steps
    return best
