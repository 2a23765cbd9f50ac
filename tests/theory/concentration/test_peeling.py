"""Bounds of whole graphs by peeling: never below the largest clique, and attained where data have a geometry."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.concentration.test_frontier import largest_by_networkx, points, random_graph
from tests.theory.concentration.test_lenses import stairs, truth, words
from theory.concentration.cliques import induced
from theory.concentration.frontier import _Budget
from theory.concentration.mainpart import ranked
from theory.concentration.peeling import cap, peeling_levels, unpaired

seeds = st.integers(0, 2**32 - 1)


def graph_of(pairs, n):
    """The graph of n samples in which only these pairs are too far apart."""
    ranks = np.zeros((n, n), np.int32)
    for i, j in pairs:
        ranks[i, j] = ranks[j, i] = 1
    return induced(ranks, 0, np.arange(n))


@settings(max_examples=100, deadline=None)
@given(seeds, st.integers(1, 80), st.floats(0.02, 0.95), st.floats(0, 1))
def test_pairs_too_far_apart_bound_the_largest_clique(seed, n, density, share):
    """A greedy pairing is maximal, so it has at least half the pairs of the largest one."""
    thresholds, ranks = ranked(random_graph(seed, n))
    t = int(density * len(thresholds))
    inside = np.flatnonzero(np.random.default_rng(seed).random(n) < share)
    near = ranks[np.ix_(inside, inside)] <= t
    rows, P, size = induced(ranks, t, np.arange(n)), words(inside, n), len(inside)
    full = unpaired(rows, P, size, -1)
    assert (largest_by_networkx(near) if size else 0) <= full <= size
    most = len(nx.max_weight_matching(nx.from_numpy_array(~near), maxcardinality=True))
    assert most <= 2 * (size - full) <= 2 * most
    for enough in (full - 1, full, size - 1):
        assert full <= unpaired(rows, P, size, enough) <= max(full, enough)


def test_pairs_bound_where_degrees_do_not():
    """Six samples, 0-1, 2-3 and 4-5 too far apart: all have four neighbours, and the largest clique has three samples."""
    levels, _ = peeling_levels(graph_of([(0, 1), (2, 3), (4, 5)], 6), 3, 10)
    assert levels.tolist() == [3] * 6


def test_largest_matchings_bound_where_greedy_pairs_do_not():
    """Three paths 3-1-0-2 of samples too far apart: the greedy pair 0-1 leaves none to 2 and 3, two of each are near."""
    graph = graph_of([(4 * k + i, 4 * k + j) for k in range(3) for i, j in [(0, 1), (0, 2), (1, 3)]], 12)
    assert unpaired(graph, words(np.arange(12), 12), 12, -1) == 9
    levels, _ = peeling_levels(graph, 6, 100)
    assert levels.tolist() == [6] * 12


def test_a_peeled_sample_leaves_fewer_neighbours_to_the_others():
    """A path 0-1-2-3 and nothing else is near: no clique has more than two samples, shown from the ends inwards."""
    near = {(0, 1), (1, 2), (2, 3)}
    far = [(i, j) for i in range(4) for j in range(i) if (j, i) not in near]
    levels, rounds = peeling_levels(graph_of(far, 4), 2, 10)
    assert levels.tolist() == [2] * 4
    assert rounds == 1


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(1, 40), st.integers(1, 6), st.floats(0, 0.99), st.sampled_from([1, 5, 10**6]))
def test_no_level_is_below_a_clique_of_the_sample(seed, n, q, level, nodes):
    thresholds, ranks = ranked(points(seed, n, q) if seed % 2 else random_graph(seed, n))
    t = int(level * len(thresholds))
    near = ranks <= t
    largest = np.array([largest_by_networkx(near[np.ix_(near[v], near[v])]) for v in range(n)])
    rows = induced(ranks, t, np.arange(n))
    for known in {1, (largest.max() + 1) // 2, largest.max()}:
        levels, spent = peeling_levels(rows, known, nodes)
        assert (largest <= levels).all()
        assert (known <= levels).all()
        assert spent <= nodes


@pytest.mark.parametrize(("q", "exact", "excess"), [(1, 1.0, 0.0), (2, 1.0, 0.0), (6, 0.9, 0.1)])
def test_whole_graphs_of_points_are_bounded_within_a_sample(q, exact, excess):
    """Always on a line; nearly always in the plane; on average within one of 80 samples in six dimensions."""
    thresholds, ranks = ranked(points(0, 80, q))
    order = np.argsort(ranks.sum(axis=1), kind="stable")
    over = []
    for t in np.linspace(0, len(thresholds) - 1, 60).astype(int):
        largest = largest_by_networkx(ranks <= t)
        over.append(peeling_levels(induced(ranks, t, order), largest, 10**6)[0].max() - largest)
    assert min(over) == 0
    assert np.mean(np.array(over) == 0) >= exact
    assert np.mean(over) <= excess


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 24), st.integers(1, 4), st.sampled_from([1, 3, 10**6]))
def test_peeling_excludes_no_clique(seed, n, q, nodes):
    """Neither at a threshold nor at an edge; the areas between the staircases only shrink."""
    state = stairs(points(seed, n, q) if seed % 3 else random_graph(seed, n, [1, 2, 3] if seed % 2 else None))
    state.climb(10)
    largest, area = truth(state), state.area()
    first = np.searchsorted(np.maximum.accumulate(largest), np.arange(2, n + 1))
    budget = _Budget(nodes, None)
    state.peel(budget)
    assert budget.spent <= nodes
    assert (largest <= state.bounds).all()
    assert (state.possible()[1:] <= state.lengths[first]).all()
    assert state.area() <= area


def test_peeling_settles_most_of_the_plane():
    state = stairs(points(0, 200, 2))
    state.climb(10**6)
    before = state.area()
    state.peel(_Budget(10**6, None))
    assert state.area() < before / 50


def test_an_edge_is_bounded_by_the_lower_level_of_its_ends():
    bounds = np.array([5, 5, 2], np.int32)
    cap(bounds, np.array([0 * 3 + 1, 1 * 3 + 2, 0 * 3 + 2]), np.array([4, 3, 9]))
    assert bounds.tolist() == [3, 3, 2]
