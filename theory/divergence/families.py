"""Finite worlds on which the statements about the losses are tried, and what such a statement says of pairs of classes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theory.divergence.extremal import centred_world, constant_world, cube_classes, simplex_world
from theory.divergence.losses import second_moments
from theory.factors import class_shares, divergence, mean_shortfall, misaligned_share, view_diameters
from theory.falsification import Point, Reading, Rng, Start
from theory.setting import Array, FiniteWorld
from theory.theorem1.forms.form import threshold
from theory.theorem1.forms.printed import rho_printed
from theory.worlds import labelled_features, nearest_views, on_sphere, unit_worlds, with_numbers

TIGHT = (0.0, 0.001, 0.01, 0.1)
"""Scales of noise at which the threshold of Theorem 1 is often positive."""
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
    """Features that need not have one norm, and what a statement leaves free.

    features  (n, m, d)
    labels    (n,)
    number    >= 0: tau' - ||S||_F^2, theta or lambda
    """

    features: Array
    labels: Array
    number: float


@dataclass(frozen=True)
class MainPartWorld:
    """A world whose views are its features, so that L = 1, with its main parts.

    main    (n,) whether a sample is in the main part of its class
    eps     >= 0
    number  >= 0: tau, or tau' - ||S||_F^2
    """

    world: FiniteWorld
    main: Array
    eps: float
    number: float

    @property
    def threshold(self) -> float:
        """That of Theorem 1 as printed, 1 - rho - sqrt(2 rho) - Delta_mu/2, in units of r^2."""
        labels = self.world.labels
        within = (labels[:, None] == labels) & self.main[:, None] & self.main
        sigma = min(self.main[labels == k].mean() for k in range(self.world.classes))
        s = (nearest_views(self.world.features)[within].max(initial=0.0) + 2 * self.eps) / self.world.radius
        rho = rho_printed(sigma, misaligned_share(self.world, self.eps), class_shares(self.world).min(), s)
        return float(threshold(rho) - mean_shortfall(divergence(self.world)) / 2)


def with_main_parts(rng: Rng, worlds: Start) -> Start:
    """The worlds of a family with main parts that hold most samples, or all, and an eps at which most are aligned, or all."""
    point, build = worlds
    world = build(point)
    n, outside = len(world.labels), rng.choice([0.0, 0.1])
    eps = 1.001 * view_diameters(world.features).max() * rng.choice([1.0, 0.8])
    numbers = np.concatenate([np.where(rng.random(n) < outside, -1.0, 1.0), [eps, rng.exponential() * rng.integers(2)]])
    return with_numbers(
        worlds,
        numbers,
        lambda world, free: MainPartWorld(world, free[:n] > 0, abs(float(free[n])), abs(float(free[n + 1]))),
    )


def symmetric_worlds(rng: Rng) -> Start:
    """Worlds of ||f|| = sqrt(d) and E f = 0, d even: with each sample come its images under a rotation of order 2 or 3.

    The images are in the class of the sample or in classes of their own; one sample alone makes a simplex.
    """
    features, labels = labelled_features(rng, TIGHT)
    n, d, order = int(rng.integers(1, len(labels) + 1)), features.shape[2] // 2 * 2, int(rng.integers(2, 4))
    features = features[:n, :, :d]
    if rng.random() < EXTREMAL:
        features = rng.choice([-1.0, 1.0], features.shape)  # E f_i^2 = 1 too
    angles = 2 * np.pi * np.arange(order) / order
    turns = [np.kron(np.eye(d // 2), [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in angles]
    own = labels[:n] * (rng.random() < 0.7)
    shift = (own.max() + 1) * (rng.random() < 0.8 or own.max() == 0)
    labels = np.concatenate([own + j * shift for j in range(order)])

    def build(point: Point) -> FiniteWorld:
        large = on_large_sphere(point.reshape(features.shape))
        turned = np.concatenate([large @ turn.T for turn in turns])
        return FiniteWorld(turned, turned, labels)

    return features.ravel(), build


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
    """The features, each coordinate shifted and scaled to E f_i = 0 and E f_i^2 = 1; constant up to rounding counts as 0."""
    shifted = features - features.mean(axis=(0, 1))
    varies = second_moments(shifted) > 1e-16 * second_moments(features)
    scaled = unit_moments(np.where(varies, shifted, 0.0))
    return np.asarray(scaled - scaled.mean(axis=(0, 1)))  # what rounding left of E f_i, of order 1e-8 at most


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
        (features.ravel(), build), number, lambda drawn, free: FeatureWorld(drawn[0], drawn[1], abs(float(free[0])))
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


def features_about_0(rng: Rng) -> Start:
    """Features with E f = 0: with E f_i^2 = 1 too, or as long as they are drawn."""
    normalised = [centred_moments, lambda features: features - features.mean(axis=(0, 1))][rng.integers(2)]
    return _feature_worlds(rng, normalised, cube_classes, centred_world, simplex_world)


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


def squares_below(products: Array, square: Array) -> Reading:
    """mu_k.mu_l <= sqrt(square) for all k != l, in squares: so that rounding of a root near 0 counts as what it is.

    A negative square is exceeded by every product.
    """
    squares = np.diagonal(products)
    return Reading(
        hypotheses={},
        left=off_diagonal(np.maximum(products, 0.0) ** 2),
        right=off_diagonal(square),
        trivial=off_diagonal(np.outer(squares, squares)),
    )
