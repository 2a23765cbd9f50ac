"""Vertices: closed forms against finite worlds that hold the model exactly, in theory's own functions."""

import math
from itertools import product

import numpy as np
import pytest

from simulate import vertices
from simulate.comparison import Rule, compare
from simulate.estimators import proportion, stream
from simulate.vertices import Vertices, quantities
from theory import factors
from theory.concentration import augmented_distances, main_part
from theory.divergence.crosscorrelation import correlations
from theory.divergence.losses import info_nce, view_correlation
from theory.setting import FiniteWorld

MODEL = Vertices((0.2, 0.3, 0.5), 5, swapped=0.3, torn=0.4, moved=0.7)


def exact_world(model, classes, grain=(20, 10, 10)):
    """The model as a finite world: samples repeat by priors, homes and tears; the views of a torn sample by their shares.

    `classes` has one weight per class; homes, torn and moved are multiples of 1/grain."""
    d, K = model.dimension, model.classes
    home_share = np.round(vertices.homes(model) * grain[0]).astype(int)
    torn_share = round(model.torn * grain[1])
    m = grain[2] * d
    features, labels = [], []
    for k, weight in enumerate(classes):
        for home, tear in product(range(K), range(2)):
            copies = weight * home_share[k, home] * (torn_share if tear else grain[1] - torn_share)
            seen = np.full(m, home)
            if tear:
                each = round(model.moved * grain[2])  # of every vertex, out of m views
                seen = np.concatenate([np.full(m - each * d, home), np.repeat(np.arange(d), each)])
                seen[[0, int(np.argmax(seen == home))]] = seen[
                    [int(np.argmax(seen == home)), 0]
                ]  # view 0 is x, at home
            features += [model.radius * np.eye(d)[seen]] * copies
            labels += [k] * copies
    features = np.array(features)
    return FiniteWorld(features, features, np.array(labels))


EXACT = [
    (Vertices((0.5, 0.5), 2, swapped=0.1, torn=0.2, moved=0.5), (1, 1)),
    (Vertices((0.25, 0.75), 3, swapped=0.3, torn=0.1, moved=1.0, radius=0.5), (1, 3)),
    (Vertices((0.5, 0.25, 0.25), 4, swapped=0.2, torn=0.3, moved=0.2, radius=2.0), (2, 1, 1)),
]


@pytest.mark.parametrize(("model", "classes"), EXACT)
def test_factors_are_those_of_the_finite_world(model, classes):
    world = exact_world(model, classes)
    np.testing.assert_allclose(factors.class_shares(world), model.priors, atol=1e-12)
    np.testing.assert_allclose(factors.class_means(world), vertices.class_means(model), atol=1e-12)
    assert factors.alignment(world) == pytest.approx(vertices.alignment(model), abs=1e-12)
    assert factors.robust_alignment(world) == pytest.approx(vertices.robust_alignment(model), abs=1e-12)
    assert factors.misaligned_share(world, 0.0) == pytest.approx(model.torn, abs=1e-12)
    assert factors.nearest_mean_error(world) == pytest.approx(vertices.error(model), abs=1e-12)
    assert factors.nearest_mean_error(world, any_view=True) == pytest.approx(
        vertices.error(model, any_view=True), abs=1e-12
    )


@pytest.mark.parametrize(("model", "classes"), EXACT)
def test_losses_are_those_of_the_finite_world(model, classes):
    world = exact_world(model, classes)
    np.testing.assert_allclose(view_correlation(world.features), vertices.view_correlation(model), atol=1e-12)
    finite = correlations(world.features, world.labels)
    np.testing.assert_allclose(finite.within, vertices.within_class_covariance(model), atol=1e-12)


@pytest.mark.parametrize(
    ("model", "classes"),
    [
        (Vertices((0.5, 0.5), 3, swapped=0.25, torn=0.5, moved=0.5), (1, 1)),
        (Vertices((0.25, 0.75), 4, swapped=0.25, torn=0.5, moved=0.5), (1, 3)),
        (Vertices((0.25, 0.5, 0.25), 3, swapped=0.5, torn=0.0), (1, 2, 1)),
    ],
)
def test_info_nce_is_that_of_the_finite_world(model, classes):
    world = exact_world(model, classes, grain=(4, 2, 2))
    assert info_nce(world).regulariser == pytest.approx(vertices.info_nce_regulariser(model), abs=1e-12)
    assert info_nce(world).alignment == pytest.approx(-vertices.agreement(model), abs=1e-12)


def test_main_part_of_the_finite_world():
    """d_{A,f} = 0 among the samples at home in the class and the torn ones; no larger clique."""
    model, classes = EXACT[0]
    world = exact_world(model, classes)
    members = world.members(0)
    part = main_part(augmented_distances(world.features[members]), 0.0)
    assert part.lower == part.upper
    assert part.lower / len(members) == pytest.approx(vertices.sigma(model), abs=1e-12)


def test_limits():
    """Nothing torn or swapped: perfect alignment, means at the vertices, C diagonal."""
    model = Vertices((0.5, 0.5), 2, radius=math.sqrt(2))
    assert vertices.alignment(model) == 0
    assert vertices.error(model, any_view=True) == 0
    np.testing.assert_allclose(vertices.view_correlation(model), np.eye(2), atol=1e-15)
    assert vertices.sigma(model) == vertices.alpha(model) == 1
    unit = Vertices((0.5, 0.5), 2)
    assert vertices.info_nce_regulariser(unit) == pytest.approx((1 + math.log(2)) / 2 + math.log(1 + math.e) / 2)


def test_a_tie_counts_as_wrong():
    assert vertices.error(Vertices((0.5, 0.5), 2, swapped=0.5)) == 1.0


def test_every_quantity_of_worlds_of_another_radius():
    rule = Rule(planted=0.04)
    for model in (
        Vertices((0.1, 0.2, 0.7), 5, 0.2, 0.3, 0.5, math.sqrt(5)),
        Vertices((0.5, 0.5), 2, 0.5, 0.2, 1.0, 0.5),
    ):
        suite = compare(quantities("m", model), rule, 0)
        assert suite.disagreeing == ()
        assert suite.least_power > 0.99


def test_samplers_follow_the_model():
    """Homes and views of every class, cell by cell, at level 1 - 1e-9."""
    n = 100_000
    for k in range(MODEL.classes):
        samples = vertices.sample(MODEL, n, stream(0, "sample", k), k)
        seen = vertices.view(MODEL, samples, stream(0, "view", k))
        assert (samples.label == k).all()
        for j in range(MODEL.dimension):
            for vertex, truth in ((samples.home, vertices.homes(MODEL)), (seen, vertices.views(MODEL))):
                assert proportion(int((vertex == j).sum()), n, 1 - 1e-9).contains(float(truth[k, j]))


MUTANTS = [
    ("class_means", lambda f: lambda m: f(m) * 1.1),
    ("agreement", lambda _: lambda m: 1 - m.torn),
    ("agreement", lambda _: lambda m: 1 - m.torn + m.torn * (1 - m.moved) ** 2),
    ("alignment", lambda f: lambda m: f(m) / 2),
    ("robust_alignment", lambda f: lambda m: f(m) / 2),
    ("sigma", lambda _: lambda m: (1 - m.torn) * (1 - m.swapped)),
    ("alpha", lambda _: lambda m: 1 - m.torn - m.swapped),
    ("scattered", lambda _: lambda m: np.full((m.dimension, m.dimension), 1 / m.dimension)),
    ("homes", lambda _: lambda m: np.eye(m.classes, m.dimension)),
    ("pairs", lambda f: lambda m: 1.1 * f(m)),
    ("info_nce_regulariser", lambda f: lambda m: f(m) + 0.05),
    ("class_errors", lambda f: lambda m, any_view=False: f(m, any_view=any_view) * 0.9),
]


@pytest.mark.parametrize(("target", "mutant"), MUTANTS)
def test_planted_wrong_closed_form_is_found(target, mutant, monkeypatch):
    rule = Rule(planted=0.04)
    assert compare(quantities("m", MODEL), rule, 0).disagreeing == ()
    monkeypatch.setattr(vertices, target, mutant(getattr(vertices, target)))
    pairs = quantities("m", MODEL)
    monkeypatch.undo()
    assert compare(pairs, rule, 0).disagreeing


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"priors": (1.0,)}, "priors"),
        ({"priors": (0.5, 0.6, 0.1)}, "priors"),
        ({"dimension": 2}, "dimension=2:"),
        ({"swapped": 0.7}, "swapped=0.7:"),
        ({"torn": 1.0}, "torn=1.0:"),
        ({"moved": 0.0}, "moved=0.0:"),
        ({"radius": math.inf}, "radius=inf:"),
    ],
)
def test_bad_worlds(change, match):
    with pytest.raises(ValueError, match=match):
        Vertices(**{**MODEL.__dict__, **change})


def test_info_nce_needs_unit_features():
    with pytest.raises(ValueError, match=r"radius=2\.0: InfoNCE"):
        vertices.info_nce_regulariser(Vertices((0.5, 0.5), 2, radius=2.0))
