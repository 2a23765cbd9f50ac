"""Bounds of the largest clique with a given longest edge: valid, as tight as they claim, and sharpened in any portions."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

from tests.theory.concentration.test_frontier import largest_by_networkx, points, random_graph
from theory.concentration import lenses
from theory.concentration.cliques import induced
from theory.concentration.frontier import _Stairs
from theory.concentration.lenses import COUNTED, MATCHED
from theory.concentration.mainpart import ranked

seeds = st.integers(0, 2**32 - 1)


def words(members, n):
    P = np.zeros((n + 63) // 64, np.uint64)
    for v in members:
        P[v >> 6] |= np.uint64(1) << np.uint64(v & 63)
    return P


def stairs(distances):
    thresholds, ranks = ranked(distances)
    return _Stairs(ranks, len(thresholds))


def truth(state):
    """(E,) the largest clique of every edge's closed lens, by networkx."""
    n, ranks = len(state.ranks), state.ranks
    out = []
    for i, j in zip(state.pairs // n, state.pairs % n, strict=True):
        inside = np.flatnonzero((ranks[i] <= ranks[i, j]) & (ranks[j] <= ranks[i, j]))
        out.append(largest_by_networkx(ranks[np.ix_(inside, inside)] <= ranks[i, j]))
    return np.array(out)


def finish(state, slack, last, portion=10**9):
    """A whole sweep in portions of nodes; cliques that are met are adopted."""
    state.restart()
    while not state.done:
        state.settle(slack, last, portion)


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 80), st.floats(0.02, 0.95), st.floats(0, 1))
def test_colours_and_matching_bound_the_largest_clique(seed, n, density, share):
    thresholds, ranks = ranked(random_graph(seed, n))
    rows = induced(ranks, int(density * len(thresholds)), np.arange(n))
    inside = np.flatnonzero(np.random.default_rng(seed).random(n) < share)
    near = np.unpackbits(rows.view(np.uint8), axis=1, bitorder="little")[:, :n].astype(bool)[np.ix_(inside, inside)]
    P, size = words(inside, n), len(inside)
    largest = largest_by_networkx(near) if size else 0
    far = csr_matrix(~near & ~np.eye(size, dtype=bool))
    weight = int((maximum_bipartite_matching(far) >= 0).sum()) if size else 0
    for bound, value in ((lenses.colours, None), (lenses.uncovered, (2 * size - weight) // 2)):
        full = bound(rows, P, size, -1)
        assert largest <= full <= size
        assert value is None or full == value
        for enough in (full - 1, full, size - 1, size):
            early = bound(rows, P, size, enough)
            assert full <= early <= size
            assert early <= max(enough, full)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 100), st.floats(0.02, 0.6))
def test_matching_is_exact_where_pairs_too_far_apart_run_between_halves(seed, n, density):
    """Koenig: two cliques with arbitrary edges between them."""
    rng = np.random.default_rng(seed)
    half = n // 2
    ranks = np.zeros((n, n), np.int32)
    ranks[:half, half:] = rng.random((half, n - half)) < density
    ranks = np.maximum(ranks, ranks.T)
    bound = lenses.uncovered(induced(ranks, 0, np.arange(n)), words(range(n), n), n, -1)
    graph = nx.from_numpy_array(ranks)
    matching = nx.bipartite.maximum_matching(graph, top_nodes=range(half))
    assert bound == n - len(matching) // 2


def test_an_odd_cycle_costs_half_a_sample():
    """Five samples, each too far from two: a fractional matching weighs 5/2, and two of them are the largest clique."""
    ranks = np.zeros((5, 5), np.int32)
    for i in range(5):
        ranks[i, (i + 1) % 5] = ranks[(i + 1) % 5, i] = 1
    rows = induced(ranks, 0, np.arange(5))
    assert lenses.uncovered(rows, words(range(5), 5), 5, -1) == 2
    assert lenses.colours(rows, words(range(5), 5), 5, -1) == 3


@settings(max_examples=25, deadline=None)
@given(seeds, st.integers(2, 24), st.integers(1, 4), st.integers(0, 3), st.sampled_from([1, 2, 5, 10**6]))
def test_no_sweep_excludes_a_clique(seed, n, q, slack, portion):
    distances = points(seed, n, q) if seed % 3 else random_graph(seed, n, [1, 2, 3] if seed % 2 else None)
    state = stairs(distances)
    largest = truth(state)
    assert (state.bounds >= largest).all()
    for last in (MATCHED, MATCHED + 1, MATCHED + 3):
        before = state.bounds.copy()
        finish(state, slack, last, portion)
        assert (largest <= state.bounds).all()
        assert (state.bounds <= before).all()


@pytest.mark.parametrize("distances", [points(0, 40, 3), random_graph(1, 30), random_graph(2, 30, [1, 2, 3, 4])])
def test_sweeps_end_with_the_truth(distances):
    state = stairs(distances)
    finish(state, 0, MATCHED + 4)
    ranks = state.ranks.ravel()[state.pairs]
    of_rank = np.append(np.diff(ranks) > 0, True)  # the last edge of every rank: equal edges may share a bound
    largest = np.maximum.accumulate(truth(state))[of_rank]
    np.testing.assert_array_equal(np.maximum.accumulate(state.bounds)[of_rank], largest)
    np.testing.assert_array_equal(state.possible(), state.reached)


def test_portions_of_nodes_do_not_change_a_sweep():
    whole, parts = stairs(points(3, 80, 8)), stairs(points(3, 80, 8))
    for slack in (5, 1, 0):
        finish(whole, slack, MATCHED)
        finish(parts, slack, MATCHED, portion=3)
        np.testing.assert_array_equal(whole.bounds, parts.bounds)
    assert (whole.stages > COUNTED).any()


def test_a_slack_leaves_bounds_within_it_alone():
    """Bounds that a larger slack permits are not sharpened, and those beyond it have been tried."""
    state = stairs(points(5, 80, 6))
    known = np.searchsorted(state.reached, state.ranks.ravel()[state.pairs], side="right")
    before = state.bounds.copy()
    finish(state, 10, MATCHED)
    assert (state.stages[before <= known + 10] == COUNTED).all()
    beyond = state.bounds > np.maximum(known + 10, np.maximum.accumulate(np.append(0, state.bounds[:-1])))
    assert (state.stages[beyond] == MATCHED).all()
    assert (state.stages > COUNTED).any()
