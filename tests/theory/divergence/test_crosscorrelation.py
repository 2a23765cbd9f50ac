from fractions import Fraction

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.divergence.worlds import (
    attaining,
    centred_attaining,
    correlated,
    drawn_features,
    feature_sets,
    overlapping_classes,
    points,
    seeds,
)
from tests.theory.worlds import clustered, worlds
from theory.concentration import main_part
from theory.divergence import crosscorrelation, extremal, theorem4, theorem4_steps
from theory.divergence.crosscorrelation import correlation_bounds, correlations
from theory.divergence.losses import cross_correlation, identity_distance, second_moments
from theory.factors import divergence, misaligned_share

FORMS = ("printed", "constant", "sharp")
ROUNDING = 1e-6
"""Of a square root near 0 whose argument is widened by `crosscorrelation.ROUNDING`."""


def bounds(features, labels):
    return dict(zip(FORMS, correlation_bounds(features, labels), strict=True))


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


feature_draws = st.one_of(feature_sets, st.builds(drawn_features, seeds))


@settings(max_examples=200, deadline=None)
@given(feature_draws)
def test_every_form_bounds_the_size_of_every_product(drawn):
    by_form = bounds(*drawn)
    for form in FORMS:
        assert by_form[form].form == form
        assert (off_diagonal(by_form[form].bound) >= abs(off_diagonal(by_form[form].product))).all()
        assert by_form[form].slack >= 0
    assert (by_form["sharp"].bound <= by_form["constant"].bound + ROUNDING).all()
    assert (by_form["constant"].bound <= by_form["printed"].bound).all()


@settings(max_examples=200, deadline=None)
@given(feature_draws)
def test_sharp_is_below_the_triangle_inequality_and_the_form_without_norms(drawn):
    features, labels = drawn
    moments = correlations(features, labels)
    root, size = identity_distance(moments.total) ** 0.5, (moments.within**2).sum() ** 0.5
    share, excess = np.outer(moments.shares, moments.shares), len(moments.total) - len(moments.shares)
    sharp = off_diagonal(bounds(features, labels)["sharp"].bound)
    scale = ROUNDING * (1 + abs(moments.gram).max())
    triangle = off_diagonal(crosscorrelation.triangle_square(root, size, share, excess))
    assert (sharp <= np.sqrt(np.maximum(triangle, 0)) + scale).all()
    if excess >= 0:
        unnormed = off_diagonal(crosscorrelation.unnormed_square(root, size, share))
        assert (sharp <= np.sqrt(unnormed) + scale).all()
        assert (unnormed >= off_diagonal(moments.gram) ** 2 - 1e-9).all()


@settings(max_examples=100, deadline=None)
@given(feature_draws)
def test_spectral_identity_and_its_parts(drawn):
    features, labels = drawn
    moments = correlations(features, labels)
    (d, K), size = (len(moments.total), len(moments.shares)), max(1.0, abs(moments.total).max()) ** 2
    np.testing.assert_allclose(moments.total, moments.between + moments.within, atol=1e-12 * size)
    assert np.linalg.eigvalsh(moments.within).min() > -1e-9 * size
    root = np.sqrt(np.outer(moments.shares, moments.shares))
    x = np.linalg.eigvalsh(moments.between) - 1
    y = np.linalg.eigvalsh(root * moments.gram) - 1
    for kappa in (0.1, 0.5, 1.0):
        left, right = (crosscorrelation.lopsided_square(values, kappa).sum() for values in (x, y))
        assert left == pytest.approx(right + kappa * (d - K), abs=1e-8 * size)
        theta = kappa / (1 - kappa) if kappa < 1 else np.inf
        if kappa < 1:
            assert identity_distance(moments.total) + theta * (moments.within**2).sum() >= left - 1e-8 * size
    budget = crosscorrelation.trace_budget(
        identity_distance(moments.total), (moments.within**2).sum(), np.trace(moments.within)
    )
    assert budget >= (x**2).sum() - 1e-8 * size


@settings(max_examples=200, deadline=None)
@given(st.floats(-2, 2), st.floats(0.01, 1), st.floats(0, 3))
def test_block_radius_inverts_the_block(centre, kappa, rho):
    f = crosscorrelation.lopsided_square
    B = f(np.array(centre + rho), kappa) + f(np.array(centre - rho), kappa)
    radius = float(crosscorrelation.block_radius(B, np.array(centre), kappa))
    assert radius == pytest.approx(rho, abs=1e-6)
    assert B >= crosscorrelation.least_block(rho, kappa) - 1e-9


def test_everything_is_attained_in_the_ideal_case():
    """One-hot classes of equal size at norm sqrt(d): C = I, S = 0, every bound is 0 and so is every product."""
    for classes in (2, 3, 6):
        world = points(np.eye(classes), [2] * classes)
        features = np.sqrt(classes) * world.features
        np.testing.assert_allclose(second_moments(features), 1)
        assert identity_distance(cross_correlation(features)) == pytest.approx(0, abs=1e-20)
        for pair in bounds(features, world.labels).values():
            assert off_diagonal(pair.bound).max() < 1e-5 * classes
            np.testing.assert_allclose(off_diagonal(pair.product), 0, atol=1e-12)


@pytest.mark.parametrize("angle", [0.3, 1.0, np.pi / 2, 2.5])
def test_sharp_is_attained_by_two_points_at_any_angle(angle):
    """S = 0: the block of U^T U - I is all there is, and the norms give its diagonal; the printed form is far above."""
    world = points([[1.0, 0, 0], [np.cos(angle), np.sin(angle), 0]], [3, 5])
    by_form = bounds(np.sqrt(3) * world.features, world.labels)
    assert by_form["sharp"].bound[0, 1] == pytest.approx(abs(3 * np.cos(angle)), abs=1e-5)
    assert by_form["printed"].bound[0, 1] > 3


def test_sharp_is_attained_where_theorem_4_needs_its_tau():
    features, labels = overlapping_classes()
    by_form = bounds(features, labels)
    assert by_form["sharp"].bound[0, 1] == pytest.approx(1, abs=1e-6)
    assert by_form["constant"].bound[0, 1] == pytest.approx(np.sqrt(3))
    assert by_form["printed"].bound[0, 1] == pytest.approx(np.sqrt(8))


@pytest.mark.parametrize("x", [0.05, 0.2, 0.5, 0.74])
def test_constant_three_quarters_is_attained(x):
    features, labels = attaining(x)
    np.testing.assert_allclose(second_moments(features), 1)
    np.testing.assert_allclose((features**2).sum(axis=2), 2)
    by_form = bounds(features, labels)
    product = by_form["constant"].product[0, 1]
    assert product == pytest.approx(2 * x, abs=0.005)
    for form in ("constant", "sharp"):
        assert product <= by_form[form].bound[0, 1] <= product * 1.001
    assert by_form["printed"].bound[0, 1] == pytest.approx(product * np.sqrt(8 / 3), rel=1e-3)


def test_constant_world_is_exact_and_any_smaller_constant_is_exceeded():
    features, labels = extremal.constant_world()
    assert {sympy.expand(value) for value in (features**2).sum(axis=2).ravel()} == {2}
    assert [sympy.simplify(value) for value in second_moments(features)] == [1, 1]
    product, L_2, tau, share, excess = theorem4_steps.pair_of(features, labels)
    assert [sympy.simplify(v) for v in (product, L_2, tau, share, excess)] == [
        sympy.Rational(9, 7), sympy.Rational(18, 49), sympy.Rational(9, 49), sympy.Rational(1, 4), 0,
    ]  # fmt: skip
    square = crosscorrelation.constant_square(L_2, tau, share, excess)
    assert sympy.simplify(product**2 - sympy.Rational(99, 100) * square) > 0


@pytest.mark.parametrize("world", [extremal.cube_classes, extremal.centred_world, extremal.simplex_world])
def test_centred_worlds_meet_every_normalisation(world):
    features, _ = world()
    d = features.shape[2]
    assert {sympy.expand(value) for value in (features**2).sum(axis=2).ravel()} == {d}
    assert [sympy.simplify(value) for value in second_moments(features)] == [1] * d
    assert [sympy.simplify(value) for value in features.sum(axis=(0, 1))] == [0] * d


@pytest.mark.parametrize("classes", [4, 5, 7, 12])
def test_the_constant_of_centred_features_is_attained_by_any_number_of_classes(classes):
    features, labels = centred_attaining(classes)
    np.testing.assert_allclose((features**2).sum(axis=2), classes)
    np.testing.assert_allclose(features.mean(axis=(0, 1)), 0, atol=1e-12)
    moments = correlations(features, labels)
    assert np.trace(moments.total) == pytest.approx(
        classes
    )  # some basis has E f_i^2 = 1 in each coordinate (Schur-Horn)
    p = moments.shares
    reach = crosscorrelation.centred_reach(p[0], p[1])
    assert reach == pytest.approx(1 - 2 / classes)
    L_2, tau = identity_distance(moments.total), (moments.within**2).sum()
    square = crosscorrelation.centred_square(L_2, tau, p[0] * p[1], 0, reach)
    assert moments.gram[0, 1] == pytest.approx(np.sqrt(square))
    assert moments.gram[0, 1] > 0


def test_the_constant_of_centred_features_is_below_one_half():
    shares = np.linspace(0.001, 0.999, 50)
    p, q = np.meshgrid(shares, shares)
    reach = crosscorrelation.centred_reach(p, q)[p + q <= 1]
    assert reach.min() > -1e-12
    assert reach.max() < 1
    assert crosscorrelation.centred_reach(0.3, 0.7) == pytest.approx(0)
    assert crosscorrelation.centred_reach(1e-9, 1e-9) == pytest.approx(1)


def test_the_trace_is_needed_beside_theta():
    """Scatter off the span of the means, while C is far from I along them: the trace budget is exact, no theta is."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 40)
    side = np.tile([1.0, -1.0], 40)
    samples = np.stack([1.2 + 0.2 * labels, 0.7 * side, 0.4 * rng.permutation(side)], axis=1)
    features = np.repeat(samples[:, None], 2, axis=1)
    by_form = bounds(features, labels)["sharp"]
    assert by_form.slack < 0.01 * by_form.product[0, 1]


def test_within_a_few_per_cent_of_the_measured_product():
    """Two noisy clusters 60 degrees apart at norm sqrt(2), views that agree: the sharp form stays within 4%."""
    near = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        angles = np.repeat([0.0, np.pi / 3], 50) + rng.normal(scale=0.15, size=100)
        features = np.sqrt(2) * np.stack([np.cos(angles), np.sin(angles)], axis=1)[:, None].repeat(2, axis=1)
        by_form = bounds(features, np.repeat([0, 1], 50))
        assert by_form["printed"].bound[0, 1] > 1.5 * by_form["printed"].product[0, 1]
        near += by_form["sharp"].slack < 0.04 * by_form["sharp"].product[0, 1]
    assert near >= 18


def test_the_forms_say_something_in_enough_sets():
    telling, near = dict.fromkeys(FORMS, 0), dict.fromkeys(FORMS, 0)
    for seed in range(400):
        drawn = drawn_features(seed) if seed % 2 else correlated(seed)
        for form, pair in bounds(*drawn).items():
            telling[form] += pair.informative.any()
            near[form] += pair.slack < 0.05
    assert telling["printed"] >= 15
    assert telling["constant"] >= 80
    assert telling["sharp"] >= 200
    assert near["sharp"] >= 35


def test_sharp_holds_on_both_sides_of_saying_something():
    def at(spread):
        world = clustered(2, 3, 8, 2, 0, 0, spread)
        return bounds(np.sqrt(3) * world.features, world.labels)["sharp"]

    quiet, loud = 1e-3, 1.0
    assert at(quiet).informative.any()
    assert not at(loud).informative.any()
    while loud / quiet > 1.01:
        middle = (quiet * loud) ** 0.5
        quiet, loud = (middle, loud) if at(middle).informative.any() else (quiet, middle)
    assert at(quiet).slack > 0
    assert at(loud).slack > 0


@settings(max_examples=60, deadline=None)
@given(worlds, st.floats(0, 1), st.floats(0, 1))
def test_scatter_limit_is_a_tau(world, eps, delta):
    """tau' from (sigma, delta, eps, R) in feature space: above ||S||_F^2, and Theorem 4 holds with it."""
    moments = correlations(world.features, world.labels)
    R = misaligned_share(world, eps)
    alphas = []
    for k in range(world.classes):
        gaps = feature_gaps(world.features[world.members(k)])
        sigma = main_part(gaps, delta).lower / len(gaps)
        alphas.append(max(0.0, sigma - R / moments.shares[k]))
    s = min(delta + 2 * eps, 2.0)
    limits = crosscorrelation.scatter_limit(np.array(alphas), s)
    trace = np.trace(moments.within)
    assert trace <= moments.shares @ limits + 1e-9
    assert (moments.within**2).sum() <= trace**2 + 1e-9
    square = crosscorrelation.printed_square(
        identity_distance(moments.total),
        (moments.shares @ limits) ** 2,
        np.outer(moments.shares, moments.shares),
        len(moments.total) - world.classes,
    )
    assert (off_diagonal(square) >= off_diagonal(divergence(world)) ** 2 - 1e-9).all()


def feature_gaps(features):
    """min over views of ||f(x1') - f(x2')||, (n, n)."""
    apart = np.linalg.norm(features[:, None, :, None] - features[None, :, None, :], axis=4)
    return apart.min(axis=(2, 3))


def test_scatter_limit_is_nearly_attained():
    """Fifty points that are pairwise s apart on the sphere: the variance is s^2/2 up to the pairs of a point with itself."""
    s, n = 0.6, 50
    spread = s / np.sqrt(2)
    samples = np.concatenate([np.full((n, 1), np.sqrt(1 - spread**2)), spread * np.eye(n)], axis=1)
    features = np.repeat(np.concatenate([samples, samples])[:, None], 2, axis=1)
    np.testing.assert_allclose((features**2).sum(axis=2), 1)
    scatter = np.trace(correlations(features, np.repeat([0, 1], n)).within)
    assert 0.97 * crosscorrelation.scatter_limit(1.0, s) < scatter <= crosscorrelation.scatter_limit(1.0, s)
    assert crosscorrelation.scatter_limit(1.0, 0.0) == 0


def test_witness_against_tau_0_is_pinned():
    evidence = theorem4.without_tau()
    assert evidence.holds
    assert evidence.direction == "against"
    assert evidence.slack == -1
    assert "L_2 = 0, the bound is 0, but mu_1.mu_2 = 1; tau' >= ||S||^2 = 2" in evidence.summary


def pure_classes():
    """The witness with each class at one point: its scatter is gone."""
    return WITNESS[0], np.arange(8)


WITNESS = extremal.cube_classes()


def without_half():
    """The witness with its second coordinate halved: C is no longer I."""
    features, labels = WITNESS
    return features * np.array([Fraction(1), Fraction(1, 2), Fraction(1)], dtype=object), labels


@pytest.mark.parametrize("weaker", [pure_classes, without_half])
def test_witness_is_gone_where_it_is_weakened(weaker, monkeypatch):
    monkeypatch.setattr(theorem4, "cube_classes", weaker)
    assert theorem4.without_tau().holds is False


def test_exact_and_float_correlations_agree():
    features, labels = overlapping_classes()
    exact, floats = correlations(features, labels), correlations(features.astype(float), labels)
    assert exact.shares.tolist() == [Fraction(1, 2)] * 2
    assert exact.within.tolist() == [[0, 0], [0, 1]]
    for name in ("total", "between", "within", "shares", "gram"):
        np.testing.assert_allclose(getattr(exact, name).astype(float), getattr(floats, name), atol=1e-15)


def test_labels_are_checked():
    with pytest.raises(ValueError, match="labels=1: class without a sample"):
        correlation_bounds(np.ones((3, 2, 2)), np.array([0, 2, 0]))
    with pytest.raises(ValueError, match=r"features\[1, 0, 0\]=nan"):
        correlation_bounds(np.array([[[1.0]] * 2, [[np.nan]] * 2]), np.array([0, 1]))


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("trace_budget", lambda L_2, tau, trace: L_2 + trace - tau),
        ("lopsided_square", lambda y, kappa: np.where(y >= 0, 1.0, kappa**0.5) * y**2),
        ("wide_radius", lambda c, kappa, root: (root - (1 - kappa) * c) / (1 + kappa) / 1.05),
        ("narrow_radius_square", lambda B, c, slope: 0.8 * B / (2 * slope) - c**2),
        ("constant_square", lambda *a: crosscorrelation.printed_square(*a) / 4),
    ],
)
def test_a_mutated_bound_is_exceeded(name, mutant, monkeypatch):
    monkeypatch.setattr(crosscorrelation, name, mutant)
    sets = [attaining(0.3), *(correlated(seed) for seed in range(150)), *(drawn_features(seed) for seed in range(150))]
    assert min(pair.slack for drawn in sets for pair in bounds(*drawn).values()) < -1e-4
