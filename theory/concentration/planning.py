"""How to compute augmented distances at least cost: decided on a few samples, without any influence on the result."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.concentration.bands import PRODUCT_LIMIT, Embedding, embedding, orthonormal, principal_directions, scale_for
from theory.concentration.pools import one_blas_thread
from theory.setting import Array

RANKS = (13, 29, 61, 125)
"""Numbers of leading coordinates tried: with the residual and the two norms, a multiple of a vector register."""
BASIS_VIEWS, TRIAL_VIEWS = 256, 192
"""Views that the principal directions are taken from, and views on which they are tried."""
SMALL, LARGE = 2.0**-400, 2.0**511
"""Views that are all smaller are scaled up; a longer difference is refused, since its square would overflow."""
DIRECT, PAIR, PRODUCT, PROJECTION, CAST = 0.2, 0.7, 0.022, 0.05, 0.8
"""Measured cost in ns: one coordinate of a direct evaluation; one pair of views looked at; per coordinate kept, its share of
the product and of the projection; one coordinate cast to float32."""
STORED_BYTES, STRIP_BYTES, CHUNK_BYTES = 40 * 2**20, 16 * 2**20, 8 * 2**20
"""Limits of the temporary arrays: factors of all views (else recomputed per block), those of a strip and its products,
float64 rows. The views of one sample and the products of two are never split."""
COLUMNS = 1000
"""Views that a strip is held against at once."""
WORTH_PLANNING = 30e6
"""ns of direct evaluation below which nothing else is tried."""


@dataclass(frozen=True)
class Plan:
    """How to compute.

    unit    a power of two by which differences are multiplied: 1, or what brings views that are all below SMALL near 1, since
            most of their squares would vanish. Never below 1: it would make the squares of small differences vanish
    bounds  the lower bounds used, or None: every pair of views is evaluated directly
    """

    unit: float
    bounds: Embedding | None


def is_stored(views: int, width: int) -> bool:
    """Whether so many views' coordinates, `width` each, are kept; else they are recomputed block by block."""
    return views * width * 4 <= STORED_BYTES


def strip_views(D: int, stored: bool) -> int:
    """Views handled at once: about 512, or as many as fit where their coordinates are not stored."""
    most, limit = (512, CHUNK_BYTES // (8 * D)) if stored else (STRIP_BYTES // (4 * COLUMNS), STRIP_BYTES // (4 * D))
    return max(1, min(most, limit))


def make_plan(views: Any, others: Any) -> Plan:
    """The plan for views (n, m, D) against others (n', m', D), or against themselves where `others` is None."""
    sets = [views] if others is None else [views, others]
    largest = max(_largest(name, s) for name, s in zip(("views", "others"), sets, strict=False))
    unit = 1.0 if largest >= SMALL else math.ldexp(1.0, min(-math.frexp(largest)[1], 1000))
    (n, m, D), (n2, m2, _) = views.shape, sets[-1].shape
    work = _Work(n, m, n2, m2, D, others is None)
    if work.direct() < WORTH_PLANNING:
        return Plan(unit, None)
    with one_blas_thread:
        return Plan(unit, _bounds(sets, work, scale_for(largest, D)))


@dataclass(frozen=True)
class _Work:
    """n samples with m views each, to be compared with n2 of m2 views, or with themselves; its costs in ns."""

    n: int
    m: int
    n2: int
    m2: int
    D: int
    same: bool

    def pairs(self) -> float:
        return self.n * self.m * self.n2 * self.m2 / (2 if self.same else 1)

    def direct(self) -> float:
        """Of every pair evaluated directly."""
        return self.pairs() * DIRECT * self.D

    def products(self, width: int, making: float) -> float:
        """Of `width` coordinates of every view, at `making` ns a view, and the products of all pairs."""
        here, there = self.n * self.m, self.n2 * self.m2
        once = here if self.same else here + there
        strips = here / strip_views(self.D, stored=False) / (2 if self.same else 1)
        made = once if is_stored(once, width) else here + there * strips
        return made * making + self.pairs() * (PAIR + PRODUCT * (width + 2))


def _bounds(sets: list[Any], work: _Work, scale: float) -> Embedding | None:
    """The bounds of least cost, or None where direct evaluation costs less."""
    few = np.concatenate([_some(s, BASIS_VIEWS // len(sets)) for s in sets]) * scale
    centre, D = few.mean(axis=0), work.D
    costs = {0: work.direct()}
    if D <= PRODUCT_LIMIT:
        costs[D] = work.products(D, CAST * D) + work.direct() / (work.m * work.m2)
    most = min(max(RANKS), len(few) - 1, D - 1)
    if most >= min(RANKS):
        directions = principal_directions(few - centre, most)
        trials = [_trial(s) * scale - centre for s in sets]
        nearest = _squares(trials[0], trials[-1]).min(axis=(1, 3), keepdims=True)
        tried = [_coordinates(views, directions) for views in trials]
    for k in (k for k in RANKS if k <= most):
        least = work.products(k + 1, PROJECTION * D * k)
        if least >= min(costs.values()):
            break  # so many coordinates cost more than they can save
        costs[k] = least + work.direct() * _share(tried[0], tried[-1], k, nearest, work.same)
    best = min(costs, key=lambda k: costs[k])
    if best == 0:
        return None
    return embedding(scale, centre, None if best == D else orthonormal(directions[:, :best]))


def _largest(name: str, values: Any) -> float:
    """The largest absolute value.

    Raises ValueError where it is no number or so large that squares of differences overflow.
    """
    low, high = float(values.min()), float(values.max())  # NaN passes through both, and neither needs a temporary array
    if not np.isfinite(low + high):
        for i, sample in enumerate(values):
            wrong = np.argwhere(~np.isfinite(_float64(sample)))
            if len(wrong):
                j, coordinate = (int(x) for x in wrong[0])
                value = float(sample[j, coordinate])
                raise ValueError(f"{name}[{i}, {j}, {coordinate}]={value}: not finite; remove or repair that sample")
    largest = max(abs(low), abs(high))
    if largest > LARGE / (2 * math.sqrt(values.shape[2])):
        raise ValueError(f"max |{name}|={largest:.3g}: squared distances overflow; divide them by a constant")
    return largest


def _some(values: Any, count: int) -> Array:
    """About `count` single views, spread over samples and views: (count, D) float64."""
    n, m, _ = values.shape
    places = np.random.default_rng(0).permutation(n * m)[:count] if n * m > count else np.arange(n * m)
    return np.stack([_float64(values[int(p) // m, int(p) % m]) for p in places])


def _trial(values: Any) -> Array:
    """The views of a few samples, or of two samples as many as are tried: (samples, views, D) float64."""
    n, m, _ = values.shape
    few = np.unique(np.linspace(0, n - 1, max(2, TRIAL_VIEWS // m)).round().astype(int))
    return np.stack([_float64(values[int(i), :: math.ceil(2 * m / TRIAL_VIEWS)]) for i in few])


def _float64(values: Any) -> Array:
    array = values.detach().cpu().double().numpy() if hasattr(values, "detach") else values
    return np.asarray(array, dtype=np.float64)


Coordinates = tuple[Array, Array]
"""Coordinates of views in some directions, (samples, m, k), and the squared norms of these views, (samples, m)."""


def _coordinates(views: Array, directions: Array) -> Coordinates:
    rows = views.reshape(-1, views.shape[2])
    shape = views.shape[:2]
    return (rows @ directions).reshape(*shape, -1), np.einsum("ij,ij->i", rows, rows).reshape(shape)


def _share(left: Coordinates, right: Coordinates, k: int, nearest: Array, same: bool) -> float:
    """The share of view pairs whose bound does not exceed the samples' distance, whose square is nearest (s, 1, s', 1)."""
    bounds = _squares(_with_rest(left, k), _with_rest(right, k))
    apart = ~np.eye(len(bounds), dtype=bool) if same else np.ones(nearest.size, dtype=bool).reshape(len(bounds), -1)
    return float((bounds <= nearest).mean(axis=(1, 3))[apart].mean())


def _with_rest(coordinates: Coordinates, k: int) -> Array:
    """The first k coordinates of views, and the norm of the rest: (samples, m, k + 1)."""
    prefix, squares = coordinates[0][:, :, :k], coordinates[1]
    rest = squares - (prefix**2).sum(axis=2)
    return np.concatenate([prefix, np.sqrt(np.maximum(rest, 0))[:, :, None]], axis=2)


def _squares(left: Array, right: Array) -> Array:
    """Squared distances of views (samples, m, D) and (samples', m', D): (samples, m, samples', m')."""
    a, b = left.reshape(-1, left.shape[2]), right.reshape(-1, right.shape[2])
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(squares.reshape(*left.shape[:2], *right.shape[:2]))
