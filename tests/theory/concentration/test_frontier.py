"""The exact frontier against CP-SAT, against the closed form of the Gaussian model, and the search it is made of."""

import importlib
import itertools

import networkx as nx
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, norm

from theory.concentration import augmented_distances, cliques, frontier, main_part
from theory.concentration.chains import growth, peeled, swapped
from theory.concentration.cliques import larger_clique
from theory.concentration.lenses import sweep
from theory.concentration.mainpart import ranked

seeds = st.integers(0, 2**32 - 1)


def points(seed, n, q, clusters=1):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(clusters, q)) * 2
    x = centres[rng.integers(0, clusters, n)] + rng.normal(size=(n, q))
    return np.linalg.norm(x[:, None] - x, axis=2)


def random_graph(seed, n, values=None):
    """No geometry, which no colouring settles at once; with `values`, many ties."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) if values is None else rng.choice(values, (n, n)), 1)
    return upper + upper.T


def largest_by_cp_sat(near):
    """The size of the largest clique, proved by CP-SAT."""
    cp_model = pytest.importorskip("ortools.sat.python.cp_model")
    model = cp_model.CpModel()
    chosen = [model.new_bool_var("") for _ in near]
    for i, j in np.argwhere(np.triu(~near, 1)):
        model.add_bool_or([~chosen[i], ~chosen[j]])
    model.maximize(sum(chosen))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def largest_by_networkx(near):
    return nx.max_weight_clique(nx.from_numpy_array(near & ~np.eye(len(near), dtype=bool)), weight=None)[1]


@pytest.mark.parametrize(
    "distances",
    [
        points(0, 60, 2),
        points(1, 60, 10),
        points(2, 60, 5, clusters=3),
        random_graph(3, 60),
        random_graph(4, 60, [1, 2, 3]),
    ],
    ids=["plane", "ten dimensions", "clusters", "random", "ties"],
)
def test_the_frontier_agrees_with_cp_sat(distances):
    intervals = frontier(distances)
    assert intervals.exact
    for level in (0.05, 0.4, 0.9):
        t = int(level * len(intervals.thresholds))
        assert intervals.lower[t] == largest_by_cp_sat(distances <= intervals.thresholds[t])


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(30, 90), st.integers(1, 8), st.floats(0.05, 0.95))
def test_a_search_with_a_warm_start_proves_the_same(seed, n, q, level):
    """Started from below the truth it finds a clique of that size, started from the truth it proves it."""
    thresholds, ranks = ranked(points(seed, n, q))
    t = int(level * len(thresholds))
    cold = larger_clique(ranks, t, 0, 100_000)
    size = len(cold.members)
    assert size == cold.upper
    assert ranks[np.ix_(cold.members, cold.members)].max() <= t
    for lower in {0, size // 2, size - 1}:
        warm = larger_clique(ranks, t, lower, 100_000)
        assert len(warm.members) == warm.upper == size
    proof = larger_clique(ranks, t, size, 100_000)
    assert (len(proof.members), proof.upper) == (0, size)


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(2, 70), st.floats(0.02, 0.95), st.floats(0, 1))
def test_peeling_leaves_the_core_in_degeneracy_order(seed, n, density, level):
    """What is left is the core in which each has `lower` neighbours; read backwards, each had the least degree."""
    thresholds, ranks = ranked(random_graph(seed, n))
    near = ranks <= int(density * len(thresholds))
    np.fill_diagonal(near, False)
    lower = int(level * near.sum(axis=1).max())
    order = cliques._dense_core(ranks, int(density * len(thresholds)), np.arange(n), lower)
    assert set(order.tolist()) == set(nx.k_core(nx.from_numpy_array(near), lower))
    for place in range(1, len(order)):
        degrees = near[np.ix_(order[: place + 1], order[: place + 1])].sum(axis=1)
        assert degrees[-1] == degrees.min()


@settings(max_examples=200, deadline=None)
@example(69755, 20, 0.53)  # a clique of 6, which a search on improper colourings denied
@given(seeds, st.integers(2, 70), st.floats(0.05, 0.95))
def test_the_search_agrees_with_networkx_on_graphs_without_geometry(seed, n, density):
    thresholds, ranks = ranked(random_graph(seed, n))
    t = int(density * len(thresholds))
    largest = largest_by_networkx(ranks <= t)
    for lower, budget in ((0, 10**6), (largest - 1, 10**6), (largest, 10**6), (0, 1), (0, 30), (largest - 1, 5)):
        search = larger_clique(ranks, t, lower, budget)
        members = search.members
        assert len(members) == 0 or lower < len(set(members.tolist())) == len(members)
        assert len(members) == 0 or ranks[np.ix_(members, members)].max() <= t
        assert max(len(members), largest) <= search.upper
        assert search.nodes <= budget + 1  # and one for the peeling
        if budget == 10**6:
            assert (len(members), search.upper) == (largest if largest > lower else 0, largest)


@settings(max_examples=300, deadline=None)
@example(83372, 92, 0.84375, 0.6875)  # a vertex was counted in the class an earlier colouring had given it
@given(seeds, st.integers(1, 130), st.floats(0.05, 0.95), st.floats(0, 1))
def test_a_colouring_is_one_and_lists_what_it_leaves_over(seed, n, density, share):
    """Classes are independent sets; all of P outside the branching list fits into the first `free` of them."""
    rng = np.random.default_rng(seed)
    thresholds, ranks = ranked(random_graph(seed, n))
    t = int(density * len(thresholds))
    rows = cliques.induced(ranks, t, np.arange(n))
    inside = np.flatnonzero(rng.random(n) < share)
    P = np.zeros(rows.shape[1], np.uint64)
    for v in inside:
        P[v >> 6] |= np.uint64(1) << np.uint64(v & 63)
    free = int(rng.integers(0, n + 1))
    branch, bound, colouring = np.full(n + 1, -1), np.zeros(n + 1, int), cliques._blank(n)
    for _ in range(2):  # what an earlier colouring left behind must not matter
        top = cliques._colour(P, rows, free, branch, bound, 0, colouring)
    home = colouring.home
    for i, j in itertools.combinations(inside, 2):
        assert home[i] != home[j] or ranks[i, j] > t
    left_over = branch[:top]
    assert set(left_over.tolist()) == {v for v in inside if home[v] >= free}
    assert (np.diff(bound[:top]) >= 0).all()
    for place in range(top):
        assert home[left_over[: place + 1]].max() < bound[place]
    count = home[inside].max(initial=-1) + 1
    np.testing.assert_array_equal(colouring.size[:count], np.bincount(home[inside], minlength=count))


def coloured(pairs_beyond, n, free):
    """Vertices left over when all n are coloured; `pairs_beyond` are the only pairs that may share a class."""
    ranks = np.zeros((n, n), np.int32)
    for i, j in pairs_beyond:
        ranks[i, j] = ranks[j, i] = 1
    rows = cliques.induced(ranks, 0, np.arange(n))
    branch, bound = np.full(n + 1, -1), np.zeros(n + 1, int)
    top = cliques._colour(np.array([2**n - 1], np.uint64), rows, free, branch, bound, 0, cliques._blank(n))
    return branch[:top].tolist()


def test_recolouring_moves_one_vertex_out_of_the_way():
    """The path 2-0-1-3 of pairs beyond: greedily 0 takes 1, which leaves 2 and 3 alone; 2-0 and 1-3 are two classes."""
    path = [(0, 1), (0, 2), (1, 3)]
    assert coloured(path, 4, free=2) == []
    assert coloured(path[:2], 4, free=2) == [3]
    assert coloured([*path, (4, 1)], 5, free=2) == [4]  # 4 could only replace 3, which has nowhere else to go


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(20, 60), st.integers(1, 6), st.integers(1, 400))
def test_stopped_searches_bound_the_truth_from_both_sides(seed, n, q, nodes):
    distances = points(seed, n, q) if seed % 2 else random_graph(seed, n)
    thresholds, ranks = ranked(distances)
    t = seed % len(thresholds)
    truth = larger_clique(ranks, t, 0, 10**6).upper
    for lower in (0, truth // 2, truth):
        short = larger_clique(ranks, t, lower, nodes)
        assert max(len(short.members), lower) <= truth <= short.upper


@pytest.mark.parametrize("distances", [points(0, 70, 6), random_graph(1, 60), random_graph(2, 50, [1, 2, 3])])
def test_no_budget_ever_claims_too_much(distances):
    """Every interval at every budget holds the truth, so `exact` is never wrong; more nodes never widen it by much."""
    full = frontier(distances)
    assert full.exact
    widths = []
    for nodes in (1, 2, 5, 17, 60, 250, 1000, 5000, 20_000):
        intervals = frontier(distances, nodes=nodes)
        assert intervals.nodes <= nodes + 1
        assert (intervals.possible <= full.reached).all()
        assert (full.reached <= intervals.reached).all()
        assert intervals.exact == bool((intervals.reached == intervals.possible).all())
        widths.append(intervals.width)
    assert widths[0] > 0
    assert widths[-1] == 0 or widths[-1] < widths[0] / 2
    for seconds in (1e-6, 0.01, 0.05):
        intervals = frontier(distances, seconds=seconds)
        assert (intervals.possible <= full.reached).all()
        assert (full.reached <= intervals.reached).all()


def test_a_time_limit_holds_during_a_long_sweep(monkeypatch):
    """With a clock that a search node moves by 1 ms: one sweep may take 10 s and more; the limit of 3 s is kept."""
    module = importlib.import_module("theory.concentration.frontier")
    clock, longest = [0.0], [0]

    def slow(*arguments):
        members, spent = sweep(*arguments)
        clock[0] += spent * 1e-3
        longest[0] = max(longest[0], spent)
        return members, spent

    def slow_too(*arguments):
        clock[0] += 1e-3
        return swapped(*arguments)

    monkeypatch.setattr(module, "sweep", slow)
    monkeypatch.setattr(module, "swapped", slow_too)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    distances = random_graph(0, 300)
    intervals = frontier(distances, seconds=3.0)
    assert 2.9 < clock[0] < 3.4
    assert not intervals.exact
    assert 0 < intervals.width < 0.5
    frontier(distances, nodes=30_000)
    assert longest[0] > 10_000


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 50), st.integers(1, 6))
def test_chains_have_the_diameters_they_claim(seed, n, q):
    _, ranks = ranked(points(seed, n, q))
    grown, grown_diameters = growth(ranks, seed % n)
    members = grown[: n // 2 + 1]
    for order, diameters in ((grown, grown_diameters), peeled(ranks, members)):
        assert len(set(order.tolist())) == len(order) == len(diameters)
        for c in range(1, len(order) + 1):
            assert diameters[c - 1] == ranks[np.ix_(order[:c], order[:c])].max()
    assert set(peeled(ranks, members)[0].tolist()) == set(members.tolist())


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(5, 60), st.integers(1, 6), st.floats(0.1, 0.9))
def test_local_search_never_loses_and_stays_a_clique(seed, n, q, level):
    thresholds, ranks = ranked(points(seed, n, q) if seed % 2 else random_graph(seed, n, [1, 2, 3, 4]))
    t = int(level * len(thresholds))
    order, diameters = growth(ranks, seed % n)
    start = order[: np.searchsorted(diameters, t, side="right")]
    clique = swapped(ranks, t, start, 100)
    assert len(set(clique.tolist())) == len(clique) >= len(start)
    assert ranks[np.ix_(clique, clique)].max() <= t
    assert len(clique) <= larger_clique(ranks, t, 0, 10**6).upper
    np.testing.assert_array_equal(clique, swapped(ranks, t, start, 100))


def test_local_search_leaves_a_clique_that_no_sample_can_join():
    """0 and 1 are a maximal clique; 2..5 are a larger one, reached only by swaps."""
    ranks = np.ones((6, 6), np.int32)
    ranks[2:, 2:] = 0
    ranks[0, 1] = ranks[1, 0] = ranks[0, 2] = ranks[2, 0] = 0
    np.fill_diagonal(ranks, 0)
    assert sorted(swapped(ranks, 0, np.array([0, 1]), 100).tolist()) == [2, 3, 4, 5]


def gaussian_sigma(delta, a, s, q):
    """sigma(delta) of N(c, s^2 I_q) whose views move by up to a: mass of the centred ball of radius (delta + 2 a)/2."""
    return chi2.cdf(((delta + 2 * a) / (2 * s)) ** 2, q)


def gaussian_distances(seed, n, a, s, q):
    """max(0, ||x1 - x2|| - 2 a): d_A when views move a sample by up to a in every direction."""
    x = s * np.random.default_rng(seed).normal(size=(n, q))
    return np.maximum(np.linalg.norm(x[:, None] - x, axis=2) - 2 * a, 0.0)


def test_one_dimensional_gaussian_frontier_within_the_proven_band():
    """q = 1: main parts are intervals, whose empirical mass is off by at most twice the Dvoretzky-Kiefer-Wolfowitz distance,
    for all delta at once; that is below sqrt(ln(2 / .01) / (2 n)) with probability .99."""
    a, s = 0.1, 1.0
    gaps, deltas = [], np.linspace(0, 4, 81)
    for n, repeats in ((30, 8), (120, 4), (480, 1)):
        errors = []
        for seed in range(repeats):
            curve = frontier(gaussian_distances(seed, n, a, s, 1))
            assert curve.exact
            errors.append(abs(curve.sigma(deltas)[0] - gaussian_sigma(deltas, a, s, 1)).max())
        assert max(errors) <= 2 * np.sqrt(np.log(200) / (2 * n))
        gaps.append(np.mean(errors))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[-1] < 0.06


def test_planar_gaussian_frontier_approaches_the_closed_form_from_above():
    """q = 2: the centred ball is one of the sets to choose from, so sigma lies above the closed form less the fluctuation of
    the radii (DKW, .99), and above it by the freedom to choose, which falls with n."""
    a, s, excess = 0.2, 1.0, []
    deltas = np.linspace(0.2, 4, 60)
    for n, repeats in ((30, 8), (120, 4), (400, 2)):
        gaps = []
        for seed in range(repeats):
            intervals = frontier(gaussian_distances(seed, n, a, s, 2))
            assert intervals.exact
            gaps.append(intervals.sigma(deltas)[0] - gaussian_sigma(deltas, a, s, 2))
        assert np.min(gaps) > -np.sqrt(np.log(200) / (2 * n))
        excess.append(np.max(gaps, axis=1).mean())
    assert excess[0] > excess[1] > excess[2] > 0
    assert excess[-1] < 0.07


def test_views_realise_the_gaussian_distances():
    """q = 1 with a dense fan of views: d_A of the finite world is max(0, gap - 2 a) up to the spacing of the fan."""
    x = np.random.default_rng(0).normal(size=40)
    fan = np.linspace(-0.3, 0.3, 61)
    measured = augmented_distances((x[:, None] + fan)[:, :, None])
    expected = np.maximum(abs(x[:, None] - x) - 0.6, 0)
    assert (abs(measured - expected) <= 0.6 / 60 / 2 + 1e-12).all()
    assert gaussian_sigma(2 * norm.ppf(0.75), 0, 1, 1) == pytest.approx(0.5)


def test_real_images_are_settled_in_full():
    """100 images of one class, 5 views: exact at every one of some 5000 thresholds, within a small budget."""
    from empirical.data.sets import load
    from empirical.views.augmentations import Augmentation
    from empirical.views.protocol import finite_views

    data = load("fashion")
    images = data.train_images[data.train_labels == 0][:100]
    views = finite_views(images, Augmentation.from_letters("abcd"), 5, 0).reshape(100, 5, -1)
    distances = augmented_distances(views).numpy()
    intervals = frontier(distances, nodes=20_000)
    assert intervals.exact
    assert len(intervals.thresholds) > 4000
    middle = intervals.thresholds[len(intervals.thresholds) // 2]
    part = main_part(distances, middle)
    assert part.lower == part.upper == intervals.main_part(middle).lower
