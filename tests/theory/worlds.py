"""Finite worlds for property tests: random ones, and ones placed near the boundary of a condition of Theorem 1."""

import numpy as np
from hypothesis import strategies as st

from theory.setting import FiniteWorld


def clustered(seed: int, classes: int, size: int, views: int, swapped: int, torn: int, spread: float) -> FiniteWorld:
    """Classes at the vertices of a simplex; per class `swapped` samples sit at the next class and `torn` have one view
    there; every view is moved by noise of scale `spread`. Inputs are the features plus a nuisance coordinate."""
    rng = np.random.default_rng(seed)
    vertices = np.eye(classes) - 1 / classes
    labels = np.repeat(np.arange(classes), size)
    rank = np.tile(np.arange(size), classes)
    home = np.where(rank < swapped, (labels + 1) % classes, labels)
    places = np.repeat(home[:, None], views, axis=1)
    at_edge = (rank >= swapped) & (rank < swapped + torn)
    places[at_edge, -1] = (labels[at_edge] + 1) % classes
    features = vertices[places] + spread * rng.normal(size=(len(labels), views, classes))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    inputs = np.concatenate([features, rng.normal(size=(len(labels), views, 1))], axis=2)
    return FiniteWorld(inputs, features, labels)


def scattered(seed: int, classes: int, size: int, views: int, dimension: int) -> FiniteWorld:
    """Features uniform on the sphere, no structure."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), size)
    features = rng.normal(size=(len(labels), views, dimension))
    features /= np.linalg.norm(features, axis=2, keepdims=True)
    return FiniteWorld(rng.normal(size=(len(labels), views, 3)), features, labels)


def planar(seed: int) -> FiniteWorld:
    """Adversarial: two classes on the circle. Class 0 has a main part spread over a chord s around u, the rest wherever a
    random angle puts it; class 1 is turned until it threatens u."""
    rng = np.random.default_rng(seed)
    size, views = 12, 2
    bad = int(rng.integers(0, 5))
    s, turn, rival = rng.uniform(0, 0.8), rng.uniform(-np.pi, np.pi), rng.uniform(0.3 * np.pi, np.pi)
    arc = 2 * np.arcsin(s / 2)
    angles = np.empty((2 * size, views))
    angles[:size] = rng.choice([0.0, arc, rng.uniform(0, arc)], (size, 1))
    angles[size - bad : size] = turn if rng.random() < 0.5 else np.array([0.0, turn])
    angles[size:] = rival + rng.uniform(-0.2, 0.2) * rng.random((size, views))
    features = np.stack([np.cos(angles), np.sin(angles)], axis=2)
    return FiniteWorld(features, features, np.repeat([0, 1], size))


seeds = st.integers(0, 2**32 - 1)
clustered_worlds = st.builds(
    clustered,
    seeds,
    classes=st.integers(2, 4),
    size=st.integers(3, 10),
    views=st.integers(2, 4),
    swapped=st.integers(0, 1),
    torn=st.integers(0, 1),
    spread=st.sampled_from([0.0, 1e-3, 0.01, 0.03, 0.1, 0.2, 0.3]),
)
scattered_worlds = st.builds(
    scattered,
    seeds,
    classes=st.integers(2, 3),
    size=st.integers(1, 6),
    views=st.integers(2, 3),
    dimension=st.integers(1, 3),
)
worlds = st.one_of(clustered_worlds, scattered_worlds, st.builds(planar, seeds))
