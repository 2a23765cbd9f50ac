"""The whole frontier sigma(delta): for every distinct distance a certified interval for the size of the main part.

Two staircases over the ascending distinct distances close in on the truth. `reached[c - 1]` is the first threshold at which
a clique of c samples is known (it stays one at every larger threshold); `possible[c - 1]` is the first at which none is
excluded (one that is excluded stays so at every smaller threshold). At each threshold the largest clique has between
#{reached <= t} and #{possible <= t} samples. Greedy chains and nearest neighbours start the staircases. Just below `reached`
a local search tries to find a clique of the size first; then an exact one either finds it or lifts `possible`, for that size
and every larger one. The size expected to close most is looked at next.
"""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from theory.checks import check_budget, check_threshold
from theory.concentration.chains import LOCAL_STEPS, growth, peeled, swapped
from theory.concentration.cliques import larger_clique
from theory.concentration.mainpart import MainPart, check_distances, check_one_delta, ranked
from theory.setting import Array

CHAIN_STEPS = 2_000_000_000
"""Greedy chains are grown from as many samples as this number of elementary steps allows, 16 at least, all at most."""
FIRST_EFFORT = 16
"""Search nodes per sample for the first exact search of a size; one that ends early is repeated later with 8 times more."""


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
    start = time.monotonic()
    thresholds, ranks = ranked(distances)
    stairs = _Stairs(ranks, len(thresholds))
    spent = 0
    while spent < nodes:
        allowed = nodes - spent
        if seconds is not None and seconds < np.inf:
            elapsed = max(time.monotonic() - start, 1e-9)
            if elapsed >= seconds:
                break
            allowed = int(min(allowed, max(len(ranks), spent / elapsed * (seconds - elapsed))))
        c = stairs.most_promising()
        if c is None:
            break
        spent += stairs.settle(c, allowed)
    return SigmaFrontier(thresholds, stairs.reached, stairs.possible, spent, *_compact(stairs.chains, stairs.chain_of))


class _Stairs:
    """The two staircases while they are being closed."""

    def __init__(self, ranks: Array, count: int) -> None:
        n = len(ranks)
        self.ranks = ranks
        self.reached = np.full(n, count)
        self.chain_of = np.zeros(n, dtype=np.int64)
        self.chains: list[Array] = []
        self.possible = _neighbour_bound(ranks)
        self.effort = np.full(n, FIRST_EFFORT * n)
        self.tried = np.zeros(n, dtype=bool)
        for seed in np.unique(np.linspace(0, n - 1, min(n, max(16, CHAIN_STEPS // n**2))).round().astype(int)):
            self._adopt(*growth(ranks, seed))

    def _adopt(self, order: Array, diameters: Array) -> None:
        better = np.flatnonzero(diameters < self.reached[: len(order)])
        if len(better):
            self.reached[better] = diameters[better]
            self.chain_of[better] = len(self.chains)
            self.chains.append(order)
            self.tried[better] = False

    def most_promising(self) -> int | None:
        """The size c whose test just below reached[c - 1] would remove most of the area between the staircases per node.

        If no clique of c samples exists there, possible[b - 1] >= reached[c - 1] follows for every b >= c.
        """
        sums = np.concatenate([[0], np.cumsum(self.possible)])
        start = np.arange(len(self.reached))
        end = np.maximum(np.searchsorted(self.possible, self.reached), start)
        gain = ((end - start) * self.reached - (sums[end] - sums[start])) / self.effort
        best = int(gain.argmax())
        return best + 1 if gain[best] > 0 else None

    def settle(self, c: int, nodes: int) -> int:
        """Search for c samples just below reached[c - 1], at the first try locally; returns the nodes spent."""
        t = int(self.reached[c - 1]) - 1
        if not self.tried[c - 1]:
            self.tried[c - 1] = True
            size = int(np.searchsorted(self.reached, t, side="right"))
            near = swapped(self.ranks, t, self.chains[self.chain_of[size - 1]][:size], LOCAL_STEPS)
            if len(near) >= c:
                self._adopt(*peeled(self.ranks, near))
                return 1
        effort = int(self.effort[c - 1])
        search = larger_clique(self.ranks, t, c - 1, min(nodes, effort))
        if len(search.members):
            self._adopt(*peeled(self.ranks, search.members))
        elif effort <= nodes:  # else the budget was what ended it
            self.effort[c - 1] *= 8
        np.maximum(self.possible[search.upper :], t + 1, out=self.possible[search.upper :])
        return search.nodes


def _neighbour_bound(ranks: Array) -> Array:
    """(n,) the least threshold at which c samples have c - 1 neighbours each: below it no clique of c samples exists."""
    nearest = np.sort(ranks, axis=1)  # column c - 1: the threshold at which a sample has c - 1 neighbours
    return np.array([np.partition(nearest[:, c], c)[c] for c in range(len(ranks))], dtype=np.int64)


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
