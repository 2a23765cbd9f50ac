"""The whole frontier sigma(delta): for every distinct distance a certified interval for the size of the main part.

From below, cliques are known: `reached[c - 1]` is the first threshold with one of c samples. Greedy chains and a local search
find nearly all there are. From above, the graphs of a few thresholds are bounded first, by `peeling`: within a few samples of
the truth, for them and all below. Then every clique is counted at its longest edge, so at each threshold none exceeds the
largest bound that `lenses` gives for an edge up to it. Sweeps over the edges, shortest first, sharpen the bounds only where
they exceed what is known by more than a slack, and what shorter edges allow; the slack is halved from sweep to sweep. When it
is zero the lenses that are left are searched, with an effort that grows eightfold. After each sweep, and as long as
that closes more per node, cliques of a whole size are searched for among all samples, as data without geometry need.
"""

import math
import time
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from typing import Any

import numpy as np

from theory.checks import check_budget, check_threshold
from theory.concentration.chains import LOCAL_STEPS, growth, peeled, swapped
from theory.concentration.cliques import induced, larger_clique
from theory.concentration.lenses import MATCHED, sizes, sweep
from theory.concentration.mainpart import MainPart, check_distances, check_one_delta, ranked
from theory.concentration.peeling import cap, peeling_levels
from theory.setting import Array

CHAIN_STEPS = 2_000_000_000
"""Greedy chains are grown from as many samples as this number of elementary steps allows, 16 at least, all at most."""
SWAP_STEPS = 500_000_000
"""The same for the sizes at which larger cliques are searched for locally."""
MOST_EXCESS = 2 / 3
"""Whole graphs are bounded until this share of what is open is the excess of their bounds, which more do not lower."""
SIZE_EFFORT = 16
"""Search nodes per sample for the first search of a size; one that ends early is repeated later with 8 times more."""
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
    budget = _Budget(min(nodes, LARGEST_BUDGET), seconds)
    thresholds, ranks = ranked(distances)
    stairs = _Stairs(ranks, len(thresholds))
    budget.spend(stairs.climb(budget.nodes))
    stairs.peel(budget)
    for slack, last in _schedule(len(ranks)):
        begun, open_area = budget.spent, stairs.area()
        stairs.restart()
        while (allowed := budget.allowed(len(ranks))) and not stairs.done:
            budget.spend(stairs.settle(slack, last, allowed))
        if nodes := budget.spent - begun:
            stairs.settle_sizes(budget, nodes, (open_area - stairs.area()) / nodes)
        possible = stairs.possible()
        if not budget.allowed(len(ranks)) or (possible == stairs.reached).all():
            break
    return SigmaFrontier(thresholds, stairs.reached, possible, budget.spent, *_compact(stairs.chains, stairs.chain_of))


class _Budget:
    """Search nodes, and roughly seconds: a search is allowed the nodes that the speed so far promises."""

    def __init__(self, nodes: int, seconds: float | None) -> None:
        self.nodes, self.spent = nodes, 0
        self.seconds = math.inf if seconds is None else seconds
        self.start = time.monotonic()

    def spend(self, nodes: int) -> None:
        """Count what a search took."""
        self.spent += nodes

    def allowed(self, least: int) -> int:
        """The nodes for the next search, `least` or more while there is time; 0 where the budget is spent."""
        left = max(self.nodes - self.spent, 0)
        if self.seconds == math.inf:
            return left
        elapsed = max(time.monotonic() - self.start, 1e-9)
        if elapsed >= self.seconds:
            return 0
        return int(min(left, max(least, self.spent / elapsed * (self.seconds - elapsed))))


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

    For the lenses samples are numbered from the centre outwards, which makes colourings good: order[i] is the sample that i
    stands for. Searches of whole sizes, which order the samples themselves, do better on the ranks as `given`.
    """

    def __init__(self, ranks: Array, count: int) -> None:
        n = len(ranks)
        self.given = ranks
        self.order = np.argsort(ranks.sum(axis=1), kind="stable")
        self.place = np.argsort(self.order)
        self.ranks = np.ascontiguousarray(ranks[np.ix_(self.order, self.order)])
        self.reached = np.full(n, count)
        self.chain_of = np.zeros(n, dtype=np.int64)
        self.chains: list[Array] = []
        left, right = np.triu_indices(n, 1)
        edges = np.argsort(self.ranks[left, right], kind="stable")
        self.pairs = left[edges] * n + right[edges]
        self.lengths = self.ranks.ravel()[self.pairs]
        self.bounds = sizes(self.ranks, self.pairs)
        self.stages = np.zeros(len(self.pairs), np.uint8)
        self.lifted = np.zeros(n, np.int64)
        self.effort = np.full(n, SIZE_EFFORT * n)
        self.tried = np.zeros(n, dtype=bool)
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
            self.tried[better] = False

    def climb(self, nodes: int) -> int:
        """Search locally just below `reached`, at as many sizes as SWAP_STEPS allows; returns the tries, at most `nodes`."""
        n = len(self.ranks)
        tries = np.unique(np.linspace(2, n, min(n - 1, nodes, SWAP_STEPS // (LOCAL_STEPS * n))).round().astype(int))
        for c in tries:
            self._swap(c)
        return len(tries)

    def _swap(self, c: int) -> bool:
        """Look for c samples just below reached[c - 1] by a local search; whether there were."""
        t = int(self.reached[c - 1]) - 1
        size = int(np.searchsorted(self.reached, t, side="right"))
        if size == 0:
            return False
        near = swapped(self.ranks, t, self.place[self.chains[self.chain_of[size - 1]][:size]], LOCAL_STEPS)
        if len(near) < c:
            return False
        self._adopt(*peeled(self.ranks, near))
        return True

    def peel(self, budget: "_Budget") -> None:
        """Bound whole graphs where that promises most, until most of the area is what their bounds exceed the known by."""
        n, by_edges = len(self.ranks), self.by_edges()
        sizes = np.arange(1, n)
        tested, excesses = [0], [0]  # sizes known where a graph was bounded, and by how much the bound exceeds them
        while n > 1 and (allowed := budget.allowed(n)):
            possible = np.maximum(by_edges, self.lifted)
            excess = np.interp(sizes, tested, excesses).astype(np.int64)
            gain = _removed(possible, np.minimum(sizes + excess, n), self.reached[1:])
            if gain.max() <= 0 or np.diff(self.reached) @ excess > MOST_EXCESS * (self.reached - possible).sum():
                return
            c = int(gain.argmax()) + 1
            place = bisect(tested, c)
            goal = c + int(excess[c - 1]) // 2
            upper, spent = self._peel_below(c, goal, int(self.reached[tested[place - 1]]), allowed)
            budget.spend(spent)
            tested.insert(place, c)
            excesses.insert(place, upper - c)

    def _peel_below(self, c: int, goal: int, begin: int, nodes: int) -> tuple[int, int]:
        """Bound the graph just below reached[c], not below the goal, and its edges from rank `begin` on.

        Returns (the bound, nodes spent).
        """
        t = int(self.reached[c]) - 1
        levels, spent = peeling_levels(induced(self.ranks, t, np.arange(len(self.ranks))), goal, nodes)
        edges = slice(*np.searchsorted(self.lengths, [begin, t + 1]))
        cap(self.bounds[edges], self.pairs[edges], levels)
        upper = int(levels.max())
        np.maximum(self.lifted[upper:], t + 1, out=self.lifted[upper:])
        return upper, spent

    def restart(self) -> None:
        """Begin a sweep; what searches of sizes have excluded bounds the edges too."""
        n = len(self.ranks)
        at_edges = np.searchsorted(self.lifted, self.lengths, side="right")
        self.bounds = np.minimum(self.bounds, at_edges).astype(np.int32)
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

    def settle_sizes(self, budget: "_Budget", nodes: int, rate: float) -> None:
        """Search for cliques of whole sizes by portions of `nodes`, while they close more than `rate` of the area a node."""
        by_edges = self.by_edges()
        begun, open_area = budget.spent, self.area()
        while allowed := budget.allowed(len(self.ranks)):
            if budget.spent - begun >= nodes:
                area = self.area()
                if open_area - area <= rate * (budget.spent - begun):
                    return
                begun, open_area = budget.spent, area
            c = self._promising(np.maximum(by_edges, self.lifted))
            if c is None:
                return
            budget.spend(self._settle_size(c, allowed))

    def area(self) -> int:
        """What lies between the staircases, in samples times thresholds."""
        return int((self.reached - self.possible()).sum())

    def _promising(self, possible: Array) -> int | None:
        """The size c whose test just below reached[c - 1] would remove most of the area between the staircases per node.

        If no clique of c samples exists there, possible[b - 1] >= reached[c - 1] follows for every b >= c.
        """
        gain = _removed(possible, np.arange(len(possible)), self.reached) / self.effort
        best = int(gain.argmax())
        return best + 1 if gain[best] > 0 else None

    def _settle_size(self, c: int, nodes: int) -> int:
        """Search for c samples just below reached[c - 1], at the first try locally; returns the nodes spent."""
        t, effort = int(self.reached[c - 1]) - 1, int(self.effort[c - 1])
        if not self.tried[c - 1]:
            self.tried[c - 1] = True
            if self._swap(c):
                return 1
        search = larger_clique(self.given, t, c - 1, min(nodes, effort))
        if len(search.members):
            self._adopt(*peeled(self.ranks, self.place[search.members]))
        elif effort <= nodes:  # else the budget was what ended it
            self.effort[c - 1] *= 8
        np.maximum(self.lifted[search.upper :], t + 1, out=self.lifted[search.upper :])
        return search.nodes

    def possible(self) -> Array:
        """(n,) the least threshold at which neither bounds of edges nor searches of sizes exclude c samples."""
        return np.maximum(self.by_edges(), self.lifted)

    def by_edges(self) -> Array:
        """(n,) the least threshold at which no bound of an edge excludes a clique of c samples."""
        sizes_from_2 = np.arange(2, len(self.ranks) + 1)
        first = np.searchsorted(np.maximum.accumulate(self.bounds), sizes_from_2)
        return np.append(0, self.lengths[first]).astype(np.int64)


def _removed(possible: Array, start: Array, thresholds: Array) -> Array:
    """The area between `possible` and thresholds[k], of the sizes above start[k] only, for every k."""
    sums = np.concatenate([[0], np.cumsum(possible)])
    end = np.maximum(np.searchsorted(possible, thresholds), start)
    area: Array = (end - start) * thresholds - (sums[end] - sums[start])
    return area


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
