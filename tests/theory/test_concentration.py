from fractions import Fraction

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.concentration import augmented_distances, clique_steps, main_part

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


@pytest.mark.parametrize("delta", [-1.0, float("nan")])
def test_bad_delta_is_named(delta):
    with pytest.raises(ValueError, match=f"delta is {delta}.*give delta >= 0"):
        main_part(np.zeros((3, 3)), delta)
