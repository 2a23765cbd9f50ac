"""Finite worlds for the divergence bounds: classes that are points, noise about them, and worlds at the edge of a bound."""

import numpy as np
from hypothesis import strategies as st

from theory.setting import FiniteWorld


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
