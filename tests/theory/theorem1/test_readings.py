"""What the statements of Theorem 1 read of one world, by loops: a hypothesis asked too strictly breaks no world, and a search
never notices it."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from theory import ledger
from theory.factors import misclassified, nearest_mean_error
from theory.setting import FiniteWorld
from theory.theorem1 import FORMS, chord_bound
from theory.theorem1.proofs import (
    anchored,
    identity_augmentation,
    lemma_3_2,
    linear_head,
    predicates,
    vertex,
    vertex_exact,
    vertex_population,
)
from theory.theorem1.proofs.anchored import Anchored
from theory.theorem1.proofs.choice import Choice

LIPSCHITZ, RADIUS, SIZES, ROUNDING = 1.5, 2.0, (2, 3, 4), 1e-9
LABELS = np.repeat([0, 1, 2], SIZES)
MAIN, ALIGNED = LABELS != 1, np.ones(9, dtype=bool)
MAIN[[2, 3]] = True  # two of three samples of class 1
ALIGNED[[3, 8]] = False


def read(claim, world):
    return next(c for c in ledger.claims() if c.id == claim).predicate.read(world)


def tight(spread=0.03, whole=False):
    """Three classes of 2, 3 and 4 samples about -e_0, e_0 and e_1, of norm 2; unless main parts are whole, the samples that
    are not aligned have a view elsewhere."""
    rng = np.random.default_rng(0)
    centres = np.array([[-1.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    features = centres[LABELS][:, None] + spread * rng.normal(size=(9, 3, 3))
    if not whole:
        features[~ALIGNED, 2] = [0, 0, 1]
    features *= RADIUS / np.linalg.norm(features, axis=2, keepdims=True)
    views = spread * rng.normal(size=(9, 3, 2)) + LABELS[:, None, None]
    world, every = FiniteWorld(views, features, LABELS), np.ones(9, dtype=bool)
    return Choice(world, (1, 1, 1), LIPSCHITZ, every if whole else MAIN, every if whole else ALIGNED)


CHOICE = tight()
FEATURES, VIEWS = CHOICE.distinct.features, CHOICE.distinct.views
MEANS = np.array([np.mean([FEATURES[i] for i in range(9) if LABELS[i] == k], axis=(0, 1)) for k in range(3)])
P = np.array(SIZES) / 9
GRAM = MEANS @ MEANS.T / RADIUS**2
DIAMETERS = np.array([max(np.linalg.norm(a - b) for a in rows for b in rows) for rows in FEATURES])
EPS = np.array([DIAMETERS[ALIGNED & (LABELS == k)].max() for k in range(3)])
SIGMA = np.array([1, 2 / 3, 1])
RIVALS = [[k for k in range(3) if k != l] for l in range(3)]
SHORTFALL = (1 - GRAM.diagonal().min()) / 2


def nearest(points, i, j):
    return min(np.linalg.norm(a - b) for a, b in product(points[i], points[j]))


def diameters(points):
    """Of the main parts, (3,)."""
    parts = [np.flatnonzero(MAIN & (LABELS == k)) for k in range(3)]
    return np.array([max(nearest(points, i, j) for i, j in product(part, part)) for part in parts])


def counted(eps):
    """kept, alpha_l and P[C_l minus S_eps]/p_l, where S_eps has a threshold in every class."""
    inside = DIAMETERS <= eps
    kept = MAIN & inside
    return kept, *(np.array([rows[LABELS == k].mean() for k in range(3)]) for rows in (kept, ~inside))


KEPT, ALPHA, TORN = counted(EPS.max())
R = float(P @ TORN)
S = (LIPSCHITZ * diameters(VIEWS).max() + 2 * EPS.max()) / RADIUS
BOUND = 1 - 2 / 3 + R
LOWER = np.maximum(2 / 3 - R / P, 0)


def clearances(points):
    squares = ((points[:, None] - MEANS) ** 2).sum(axis=2)
    return np.array([(min(squares[i, RIVALS[l]]) - squares[i, l]) / 2 for i, l in enumerate(LABELS)])


def level(rho):
    return 1 - rho - np.sqrt(2 * rho)


def chord(alpha, s):
    """(||mu_l - mu_k||^2 - (2 D)^2)/2 of the nearest rival, (3,)."""
    apart = np.array([min(((MEANS[l] - MEANS[k]) ** 2).sum() for k in RIVALS[l]) for l in range(3)]) / RADIUS**2
    return apart / 2 - 2 * chord_bound(alpha, s) ** 2


def worst_product(l):
    return max(GRAM[l, k] for k in RIVALS[l])


PRODUCTS = np.array([worst_product(l) for l in range(3)])
BY_ALPHA = {
    "corrected": lambda alpha, s: level(2 * (1 - alpha) + alpha * s) - PRODUCTS,
    "sharp": lambda alpha, s: level(2 * (1 - alpha) + alpha * s**2 / 2) - PRODUCTS,
    "chord": chord,
}
ERROR = misclassified(CHOICE.world).mean()


def test_the_world_tells_the_factors_apart():
    assert 0.1 < S < 0.5
    assert (KEPT.sum(), R) == (6, pytest.approx(2 / 9))
    assert len({*P, *SIGMA, *ALPHA}) > 4
    assert EPS.max() > EPS.min()


@pytest.mark.parametrize("form", BY_ALPHA)
def test_theorem_1_is_asked_with_either_share(form):
    """The better of alpha_l and of sigma - R/p_l, at one s, against the nearest rival of the worst class."""
    reading = predicates.theorem_1(FORMS[form]).read(CHOICE)
    expected = max(BY_ALPHA[form](share, S).min() for share in (ALPHA, LOWER))
    assert reading.hypotheses == {"condition": pytest.approx(expected - ROUNDING, abs=1e-9)}
    assert (reading.left, reading.right) == (ERROR, pytest.approx(BOUND))


def test_the_printed_condition_charges_what_is_torn_to_the_class_and_in_rho_max_to_the_least():
    rho = 2 * (1 - 2 / 3) + R / P + 2 / 3 * S
    (value,) = predicates.theorem_1(FORMS["printed"]).read(CHOICE).hypotheses.values()
    assert value == pytest.approx((level(rho) - PRODUCTS).min())
    (value,) = read("thm-1-printed", CHOICE).hypotheses.values()
    assert value == pytest.approx((level(rho) - PRODUCTS).min())
    reading = predicates.printed_rho_max(CHOICE)
    assert reading.hypotheses == {"condition": pytest.approx(level(rho.max()) - SHORTFALL - PRODUCTS.max())}
    assert reading.right == pytest.approx(BOUND)


def test_the_misprints_read_another_term_of_the_misaligned_share():
    least = (2 * (1 - 2 / 3) + R / P + 2 / 3 * S).min()
    for claim, term, bound in (
        ("thm-1-misprint", R / least, BOUND),
        ("thm-1-misprint-aligned", (1 - R) / P.min(), 1 - 2 / 3 + 1 - R),
    ):
        reading = read(claim, CHOICE)
        rho = 2 * (1 - 2 / 3) + term + 2 / 3 * S
        assert reading.hypotheses == {"condition": pytest.approx(level(rho) - SHORTFALL - PRODUCTS.max())}
        assert (reading.left, reading.right) == (ERROR, pytest.approx(bound))
    whole = tight(whole=True)  # R = 0: nothing is divided
    assert read("thm-1-misprint", whole).hypotheses == predicates.printed_rho_max(whole).hypotheses


def test_the_climb_is_led_by_the_sample_whose_error_would_be_one_too_many():
    """Five of nine may be misclassified: the sixth least clearance; with all nine none is left."""
    ordered = sorted(clearances(FEATURES[:, 0]))
    reading = predicates.printed_rho_max(CHOICE)
    assert (reading.distance, reading.trivial) == (pytest.approx(ordered[5]), 1)
    assert predicates.error_reading(CHOICE.world, 0.0, {}).distance == pytest.approx(ordered[0])
    assert predicates.error_reading(CHOICE.world, 1.0, {}).distance == np.inf


def test_lemma_3_1_asks_for_the_kept_samples():
    reading = read("lemma-3.1", CHOICE)
    assert list(reading.hypotheses.values()) == [pytest.approx(clearances(FEATURES[:, 0])[KEPT].min())]
    assert (reading.left, reading.right) == (ERROR, pytest.approx(BOUND))


def test_lemma_3_2_and_its_printed_step_speak_of_class_0():
    rho = 2 * (1 - 2 / 3) + R / P[0] + 2 / 3 * S
    reading = read("lemma-3.2", CHOICE)
    assert list(reading.hypotheses.values()) == [pytest.approx(level(rho) - SHORTFALL - PRODUCTS[0])]
    own = KEPT & (LABELS == 0)
    assert (reading.left, reading.right) == (pytest.approx(-clearances(FEATURES[:, 0])[own].min()), 0)
    step = lemma_3_2._read_step(CHOICE)
    assert step.left == pytest.approx(1 - rho)
    assert step.right == pytest.approx((FEATURES[own, 0] @ MEANS[0]).min() / RADIUS**2)


def test_the_local_spread_is_taken_in_feature_space():
    reading = read("thm-1-local", CHOICE)
    s = (diameters(FEATURES).max() + 2 * EPS.max()) / RADIUS
    choices = [max(predicates.form_condition(FORMS[form], predicates.common(CHOICE), s) for form in FORMS)]
    assert list(reading.hypotheses.values()) == pytest.approx(choices)
    pairs = [(i, j) for i in range(9) for j in range(9)]
    assert reading.left[:-1] == pytest.approx(np.array([nearest(FEATURES, i, j) for i, j in pairs]))
    assert reading.right[:-1] == pytest.approx(LIPSCHITZ * np.array([nearest(VIEWS, i, j) for i, j in pairs]))
    assert (reading.left[-1], reading.right[-1]) == (ERROR, pytest.approx(BOUND))


def test_per_class_a_class_that_fails_loses_its_mass():
    reading = read("thm-1-per-class", CHOICE)
    assert reading.left.tolist() == [ERROR] * len(FORMS)
    _, alpha, _ = counted(EPS[LABELS])
    s = (LIPSCHITZ * diameters(VIEWS) + 2 * EPS) / RADIUS
    met = {form: margins(alpha, s) > 0 for form, margins in BY_ALPHA.items()}
    assert 0 < sum(met["chord"]) < 3
    for form in BY_ALPHA:
        assert reading.right[list(FORMS).index(form)] == pytest.approx(1 - (P * alpha)[met[form]].sum())


def test_nesting_reads_the_margin_of_the_stronger_form_where_the_weaker_is_met():
    choice = tight(0.05, whole=True)
    reading, of = read("thm-1-nesting", choice), predicates.common(choice)
    s, torn = predicates.spread(choice, of.delta.max(), of.eps.max()), of.misaligned / of.shares
    shares = {"sigma": of.sigma, "alpha": np.maximum(of.sigma - torn, 0)}

    def margins(form):
        return predicates.pair_margins(FORMS[form], of, shares[FORMS[form].share], s, torn)

    weak, strong = margins("corrected"), margins("sharp")
    assert 0 < (weak > 0).sum() < weak.size
    np.testing.assert_allclose(reading.right[0], np.where(weak > 0, strong, np.inf))
    assert reading.met
    assert (reading.left == 0).all()


def test_the_nearest_mean_is_linear_to_the_last_term():
    weights, offsets = linear_head.linear_head(MEANS)
    np.testing.assert_allclose(weights, MEANS)
    np.testing.assert_allclose(offsets, [-(mean @ mean) / 2 for mean in MEANS])


def test_anchored_reads_balls_about_the_anchors():
    anchors, near = MEANS + 0.1, LABELS != 0
    near[0] = True
    world = Anchored(CHOICE.world, anchors, near, np.array([0.05, 0.02]), 0.5)
    gaps = np.array([np.linalg.norm(FEATURES[i] - anchors[l], axis=1).max() for i, l in enumerate(LABELS)])
    radii = np.array([gaps[near & (LABELS == k)].max() for k in range(3)])
    shares = np.array([(gaps <= radii[LABELS])[LABELS == k].mean() for k in range(3)])
    to_mean = np.linalg.norm(anchors[:, None] - MEANS, axis=2)
    cells, bounds = [], []
    for l, k in product(range(3), range(3)):
        if l == k:
            continue
        halved = (to_mean[l, k] ** 2 - to_mean[l, l] ** 2) / 2
        cells.append(halved - radii[l] * np.linalg.norm(MEANS[l] - MEANS[k]))
        bounds.append(to_mean[l, k] - 0.02 - (to_mean[l, l] + 0.05) - 2 * radii[l])
    lost = 1 - P @ shares
    assert 0 < lost < 1
    cell, ball = anchored._read(world), anchored._read_bounds(world)
    assert list(cell.hypotheses.values()) == [pytest.approx(min(cells))]
    assert list(ball.hypotheses.values()) == [pytest.approx(min(bounds))]
    assert (cell.left, cell.right) == (ERROR, pytest.approx(lost))
    away = np.linalg.norm(MEANS - shares[:, None] / 2 * anchors, axis=1) / RADIUS
    assert ball.left == pytest.approx([*away, ERROR])
    assert ball.right == pytest.approx([*(shares / 2 * radii / RADIUS + 1 - shares / 2), lost])


@pytest.mark.parametrize(
    ("signs", "error"), [([1, 1, -1, -1], 0.5), ([1, -1, 1, -1], 0.0), ([1, -1, 1, 1, -1, -1], 1 / 3)]
)
def test_the_least_error_on_two_points(signs, error):
    world = identity_augmentation.on_two_points(np.array(signs, dtype=float))
    assert read("uniform-identity", world).left == pytest.approx(error)


def test_the_ideal_case_asks_for_the_nearest_two_means():
    features = np.array([[1.0, 0], [0.6, 0.8], [0, 1]])[:, None].repeat(2, axis=1)
    reading = read("thm-1-ideal", FiniteWorld(features, features, np.arange(3)))
    assert reading.hypotheses == {"mu_l.mu_k < r^2": pytest.approx(1 - 0.8)}
    assert (reading.left, reading.right) == (0, 0)


def test_the_vertex_form_is_read_with_a_part_of_the_shares():
    """Three classes of 4, 4 and 2 at their anchors but for a view, an image and none: 3/4, 3/4 and 1, of which 4/5 count."""
    places = np.repeat([1, 0, 2], [4, 4, 2])[:, None].repeat(2, axis=1)
    places[0, 1], places[4] = 0, 2
    labels = np.repeat([0, 1, 2], [4, 4, 2])
    of = vertex.Vertices(np.eye(3), places, labels, np.array([1, 0, 2]), np.array([True, False, True]), 0.8)
    reading = vertex._read(of)
    assert reading.hypotheses == {
        "alpha_l + alpha_k > 1, pi(k) != pi(l)": pytest.approx(0.6 + 0.6 - 1 - ROUNDING, abs=1e-15)
    }
    assert (reading.left, reading.right, reading.trivial) == (0.2, 0.5, 1)
    alone = vertex._read(replace(of, met=np.array([False, False, True])))
    assert alone.hypotheses == {
        "alpha_l + alpha_k > 1, pi(k) != pi(l)": pytest.approx(0.8 + 0.6 - 1 - ROUNDING, abs=1e-15)
    }
    assert vertex._read(replace(of, met=np.zeros(3, bool))).met


def test_counts_are_read_between_their_extremes():
    """Class 0: 2 at v_0 and 2 unproved, which lie at v_0 and v_1; class 1: 1 at v_0, 3 at v_1. By hand, in units of 1/16."""
    of = vertex_exact.Counted(np.array([[2, 0], [1, 3]]), np.array([2, 0]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    squares, least, most = [2, 18, 18, 2], [0, 8, 18, 2], [8, 32, 18, 2]
    reading = vertex_exact._read(of)
    wrong = 2 + 1  # the unproved, and the image of class 1 at v_0
    np.testing.assert_allclose(16 * reading.left[:-1], [*squares, *least, *most, *least])
    np.testing.assert_allclose(16 * reading.right[:-1], [*most, *squares, *most, *least])
    assert (reading.left[-1], reading.right[-1]) == (wrong / 8, 3 / 8)
    tied = vertex_exact._read(vertex_exact.Counted(np.ones((2, 2), int), np.zeros(2, int), np.eye(2)))
    assert (tied.left[-1], tied.right[-1]) == (1, 1)


IMAGES = vertex_population.Images(  # the laws: at the own vertex, and at both
    np.array([[0.4, 0.1, 0.05], [0.25, 0.15, 0.05]]), np.array([[1.0, 0.0], [0.5, 0.5]]), 6, 0.3
)


def test_an_open_image_is_right_where_every_view_that_it_may_have_is():
    """The means lie nearer to their own vertices: right are the images there, and the open ones of class 0."""
    assert IMAGES.error == pytest.approx(1 - (0.4 + 0.05 + 0.25))
    turned = replace(IMAGES, masses=IMAGES.masses[:, [1, 0, 2]])  # class 0 at v_1, class 1 at v_0
    assert turned.error == pytest.approx(1 - (0.4 + 0.25))
    drawn = replace(IMAGES, masses=np.array([[0.2, 0, 0.3], [0.25, 0.25, 0]]), laws=np.array([[0, 1.0], [0.5, 0.5]]))
    assert drawn.error == pytest.approx(1 - (0.3 + 0.25))  # by its open images the mean of class 0 is nearer to v_1
    tied = replace(IMAGES, masses=np.full((2, 3), 1 / 6), laws=np.full((2, 2), 0.5))
    assert tied.error == 1


def test_the_error_of_a_population_is_that_of_the_finite_world_with_its_shares():
    """Of class k: images at v_k, at the next, and open ones with the two views given."""
    counts, views = np.array([[1, 3, 3], [1, 2, 4], [4, 4, 1]]), np.array([[2, 2], [1, 2], [2, 2]])
    kinds = [[[k, k], [(k + 1) % 3] * 2, views[k]] for k in range(3)]
    features = np.eye(3)[np.repeat(np.reshape(kinds, (9, 2)), counts.ravel(), axis=0)]
    world = FiniteWorld(features, features, np.repeat([0, 1, 2], counts.sum(axis=1)))
    of = replace(IMAGES, masses=counts / counts.sum(), laws=np.eye(3)[views].mean(axis=1))
    assert of.error == pytest.approx(nearest_mean_error(world, any_view=True)) == pytest.approx(14 / 23)


def test_the_coverage_counts_every_sample_by_its_chance():
    """Six draws of class 0 or 1, at the anchor or not: all 4^6 of them, but for those without an image of a class."""
    of = replace(IMAGES, masses=np.array([[0.22, 0.2, 0.08], [0.24, 0.16, 0.1]]))
    assert of.error == pytest.approx(1 - (0.22 + 0.08 + 0.24))
    drawn = np.array(list(product(range(4), repeat=of.n)))
    labels, anchored = drawn % 2, drawn < 2
    totals = np.stack([(labels == k).sum(axis=1) for k in (0, 1)], axis=1)
    kept = np.stack([(anchored & (labels == k)).sum(axis=1) for k in (0, 1)], axis=1)
    stated = totals.min(axis=1) > 0
    false = vertex_population.certified_errors(kept[stated], totals[stated], of.level) < of.error
    missed = np.array([0.22, 0.24, 0.28, 0.26])[drawn[stated][false]].prod(axis=1).sum()
    assert missed > 1e-3
    assert of.coverage == pytest.approx(1 - missed, abs=1e-12)
