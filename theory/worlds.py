"""Families of finite worlds that statements are tried on: drawn at random and near the cases that come close to equality.

Each family draws the free parameters of a world and says how they make one, so that a search can move them.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from theory.falsification import Rng, Start
from theory.setting import Array, FiniteWorld


def on_sphere(rows: Array) -> Array:
    """The rows, (..., d), scaled to norm 1; a row of zeros becomes the first unit vector."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.where(norms > 0, rows / np.where(norms > 0, norms, 1.0), np.eye(rows.shape[-1])[0])


NOISE = (0.0, 0.01, 0.1, 0.5)
"""Scales of noise that a family chooses from unless it says otherwise."""


def labelled_features(rng: Rng, noise: Sequence[float] = NOISE) -> tuple[Array, Array]:
    """Features (n, m, d) and labels (n,) of a small world, features of any norm.

    2 to 4 classes, of equal size or not, about random, orthogonal or simplex centres; noise of any scale between samples and
    between views; now and then a sample at the place of another class.
    """
    classes, d, m = int(rng.integers(2, 5)), int(rng.integers(2, 6)), int(rng.integers(2, 4))
    sizes = rng.integers(1, 5, classes) if rng.random() < 0.5 else np.full(classes, rng.integers(1, 5))
    labels = np.repeat(np.arange(classes), sizes)
    centres = rng.normal(size=(classes, d))
    if d >= classes:
        centres = [centres, np.eye(d)[:classes], np.eye(d)[:classes] - 1 / classes][rng.integers(3)]
    between, within = rng.choice(noise, 2)
    moved = np.where(rng.random(len(labels)) < rng.choice([0.0, 0.1]), rng.permutation(labels), labels)
    features = centres[moved][:, None] + between * rng.normal(size=(len(labels), 1, d))
    return features + within * rng.normal(size=(len(labels), m, d)), labels


def unit_worlds(rng: Rng, noise: Sequence[float] = NOISE) -> Start:
    """Worlds of unit features with the features as views: the encoder is the identity, and d_A is measured in features."""
    features, labels = labelled_features(rng, noise)

    def build(point: Array) -> FiniteWorld:
        unit = on_sphere(point.reshape(features.shape))
        return FiniteWorld(unit, unit, labels)

    return features.ravel(), build


def with_numbers(start: Start, numbers: Array, make: Callable[[Any, Array], Any]) -> Start:
    """Worlds of a family together with free numbers, (k,), whose values a search moves too: make(world, numbers)."""
    point, build = start
    return np.concatenate([point, numbers]), lambda p: make(build(p[: len(point)]), p[len(point) :])


def with_pinned(world: Any, others: Callable[[Rng], Start]) -> Callable[[Rng], Start]:
    """One draw in ten is the world given, which has no free parameter."""
    return lambda rng: (np.empty(0), lambda _: world) if rng.random() < 0.1 else others(rng)


def in_floats(world: FiniteWorld) -> FiniteWorld:
    """An exact world in floats."""
    return FiniteWorld(world.views.astype(float), world.features.astype(float), world.labels)


def nearest_views(points: Array) -> Array:
    """Least distance of a view of one sample and a view of another, (n, n), by the definition; points (n, m, D)."""
    gaps = points[:, None, :, None] - points[None, :, None]
    return np.asarray(np.sqrt((gaps**2).sum(axis=-1).min(axis=(2, 3))))
