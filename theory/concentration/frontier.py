"""The whole frontier sigma(delta): for every distinct distance a certified interval for the size of the main part.

From below, cliques are known: `reached[c - 1]` is the first threshold with one of c samples. Greedy chains and a local search
find nearly all there are. From above, every clique is counted at its longest edge, so at each threshold none exceeds the
largest bound that `lenses` gives for an edge up to it. Sweeps over the edges, shortest first, sharpen the bounds only where
they exceed what is known by more than a slack, and what shorter edges allow; the slack is halved from sweep to sweep. When it
is zero the lenses that are left are searched, with an effort that grows eightfold.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from theory.checks import check_budget, check_threshold
from theory.concentration.chains import LOCAL_STEPS, growth, peeled, swapped
from theory.concentration.lenses import MATCHED, sizes, sweep
from theory.concentration.mainpart import MainPart, check_distances, check_one_delta, ranked
from theory.setting import Array

CHAIN_STEPS = 2_000_000_000
"""Greedy chains are grown from as many samples as this number of elementary steps allows, 16 at least, all at most."""
SWAP_STEPS = 500_000_000
"""The same for the sizes at which larger cliques are searched for locally."""


LARGEST_BUDGET = 2**62
"""Search nodes that no search spends; compiled code counts them in 64 bits."""


@dataclass(frozen=True)
class SigmaFrontier:
    """What is known of sigma(delta) at all delta: intervals of the clique size, each lower end with a witness.

    thresholds  (T,) the distinct distances, ascending from 0
    reached     (n,) reached[c - 1] is the index of the least threshold at which a clique of c samples was found
    possible    (n,) possible[c - 1] is the least index at which a clique of c samples is not excluded, <= reached
    nodes       search nodes spent
    """

    thresholds: Array
    reached: Array
    possible: Array
    nodes: int
    chains: tuple[Array, ...]
    chain_of: Array

    @cached_property
    def lower(self) -> Array:
        """(T,) size of the main part found at every threshold."""
        return np.searchsorted(self.reached, np.arange(len(self.thresholds)), side="right")

    @cached_property
    def upper(self) -> Array:
        """(T,) no main part at the threshold is larger."""
        return np.searchsorted(self.possible, np.arange(len(self.thresholds)), side="right")

    @property
    def exact(self) -> bool:
        """All intervals have closed."""
        return bool((self.reached == self.possible).all())

    @property
    def width(self) -> float:
        """Mean width of the intervals of sigma over the distinct thresholds, in [0, 1]."""
        return float((self.reached - self.possible).sum()) / len(self.thresholds) / len(self.reached)

    def main_part(self, delta: Any) -> MainPart:
        """The main part found at delta >= 0, and its bounds."""
        check_one_delta(delta)
        t = int(np.searchsorted(self.thresholds, delta, side="right")) - 1
        size = int(self.lower[t])
        return MainPart(np.sort(self.chains[self.chain_of[size - 1]][:size]), size, int(self.upper[t]))

    def sigma(self, delta: Any) -> tuple[Any, Any]:
        """(lower, upper) bounds of sigma(delta), exact where equal; delta >= 0 a float or an array."""
        check_threshold("delta", delta)
        t = np.searchsorted(self.thresholds, delta, side="right") - 1
        return self.lower[t] / len(self.reached), self.upper[t] / len(self.reached)


def frontier(distances: Array, *, nodes: int = 2_000_000, seconds: float | None = None) -> SigmaFrontier:
    """sigma(delta) at every distinct distance; distances (n, n) symmetric, finite, >= 0, floats or Fractions (dtype object).

    nodes    budget of search nodes. It alone makes the result a function of the input: the same on every machine
    seconds  an additional limit of wall time, kept roughly: each search gets the nodes that the speed so far promises. The
             result then depends on the machine, its intervals are valid all the same

    Raises ValueError that names a bad value and the remedy.
    """
    check_distances(distances)
    check_budget("nodes", nodes)
    if seconds is not None:
        check_budget("seconds", seconds)
    nodes = min(nodes, LARGEST_BUDGET)
    start = time.monotonic()
    thresholds, ranks = ranked(distances)
    stairs = _Stairs(ranks, len(thresholds))
    spent = stairs.climb(nodes)
    for slack, last in _schedule(len(ranks)):
        stairs.restart()
        while spent < nodes and not stairs.done:
            allowed = nodes - spent
            if seconds is not None and seconds < np.inf:
                elapsed = max(time.monotonic() - start, 1e-9)
                if elapsed >= seconds:
                    break
                allowed = int(min(allowed, max(len(ranks), spent / elapsed * (seconds - elapsed))))
            spent += stairs.settle(slack, last, allowed)
        possible = stairs.possible()
        if not stairs.done or (possible == stairs.reached).all():
            break
    return SigmaFrontier(thresholds, stairs.reached, possible, spent, *_compact(stairs.chains, stairs.chain_of))


def _schedule(n: int) -> Iterator[tuple[int, int]]:
    """(slack, last stage) of every sweep, without end."""
    slack = n // 16
    while slack > 0:
        yield slack, MATCHED
        slack //= 2
    for last in count(MATCHED):
        yield 0, last


class _Stairs:
    """What is known from below, and the bounds from above while they are being sharpened.

    Samples are numbered from the centre outwards, which makes colourings good: order[i] is the sample that i stands for.
    """

    def __init__(self, ranks: Array, count: int) -> None:
        n = len(ranks)
        self.order = np.argsort(ranks.sum(axis=1), kind="stable")
        self.ranks = np.ascontiguousarray(ranks[np.ix_(self.order, self.order)])
        self.reached = np.full(n, count)
        self.chain_of = np.zeros(n, dtype=np.int64)
        self.chains: list[Array] = []
        left, right = np.triu_indices(n, 1)
        edges = np.argsort(self.ranks[left, right], kind="stable")
        self.pairs = left[edges] * n + right[edges]
        self.bounds = sizes(self.ranks, self.pairs)
        self.stages = np.zeros(len(self.pairs), np.uint8)
        nearest = self.pairs[0] // n if n > 1 else 0
        spread = np.linspace(0, n - 1, min(n, max(16, CHAIN_STEPS // n**2))).round().astype(int)
        for seed in np.unique(np.append(spread, nearest)):
            self._adopt(*growth(self.ranks, seed))

    def _adopt(self, order: Array, diameters: Array) -> None:
        better = np.flatnonzero(diameters < self.reached[: len(order)])
        if len(better):
            self.reached[better] = diameters[better]
            self.chain_of[better] = len(self.chains)
            self.chains.append(self.order[order])

    def climb(self, nodes: int) -> int:
        """Search locally just below `reached`, at as many sizes as SWAP_STEPS allows; returns the tries, at most `nodes`."""
        n = len(self.ranks)
        tries = np.unique(np.linspace(2, n, min(n - 1, nodes, SWAP_STEPS // (LOCAL_STEPS * n))).round().astype(int))
        place = np.argsort(self.order)
        for c in tries:
            t = int(self.reached[c - 1]) - 1
            size = int(np.searchsorted(self.reached, t, side="right"))
            if size > 0:
                known = place[self.chains[self.chain_of[size - 1]][:size]]
                near = swapped(self.ranks, t, known, LOCAL_STEPS)
                if len(near) >= c:
                    self._adopt(*peeled(self.ranks, near))
        return len(tries)

    def restart(self) -> None:
        """Begin a sweep."""
        n = len(self.ranks)
        self.at = np.zeros(3, np.int64)
        self.rows = np.zeros((n, (n + 63) // 64), np.uint64)

    @property
    def done(self) -> bool:
        """The sweep has seen all edges."""
        return bool(self.at[0] == len(self.pairs))

    def settle(self, slack: int, last: int, nodes: int) -> int:
        """Go on with the sweep until it ends, has spent the nodes, or finds a larger clique; returns the nodes spent."""
        members, spent = sweep(
            self.ranks, self.pairs, self.rows, self.bounds, self.stages, self.reached, self.at, slack, last, nodes
        )
        if len(members):
            self._adopt(*peeled(self.ranks, members))
        return int(spent)

    def possible(self) -> Array:
        """(n,) the least threshold at which no bound excludes a clique of c samples."""
        sizes_from_2 = np.arange(2, len(self.ranks) + 1)
        first = np.searchsorted(np.maximum.accumulate(self.bounds), sizes_from_2)
        return np.append(0, self.ranks.ravel()[self.pairs[first]]).astype(np.int64)


def _compact(chains: list[Array], chain_of: Array) -> tuple[tuple[Array, ...], Array]:
    used, renumbered = np.unique(chain_of, return_inverse=True)
    return tuple(chains[i] for i in used), renumbered


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


def clique_steps(distances: Array, *, nodes: int = 2_000_000) -> Steps:
    """The lower staircase of `frontier` on (n, n) distances, in units of distance; n = 0 gives no steps."""
    if np.shape(distances) == (0, 0):
        return Steps(np.empty(0), True)
    closed = frontier(distances, nodes=nodes)
    return Steps(closed.thresholds[closed.reached], closed.exact)
