"""Tests that close the survivors of `python -m tests.mutation`: one edit of a formula each, which no other test noticed."""

import math
from fractions import Fraction

import numpy as np
import pytest
import sympy
import z3
from scipy import stats

from tests.theory.divergence.worlds import points, simplex
from tests.theory.worlds import clustered
from theory import factors
from theory.arcl import example_risk, risk_given_x1
from theory.concentration import augmented_distances
from theory.divergence import crosscorrelation, infonce, losses
from theory.divergence.pairs import PairBounds
from theory.population import choose_anchor, norm_interval
from theory.setting import FiniteWorld
from theory.theorem1 import certify, clique_grid, compare, exact_angle
from theory.theorem1.certificates.world import Points
from theory.theorem1.proofs.attained import worst_u
from theory.theorem2.bounds import eta_optimal, least, misaligned_bound


def scaled(world, factor):
    return FiniteWorld(world.views, factor * world.features, world.labels)


def test_products_of_means_are_in_units_of_the_squared_radius():
    world = clustered(0, 3, 5, 2, 0, 0, 0.1)
    for factor in (0.1, 3.0):
        np.testing.assert_allclose(factors.divergence(scaled(world, factor)), factors.divergence(world), atol=1e-14)


def test_mean_shortfall_is_that_of_the_shortest_mean():
    assert factors.mean_shortfall(np.diag([1.0, 0.25, 0.5])) == 0.75


def standing(radius, shift):
    """Two classes of two samples, all views at the origin or at 1, features at `radius` but for the first view of all, which
    is `shift` away in feature space."""
    angles = np.zeros((4, 2))
    angles[0, 0] = 2 * np.arcsin(shift / (2 * radius))
    inputs = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])[:, :, None]
    features = radius * np.stack([np.cos(angles), np.sin(angles)], axis=2)
    return FiniteWorld(inputs, features, np.array([0, 0, 1, 1]))


def test_lipschitz_constant_below_one_and_of_the_very_first_view():
    assert factors.lipschitz_constant(standing(1.0, 0.0)) == 0.0
    assert factors.lipschitz_constant(standing(1.0, 0.25)) == pytest.approx(0.25, rel=1e-12)


@pytest.mark.parametrize("radius", [0.01, 1.0, 100.0])
def test_jitter_between_equal_views_is_allowed_in_units_of_the_radius(radius):
    def twins(share):
        world = standing(radius, share * radius)
        return FiniteWorld(np.zeros_like(world.views), world.features, world.labels)

    assert factors.lipschitz_constant(twins(0.5e-5)) == 0.0
    with pytest.raises(ValueError, match="for two equal views"):
        factors.lipschitz_constant(twins(2e-5))


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e7])
@pytest.mark.parametrize("seed", range(6))
def test_lipschitz_constant_far_from_the_origin(seed, offset):
    """Matrix products lose near views there, by a known error; each pair that could be the steepest is evaluated directly."""
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, 1, (12, 2))
    inputs = offset + np.stack([angles, rng.normal(size=(12, 2))], axis=2)
    inputs[1] = inputs[0] + rng.uniform(0.5, 2, (2, 2)) * 2.0**-10  # near, and as steep as it gets
    angles[1] = angles[0] + 2.0**-5
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    points, images = inputs.reshape(24, 2), features.reshape(24, 2)
    slopes = [math.dist(images[i], images[j]) / math.dist(points[i], points[j]) for i in range(24) for j in range(i)]
    world = FiniteWorld(inputs, features, np.repeat([0, 1], 6))
    assert factors.lipschitz_constant(world) == pytest.approx(max(slopes), rel=1e-9)
    assert max(slopes) > 10


def test_lipschitz_lever_is_in_units_of_the_features():
    """The unit of the inputs cancels in L d_A, which is never below the distance in feature space."""
    world = clustered(0, 2, 8, 3, 0, 1, 0.1)
    turned = FiniteWorld(7.0 * world.views, world.features, world.labels)
    ours, theirs = clique_grid(world, "lipschitz"), clique_grid(turned, "lipschitz")
    np.testing.assert_allclose(ours.reach, theirs.reach, rtol=1e-12)
    np.testing.assert_array_equal(ours.alpha, theirs.alpha)
    assert theirs.lipschitz == pytest.approx(ours.lipschitz / 7)
    gaps = augmented_distances(world.views[:8])
    assert ours.reach.max() >= ours.lipschitz * gaps.max() * (1 - 1e-12)


def test_features_of_nearly_one_norm_are_put_on_one_sphere():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(6, 2, 3))
    features *= (1 + 4e-7 * rng.uniform(-1, 1, (6, 2, 1))) / np.linalg.norm(features, axis=2, keepdims=True)
    world = FiniteWorld(features, features, np.repeat([0, 1], 3))
    norms = np.linalg.norm(world.features, axis=2)
    assert np.ptp(np.linalg.norm(features, axis=2)) > 1e-7
    assert np.ptp(norms) < 1e-15
    assert norms[0, 0] == pytest.approx(np.linalg.norm(features[0, 0]), abs=1e-15)


def test_worst_u_is_a_unit_vector_on_the_side_of_the_rival():
    for alpha, s, w in ((0.9, 0.7, 0.9), (0.95, 0.2, 0.97)):
        u = worst_u(alpha, s, w)
        assert u @ u == pytest.approx(1)
        assert u[1] > 0
        assert u[0] == pytest.approx(np.cos(exact_angle(alpha, s, w)))


def test_short_features_are_refused_as_long_ones_are():
    with pytest.raises(ValueError, match=r"features\|\|=0\.5: .*divide them by 0\.5"):
        losses.info_nce(scaled(points(simplex(2), [2, 2]), 0.5))


@pytest.mark.parametrize("square", [Fraction(1, 4), Fraction(16, 9)])
def test_moments_off_one_are_refused_on_either_side_and_exactly(square):
    """E f_i^2 = 1/4 lies below 1; 16/9 is less than 1 above it: exact features have no tolerance."""
    side = Fraction(1, 2) if square < 1 else Fraction(4, 3)
    features = np.array([[[side]] * 2, [[-side]] * 2], dtype=object)
    for values in (features, features.astype(float)):
        with pytest.raises(ValueError, match="the cross-correlation loss needs 1"):
            losses.cross_correlation(values)


def test_jensen_is_an_equality_for_classes_that_are_points():
    world = points(simplex(3), [1, 2, 4])
    p, means = factors.class_shares(world), factors.class_means(world)
    a = losses.class_agreement(world.features, world.labels)
    assert infonce.jensen_sum(p, a, means @ means.T) == pytest.approx(losses.info_nce(world).regulariser, abs=1e-13)


@pytest.mark.parametrize("paid", [1.5, 2.0])
def test_a_pair_that_cannot_pay_for_its_agreement_is_refused(paid):
    """Q, what L_2 leaves for the pair over p_k p_l, must exceed a + b = 2, where t would be minus infinity; p = 1/2."""
    p, a, norms = (
        np.full(2, 0.5),
        np.ones(2),
        np.full(2, 10.0),
    )  # log(e + e^-100) = 1 and log(e + e^100) = 100: no rounding
    assert infonce.sharp_bounds(50 + 0.25 * 3, p, a, norms)[0, 1] == pytest.approx(1 + np.log(np.exp(0.5) - 1))
    with pytest.raises(ValueError, match="less than the other terms need"):
        infonce.sharp_bounds(50 + 0.25 * paid, p, a, norms)


def test_a_bound_that_only_equals_cauchy_schwarz_says_nothing():
    product = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert not PairBounds.of("form", np.ones((2, 2)), product).informative.any()
    assert PairBounds.of("form", np.full((2, 2), 0.999), product).informative.sum() == 2


@pytest.mark.parametrize("angle", [0.5, 1.2, 2.0])
def test_triangle_form_is_attained_by_classes_that_are_points(angle):
    """Two classes of equal size at norm sqrt(2) in the plane: S = 0 and p_k ||mu_k||^2 = 1, so no inequality is left."""
    features = np.sqrt(2) * points([[1.0, 0.0], [np.cos(angle), np.sin(angle)]], [3, 3]).features
    moments = crosscorrelation.correlations(features, np.repeat([0, 1], 3))
    root, size = losses.identity_distance(moments.total) ** 0.5, (moments.within**2).sum() ** 0.5
    assert crosscorrelation.triangle_square(root, size, 0.25, 0) == pytest.approx((2 * np.cos(angle)) ** 2)
    assert crosscorrelation.unnormed_square(root, size, 0.25) == pytest.approx((2 * np.cos(angle)) ** 2)


@pytest.mark.parametrize("theta", [0.05, 0.3, 3.0, 40.0])
def test_sharp_form_is_attained_at_every_theta(theta):
    """mu_k = (A, +-B), scatter t along the second axis; A^2 = 1 + kappa z, B^2 = 1 - z, t = z/(1 + theta): every step of
    the proof is an equality, also in the form without norms, and no theta of the grid is this one."""
    kappa, z = theta / (1 + theta), 0.4
    A, B, t = np.sqrt(1 + kappa * z), np.sqrt(1 - z), z / (1 + theta)
    side = np.sqrt(t) * np.array([1.0, -1.0, 1.0, -1.0])
    features = np.stack([np.full(4, A), np.array([B, B, -B, -B]) + side], axis=1)[:, None].repeat(2, axis=1)
    labels = np.array([0, 0, 1, 1])
    _, _, sharp = crosscorrelation.correlation_bounds(features, labels)
    product = A**2 - B**2
    assert abs(crosscorrelation.THETAS / theta - 1).min() > 0.01
    assert product <= sharp.bound[0, 1] <= product * (1 + 1e-6)
    moments = crosscorrelation.correlations(features, labels)
    root, size = losses.identity_distance(moments.total) ** 0.5, (moments.within**2).sum() ** 0.5
    assert crosscorrelation.unnormed_square(root, size, 0.25) == pytest.approx(product**2)


def test_norms_are_bounded_from_below_by_what_the_radius_leaves():
    interval = norm_interval(np.array([[1.0, 0.0], [0.0, 0.5]]), np.array([0.25, 0.75]), 0.9, 9)
    assert interval.low.tolist() == [0.75, 0.0]


def test_an_anchor_reaches_exactly_half_of_delta():
    views = np.array([0.0, 1.0, 2.0])[:, None, None].repeat(2, axis=1)
    assert choose_anchor(views, 2.0).tolist() == [1.0]
    assert choose_anchor(views, 1.9).tolist() == [0.0]


@pytest.mark.parametrize("arguments", [(sympy.Symbol("c", positive=True), 4), (2, sympy.Symbol("e", positive=True))])
def test_risk_is_exact_where_one_argument_is_a_symbol(arguments):
    assert example_risk(*arguments).has(sympy.pi)


def test_risk_at_x1_does_not_depend_on_its_sign():
    x = np.linspace(0.1, 3, 5)
    np.testing.assert_array_equal(risk_given_x1(-x, 0.7), risk_given_x1(x, 0.7))
    np.testing.assert_allclose(risk_given_x1(x, 0.7), stats.norm.sf(x / 0.7), rtol=1e-12)


def test_the_smaller_of_a_symbol_and_a_number():
    x, y = sympy.Symbol("x", positive=True), z3.Real("y")
    assert least(x, 1) == least(1, x) == sympy.Min(1, x)
    for mixed, value in ((least(y, 2.0), 1), (least(2.0, y), 1)):
        assert z3.simplify(z3.substitute(mixed, (y, z3.RealVal(value)))) == value
    assert least(3.0, 2.0) == 2.0


def test_optimal_form_knows_the_encoder_and_the_views_by_their_product():
    assert eta_optimal(0.3, 2, 3, 0.5, 4.0) == eta_optimal(0.3, 2, 3, 2.0, 1.0) == eta_optimal(0.3, 2, 3, 4.0, 0.5)
    assert misaligned_bound(1e-4, 1.5, 1, 2, 2.0, 1.0) == misaligned_bound(1e-4, 1.5, 1, 2, 1.0, 2.0)
    for L, M in ((0.5, 3.0), (3.0, 0.5)):
        with pytest.raises(ValueError, match=r"eps=2\.0: exceeds L M = 1\.5"):
            eta_optimal(2.0, 1, 2, L, M)


def of_class(share, s):
    """A class whose condition is share > s + 1/2: met by the whole class up to s = 1/2."""
    share, s = np.array(share), np.array(s)
    none = np.zeros(len(s))
    return Points(np.arange(len(s)), share, s, none, 1 - share, lambda share, s, _: share - s - 0.5)


@pytest.mark.parametrize(
    ("share", "s", "chosen"),
    [
        ([0.9, 0.95, 0.6], [0.1, 0.3, 0.4], 1),  # two points meet it: the lesser loss
        ([0.1, 0.6], [0.1, 0.2], 1),  # none does, the whole class would at both: the lesser lack, .1 and not .5
        ([0.1, 0.6, 1.0], [0.1, 0.2, 0.8], 1),  # nor does the last, where even the whole class would not
        ([1.0, 0.2], [0.8, 0.6], 1),  # the whole class would at neither: the lesser spread
    ],
)
def test_the_point_kept_for_a_class_is_the_nearest_to_a_certificate(share, s, chosen):
    assert of_class(share, s).kept() == chosen


def uneven():
    """Three classes of 3, 6 and 12 samples about the vertices of a triangle; one sample of the last sits with the first."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [3, 6, 12])
    home = labels.copy()
    home[-1] = 0
    features = simplex(3)[home][:, None] + 0.03 * rng.normal(size=(21, 2, 3))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(features, features, labels)


def test_costs_add_up_where_classes_differ_in_size():
    for certificate in compare(uneven()):
        for verdict in certificate.classes:
            assert verdict.threshold == pytest.approx(1 - sum(verdict.costs.values()), abs=1e-12)


def test_printed_form_charges_the_misaligned_share_to_the_smallest_class():
    """Points at the vertices, 3, 6 and 60 samples; one view of one sample stands elsewhere: R = 1/69, min p = 3/69."""
    world = points(simplex(3), [3, 6, 60])
    features = world.features.copy()
    features[-1, 1] = features[0, 0]
    certificate = certify(FiniteWorld(features, features, world.labels), "printed", scope="world")
    assert certificate.met
    for verdict in certificate.classes:
        assert verdict.R == pytest.approx(1 / 69)
        assert verdict.costs["R / min p"] == pytest.approx(1 / 3)
        assert verdict.threshold == pytest.approx(1 - sum(verdict.costs.values()), abs=1e-12)


def test_in_scope_world_the_printed_form_is_the_one_that_is_printed():
    """sigma is that of the class that has least, R is over min p, half of Delta_mu is charged, one bound for all."""
    world = uneven()
    grid = clique_grid(world, "local")
    shortfall = 1 - factors.divergence(world).diagonal().min()
    assert shortfall > 0.01
    for verdict in certify(world, "printed", scope="world", grid=grid).classes:
        assert verdict.share == grid.sigma[grid.reach == verdict.reach].min()
        rho = 2 * (1 - verdict.share) + verdict.R / (3 / 21) + verdict.share * verdict.s
        assert verdict.threshold == pytest.approx(1 - rho - math.sqrt(2 * rho) - shortfall / 2)
        assert verdict.error == pytest.approx(min(1 - verdict.share + verdict.R, 1))


def test_in_scope_world_each_class_loses_its_own_share():
    certificate = certify(uneven(), "exact", "local", "world")
    assert certificate.met
    lost = [verdict.error for verdict in certificate.classes]
    assert lost == pytest.approx([1 - verdict.alpha for verdict in certificate.classes])
    assert certificate.error == pytest.approx(np.array([3, 6, 12]) / 21 @ lost)
    assert certificate.error > 0


@pytest.mark.parametrize("form", ["cap", "exact"])
def test_nothing_is_charged_to_the_share_of_a_class_that_is_whole(form):
    whole, torn = (certify(uneven(), form).classes[label] for label in (0, 2))
    assert whole.share == 1
    assert whole.costs["1 - alpha"] == pytest.approx(0, abs=1e-12)
    assert whole.costs["spread s"] > 0.01
    assert torn.costs["1 - alpha"] > 0.01


def test_the_binding_class_is_that_of_the_least_margin():
    certificate = certify(uneven())
    margins = [verdict.margin for verdict in certificate.classes]
    assert certificate.binding.label == int(np.argmin(margins))
    assert np.ptp(margins) > 0.01


def test_one_eps_of_many_beyond_the_proof_is_refused():
    with pytest.raises(ValueError, match="exceeds L M"):
        eta_optimal(np.array([0.5, 2.0]), 1, 2, 1.0, 1.0)
