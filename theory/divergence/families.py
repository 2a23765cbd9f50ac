"""Finite worlds on which the statements about the losses are tried, and what such a statement says of pairs of classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.divergence.extremal import centred_world, constant_world, cube_classes, simplex_world
from theory.divergence.losses import second_moments
from theory.falsification import Point, Reading, Rng, Start
from theory.setting import Array, FiniteWorld
from theory.worlds import labelled_features, on_sphere, unit_worlds, with_numbers

EXTREMAL = 0.1
"""Share of the drawn worlds that start at one where a bound is attained."""


@dataclass(frozen=True)
class InfoNceWorld:
    """A world of unit features and the free numbers of Theorem 3, tau >= 0 and eps >= 0."""

    world: FiniteWorld
    tau: float
    eps: float


@dataclass(frozen=True)
class FeatureWorld:
    """Features (n, m, d) that need not have one norm, labels (n,), and a free number >= 0."""

    features: Array
    labels: Array
    number: float


def infonce_worlds(rng: Rng) -> Start:
    """Small worlds of unit features; tau and eps of any size, now and then 0."""
    numbers = rng.exponential(size=2) * rng.choice([0.0, 0.1, 1.0], 2)
    return with_numbers(unit_worlds(rng), numbers, lambda world, free: InfoNceWorld(world, *map(float, abs(free))))


def unit_moments(features: Array) -> Array:
    """The features, each coordinate scaled to E f_i^2 = 1; one that is 0 throughout becomes +-sqrt(n/2) at two samples."""
    moments = second_moments(features)
    ends = np.zeros((len(features), 1, 1))
    ends[0], ends[-1] = np.sqrt(len(features) / 2), -np.sqrt(len(features) / 2)
    return np.asarray(np.where(moments > 0, features / np.sqrt(np.where(moments > 0, moments, 1.0)), ends))


def centred_moments(features: Array) -> Array:
    """The features, each coordinate shifted and scaled to E f_i = 0 and E f_i^2 = 1."""
    return unit_moments(features - features.mean(axis=(0, 1)))


def _feature_worlds(
    rng: Rng, normalised: Callable[[Array], Array], *extremal: Callable[[], tuple[Array, Array]]
) -> Start:
    features, labels = labelled_features(rng)
    if rng.random() < EXTREMAL:
        features, labels = extremal[rng.integers(len(extremal))]()
    features = features.astype(float)

    def build(point: Point) -> tuple[Array, Array]:
        return normalised(point.reshape(features.shape)), labels

    number = rng.exponential(size=1) * rng.choice([0.0, 1.0])
    return with_numbers(
        (features.ravel(), build), number, lambda drawn, free: FeatureWorld(*drawn, float(abs(free[0])))
    )


def on_large_sphere(features: Array) -> Array:
    """The features scaled to ||f|| = sqrt(d)."""
    return np.asarray(np.sqrt(features.shape[2]) * on_sphere(features))


def any_features(rng: Rng) -> Start:
    """Features as they are drawn, of norm sqrt(d), or with E f_i^2 = 1."""
    normalised = [lambda features: features, on_large_sphere, unit_moments][rng.integers(3)]
    return _feature_worlds(rng, normalised, constant_world, cube_classes, simplex_world)


def normalised_features(rng: Rng) -> Start:
    """Features with E f_i^2 = 1, as the lecture normalises them; among them the world that attains 3/4 in Theorem 4."""
    return _feature_worlds(rng, unit_moments, constant_world)


def centred_features(rng: Rng) -> Start:
    """Features with E f_i = 0 and E f_i^2 = 1, as Huang et al. normalise them in section 4.2.

    Among them the cube in three classes (C = I, L_2 = 0), the world that attains the best constant, and a simplex.
    """
    return _feature_worlds(rng, centred_moments, cube_classes, centred_world, simplex_world)


def mean_products(features: Array, labels: Array) -> Array:
    """mu_k.mu_l, (K, K), from the definition of the class means."""
    means = np.array([features[labels == k].mean(axis=(0, 1)) for k in range(int(labels.max()) + 1)])
    return np.asarray(means @ means.T)


def off_diagonal(matrix: Array) -> Array:
    """The entries k != l of a matrix (K, K)."""
    return np.asarray(matrix[~np.eye(len(matrix), dtype=bool)])


def products_below(products: Array, bound: Array) -> Reading:
    """mu_k.mu_l <= bound for all k != l; trivial is ||mu_k|| ||mu_l||."""
    norms = np.sqrt(np.diagonal(products))
    return Reading(
        hypotheses={},
        left=off_diagonal(products),
        right=off_diagonal(bound),
        trivial=off_diagonal(np.outer(norms, norms)),
    )


def squares_below(products: Array, square: Array, hypotheses: Mapping[str, Any] | None = None) -> Reading:
    """mu_k.mu_l <= sqrt(square) for all k != l, in squares: so that rounding of a root near 0 counts as what it is.

    A negative square is exceeded by every product.
    """
    squares = np.diagonal(products)
    return Reading(
        hypotheses=hypotheses or {},
        left=off_diagonal(np.maximum(products, 0.0) ** 2),
        right=off_diagonal(square),
        trivial=off_diagonal(np.outer(squares, squares)),
    )
