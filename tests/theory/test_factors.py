from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings

from tests.theory.worlds import clustered, worlds
from theory import factors
from theory.setting import FiniteWorld
from theory.theorem1.proofs.lemma_3_2 import lemma_3_2_world


def naive(world):
    """Every factor by plain loops over the definitions."""
    n, m, _ = world.features.shape
    r2 = float((world.features[0, 0] ** 2).sum())
    pair = [
        [[float(((world.features[i, a] - world.features[i, b]) ** 2).sum()) for a in range(m)] for b in range(m)]
        for i in range(n)
    ]
    means = [
        sum(world.features[i, a] for i in range(n) if world.labels[i] == k for a in range(m))
        / (m * sum(1 for i in range(n) if world.labels[i] == k))
        for k in range(world.classes)
    ]
    return {
        "alignment": np.mean([np.mean(p) for p in pair]),
        "robust": np.mean([np.max(p) for p in pair]),
        "gram": np.array([[float(a @ b) / r2 for b in means] for a in means]),
    }


@settings(max_examples=40, deadline=None)
@example(clustered(0, 2, 10, 2, 0, 0, 0.0))  # its means round to above the radius
@given(worlds)
def test_factors_match_plain_loops(world):
    expected = naive(world)
    assert factors.alignment(world) == pytest.approx(expected["alignment"], abs=1e-12)
    assert factors.robust_alignment(world) == pytest.approx(expected["robust"], abs=1e-12)
    np.testing.assert_allclose(factors.divergence(world), expected["gram"], atol=1e-12)
    assert factors.class_shares(world).sum() == pytest.approx(1)
    assert 0 <= factors.mean_shortfall(factors.divergence(world)) <= 1


@settings(max_examples=60, deadline=None)
@given(worlds)
def test_robust_alignment_dominates_and_grows_with_views(world):
    assert factors.robust_alignment(world) >= factors.alignment(world) - 1e-12
    fewer = FiniteWorld(world.views[:, :2], world.features[:, :2], world.labels)
    assert factors.robust_alignment(world) >= factors.robust_alignment(fewer)


def test_two_views_attain_half_of_robust_alignment():
    """m = 2: L_align averages over 4 ordered pairs, 2 of them equal, so it is exactly L_AR / 2."""
    world = clustered(0, 2, 5, 2, 0, 0, 0.1)
    assert factors.alignment(world) == pytest.approx(factors.robust_alignment(world) / 2)


def test_exact_and_float_worlds_agree():
    exact = lemma_3_2_world()
    floats = FiniteWorld(exact.views.astype(float), exact.features.astype(float), exact.labels)
    assert factors.misaligned_share(exact, Fraction(0)) == Fraction(3, 20)
    assert factors.misaligned_share(floats, 0.0) == pytest.approx(0.15)
    assert factors.alignment(exact) == Fraction(9, 40)
    assert factors.alignment(floats) == pytest.approx(0.225)
    assert list(factors.class_means(exact).ravel()) == [Fraction(11, 20), Fraction(-1)]
    assert factors.nearest_mean_error(exact) == Fraction(3, 20)
    assert factors.nearest_mean_error(exact, any_view=True) == Fraction(3, 20)


def test_misaligned_share_is_a_tail():
    world = clustered(1, 2, 8, 3, 0, 1, 0.1)
    widths = factors.view_diameters(world.features)
    assert factors.misaligned_share(world, 2.0) == 0
    assert factors.misaligned_share(world, float(np.median(widths))) == pytest.approx(
        (widths > np.median(widths)).mean()
    )
    with pytest.raises(ValueError, match=r"eps=-0.1: .*give eps >= 0"):
        factors.misaligned_share(world, -0.1)


def test_nearest_mean_error_by_hand():
    side = np.array([1.0, 1.0, -1.0, -1.0, -1.0, -1.0])
    features = np.repeat(side[:, None, None], 2, axis=1)
    world = FiniteWorld(features, features, np.array([0, 0, 0, 1, 1, 1]))
    assert list(factors.misclassified(world)) == [False, False, True, False, False, False]
    assert factors.nearest_mean_error(world) == pytest.approx(1 / 6)


def test_ties_count_as_errors():
    features = np.repeat(np.array([1.0, -1.0, 1.0, -1.0])[:, None, None], 2, axis=1)
    world = FiniteWorld(features, features, np.array([0, 0, 1, 1]))
    assert factors.nearest_mean_error(world) == 1.0


def test_lipschitz_constant_of_a_linear_map():
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 0.01, (20, 3))
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    world = FiniteWorld(angles[..., None] / 3, features, np.repeat([0, 1], 10))
    assert factors.lipschitz_constant(world) == pytest.approx(3, rel=1e-4)
    assert factors.lipschitz_constant(world, block=7) == factors.lipschitz_constant(world)


def test_equal_views_with_different_features_are_refused():
    features = np.repeat(np.array([1.0, -1.0, 1.0, -1.0])[:, None, None], 2, axis=1)
    world = FiniteWorld(np.zeros((4, 2, 1)), features, np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="=2 r: for two equal views"):
        factors.lipschitz_constant(world)


@pytest.mark.parametrize("size", [1e-300, 1e-165, 1e-155, 1e155, 1e300])
def test_the_lipschitz_constant_scales_with_the_views(size):
    world = clustered(0, 2, 6, 3, 0, 1, 0.1)
    scaled = FiniteWorld(world.views * size, world.features, world.labels)
    assert factors.lipschitz_constant(scaled) * size == pytest.approx(factors.lipschitz_constant(world), rel=1e-9)


def test_views_that_differ_by_less_than_a_square_can_tell_are_not_equal():
    features = np.array([[1.0, 1.0], [-1.0, -1.0]])[..., None]
    views = np.array([[0.0, 0.0], [1.0, 1e-200]])[..., None]
    assert factors.lipschitz_constant(FiniteWorld(views, features, np.array([0, 1]))) == 2e200
    beside = np.array([[1e-200, 0.0], [1.0, 1e300]])[..., None]  # scaled by 1e-300 the first two would be equal
    assert factors.lipschitz_constant(FiniteWorld(beside[:, ::-1], features, np.array([0, 1]))) == 2.0
    nearly = FiniteWorld(np.array([[0.0, 1e-200], [1e300, 1e300]])[..., None], *turned(1e-6))
    assert factors.lipschitz_constant(nearly) == pytest.approx(1e194)
    for bad, message in ((views**1.6, "L=inf: overflows"), (features * 1.7e308, "distance of two views overflows")):
        with pytest.raises(ValueError, match=message):
            factors.lipschitz_constant(FiniteWorld(bad, features, np.array([0, 1])))


def turned(angle):
    """Features of two samples, the views of the first one by an angle apart, and labels."""
    angles = np.array([[0.0, angle], [1.0, 1.0]])
    return np.stack([np.cos(angles), np.sin(angles)], axis=2), np.array([0, 1])


def test_many_equal_views_are_evaluated_together(monkeypatch):
    calls, evaluated = [], factors._steepest
    monkeypatch.setattr(factors, "_steepest", lambda *pairs: calls.append(len(pairs[2])) or evaluated(*pairs))
    features = np.ones((300, 2, 1))
    features[150:] = -1
    views = 0 * features
    views[150:] = 1
    world = FiniteWorld(views, features, np.repeat([0, 1], 150))
    assert factors.lipschitz_constant(world) == 2.0
    assert len(calls) < 10
    assert sum(calls) > 80_000


def test_single_precision_is_compared_in_double():
    """A view nearer to its own mean by less than float32 resolves, and one nearer to the other."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(200, 2, 64)).astype(np.float32)
    means = (1e3 * rng.normal(size=64) + np.outer([0, 1], 1e-3 * rng.normal(size=64))).astype(np.float32)
    labels = np.arange(200) % 2
    expected = factors.nearer_to_another(features.astype(float), labels, means.astype(float))
    np.testing.assert_array_equal(factors.nearer_to_another(features, labels, means), expected)


@pytest.mark.parametrize("n", [12, 199, 5000])
def test_a_constant_encoder_is_wrong_everywhere(n):
    """Its class means are equal, and their rounding depends on the number of samples that each averages."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        vector = rng.normal(size=5)
        labels = rng.permutation(np.r_[np.arange(3), rng.integers(0, 3, n - 3)])
        features = np.broadcast_to(vector / np.linalg.norm(vector), (n, 2, 5)).copy()
        world = FiniteWorld(features, features, labels)
        assert factors.nearest_mean_error(world) == factors.nearest_mean_error(world, any_view=True) == 1


def test_what_rounding_could_turn_is_wrong_and_what_is_clear_is_not():
    means = np.array([[1.0, 0.0], [0.0, 1.0]])
    for off, wrong in ((1e-16, True), (-1e-16, True), (1e-3, False), (1e-12, False), (-1e-12, True)):
        view = np.array([1 + off, 1 - off]) / 2**0.5
        features = np.array([[view, view], [means[1], means[1]]])
        assert factors.nearer_to_another(features, np.array([0, 1]), means).tolist() == [wrong, False]


def test_exact_worlds_keep_exact_ties():
    """Rational points of the circle that are nearer to their own mean by less than floats resolve."""
    t = Fraction(1, 10**12)
    x, y = (1 - t**2) / (1 + t**2), 2 * t / (1 + t**2)
    features = np.array([[[x, y]] * 2, [[x, -y]] * 2])
    labels = np.array([0, 1])
    assert factors.nearest_mean_error(FiniteWorld(features, features, labels)) == 0
    rounded = features.astype(float)
    assert factors.nearest_mean_error(FiniteWorld(rounded, rounded, labels)) == 1
    features[:] = features[0, 0]
    assert factors.nearest_mean_error(FiniteWorld(features, features, labels)) == 1
