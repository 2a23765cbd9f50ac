import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.theory.divergence.worlds import (
    angle_worlds,
    at_angle,
    drawn_world,
    noisy,
    orthogonal_views,
    point_worlds,
    points,
    simplex,
)
from tests.theory.worlds import clustered, worlds
from theory.divergence import infonce
from theory.divergence.losses import class_agreement, info_nce
from theory.factors import class_means, class_shares, misaligned_share, view_diameters
from theory.setting import FiniteWorld

FORMS = ("printed", "sharp", "balanced")
FLOOR = np.log(16 - np.e)


def bounds(world):
    return dict(zip(FORMS, infonce.infonce_bounds(world), strict=True))


def off_diagonal(matrix):
    return matrix[~np.eye(len(matrix), dtype=bool)]


def ingredients(world):
    """L_2, p, a, gram, norms."""
    means = class_means(world)
    gram = means @ means.T
    a = class_agreement(world.features, world.labels)
    return info_nce(world).regulariser, class_shares(world), a, gram, np.sqrt(np.diagonal(gram))


any_world = st.one_of(worlds, point_worlds, angle_worlds)


@settings(max_examples=150, deadline=None)
@given(any_world)
def test_every_form_bounds_every_pair(world):
    by_form = bounds(world)
    for form in FORMS:
        assert by_form[form].form == form
        assert by_form[form].direction == "upper"
        assert by_form[form].slack >= 0
        assert np.isinf(np.diagonal(by_form[form].bound)).all()
        assert np.isfinite(off_diagonal(by_form[form].bound)).all()
    assert (by_form["balanced"].bound <= by_form["sharp"].bound).all()
    assert (by_form["sharp"].bound <= by_form["printed"].bound).all()


@settings(max_examples=100, deadline=None)
@given(any_world)
def test_jensen_and_the_bound_of_one_pair(world):
    L_2, p, a, gram, norms = ingredients(world)
    assert infonce.jensen_sum(p, a, gram) <= L_2 + 1e-12
    assert (a >= norms**2 - 1e-12).all()
    alone = infonce.one_pair_bound(L_2, a[:, None], np.outer(p, p))
    assert (off_diagonal(alone) >= off_diagonal(gram)).all()
    assert (off_diagonal(alone) >= off_diagonal(infonce.sharp_bounds(L_2, p, a, norms))).all()


@settings(max_examples=100, deadline=None)
@given(any_world, st.floats(0, 5), st.floats(0, 3))
def test_theorem_3_says_nothing(world, tau, eps):
    L_2, p, *_ = ingredients(world)
    assert off_diagonal(infonce.printed_bound(L_2, tau, np.outer(p, p), eps)).min() > FLOOR
    assert not bounds(world)["printed"].informative.any()


def test_the_floor_of_theorem_3_is_its_infimum():
    by_form = bounds(orthogonal_views(40, 64))["printed"]
    assert FLOOR < by_form.bound[0, 1] < 1.04 * FLOOR


def test_ideal_case_reproduces_tau_0():
    """Classes that are points: a_k = 1, and one pair alone gives the printed bound with tau = eps = 0."""
    L_2, p, a, _, _ = ingredients(points(simplex(3), [2, 3, 4]))
    np.testing.assert_allclose(a, 1)
    share = np.outer(p, p)
    np.testing.assert_allclose(infonce.one_pair_bound(L_2, a[:, None], share), infonce.printed_bound(L_2, 0, share, 0))


@pytest.mark.parametrize("sizes", [(1, 1), (5, 5), (1, 9)])
@pytest.mark.parametrize("angle", [0.0, 0.5, np.pi / 2, 2.5, np.pi])
def test_sharp_is_attained_by_two_points_at_any_angle(angle, sizes):
    by_form = bounds(at_angle(angle, sizes))
    assert by_form["sharp"].bound[0, 1] == pytest.approx(np.cos(angle), abs=1e-9)
    assert by_form["balanced"].bound[0, 1] == by_form["sharp"].bound[0, 1]


@pytest.mark.parametrize("classes", [2, 3, 4, 6, 10, 20])
def test_balanced_is_attained_by_a_simplex(classes):
    rng = np.random.default_rng(classes)
    for sizes in (np.full(classes, 2), rng.integers(1, 4, classes)):
        by_form = bounds(points(simplex(classes), sizes))["balanced"]
        np.testing.assert_allclose(off_diagonal(by_form.bound), -1 / (classes - 1), atol=1e-4)
        assert by_form.informative.sum() == classes * (classes - 1)


def test_within_a_few_per_cent_of_the_measured_product():
    """Two clusters: noise of .05 costs under .1%, .1 under .5%, .2 under 5%. Simplices of 3 and 4, noise .01: .02 and .05."""
    for spread, share in ((0.05, 0.001), (0.1, 0.005), (0.2, 0.05)):
        by_form = bounds(clustered(0, 2, 20, 3, 0, 0, spread))["sharp"]
        assert 0 < by_form.slack < share * abs(by_form.product[0, 1])
    for classes, limit in ((3, 0.02), (4, 0.05)):
        by_form = bounds(noisy(points(simplex(classes), [5] * classes), 0.01))["balanced"]
        assert 0 < off_diagonal(by_form.bound - by_form.product).max() < limit


def test_the_forms_say_something_in_enough_worlds():
    telling = dict.fromkeys(FORMS, 0)
    near = dict.fromkeys(FORMS, 0)
    for seed in range(300):
        for form, pair in bounds(drawn_world(seed)).items():
            telling[form] += pair.informative.any()
            near[form] += pair.slack < 0.05
    assert telling["printed"] == near["printed"] == 0
    assert telling["sharp"] >= 140
    assert telling["balanced"] >= 190
    assert near["sharp"] >= 50
    assert near["balanced"] >= 80


def test_sharp_is_a_bound_on_both_sides_of_saying_something():
    """Three clusters: noise is tuned until the sharp form stops beating Cauchy-Schwarz; it holds on either side."""

    def at(spread):
        return bounds(clustered(2, 3, 8, 2, 0, 0, spread))["sharp"]

    quiet, loud = 1e-3, 1.0
    assert at(quiet).informative.any()
    assert not at(loud).informative.any()
    while loud / quiet > 1.01:
        middle = (quiet * loud) ** 0.5
        quiet, loud = (middle, loud) if at(middle).informative.any() else (quiet, middle)
    assert 0.1 < quiet < 1
    assert at(quiet).slack > 0
    assert at(loud).slack > 0


@settings(max_examples=80, deadline=None)
@given(any_world, st.floats(0, 2))
def test_agreement_floor_bounds_the_agreement(world, eps):
    floor = infonce.agreement_floor(eps, misaligned_share(world, eps), class_shares(world))
    assert (floor <= class_agreement(world.features, world.labels) + 1e-9).all()


def test_agreement_floor_is_nearly_attained():
    """One class of two samples with antipodal views: half of all pairs of views are 2 apart, R/p = 1."""
    features = np.array([[[1.0, 0], [-1, 0]], [[0, 1], [0, -1]], [[1, 0], [1, 0]], [[1, 0], [1, 0]]])
    world = FiniteWorld(features, features, np.array([0, 0, 1, 1]))
    a = class_agreement(features, world.labels)
    np.testing.assert_allclose(a, [0, 1])
    floor = infonce.agreement_floor(0.0, misaligned_share(world, 0.0), class_shares(world))
    np.testing.assert_allclose(
        floor, [-1, -1]
    )  # R counts for both classes, and the theorem charges all pairs of a sample
    tight = noisy(points(simplex(2), [5, 5], views=8), 0.05)
    widest = float(view_diameters(tight.features).max())
    assert infonce.agreement_floor(widest, 0.0, 0.5) > 0.97 * class_agreement(tight.features, tight.labels).max()


@settings(max_examples=100, deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-1, 1))
def test_pair_bound_inverts_the_pair(a, b, t):
    Q = np.logaddexp(a, t) + np.logaddexp(b, t)
    assert infonce.pair_bound(a, b, Q) == pytest.approx(t, abs=1e-12)


def test_rare_classes_do_not_overflow():
    by_form = bounds(points(simplex(3), [1, 1, 150]))
    assert 1e4 < by_form["printed"].bound[0, 1] < 1e5
    assert np.isfinite(off_diagonal(by_form["sharp"].bound)).all()
    assert by_form["balanced"].bound[0, 1] == pytest.approx(-0.5, abs=1e-3)


def test_features_must_have_norm_one():
    world = at_angle(1.0)
    with pytest.raises(ValueError, match=r"features\|\|=2: .*divide them by 2"):
        infonce.infonce_bounds(FiniteWorld(world.views, 2 * world.features, world.labels))


def test_ingredients_of_two_worlds_are_refused():
    _, p, a, _, norms = ingredients(at_angle(np.pi))
    with pytest.raises(ValueError, match=r"L_2=0.7: less than .*of one world"):
        infonce.sharp_bounds(0.7, p, a, norms)


def higher_floor(p, a, norms):
    """As if m_ij >= -||mu_i|| ||mu_j|| / 2."""
    least = -np.outer(norms, norms) / 2
    np.fill_diagonal(least, norms**2)
    return np.outer(p, p) * np.logaddexp(a[:, None], least)


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("balance", lambda p, squares, mean: mean - (p**2 * squares).sum() / 2),
        ("mean_of_others", lambda total, share, t, w: (total - share * t) / w),
        ("_least_terms", higher_floor),
        ("class_agreement", lambda f, labels: 1.05 * class_agreement(f, labels)),
        ("pair_root", lambda A, B, root: 0.9 * (root - (A + B)) / 2),
        ("LOSS_ROUNDING", -1e-3),
    ],
)
def test_a_mutated_bound_is_exceeded(name, mutant, monkeypatch):
    monkeypatch.setattr(infonce, name, mutant)
    slacks = [pair.slack for seed in range(60) for pair in bounds(drawn_world(seed)).values()]
    assert min(slacks) < -1e-3
