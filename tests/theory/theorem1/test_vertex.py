"""Certificates for features that are vertices: against brute force, against populations whose truth is known, by counting."""

from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from theory.factors import nearest_mean_error
from theory.population import clopper_pearson
from theory.setting import FiniteWorld
from theory.theorem1.certificates import vertex
from theory.theorem1.certificates.vertex import certify_vertices, exact_vertices, vertex_anchors, vertex_margins
from theory.theorem1.proofs import vertex_population


def simplex(J):
    points = np.eye(J) - 1 / J
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def placed(places, labels):
    """The finite world whose views lie at these vertices, (n, m)."""
    features = simplex(max(int(places.max()) + 1, 2))[places]
    return FiniteWorld(features, features, labels)


def seen(places):
    """What a perfect verifier says of finitely many views: proved where all agree, and the vertex of the first."""
    return (places == places[:, :1]).all(axis=1), places[:, 0]


@st.composite
def vertex_worlds(draw):
    """Views at vertices (n, m) and labels; J >= 2 vertices, K >= 2 classes."""
    J, K, views = draw(st.integers(2, 4)), draw(st.integers(2, 3)), draw(st.integers(2, 3))
    sizes = draw(st.lists(st.integers(1, 8), min_size=K, max_size=K))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = np.repeat(np.arange(K), sizes)
    stray = rng.random(len(labels)) < draw(st.sampled_from([0.0, 0.1, 0.3]))
    home = np.where(stray, rng.integers(0, J, len(labels)), labels % J)
    torn = rng.random((len(labels), views)) < draw(st.sampled_from([0.0, 0.1]))
    return np.where(torn, rng.integers(0, J, torn.shape), home[:, None]), labels


@pytest.mark.parametrize("alpha", [Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)])
def test_the_condition_is_tight_at_every_share(alpha):
    """Shares alpha and 1 - alpha: everything ties. One sample more at either anchor and the class is classified correctly."""
    a, size = int(20 * alpha), 20
    for more in (0, 1):
        first = np.where(np.arange(size) < a + more, 0, 1)
        second = np.where(np.arange(size) < size - a, 1, 0)
        places = np.concatenate([first, second])[:, None].repeat(2, axis=1)
        error = nearest_mean_error(placed(places, np.repeat([0, 1], size)), any_view=True)
        assert error == (1 if more == 0 else 1 - (a + more + size - a) / (2 * size))


@settings(max_examples=150, deadline=None)
@given(vertex_worlds())
def test_the_shares_bound_the_error_of_a_finite_world(world):
    places, labels = world
    proved, clusters = seen(places)
    anchors = vertex_anchors(clusters, labels)
    inside = np.bincount(labels[proved & (clusters == anchors[labels])], minlength=len(anchors))
    met = vertex_margins(inside / np.bincount(labels), anchors) > 1e-9
    error = nearest_mean_error(placed(places, labels), any_view=True)
    assert error <= 1 - inside[met].sum() / len(labels) + 1e-12
    exact = exact_vertices(proved, clusters, labels)
    assert error <= exact.error + 1e-12
    assert exact.error <= 1 - inside[met].sum() / len(labels) + 1e-12  # it certifies whatever the shares do


def squared_distances(counts, laws):
    """n^2 ||p - e_i||^2 for whole images, (J,), integers: what the unproved add to the counts are laws."""
    whole = counts + laws
    return [sum((int(whole[j]) - whole.sum() * (i == j)) ** 2 for j in range(len(whole))) for i in range(len(whole))]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_owned_vertices_by_brute_force(seed):
    """Every way to put whole unproved images at vertices, exactly: a vertex is owned iff its class wins every time."""
    rng = np.random.default_rng(seed)
    K, J = rng.integers(2, 4, 2)
    counts, unproved = rng.integers(0, 5, (K, J)), rng.integers(0, 3, K)
    counts[np.arange(K), rng.integers(0, J, K)] += rng.integers(1, 6, K)
    owned = vertex.owned_vertices(counts, unproved)
    choices = [[np.bincount(at, minlength=J) for at in product(range(J), repeat=unproved[k])] for k in range(K)]
    wins = np.ones((K, J), dtype=bool)
    for laws in product(*choices):
        sizes = counts.sum(axis=1) + unproved
        away = [[Fraction(d, int(sizes[k]) ** 2) for d in squared_distances(counts[k], laws[k])] for k in range(K)]
        for l, i in product(range(K), range(J)):
            wins[l, i] &= all(away[l][i] < away[k][i] for k in range(K) if k != l)
    np.testing.assert_array_equal(owned, wins)


@settings(max_examples=100, deadline=None)
@given(vertex_worlds(), st.integers(0, 2**32 - 1))
def test_exact_mode_holds_whatever_the_unproved_do(world, seed):
    places, labels = world
    rng = np.random.default_rng(seed)
    proved, clusters = seen(places)
    left_open = rng.random(len(labels)) < 0.2
    certified = exact_vertices(proved & ~left_open, clusters, labels)
    for _ in range(3):
        anything = np.where(left_open[:, None], rng.integers(0, places.max() + 1, places.shape), places)
        assert nearest_mean_error(placed(anything, labels), any_view=True) <= certified.error + 1e-12


def test_exact_mode_is_attained():
    """Ten images a class; two unproved of class 0 that go to the vertex of class 1 cost themselves and nothing else."""
    places = np.repeat([0, 1, 2], 10)[:, None].repeat(2, axis=1)
    labels = np.repeat([0, 1, 2], 10)
    proved = np.arange(30) > 1
    certified = exact_vertices(proved, places[:, 0], labels)
    assert certified.met.all()
    assert certified.correct == 28
    places[:2, 1] = 1
    assert nearest_mean_error(placed(places, labels), any_view=True) == certified.error == float(Fraction(2, 30))


def test_a_class_may_own_several_vertices():
    """Class 0 lies half at vertex 0 and half at vertex 2, class 1 at vertex 1: shares at one anchor see half of class 0."""
    clusters, labels, proved = np.repeat([0, 2, 1], 10), np.repeat([0, 0, 1], 10), np.ones(30, dtype=bool)
    certified = exact_vertices(proved, clusters, labels)
    assert certified.error == 0
    assert certified.owned.tolist() == [[True, False, True], [False, True, False]]


def test_a_class_is_met_by_an_image_at_a_vertex_that_it_owns():
    """Class 0 lies half at vertex 0 and half at 1, which the others own; of vertex 2 it is the nearest, without an image."""
    counts, none = np.array([[2, 2, 0], [3, 0, 0], [0, 3, 0]]), np.zeros(3, dtype=int)
    owned = vertex.owned_vertices(counts, none)
    assert owned.tolist() == [[False, False, True], [True, False, False], [False, True, False]]
    certified = vertex.VertexWorld(counts, none, owned)
    assert certified.met.tolist() == [False, True, True]
    assert (certified.correct, certified.error) == (6, 0.4)


def test_a_margin_of_no_more_than_rounding_is_not_met():
    certificate = certify_vertices(np.ones(4, bool), np.array([0, 0, 1, 1]), np.array([0, 0, 1, 1]), np.arange(2), 0.5)
    for margin, met in ((vertex.ROUNDING, False), (1.01 * vertex.ROUNDING, True)):
        assert replace(certificate.classes[0], margin=margin).met is met


def population(K, away, open_, atoms=50):
    """Kinds of images: of each class `away` of the atoms lie at the next vertex and `open_` of them have a view there."""
    rank, labels = np.tile(np.arange(atoms), K), np.repeat(np.arange(K), atoms)
    following = (labels + 1) % K
    places = np.where(rank < away, following, labels)[:, None].repeat(2, axis=1)
    places[(rank >= away) & (rank < away + open_), 1] = following[(rank >= away) & (rank < away + open_)]
    return places, labels


@pytest.mark.parametrize(("K", "away", "open_", "n"), [(3, 3, 4, 300), (4, 0, 10, 400), (2, 0, 0, 60)])
def test_it_fails_no_more_often_than_stated_and_says_something(K, away, open_, n):
    """400 draws at level .8, so that failures would show: the upper 99.9% end of their rate stays below .2."""
    places, labels = population(K, away, open_)
    truth = nearest_mean_error(placed(places, labels), any_view=True)
    proved, clusters = seen(places)
    rng, level = np.random.default_rng(1), 0.8
    anchors = vertex_anchors(clusters, labels)
    errors = []
    for _ in range(400):
        rows = rng.integers(0, len(labels), n)
        certificate = certify_vertices(proved[rows], clusters[rows], labels[rows], anchors, level)
        errors.append(certificate.error)
    failures = int((np.array(errors) < truth).sum())
    assert beta.ppf(0.999, failures + 1, len(errors) - failures) < 1 - level
    assert np.median(errors) < truth + 0.09
    assert truth <= 0.2


@pytest.mark.parametrize("level", [0.2, 0.8])
def test_the_coverage_is_that_of_the_certificates(level):
    """What the predicate of population-vertices takes for the certified error is what `certify_vertices` says."""
    rng = np.random.default_rng(4)
    totals = rng.multinomial(24, np.full(3, 1 / 3), 20)
    kept = rng.integers(totals - totals // 4, totals + 1)
    errors = vertex_population.certified_errors(kept, totals, level)
    for of_class, inside, error in zip(totals, kept, errors, strict=True):
        labels = np.repeat(np.arange(3), of_class)
        proved = np.concatenate([np.arange(total) < count for total, count in zip(of_class, inside, strict=True)])
        assert certify_vertices(proved, labels, labels, np.arange(3), level).error == error
    assert (errors < 1).any()
    assert len(set(errors)) > 3


def test_a_population_that_ties_is_hardly_ever_certified():
    """Shares .5 and .5 at the anchors, the rest at the rival's: every image ties, so that any certificate is false."""
    rng = np.random.default_rng(2)
    certified = 0
    for _ in range(300):
        labels = rng.permutation(np.repeat([0, 1], 20))
        clusters = np.where(rng.random(40) < 0.5, labels, 1 - labels)
        certificate = certify_vertices(np.ones(40, bool), clusters, labels, np.array([0, 1]), 0.5)
        certified += certificate.error < 1
    assert certified < 300 * 0.5
    assert certified <= 30


def test_every_event_is_what_plain_counting_says():
    rng = np.random.default_rng(3)
    labels = np.repeat([0, 1, 2], [200, 300, 250])
    clusters = np.where(rng.random(750) < 0.9, np.array([4, 0, 2])[labels], rng.integers(0, 6, 750))
    proved = rng.random(750) < 0.9
    certificate = certify_vertices(proved, clusters, labels, np.array([4, 0, 2]), 0.95)
    at = 1 - 0.05 / 7
    assert list(certificate.split.levels.values()) == pytest.approx([at] * 7)
    inside = [
        sum(bool(p) and c == anchor and l == k for p, c, l in zip(proved, clusters, labels, strict=True))
        for k, anchor in enumerate([4, 0, 2])
    ]
    low = [clopper_pearson(inside[k], (200, 300, 250)[k], at, "lower").low for k in range(3)]
    for k, of_class in enumerate(certificate.classes):
        others = [low[j] for j in range(3) if j != k]
        assert (of_class.label, of_class.samples, of_class.anchor) == (k, (200, 300, 250)[k], (4, 0, 2)[k])
        assert of_class.alpha.low == pytest.approx(low[k])
        assert of_class.mass.low == pytest.approx(clopper_pearson(inside[k], 750, at, "lower").low)
        assert low[of_class.rival] == pytest.approx(min(others))
        assert of_class.rival != k
        assert of_class.margin == pytest.approx(low[k] + min(others) - 1)
        assert of_class.met
    assert certificate.error == pytest.approx(1 - clopper_pearson(sum(inside), 750, at, "lower").low)
    assert certificate.error < 1 - sum(of_class.mass.low for of_class in certificate.classes)


def test_classes_that_are_not_met_cost_their_mass():
    """Class 2 lies at its anchor less than half the time, which the others make up for; two such classes are lost."""
    labels = np.repeat([0, 1, 2, 3], 200)
    clusters, proved, anchors = labels.copy(), np.ones(800, bool), np.arange(4)
    clusters[400:520] = 4
    certificate = certify_vertices(proved, clusters, labels, anchors, 0.95)
    assert all(c.met for c in certificate.classes)
    assert certificate.error == pytest.approx(1 - certificate.pooled.low)
    clusters[600:720] = 4
    certificate = certify_vertices(proved, clusters, labels, anchors, 0.95)
    assert [c.met for c in certificate.classes] == [True, True, False, False]
    masses = [c.mass.low for c in certificate.classes]
    assert certificate.error == pytest.approx(1 - masses[0] - masses[1])


@settings(max_examples=60, deadline=None)
@given(vertex_worlds())
def test_anchors_keep_the_most_images(world):
    places, labels = world
    clusters = places[:, 0]
    anchors = vertex_anchors(clusters, labels)
    K, J = int(labels.max()) + 1, int(clusters.max()) + 1
    counts = np.array([np.bincount(clusters[labels == k], minlength=J + K) for k in range(K)])
    best = max(sum(counts[k, at] for k, at in enumerate(chosen)) for chosen in permutations(range(J + K), K))
    assert sum(counts[anchors == at, at].max() for at in set(anchors)) == best
    assert all(counts[k, at] > 0 for k, at in enumerate(anchors))
    shared = [k for k, at in enumerate(anchors) if counts[k, at] < counts[anchors == at, at].max()]
    assert all(counts[k, anchors[k]] == counts[k].max() for k in shared)


def three_classes_at_two_vertices(stray=0):
    """(clusters, labels): class 0 at vertex 0, classes 1 and 2 at vertex 1, but for so many of class 1 at vertex 0."""
    labels = np.repeat([0, 1, 2], 100)
    clusters = np.minimum(labels, 1)
    clusters[100 : 100 + stray] = 0
    return clusters, labels


def test_classes_that_share_an_anchor_are_not_met_and_the_others_are():
    clusters, labels = three_classes_at_two_vertices()
    anchors = vertex_anchors(clusters, labels)
    assert anchors.tolist() == [0, 1, 1]
    certificate = certify_vertices(np.ones(300, bool), clusters, labels, anchors, 0.95)
    assert [c.met for c in certificate.classes] == [True, False, False]
    assert [c.rival for c in certificate.classes[1:]] == [2, 1]
    assert certificate.classes[1].margin == certificate.classes[1].alpha.lower - 1
    assert certificate.error == 1 - certificate.classes[0].mass.lower < 0.75
    assert nearest_mean_error(placed(clusters[:, None].repeat(2, axis=1), labels), any_view=True) == 2 / 3


@pytest.mark.parametrize(("stray", "met", "truth"), [(30, True, 1 / 3), (100, False, 2 / 3)])
def test_a_rival_with_a_shared_anchor_must_hold_enough_of_its_class_there(stray, met, truth):
    """Both sides: where class 1 has left the vertex it shares, class 0 ties with it, and is not met."""
    clusters, labels = three_classes_at_two_vertices(stray)
    certificate = certify_vertices(np.ones(300, bool), clusters, labels, np.array([0, 1, 1]), 0.95)
    assert certificate.classes[0].met == met
    error = nearest_mean_error(placed(clusters[:, None].repeat(2, axis=1), labels), any_view=True)
    assert error == pytest.approx(truth)
    assert error <= certificate.error


def test_against_a_class_without_an_anchor_nothing_is_certified():
    clusters, labels = three_classes_at_two_vertices()
    certificate = certify_vertices(np.ones(300, bool), clusters, labels, np.array([0, 1, -1]), 0.95)
    assert [c.margin < 0 for c in certificate.classes] == [True, True, True]
    assert certificate.error == 1
    assert certificate.classes[2].alpha.lower == 0


def test_classes_at_one_vertex_are_not_certified():
    clusters, labels = np.zeros(40, dtype=int), np.repeat([0, 1], 20)
    anchors = vertex_anchors(clusters, labels)
    assert anchors.tolist() == [0, 0]
    assert certify_vertices(np.ones(40, bool), clusters, labels, anchors, 0.95).error == 1
    assert exact_vertices(np.ones(40, bool), clusters, labels).error == 1
    clusters, labels = np.array([0] * 20 + [1, 0]), np.array([0] * 21 + [1])
    assert vertex_anchors(clusters, labels).tolist() == [0, 0]  # vertex 1 is left, but without an image of class 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6)), min_size=2, max_size=6))
def test_margins_are_against_the_least_of_the_others(classes):
    alpha, anchors = zip(*classes, strict=True)
    margins = vertex_margins(np.array(alpha), np.array(anchors))
    expected = [
        a + min(b if other != at else 0 for j, (b, other) in enumerate(classes) if j != k) - 1
        for k, (a, at) in enumerate(classes)
    ]
    np.testing.assert_array_equal(margins, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"proved": np.ones(5, bool)}, r"proved.shape=\(5,\): not \(6,\)"),
        ({"proved": np.ones(6)}, "proved.dtype=float64: not bool"),
        ({"clusters": np.zeros(5, int)}, "one vertex per image"),
        ({"clusters": np.zeros(6)}, "not integers; give vertices"),
        ({"clusters": np.full(6, -1)}, "negative; number the vertices"),
        ({"labels": np.zeros(6, int)}, "at least 2"),
        ({"labels": np.array([0, 0, 0, 2, 2, 2])}, "class without a sample"),
        ({"anchors": np.array([0])}, r"anchors.shape=\(1,\): not \(2,\)"),
        ({"anchors": np.array([0.0, 1.0])}, "anchors.dtype=float64: not integers"),
        ({"anchors": np.array([0, -2])}, "anchors=-2: no vertex"),
        ({"level": 1.0}, "level"),
    ],
)
def test_bad_input(change, message):
    labels = np.repeat([0, 1], 3)
    given = {
        "proved": np.ones(6, bool),
        "clusters": labels,
        "labels": labels,
        "anchors": np.array([0, 1]),
        "level": 0.9,
    }
    with pytest.raises(ValueError, match=message):
        certify_vertices(**{**given, **change})
