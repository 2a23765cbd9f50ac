"""Main parts at one threshold: the largest clique of {d_A <= delta}, and the estimate that the paper used in its place.

Source: lecture, Definition 1 ((sigma, delta)-augmentation); Huang et al., ICLR 2023, section 2 (estimates of sigma).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.checks import check_budget, check_real, check_threshold
from theory.concentration.chains import LOCAL_STEPS, growth, swapped
from theory.concentration.cliques import larger_clique
from theory.setting import Array

SEEDS = 64
"""Greedy chains tried before the search of one threshold."""


@dataclass(frozen=True)
class MainPart:
    """A clique of the threshold graph, and what is known of the largest.

    indices  (lower,) the samples of the clique found, ascending
    lower    its size: a witness, safe for certificates
    upper    no clique is larger; equal to `lower` when certified
    """

    indices: Array
    lower: int
    upper: int


def main_part(distances: Array, delta: Any, *, nodes: int = 50_000) -> MainPart:
    """The largest set of samples that are pairwise within delta; distances (n, n) symmetric, delta >= 0.

    Floats, or Fractions (dtype object). Stops after about `nodes` search nodes with the interval reached by then; the same
    input gives the same answer on every machine.

    Raises ValueError that names a bad value and the remedy.
    """
    check_distances(distances)
    check_one_delta(delta)
    check_budget("nodes", nodes)
    thresholds, ranks = ranked(distances)
    t = int(np.searchsorted(thresholds, delta, side="right")) - 1
    best = np.empty(0, np.int64)
    for seed in np.unique(np.linspace(0, len(ranks) - 1, SEEDS).round().astype(int)):
        order, diameters = growth(ranks, seed)
        size = int(np.searchsorted(diameters, t, side="right"))
        best = order[:size] if size > len(best) else best
    best = swapped(ranks, t, best, LOCAL_STEPS)
    search = larger_clique(ranks, t, len(best), nodes)
    best = search.members if len(search.members) else best
    return MainPart(np.sort(best), len(best), search.upper)


def vertex_cover_estimate(distances: Array, delta: Any) -> MainPart:
    """What [H] used: the samples left over by the textbook 2-approximation of vertex cover on the pairs beyond delta.

    Both ends of a maximal set of disjoint pairs (M of them, greedily in index order) cover all pairs beyond delta, and every
    cover has at least M samples: n - 2 M <= largest main part <= n - M. Only near density 1 does that say much.
    """
    check_distances(distances)
    check_one_delta(delta)
    far = np.asarray(distances > delta)
    left = np.ones(len(far), dtype=bool)
    for i in range(len(far)):
        if left[i]:
            partners = np.flatnonzero(far[i] & left)
            partners = partners[partners != i]
            if len(partners):
                left[[i, partners[0]]] = False
    lower = int(left.sum())
    return MainPart(np.flatnonzero(left), lower, (len(far) + lower) // 2)


def ranked(distances: Array) -> tuple[Array, Array]:
    """The distinct distances from 0 up, (T,), and the (n, n) int32 matrix of their positions, zero on the diagonal."""
    n = len(distances)
    upper = np.triu_indices(n, 1)
    zero = np.zeros(1, distances.dtype)
    thresholds, places = np.unique(np.concatenate([zero, distances[upper]]), return_inverse=True)
    ranks = np.zeros((n, n), np.int32)
    ranks[upper] = places[1:]
    return thresholds, np.maximum(ranks, ranks.T)


def check_distances(distances: Array) -> None:
    """Raise ValueError unless `distances` is an array (n, n), n >= 1, finite, symmetric and non-negative."""
    check_real("distances", distances)
    if distances.ndim != 2 or distances.shape[0] != distances.shape[1] or len(distances) == 0:
        raise ValueError(f"distances.shape={distances.shape}: not (n, n); give n >= 1 samples")
    wrong = ~((distances >= 0) & (distances < np.inf) & (distances == distances.T))
    if wrong.any():
        i, j = (int(x) for x in np.argwhere(wrong)[0])
        raise ValueError(
            f"distances[{i}, {j}]={distances[i, j]}: where distances[{j}, {i}]={distances[j, i]}, and distances are finite, "
            "symmetric and >= 0; repair them"
        )


def check_one_delta(delta: Any) -> None:
    """Raise ValueError unless delta is a single number >= 0."""
    if np.ndim(delta) > 0:
        raise ValueError(f"delta.shape={np.shape(delta)}: a main part has one delta; give a number")
    check_threshold("delta", delta)
