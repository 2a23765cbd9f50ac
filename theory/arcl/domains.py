"""Pairs of augmented domains with their best linear heads, on which Theorem 2 of ArCL and what follows from it are tried.

The law of (A X, Y) is that of view 0 of the samples, the law of (A' X, Y) that of view 1; further views only widen the sup.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np

from theory.arcl.augmentation_robust import robust_displacement
from theory.falsification import ROUNDING, Point, Rng, Start
from theory.setting import Array
from theory.worlds import on_sphere

LEAST_DETERMINANT = 1e-3
"""Systems of d samples nearer to dependence than this, and not dependent, would determine a head by rounding."""


def opposed_pair(d: Any, eta: Any) -> tuple[Array, Array]:
    """Y = -1: f(A X) = 1 - d, f(A' X) = 1 + eta;  Y = 1: 1 + d, 1 - eta. Features (2, 2, 1) and targets (2,).

    A moves every feature by d + eta, in the direction that most helps h_A = 1/(1 + d) and most hurts h_A' = -1/(1 + eta).
    """
    features = [[[1 - d], [1 + eta]], [[1 + d], [1 - eta]]]
    return np.array(features, dtype=object), np.array([-1, 1], dtype=object)


def single_sample(d: Any) -> tuple[Array, Array]:
    """One sample, two views: f(A X) = 1, f(A' X) = 1 + d, Y = 1. Features (1, 2, 1) and targets (1,)."""
    return np.array([[[1], [1 + d]]], dtype=object), np.array([1], dtype=object)


def turned_pair(cosine: Any, sine: Any, radius: Any = 1) -> tuple[Array, Array]:
    """Norm r everywhere. Y = 0: f(A X) = r (0, 1), which A' turns to r (sin 2phi, cos 2phi);  Y = 1: r (1, 0) always.

    cosine, sine: of phi, squares summing to 1. Features (2, 2, 2) and targets (2,).
    """
    turned = [2 * sine * cosine, cosine * cosine - sine * sine]
    features = np.array([[[0, 1], turned], [[1, 0], [1, 0]]], dtype=object)
    return features * radius, np.array([0, 1])


@dataclass(frozen=True)
class Domains:
    """Two domains and a convex loss.

    features  (n, m, d) floats, m >= 2
    targets   (n,)
    rise, fall  (n,) slopes >= 0 of the loss of a sample above and below its target: (1, 1) is the absolute loss, and the
                hinge loss has (0, 1) at the target 1, (1, 0) at -1
    """

    features: Array
    targets: Array
    rise: Array
    fall: Array

    def loss(self, prediction: Array, target: Array) -> Array:
        """rise (t - y)_+ + fall (y - t)_+ per sample; prediction (..., n)."""
        return np.asarray(
            self.rise * np.maximum(prediction - target, 0) + self.fall * np.maximum(target - prediction, 0)
        )

    @property
    def steepest(self) -> float:
        """c: the Lipschitz constant of the loss."""
        return float(np.maximum(self.rise, self.fall).max())

    @property
    def displacement(self) -> float:
        """E sup ||f(A1 X) - f(A2 X)||."""
        return float(robust_displacement(self.features))

    @property
    def determined(self) -> float:
        """> 0 iff the best heads of both domains are found in floats: the samples span R^d, no system is nearly singular."""
        sizes = abs(np.array([np.linalg.det(self._systems(view)[0]) for view in (0, 1)]))
        spans = (sizes > 0).any(axis=1).all()
        return float(sizes[sizes > 0].min() - LEAST_DETERMINANT) if spans else -LEAST_DETERMINANT

    def best_heads(self, view: int) -> Array:
        """The vertices of argmin_h R(h o f; D_view), (count, d), as `linear_heads.optimal_heads`, in floats."""
        matrices, targets = self._systems(view)
        solvable = np.linalg.det(matrices) != 0
        heads = np.linalg.solve(matrices[solvable], targets[solvable][..., None])[..., 0]
        risks = self.loss(heads @ self.features[:, view].T, self.targets).mean(axis=1)
        return np.asarray(heads[risks <= risks.min() + ROUNDING**2])

    def pairs_of_heads(self) -> Iterator[tuple[Array, Array]]:
        """All (h_A, h_A') of best vertices; none where the samples do not span R^d."""
        if self.determined > 0:
            yield from product(self.best_heads(0), self.best_heads(1))

    def _systems(self, view: int) -> tuple[Array, Array]:
        """The features (count, d, d) and the targets (count, d) of every d samples."""
        n, _, d = self.features.shape
        rows = np.array(list(combinations(range(n), d)))
        return self.features[rows, view], self.targets[rows]


def pairs_of_domains(rng: Rng) -> Start:
    """Scattered samples of one or two coordinates that move by little or by much, and pairs that come near to equality."""
    kind, d = rng.integers(5), rng.uniform(0.02, 1)
    if kind == 0:
        features, targets = opposed_pair(d, rng.choice([0.0, 0.1 * rng.random()]))
    elif kind == 1:
        features, targets = single_sample(0.25 if rng.random() < 0.5 else d)
    elif kind == 2:
        features, targets = turned_pair(np.cos(d / 2), np.sin(d / 2), 10.0 ** rng.uniform(-1, 0.5))
    else:
        dimension = int(rng.integers(1, 3))
        n, m = int(rng.integers(dimension, 5)), int(rng.integers(2, 4))
        moves = 10.0 ** rng.uniform(-2, 0.5) * rng.normal(size=(n, m, dimension))
        features, targets = rng.normal(size=(n, 1, dimension)) + moves, rng.choice([-1.0, 1.0, 2.0], n)
        features = on_sphere(features) if dimension > 1 and rng.random() < 0.3 else features
    features, targets = features.astype(float), targets.astype(float)
    slopes = np.ones((2, len(targets)))
    if rng.random() < 0.3 and kind > 2:
        targets = np.where(targets > 0, 1.0, -1.0)
        slopes = np.array([targets < 0, targets > 0], dtype=float)
    elif rng.random() < 0.3:
        slopes *= rng.uniform(0, 3, (2, 1))
    point = np.concatenate([features.ravel(), targets, slopes.ravel()])

    def build(point: Point) -> Domains:
        moved, targets, slopes = np.split(point, np.cumsum([features.size, len(features)]))
        rise, fall = abs(slopes.reshape(2, -1))
        return Domains(moved.reshape(features.shape), targets, rise, fall)

    return point, build
