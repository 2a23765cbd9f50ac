"""Finite worlds for the divergence bounds: classes that are points, noise about them, and worlds at the edge of a bound."""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from theory.divergence.families import on_large_sphere
from theory.divergence.losses import second_moments, standardised
from theory.setting import FiniteWorld
from theory.worlds import unit_worlds


def points(centres, sizes, views=2):
    """Every view of every sample of class k sits at centres[k]; unit features."""
    labels = np.repeat(np.arange(len(centres)), sizes)
    features = np.repeat(np.asarray(centres, float)[labels][:, None], views, axis=1)
    return FiniteWorld(features, features, labels)


def simplex(classes):
    """The vertices of a regular simplex on the unit sphere: inner products -1/(K-1)."""
    vertices = np.eye(classes) - 1 / classes
    return vertices / np.linalg.norm(vertices[0])


def noisy(world, spread, seed=0):
    """Every view moved by Gaussian noise of scale `spread`, and brought back to the sphere."""
    rng = np.random.default_rng(seed)
    features = world.features + spread * rng.normal(size=world.features.shape)
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(features, features, world.labels)


def at_angle(angle, sizes=(5, 5)):
    """Two classes that are points of the circle, `angle` apart."""
    return points([[1.0, 0.0], [np.cos(angle), np.sin(angle)]], sizes)


def orthogonal_views(n, m):
    """n samples whose m views are one orthonormal basis each, turned at random; half of the samples in each class."""
    rng = np.random.default_rng(0)
    features = np.stack([np.linalg.qr(rng.normal(size=(m, m)))[0] for _ in range(n)])
    return FiniteWorld(features, features, np.arange(n) % 2)


def correlated(seed):
    """Features (n, m, d) of no fixed norm and labels: class means anywhere, scatter of some coordinates or of all."""
    rng = np.random.default_rng(seed)
    classes, d = int(rng.integers(2, 6)), int(rng.integers(1, 7))
    labels = np.concatenate([np.arange(classes), rng.integers(0, classes, rng.integers(0, 12))])
    centres = rng.normal(size=(classes, d)) * rng.choice([0.1, 1.0, 2.0])
    turn = rng.choice([0.0, 0.1, 1.0], 2)
    samples = centres[labels] + turn[0] * rng.normal(size=(len(labels), d)) * rng.choice([0.0, 1.0], d)
    return samples[:, None] + turn[1] * rng.normal(size=(len(labels), int(rng.integers(2, 4)), d)), labels


def attaining(x):
    """Two classes in the plane that attain `constant_square` with mu_1.mu_2 / 2 = x, 0 < x <= 3/4; see `constant_world`.

    Each class holds 1000 samples, so that the share at the other's place is right to .001.
    """
    z = 2 * x / 3
    A, B = np.sqrt((1 + z) / 2), np.sqrt((1 - z) / 2)
    kept = (1 + np.sqrt((1 - 2 * z) / (1 - z))) / 2
    stays = np.arange(1000) < round(1000 * kept)
    side = np.concatenate([np.where(stays, 1, -1), np.where(stays, -1, 1)])
    features = np.stack([A + side * B, A - side * B], axis=1)
    return np.repeat(features[:, None], 2, axis=1), np.repeat([0, 1], 1000)


def overlapping_classes():
    """Features (4, 2, 2) and labels of two classes with the same mean (1, 0): C = I, so L_2 = 0, yet mu_1.mu_2 = 1."""
    one = Fraction(1)
    points = np.array([[one, one], [one, -one]] * 2, dtype=object)
    return np.repeat(points[:, None], 2, axis=1), np.array([0, 0, 1, 1])


def centred_attaining(classes):
    """Features (4 K, 2, K) and labels of K >= 4 classes of one size that attain `centred_square`, E f = 0, ||f|| = sqrt(K).

    U^T U = I - v v^T + e+ e+^T - e- e-^T with v = (1, ..., 1)/sqrt(K), and e+-, orthogonal to v, along e_1 + e_2 - 2/K and
    e_1 - e_2; each class is a square about its mean, in the plane that the means leave free.
    """
    ones = np.ones(classes) / np.sqrt(classes)
    plus, minus = np.full(classes, -2 / classes), np.zeros(classes)
    plus[:2] += 1
    minus[:2] = 1, -1
    plus, minus = plus / np.linalg.norm(plus), minus / np.linalg.norm(minus)
    gram = np.eye(classes) - np.outer(ones, ones) + np.outer(plus, plus) - np.outer(minus, minus)
    values, vectors = np.linalg.eigh(gram)  # ascending: the first two are 0
    values[:2] = 0.0
    means = np.sqrt(classes) * vectors * np.sqrt(values)
    radius = np.sqrt(np.maximum(classes - (means**2).sum(axis=1), 0))
    corners = np.zeros((4, classes))
    corners[:, :2] = [[1, 0], [-1, 0], [0, 1], [0, -1]]
    samples = means[:, None] + radius[:, None, None] * corners
    return np.repeat(samples.reshape(-1, 1, classes), 2, axis=1), np.repeat(np.arange(classes), 4)


def drawn_world(seed):
    """A small world of unit features; see `theory.worlds.labelled_features`."""
    point, build = unit_worlds(np.random.default_rng(seed))
    return build(point)


def drawn_features(seed):
    """Features and labels of a drawn world, of norm sqrt(d) or, every other time, with E f_i^2 = 1 (unless one vanishes)."""
    world = drawn_world(seed)
    if seed % 2 and second_moments(world.features).min() > 0:
        return standardised(world.features), world.labels
    return on_large_sphere(world.features), world.labels


def undischarged(claim):
    """The steps of a claim's proof that do not come out."""
    return [name for name, check in claim.steps.items() if not check().holds]


seeds = st.integers(0, 2**32 - 1)
point_worlds = st.builds(
    lambda classes, seed, spread: noisy(
        points(simplex(classes), np.random.default_rng(seed).integers(1, 5, classes)), spread, seed
    ),
    st.integers(2, 8),
    seeds,
    st.sampled_from([0.0, 1e-6, 0.01, 0.05, 0.2]),
)
angle_worlds = st.builds(at_angle, st.floats(0, np.pi), st.tuples(st.integers(1, 6), st.integers(1, 6)))
feature_sets = st.builds(correlated, seeds)
