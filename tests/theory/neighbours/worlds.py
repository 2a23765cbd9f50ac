"""Small worlds of the neighbours' tests."""

import numpy as np

from theory.setting import Array, FiniteWorld
from theory.worlds import unit_worlds


def world(seed: int = 0) -> FiniteWorld:
    """A random world of unit features."""
    point, build = unit_worlds(np.random.default_rng(seed))
    return build(point)


def simplex(K: int, m: int = 2) -> tuple[Array, Array]:
    """One sample of each class at its vertex of a regular simplex, features (K, m, K), and labels."""
    vertices = np.sqrt(K / (K - 1)) * (np.eye(K) - 1 / K)
    return np.repeat(vertices[:, None], m, axis=1), np.arange(K)
