from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy.spatial.distance import cdist

from theory import ledger
from theory.concentration import (
    augmented_distances,
    clique_steps,
    frontier,
    main_part,
    monotony,
    planning,
    vertex_cover_estimate,
)
from theory.worlds import nearest_views

random_views = st.builds(
    lambda seed, n, m, d: np.random.default_rng(seed).normal(size=(n, m, d)),
    st.integers(0, 2**32 - 1),
    st.integers(2, 14),
    st.integers(2, 4),
    st.integers(1, 5),
)


@settings(max_examples=50, deadline=None)
@given(random_views)
def test_augmented_distances_match_plain_loops(views):
    n = len(views)
    expected = [[min(np.linalg.norm(a - b) for a in views[i] for b in views[j]) for j in range(n)] for i in range(n)]
    np.testing.assert_allclose(augmented_distances(views), expected, rtol=1e-12, atol=1e-15)


def test_shared_views_are_at_distance_zero():
    views = np.random.default_rng(0).normal(size=(4, 3, 700)) * 20
    views[1, 2] = views[0, 0]
    assert augmented_distances(views)[0, 1] == 0.0
    assert augmented_distances(views).diagonal().tolist() == [0.0] * 4


def test_exact_distances_on_fractions():
    views = np.array([[[0], [1]], [[3], [Fraction(7, 2)]]], dtype=object) * Fraction(1)
    assert augmented_distances(views)[0, 1] == 2


@settings(max_examples=40, deadline=None)
@given(random_views)
def test_more_views_never_lower_sigma(views):
    """mono: A subset of A' implies d_A' <= d_A, hence sigma_A' >= sigma_A at every delta."""
    fewer, more = augmented_distances(views[:, :2]), augmented_distances(views)
    assert (more <= fewer + 1e-12).all()
    for delta in np.unique(fewer)[::5]:
        assert main_part(more, delta + 1e-12).lower >= main_part(fewer, delta).lower


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 22), st.floats(0.05, 0.98))
def test_main_part_matches_networkx(seed, n, density):
    rng = np.random.default_rng(seed)
    distances = rng.random((n, n))
    distances = np.triu(distances, 1) + np.triu(distances, 1).T
    part = main_part(distances, density)
    graph = nx.from_numpy_array((distances <= density) & ~np.eye(n, dtype=bool))
    assert part.lower == part.upper == max(len(clique) for clique in nx.find_cliques(graph))
    assert len(part.indices) == part.lower
    assert (distances[np.ix_(part.indices, part.indices)] <= density).all()


def test_spent_budget_gives_an_honest_interval():
    rng = np.random.default_rng(0)
    distances = np.triu(rng.random((60, 60)), 1)
    distances += distances.T
    short, full = main_part(distances, 0.7, nodes=20), main_part(distances, 0.7)
    assert short.lower <= full.lower == full.upper <= short.upper
    assert short.lower < short.upper


@settings(max_examples=40, deadline=None)
@given(random_views)
def test_clique_steps_agree_with_every_threshold(views):
    distances = augmented_distances(views)
    steps = clique_steps(distances)
    assert steps.exact
    for delta in np.unique(distances):
        assert steps.size(delta) == main_part(distances, delta).lower


def test_a_deep_clique_needs_no_recursion():
    assert main_part(np.zeros((1500, 1500)), 0.0).lower == 1500


@pytest.mark.parametrize("delta", [-1.0, float("nan"), Fraction(-1, 2)])
def test_bad_delta_is_named(delta):
    intervals = frontier(np.zeros((3, 3)))
    for call in (
        lambda: main_part(np.zeros((3, 3)), delta),
        lambda: vertex_cover_estimate(np.zeros((3, 3)), delta),
        lambda: intervals.main_part(delta),
        lambda: intervals.sigma(delta),
        lambda: intervals.sigma(np.array([0.5, delta])),
    ):
        with pytest.raises(ValueError, match=f"delta={delta}: .*give delta >= 0"):
            call()


def test_one_main_part_has_one_delta():
    square = np.zeros((3, 3))
    for call in (main_part, vertex_cover_estimate, lambda _, delta: frontier(square).main_part(delta)):
        for delta in (np.array([0.5]), [0.1, 0.2]):
            with pytest.raises(ValueError, match=r"delta.shape=.*give a number"):
                call(square, delta)
        with pytest.raises(ValueError, match="delta=None"):
            call(square, None)


def symmetric(rng, n, values=None):
    distances = rng.random((n, n)) if values is None else rng.choice(values, (n, n))
    distances = np.triu(distances, 1)
    return distances + distances.T


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.sampled_from([3, 1000]))
def test_frontier_is_the_largest_clique_at_every_threshold(seed, n, distinct):
    """Also with many ties: three distinct distances."""
    distances = symmetric(np.random.default_rng(seed), n, np.arange(1, distinct + 1) / distinct)
    intervals = frontier(distances)
    assert intervals.exact
    assert intervals.width == 0.0
    for t, delta in enumerate(intervals.thresholds):
        graph = nx.from_numpy_array((distances <= delta) & ~np.eye(n, dtype=bool))
        largest = (
            nx.max_weight_clique(graph, weight=None)[1] if t % 5 == 0 or n < 12 else main_part(distances, delta).lower
        )
        assert intervals.lower[t] == intervals.upper[t] == largest
        part = intervals.main_part(delta)
        assert len(part.indices) == part.lower == largest
        assert (distances[np.ix_(part.indices, part.indices)] <= delta).all()


@pytest.mark.parametrize("nodes", [1, 50, 2000])
def test_a_spent_budget_leaves_valid_intervals_with_witnesses(nodes):
    distances = symmetric(np.random.default_rng(1), 80)
    short, full = frontier(distances, nodes=nodes), frontier(distances)
    assert full.exact
    assert (short.lower <= full.lower).all()
    assert (full.lower <= short.upper).all()
    for delta in np.quantile(distances, [0.0, 0.3, 0.6, 0.9, 1.0]):
        part = short.main_part(delta)
        assert (distances[np.ix_(part.indices, part.indices)] <= delta).all()
        assert part.lower <= full.main_part(delta).lower <= part.upper
    assert nodes > 50 or short.width > 0


def test_the_same_input_gives_the_same_answer():
    distances = symmetric(np.random.default_rng(2), 70)
    a, b = frontier(distances, nodes=500), frontier(distances.copy(), nodes=500)
    np.testing.assert_array_equal(a.reached, b.reached)
    np.testing.assert_array_equal(a.possible, b.possible)
    assert a.nodes == b.nodes


def test_a_time_limit_ends_the_search_with_valid_intervals():
    distances = symmetric(np.random.default_rng(3), 120)
    hasty = frontier(distances, seconds=1e-9)
    assert hasty.nodes < frontier(distances, nodes=20_000).nodes
    assert (hasty.lower <= frontier(distances, nodes=20_000).upper).all()


def test_sigma_takes_arrays_and_is_monotone():
    intervals = frontier(symmetric(np.random.default_rng(4), 30))
    lower, upper = intervals.sigma(np.linspace(0, 2, 50))
    assert (np.diff(lower) >= 0).all()
    np.testing.assert_array_equal(lower, upper)
    assert (lower[0], lower[-1]) == (1 / 30, 1.0)


def test_the_papers_estimate_brackets_the_truth_and_is_far_looser():
    """[H]'s 2-approximation of vertex cover: valid, and nearly vacuous at density .5."""
    distances = symmetric(np.random.default_rng(5), 60)
    for delta in (0.3, 0.5, 0.9):
        estimate, exact = vertex_cover_estimate(distances, delta), main_part(distances, delta)
        assert estimate.lower <= exact.lower == exact.upper <= estimate.upper
        assert (distances[np.ix_(estimate.indices, estimate.indices)] <= delta).all()
    loose, exact = vertex_cover_estimate(distances, 0.5), main_part(distances, 0.5)
    assert loose.upper - loose.lower > 20
    assert exact.lower < 12


def test_word_boundaries_of_the_bit_sets():
    """63, 64, 65, 128, 129 samples: a planted clique in the last positions is found whole."""
    for n in (63, 64, 65, 128, 129):
        distances = symmetric(np.random.default_rng(n), n, np.array([1.0]))
        planted = np.arange(n - 40, n)
        distances[np.ix_(planted, planted)] = 0.1
        np.fill_diagonal(distances, 0.0)
        part = main_part(distances, 0.5)
        assert part.indices.tolist() == planted.tolist()
        assert part.lower == part.upper == 40


@pytest.mark.parametrize(
    ("distances", "words"),
    [
        (np.zeros((2, 3)), r"shape=\(2, 3\)"),
        (np.zeros((0, 0)), r"n >= 1"),
        (np.array([[0.0, np.nan], [np.nan, 0.0]]), "nan"),
        (np.array([[0.0, np.inf], [np.inf, 0.0]]), "inf"),
        (np.array([[0.0, 1.0], [2.0, 0.0]]), "symmetric"),
        (np.array([[0.0, -1.0], [-1.0, 0.0]]), "-1.0"),
    ],
)
def test_bad_distances_are_named(distances, words):
    for function in (frontier, lambda d: main_part(d, 0.5), lambda d: vertex_cover_estimate(d, 0.5)):
        with pytest.raises(ValueError, match=words):
            function(distances)


@pytest.mark.parametrize(
    ("distances", "words"),
    [
        (torch.zeros(2, 2), "distances=Tensor: .*give a NumPy array"),
        ([[0.0]], "distances=list"),
        (np.zeros((2, 2), complex), "dtype=complex128"),
        (np.full((2, 2), "0"), "dtype=<U1"),
        (np.array([[0, None], [None, 0]]), r"distances\[0, 1\]=None"),
    ],
)
def test_distances_that_are_no_real_numbers_are_named(distances, words):
    for function in (frontier, clique_steps, lambda d: main_part(d, 0.5), lambda d: vertex_cover_estimate(d, 0.5)):
        with pytest.raises(ValueError, match=words):
            function(distances)


def test_steps_of_no_samples_need_an_empty_square():
    assert len(clique_steps(np.zeros((0, 0))).thresholds) == 0
    with pytest.raises(ValueError, match=r"shape=\(0, 5\)"):
        clique_steps(np.zeros((0, 5)))
    assert main_part(np.asarray(torch.zeros(2, 2)), 0).lower == 2


def test_budgets_without_end_are_no_limit():
    distances = symmetric(np.random.default_rng(6), 60)
    expected = frontier(distances)
    for intervals in (frontier(distances, seconds=np.inf), frontier(distances, nodes=10**30)):
        np.testing.assert_array_equal(intervals.reached, expected.reached)
        assert intervals.nodes == expected.nodes
    assert frontier(distances, seconds=1e308).exact
    assert main_part(distances, 0.5, nodes=10**30).upper == main_part(distances, 0.5, nodes=10**6).upper


def test_bad_budgets_are_named():
    for nodes in (0, -3):
        for search in (
            lambda n: frontier(np.zeros((3, 3)), nodes=n),
            lambda n: main_part(np.zeros((3, 3)), 1, nodes=n),
        ):
            with pytest.raises(ValueError, match=f"nodes={nodes}: .*give nodes > 0"):
                search(nodes)
    with pytest.raises(ValueError, match="seconds=0"):
        frontier(np.zeros((3, 3)), seconds=0)


def test_mono_is_proved_and_its_search_can_fail(monkeypatch):
    claim = monotony.CLAIMS[0]
    assert ledger.verdict(claim, ledger.gather(claim)) is ledger.Verdict.PROVED
    monkeypatch.setattr(monotony, "nearest_views", lambda views: nearest_views(views) * views.shape[1])
    assert ledger.verdict(claim, ledger.gather(claim)) is ledger.Verdict.UNDECIDED


def direct(views, others):
    """Every pair of views, by scipy."""
    apart = cdist(views.reshape(-1, views.shape[2]).astype(float), others.reshape(-1, others.shape[2]).astype(float))
    n, m, k, j = len(views), views.shape[1], len(others), others.shape[1]
    return apart.reshape(n, m, k, j).min(axis=(1, 3))


def hard_cases():
    rng = np.random.default_rng(0)
    for D in (1, 5, 64, 300):
        near = rng.normal(size=(40, 5, D)) * 20 + 1e3
        near[1, 0], near[2] = near[0, 0], near[3] + 1e-9 * rng.normal(size=(5, D))
        yield f"shared and nearly shared views far from the origin, D = {D}", near
        yield f"clusters, D = {D}", rng.normal(size=(60, 1, D)) + 0.1 * rng.normal(size=(60, 6, D))
        yield f"three dimensions only, D = {D}", (rng.normal(size=(240, 3)) @ rng.normal(size=(3, D))).reshape(40, 6, D)
        yield f"float32, D = {D}", rng.random((40, 4, D)).astype(np.float32)
        yield f"integers with many ties, D = {D}", rng.integers(0, 3, (40, 4, D))
        yield f"huge, D = {D}", 1e150 * rng.normal(size=(30, 4, D))
        yield f"all alike, D = {D}", np.ones((30, 3, D))


@pytest.mark.parametrize(("name", "views"), list(hard_cases()), ids=lambda x: x if isinstance(x, str) else "")
def test_pruning_never_changes_the_distance(name, views, monkeypatch):
    monkeypatch.setattr(planning, "WORTH_PLANNING", 0.0)
    if "300" in name and name.split(",")[0] in ("clusters", "float32", "three dimensions only"):
        assert planning.make_plan(views, None).bounds is not None
    np.testing.assert_allclose(augmented_distances(views), direct(views, views), rtol=1e-12, atol=0)
    rectangular = augmented_distances(views[:7], views[5:, :1])
    np.testing.assert_allclose(rectangular, direct(views[:7], views[5:, :1]), rtol=1e-12, atol=0)


def test_tensors_give_the_same_bits_on_their_device():
    views = torch.randn(20, 4, 30, generator=torch.Generator().manual_seed(0))
    measured = augmented_distances(views)
    assert measured.dtype == torch.float64
    assert measured.device == views.device
    np.testing.assert_array_equal(measured.numpy(), augmented_distances(views.numpy()))


def test_blocks_on_other_processes_give_the_same_bits():
    views = np.random.default_rng(2).normal(size=(300, 4, 40)) * np.geomspace(1, 0.01, 40)
    here = augmented_distances(views)
    with parallel_config(backend="loky", n_jobs=2):
        np.testing.assert_array_equal(augmented_distances(views), here)


@pytest.mark.parametrize(
    ("views", "others", "words"),
    [
        (np.zeros((2, 2, 3)), np.zeros((2, 2, 4)), "differs from others.*in D"),
        (np.zeros((2, 2, 3)), np.full((1, 1, 3), np.nan), r"others\[0, 0, 0\]=nan"),
        (np.zeros((2, 2, 3)), np.zeros((0, 1, 3)), "leave no axis empty"),
        (np.zeros((1, 2, 3)), None, "2 samples"),
        (np.zeros((2, 1, 3)), None, "alignment needs 2"),
        (np.full((2, 2, 1), np.inf), None, "inf"),
    ],
)
def test_bad_views_are_named(views, others, words):
    with pytest.raises(ValueError, match=words):
        augmented_distances(views, others)


def test_estimate_of_three_samples_of_which_one_pair_is_far():
    """One disjoint pair, M = 1: at least n - 2 M = 1 and at most n - M = 2."""
    distances = np.array([[0.0, 2.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    estimate = vertex_cover_estimate(distances, 1.0)
    assert (estimate.lower, estimate.upper, estimate.indices.tolist()) == (1, 2, [2])
