"""Theorem 1 anchored, and its certificates for populations whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from tests.theory.worlds import clustered_worlds
from theory.factors import class_means, nearest_mean_error, view_diameters
from theory.population import clopper_pearson, refined_mean_radius
from theory.setting import FiniteWorld
from theory.theorem1.certificates.anchors import choose_anchors
from theory.theorem1.certificates.population import (
    POPULATION_FORMS,
    Anchors,
    anchored_world,
    certify_population,
    events,
    farthest,
    located,
)
from theory.theorem1.certificates.world import ROUNDING
from theory.theorem1.forms.anchored import mean_ball


def simplex(K):
    points = np.eye(K) - 1 / K
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def planted(K, torn, swapped, spread=0.0, atoms=64, seed=0, views=3):
    """A population of finitely many kinds of samples, `atoms` of each class, equally likely: its truth is plain counting."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(K), atoms)
    rank = np.tile(np.arange(atoms), K)
    home = np.where(rank < round(swapped * atoms), (labels + 1) % K, labels)
    place = np.repeat(home[:, None], views, axis=1)
    edge = (rank >= round(swapped * atoms)) & (rank < round((swapped + torn) * atoms))
    place[edge, -1] = (home[edge] + 1) % K
    features = simplex(K)[place] + spread * rng.normal(size=(*place.shape, K))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(features, features, labels)


def drawn(world, n, rng):
    """n independent samples of the population, every class present at least twice."""
    while True:
        rows = rng.integers(0, len(world.labels), n)
        if np.bincount(world.labels[rows], minlength=world.classes).min() >= 2:
            return world.features[rows], world.labels[rows]


def certificate_of(features, labels, anchors, level=0.95):
    return certify_population(features, labels, view_diameters(features), anchors, level)


@settings(max_examples=150, deadline=None)
@given(clustered_worlds, st.floats(0, 1.5))
def test_means_lie_in_the_balls(world, t):
    """With the world's own shares and exact means: U and L are bounds on the distances that they claim to bound."""
    means = class_means(world)
    points = np.array([world.features[world.members(k)][0, 0] for k in range(world.classes)])
    share = np.array(
        [(farthest(world.features[world.members(k)], points[k]) <= t).mean() for k in range(world.classes)]
    )
    radii = np.full(world.classes, t)
    for alpha in (share, share / 2):
        own, rivals, centres, balls = located(
            Anchors(points, radii, radii >= 0), alpha, means + 0.1, np.full(len(means), 9.0)
        )
        away = np.linalg.norm(points[:, None] - means[None], axis=2)
        assert (own >= away.diagonal() - 1e-12).all()
        assert (rivals <= away + 1e-12).all()
        assert (np.linalg.norm(means - centres, axis=1) <= balls + 1e-12).all()


def test_a_ball_is_attained():
    """alpha = 1/2, radius t: all the rest opposite the anchor puts the mean at the rim of its ball."""
    t = 0.6
    v = np.array([1 - t**2 / 2, np.sqrt(1 - (1 - t**2 / 2) ** 2)])
    a = np.array([1.0, 0.0])
    direction = (v - a) / np.linalg.norm(v - a)
    mean = (v + direction) / 2
    assert np.linalg.norm(mean - a / 2) == pytest.approx(mean_ball(0.5, t), abs=1e-12)


@pytest.mark.parametrize(
    ("K", "torn", "swapped", "spread", "n"),
    [(3, 0.1, 0.05, 0.0, 240), (4, 0.0, 0.1, 0.05, 800), (3, 0.2, 0.0, 0.02, 240)],
)
def test_it_fails_no_more_often_than_stated_and_says_something(K, torn, swapped, spread, n):
    """300 draws at level .8, so that failures would show: the upper 99.9% end of their rate stays below .2."""
    level, draws = 0.8, 300
    world = planted(K, torn, swapped, spread)
    truth = nearest_mean_error(world, any_view=True)
    rng = np.random.default_rng(1)
    fit = drawn(world, 400, rng)
    anchors = choose_anchors(*fit, held_out=n, level=level)
    assert anchors.hoped.all()
    certificates = [certificate_of(*drawn(world, n, rng), anchors, level) for _ in range(draws)]
    errors = np.array([[c.errors[form] for form in POPULATION_FORMS] for c in certificates])
    failures = int((errors.min(axis=1) < truth).sum())
    assert beta.ppf(0.999, failures + 1, draws - failures) < 1 - level
    best = np.array([c.error for c in certificates])
    assert np.median(best) < truth + 0.15 < 0.5
    assert all(c.form == "anchored" for c in certificates if c.error < 1)


def test_the_pooled_event_is_what_makes_it_tight():
    world = planted(4, 0.05, 0.05)
    rng = np.random.default_rng(2)
    anchors = choose_anchors(*drawn(world, 400, rng), held_out=600, level=0.95)
    sample = drawn(world, 600, rng)
    pooled = certificate_of(*sample, anchors)
    apart = certificate_of(*sample, Anchors(anchors.points, anchors.radii, np.zeros(4, bool)))
    truth = nearest_mean_error(world, any_view=True)
    assert truth < pooled.error < apart.error - 0.03
    assert pooled.error < truth + 0.06


def test_a_class_that_was_hoped_for_in_vain_costs_its_mass_only():
    world = planted(4, 0.0, 0.0)
    rng = np.random.default_rng(3)
    features, labels = drawn(world, 600, rng)
    anchors = choose_anchors(features, labels, held_out=600, level=0.95)
    features, labels = drawn(world, 600, rng)
    moved = features.copy()
    moved[labels == 0] = simplex(4)[1]  # where class 1 is: neither of the two can be told from the other
    certificate = certificate_of(moved, labels, anchors)
    assert anchors.hoped.all()
    assert [c.met("anchored") for c in certificate.classes] == [False, False, True, True]
    assert 0.5 < certificate.errors["anchored"] < 0.66


def test_forms_are_ordered_and_the_level_is_paid_for():
    world = planted(3, 0.02, 0.0, 0.02, atoms=100)
    rng = np.random.default_rng(4)
    anchors = choose_anchors(*drawn(world, 900, rng), held_out=3000, level=0.95)
    sample = drawn(world, 3000, rng)
    certificate = certificate_of(*sample, anchors)
    e = certificate.errors
    assert e["anchored"] <= e["chord"] <= e["sharp"] <= e["corrected"] < 1
    stricter = certificate_of(*sample, anchors, 0.999)
    assert stricter.error > certificate.error
    assert len(certificate.split.levels) == len(events(3)) == 16


def test_sample_means_locate_better_once_there_are_many_samples():
    world = planted(3, 0.3, 0.1, atoms=100)
    rng = np.random.default_rng(5)
    anchors = choose_anchors(*drawn(world, 600, rng), held_out=20_000, level=0.95)
    few = certificate_of(*drawn(world, 200, rng), anchors)
    many = certificate_of(*drawn(world, 20_000, rng), anchors)
    assert "anchor" in {c.located_by for c in few.classes}
    assert {c.located_by for c in many.classes} == {"sample"}
    assert max(c.located_radius for c in many.classes) < min(c.located_radius for c in few.classes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f, y, a: (f * 2, y, a), "norm 1"),
        (lambda f, y, a: (np.where(f == f[0, 0, 0], np.nan, f), y, a), "nan"),
        (lambda f, y, a: (f, np.zeros_like(y), a), "at least 2"),
        (lambda f, y, a: (f, y, Anchors(a.points[:2], a.radii, a.hoped)), "wrong shapes"),
        (lambda f, y, a: (f, y, Anchors(a.points, a.radii, a.hoped[:2])), r"\(2,\): wrong shapes"),
        (lambda f, y, a: (f, y, Anchors(a.points, a.radii[:2], a.hoped)), r"\(2,\), \(3,\): wrong shapes"),
        (lambda f, y, a: (f, y, Anchors(a.points, -1 - a.radii, a.hoped)), "radii >= 0"),
        (lambda f, y, a: (f, y, Anchors(a.points, a.radii + np.inf, a.hoped)), "finite radii >= 0"),
        (lambda f, y, a: (f, y, Anchors(a.points * np.nan, a.radii, a.hoped)), "finite"),
        (lambda f, y, a: (f, y, Anchors(a.points, a.radii + 2.1, a.hoped)), "<= 2"),
        (
            lambda f, y, a: (f, y, Anchors(np.diag([1, 1e18, 1]) @ a.points, a.radii, a.hoped)),
            r"points\[1\]=1\.0.*e\+18",
        ),
        (lambda f, y, a: (f, y, Anchors(a.points * (1 + 1e-9), a.radii, a.hoped)), "norm <= 1"),
        (lambda f, y, a: (f[:, :1], y, a), "view"),
    ],
)
def test_bad_input(change, message):
    world = planted(3, 0.0, 0.0, atoms=8)
    anchors = Anchors(simplex(3), np.zeros(3), np.ones(3, bool))
    features, labels, changed = change(world.features, world.labels, anchors)
    with pytest.raises(ValueError, match=message):
        certify_population(features, labels, np.zeros(len(labels)), changed, 0.95)


@pytest.mark.parametrize("level", [0.0, 1.0, float("nan"), -1.0])
def test_a_level_that_is_none(level):
    world = planted(3, 0.0, 0.0, atoms=8)
    with pytest.raises(ValueError, match="level"):
        choose_anchors(world.features, world.labels, 10, level)


@settings(max_examples=100, deadline=None)
@given(clustered_worlds, st.sampled_from([0.0, 0.05, 0.3, 1.0]))
def test_the_anchored_form_holds_on_finite_worlds(world, t):
    points = np.array([world.features[world.members(k)][-1, 0] for k in range(world.classes)])
    anchors = Anchors(points, np.full(world.classes, t), np.ones(world.classes, bool))
    error, margins = anchored_world(world.features, world.labels, anchors)
    assert nearest_mean_error(world, any_view=True) <= error + 1e-12
    means, correct = class_means(world), 0
    for k, a in enumerate(points):
        gaps = [
            (((a - q) ** 2).sum() - ((a - means[k]) ** 2).sum()) / 2 - t * np.linalg.norm(means[k] - q)
            for j, q in enumerate(means)
            if j != k
        ]
        assert margins[k] == pytest.approx(min(gaps), abs=1e-12)
        if margins[k] > ROUNDING:
            correct += sum(np.linalg.norm(world.features[i] - a, axis=1).max() <= t for i in world.members(k))
    assert error == pytest.approx(1 - correct / len(world.labels))


def test_the_anchored_form_is_attained_on_a_finite_world():
    """Torn and swapped samples are just those that are misclassified."""
    world = planted(4, 0.1, 0.1, atoms=40)
    error, margins = anchored_world(world.features, world.labels, Anchors(simplex(4), np.zeros(4), np.ones(4, bool)))
    assert (margins > 0).all()
    assert error == pytest.approx(nearest_mean_error(world, any_view=True)) == pytest.approx(0.2)


def test_every_event_is_what_plain_counting_says():
    """alpha, mass, sigma, R, the means' radii and the forms' margins against loops, at radii that split every class."""
    world = planted(3, 0.2, 0.1, 0.05, atoms=60)
    anchors = Anchors(simplex(3), np.array([0.1, 0.2, 0.15]), np.array([True, False, True]))
    features, labels = world.features, world.labels
    certificate = certificate_of(features, labels, anchors)
    at = 1 - 0.05 / 16
    n, pooled = len(labels), 0
    for k, c in enumerate(certificate.classes):
        t, own = anchors.radii[k], [features[i] for i in range(n) if labels[i] == k]
        gaps = [[np.linalg.norm(view - anchors.points[k]) for view in views] for views in own]
        inside, close = (sum(f(row) <= bound for row in gaps) for f, bound in ((max, t), (min, t / 2)))
        wide = sum(max(np.linalg.norm(a - b) for a in views for b in views) > t / 2 for views in own)
        assert 0 < inside < len(own)
        assert 0 < close < len(own)
        assert 0 < wide < len(own)
        pooled += inside if anchors.hoped[k] else 0
        assert c.alpha.lower == pytest.approx(clopper_pearson(inside, len(own), at, "lower").low)
        assert c.mass.lower == pytest.approx(clopper_pearson(inside, n, at, "lower").low)
        assert c.sigma.lower == pytest.approx(clopper_pearson(close, len(own), at, "lower").low)
        assert c.misaligned.upper == pytest.approx(clopper_pearson(wide, len(own), at, "upper").high)
        mean = np.mean(own, axis=(0, 1))
        assert c.mean_radius == pytest.approx(refined_mean_radius(np.linalg.norm(mean), len(own), at, 1.0))
        assert c.radius == t
        s = 2 * t
        means = [features[labels == j].mean(axis=(0, 1)) for j in range(3)]
        alpha = [certificate.classes[j].alpha.low for j in range(3)]
        balls = [
            min(
                (certificate.classes[j].mean_radius, tuple(means[j])),
                (alpha[j] * anchors.radii[j] + 1 - alpha[j], tuple(alpha[j] * anchors.points[j])),
            )
            for j in range(3)
        ]
        centres, radii = np.array([b[1] for b in balls]), np.array([b[0] for b in balls])
        norms = np.linalg.norm(centres, axis=1)
        others = [j for j in range(3) if j != k]
        product = max(
            centres[k] @ centres[j] + radii[k] * norms[j] + radii[j] * norms[k] + radii[k] * radii[j] for j in others
        )
        gap = min(max(np.linalg.norm(centres[k] - centres[j]) - radii[k] - radii[j], 0) for j in others)
        rho = 2 * (1 - c.alpha.low) + c.alpha.low * s
        assert c.margins["corrected"] == pytest.approx(1 - rho - np.sqrt(2 * rho) - product)
        rho = 2 * (1 - c.sigma.low) + c.misaligned.high + c.sigma.low * s
        assert c.margins["printed"] == pytest.approx(1 - rho - np.sqrt(2 * rho) - product)
        rho = 2 * (1 - c.alpha.low) + c.alpha.low * s**2 / 2
        assert c.margins["sharp"] == pytest.approx(1 - rho - np.sqrt(2 * rho) - product)
        D = (1 - c.alpha.low) + np.sqrt((1 - c.alpha.low) ** 2 + c.alpha.low * s**2)
        assert c.margins["chord"] == pytest.approx(gap**2 / 2 - 2 * D**2)

        ends = []
        for j in range(3):  # least and largest distance of the anchor from mean j, from both balls
            by_sample = np.linalg.norm(anchors.points[k] - means[j]), certificate.classes[j].mean_radius
            reach = alpha[j] * anchors.radii[j] + 1 - alpha[j]
            by_anchor = np.linalg.norm(anchors.points[k] - alpha[j] * anchors.points[j]), reach
            ends.append((max(x - r for x, r in (by_sample, by_anchor)), min(x + r for x, r in (by_sample, by_anchor))))
        assert c.own == pytest.approx(ends[k][1])
        assert c.rival_distance == pytest.approx(min(ends[j][0] for j in others))
        assert c.margins["anchored"] == pytest.approx(c.rival_distance - c.own - 2 * t)
    assert certificate.pooled.lower == pytest.approx(clopper_pearson(pooled, n, at, "lower").low)
    assert certificate.hoped == (0, 2)


def test_the_printed_form_is_met_with_many_samples_and_pays_for_what_it_splits():
    world = planted(3, 0.0, 0.0, atoms=40)
    rng = np.random.default_rng(6)
    anchors = Anchors(simplex(3), np.zeros(3), np.ones(3, bool))
    certificate = certificate_of(*drawn(world, 4000, rng), anchors)
    assert all(c.met("printed") for c in certificate.classes)
    kept = sum(c.mass.low * (c.sigma.low - c.misaligned.high) for c in certificate.classes)
    assert certificate.errors["printed"] == pytest.approx(1 - kept)
    assert certificate.errors["anchored"] < certificate.errors["printed"] < 0.1
    assert certificate.errors["anchored"] == pytest.approx(1 - certificate.pooled.low)


def test_classes_beside_the_pooled_event_count_by_themselves():
    world = planted(3, 0.0, 0.0, atoms=40)
    sample = drawn(world, 600, np.random.default_rng(7))
    certificate = certificate_of(*sample, Anchors(simplex(3), np.zeros(3), np.array([True, False, True])))
    assert all(c.met("anchored") for c in certificate.classes)
    assert certificate.errors["anchored"] == pytest.approx(1 - certificate.pooled.low - certificate.classes[1].mass.low)


def test_a_spread_is_at_most_the_diameter_of_the_sphere():
    """At t = 3/2 the features in a ball are no further apart than 2, where s = s^2/2: corrected and sharp are one."""
    world = planted(3, 0.1, 0.0, atoms=20)
    for t, alike in ((1.5, True), (0.5, False)):
        anchors = Anchors(simplex(3), np.full(3, t), np.ones(3, bool))
        for c in certificate_of(world.features, world.labels, anchors).classes:
            assert (c.margins["corrected"] == pytest.approx(c.margins["sharp"])) is alike
