"""Worlds that the statements of Theorem 1 are tried on.

`clusters` meet the conditions often; `on_circle` has the worst case that the proofs reason about: a point u of the main part,
whatever else the class may have placed against it, and the rival at the place that is worst for u.
"""

import numpy as np

from theory.falsification import Rng, Start
from theory.setting import Array, FiniteWorld
from theory.theorem1.proofs.choice import Choice
from theory.worlds import on_sphere


def clusters(rng: Rng) -> Start:
    """Tight classes about simplex or random centres; some samples lie at another class, some have a view there.

    Now and then every class has one of the first and perhaps one of the second kind: both terms of the bound count then.

    f forgets the last coordinate of a view, which is 0 or noise, and multiplies the others by L; the radius is 1 or 2.
    """
    classes, views = int(rng.integers(2, 5)), int(rng.integers(2, 4))
    alike = rng.random() < 0.15
    sizes = rng.integers(2, 6, classes) if rng.random() < 0.3 else np.full(classes, rng.integers(2, 7))
    sizes = np.full(classes, 20) if alike else sizes
    labels = np.repeat(np.arange(classes), sizes)
    n = len(labels)
    centres = rng.normal(size=(classes, classes)) if rng.random() < 0.1 else np.eye(classes) - 1 / classes
    wrong = np.append(centres[1:], centres[:1], axis=0)
    role = np.where(rng.random(n) < rng.choice([0.0, 0.0, 0.1]), rng.integers(1, 3, n), 0)  # 1: lost, 2: torn
    if alike:
        rank = np.arange(n) % 20
        role = np.where(rank == 0, 1, 2 * ((rank == 1) & (rng.random(n) < 0.7)))
    features = np.repeat(centres[labels][:, None], views, axis=1)
    features[role == 1] = wrong[labels[role == 1]][:, None]
    features[role == 2, rng.choice([0, -1])] = wrong[labels[role == 2]]
    between, within = rng.choice([0.0, 0.003, 0.01, 0.03], 2)
    features += between * rng.normal(size=(n, 1, classes)) + within * rng.normal(size=features.shape)
    nuisance = rng.choice([0.0, 0.02]) * rng.normal(size=(n, views))
    main = (role != 1) & (rng.random(n) < rng.choice([1.0, 0.95]))
    radius, lipschitz = rng.choice([1.0, 2.0]), float(rng.choice([0.5, 1.0, 1.0, 2.0]))

    def build(point: Array) -> Choice:
        rows = radius * on_sphere(point[: features.size].reshape(features.shape))
        inputs = np.concatenate([rows / lipschitz, point[features.size :].reshape(n, views, 1)], axis=2)
        return Choice(FiniteWorld(inputs, rows, labels), (1,) * views, lipschitz, main, role != 2)

    return np.append(features.ravel(), nuisance.ravel()), build


def on_circle(rng: Rng) -> Start:
    """Two classes on the unit circle, which is its own encoder; three free parameters.

    Class 0 has a sample at u, the rest of its main part within an arc of u, samples with one view of 64 at u and the rest at
    a far place b, and samples at b. The rival's samples are where mu_l.mu_k is least among the unit vectors that are as far
    from u as mu_l is (then u is misclassified), or a little farther.

    The parameters are the arc, the angle of b, and the angle by which the rival is farther.
    """
    spread, tearing = [(True, False), (False, True), (True, True)][rng.choice(3, p=[0.45, 0.45, 0.1])]
    good = int(rng.integers(2, rng.choice([9, 60]))) if spread else 1
    torn = int(rng.integers(1, 5)) if tearing else 0
    lost = int(rng.integers(1, 2 + good // 2)) if rng.random() < 0.3 else 0
    n = good + torn + lost
    labels = np.repeat([0, 1], n)
    rank = np.tile(np.arange(n), 2)
    aligned = (labels == 1) | (rank < good) | (rank >= good + torn)
    main = (labels == 1) | (rank < good + torn)
    repeats = (1, 63) if torn else (1, 1)
    arc = rng.uniform(0, 1.3) * (rng.random() < (0.3 if lost else 0.75))
    retreat = rng.choice([-1e-6, -1e-6, 0.02, rng.uniform(0, 1)])

    def build(point: Array) -> Choice:
        angles = np.zeros((2 * n, 2))
        angles[1:good] = point[0]
        angles[good:n, 1] = angles[good + torn : n, 0] = point[1]
        own = np.average(_unit(angles[:n]).mean(axis=0), axis=0, weights=repeats)
        within = 2 * np.arcsin(min(float(np.hypot(1 - own[0], own[1])) / 2, 1.0)) + point[2]
        angles[n:] = -np.copysign(min(within, np.pi - abs(np.arctan2(own[1], own[0]))), own[1])
        features = _unit(angles)
        return Choice(FiniteWorld(features, features, labels), repeats, 1.0, main, aligned)

    return np.array([arc, rng.uniform(np.pi / 3, np.pi), retreat]), build


def _unit(angles: Array) -> Array:
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def choices(rng: Rng) -> Start:
    """Seven worlds in ten from `clusters`, the others from `on_circle`."""
    return clusters(rng) if rng.random() < 0.7 else on_circle(rng)
