"""Distances for the checker: what is clear is settled by a matrix product, the rest evaluated directly, in blocks."""

from collections.abc import Callable

import numpy as np

from theory.setting import Array

CELLS = 2**20
"""Numbers in one block (8 MB)."""


def _doubt(d: int) -> float:
    """More than the rounding of |a|^2 + |b|^2 - 2 a.b for vectors of norm 1 in d dimensions: three sums of d products."""
    return 16 * (d + 8) * 2.0**-52


def farthest_within(features: Array, anchor: Array, reach: float) -> Array:
    """Whether all views of a sample, features (n, m, d), lie within `reach` of the anchor (d,), (n,) bool."""
    return _by_blocks(features, lambda part: np.linalg.norm(part - anchor, axis=2).max(axis=1) <= reach)


def nearest_within(features: Array, anchor: Array, reach: float) -> Array:
    """Whether some view of a sample lies within `reach` of the anchor, (n,) bool."""
    return _by_blocks(features, lambda part: np.linalg.norm(part - anchor, axis=2).min(axis=1) <= reach)


def views_within(features: Array, eps: float) -> Array:
    """Whether any two views of a sample lie within `eps` of each other, (n,) bool; features (n, m, d) of norm 1."""
    _, m, d = features.shape
    if m * m * d <= CELLS:
        return _by_blocks(
            features, lambda part: np.linalg.norm(part[:, :, None] - part[:, None], axis=3).max(axis=(1, 2)) <= eps, m
        )
    return np.array([_all_within(np.unique(views, axis=0), eps) for views in features], dtype=bool)


def pairwise_within(features: Array, reach: float) -> bool:
    """Whether any two samples, features (n, m, d) of norm 1, have views within `reach` of each other."""
    n, m, _ = features.shape
    step = max(1, CELLS // (m * m))
    return all(
        _meet(features[i], features[start : start + step], reach)
        for i in range(n - 1)
        for start in range(i + 1, n, step)
    )


def _meet(views: Array, others: Array, reach: float) -> bool:
    """Whether each of the other samples (b, m, d) has a view within `reach` of one of the views (m, d)."""
    b, m, d = others.shape
    squares = (others**2).sum(axis=2)
    least = np.full(b, np.inf)
    for part in np.split(views, range(CELLS // m + 1, m, CELLS // m + 1)):
        products = (part @ others.reshape(-1, d).T).reshape(len(part), b, m)
        norms = (part**2).sum(axis=1)[:, None, None] + squares
        least = np.minimum(least, (norms - 2 * products).min(axis=(0, 2)))
    if least.max() > reach**2 + _doubt(d):
        return False
    unclear = others[least > reach**2 - _doubt(d)]
    if m * m * d > CELLS:
        return all(any(np.linalg.norm(other - view, axis=1).min() <= reach for view in views) for other in unclear)
    step = CELLS // (m * m * d)
    return all(
        np.linalg.norm(views[:, None, None] - unclear[start : start + step], axis=3).min(axis=(0, 2)).max() <= reach
        for start in range(0, len(unclear), step)
    )


def _all_within(views: Array, eps: float) -> bool:
    m, d = views.shape
    squares = (views**2).sum(axis=1)
    step, at_once = max(1, CELLS // m), max(1, CELLS // d)
    for start in range(0, m, step):
        part = views[start : start + step]
        apart = squares[start : start + step, None] + squares - 2 * (part @ views.T)
        if apart.max() > eps**2 + _doubt(d):
            return False
        pairs = np.argwhere(apart > eps**2 - _doubt(d))
        pairs = pairs[start + pairs[:, 0] < pairs[:, 1]]
        for first in range(0, len(pairs), at_once):
            i, j = pairs[first : first + at_once].T
            if np.linalg.norm(part[i] - views[j], axis=1).max() > eps:
                return False
    return True


def _by_blocks(features: Array, test: Callable[[Array], Array], times: int = 1) -> Array:
    """The test of every sample, over blocks of samples; times: how many arrays of the size of a block it makes."""
    _, m, d = features.shape
    step = max(1, CELLS // (m * d * times))
    parts = [test(features[start : start + step]) for start in range(0, len(features), step)]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=bool)
