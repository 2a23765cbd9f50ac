"""The factors of Theorem 1 on a finite world: alignment, R_eps, class means, divergence, Lipschitz constant, error.

Source: Huang et al., ICLR 2023, sections 2 and 3; lecture, Theorem 1. Every quantity is exact on the world it is given
(direction "exact"): floats up to rounding, Fractions without.
"""

from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from theory.checks import check_threshold
from theory.elementary import sqrt
from theory.setting import Array, FiniteWorld

JITTER = 1e-5
"""Distance, in units of r, that the features of two equal views may differ by: encoders run in float32."""
PAIR_ELEMENTS = 2**20
"""Coordinates of pairs evaluated directly at once (8 MB)."""


def _share(count: Any, total: int, exact: bool) -> Any:
    return Fraction(int(count), total) if exact else float(count) / total


def class_shares(world: FiniteWorld) -> Array:
    """p_k = P[x in C_k], (K,)."""
    n, exact = len(world.labels), world.features.dtype == object
    return np.array([_share(count, n, exact) for count in np.bincount(world.labels)])


def class_means(world: FiniteWorld) -> Array:
    """mu_k = E_{x in C_k} E_{x' in A(x)} f(x'), (K, d)."""
    per_sample = world.features.sum(axis=1) / world.features.shape[1]
    return np.array([per_sample[world.members(k)].sum(axis=0) / len(world.members(k)) for k in range(world.classes)])


def divergence(world: FiniteWorld) -> Array:
    """mu_k.mu_l / r^2, (K, K): the smaller off the diagonal, the better the classes diverge."""
    means = class_means(world)
    return np.asarray(means @ means.T / (world.features[0, 0] ** 2).sum())


def mean_shortfall(gram: Array) -> Any:
    """Delta_mu = 1 - min_k ||mu_k||^2 / r^2 >= 0, from the matrix of `divergence`."""
    return max(1 - gram.diagonal().min(), 0)  # a mean of equal features may round to above r


def alignment(world: FiniteWorld) -> Any:
    """L_align = E_x E_{x1,x2 in A(x)} ||f(x1) - f(x2)||^2 over independent uniform pairs: twice the view variance."""
    return view_alignment(world.features)


def view_alignment(features: Array) -> Any:
    """L_align of features (n, m, d) of any norms."""
    n, m = features.shape[:2]
    blocks = (features[start : start + 512] for start in range(0, n, 512))
    total = sum(((part - part.sum(axis=1, keepdims=True) / m) ** 2).sum() for part in blocks)
    return 2 * total / (m * n)


def squared_view_diameters(features: Array) -> Array:
    """max over pairs of views of ||f(x1) - f(x2)||^2 per sample; features (n, m, d), result (n,)."""
    pairs = combinations(range(features.shape[1]), 2)
    return np.asarray(np.maximum.reduce([((features[:, i] - features[:, j]) ** 2).sum(axis=1) for i, j in pairs]))


def view_diameters(features: Array) -> Array:
    """sup over x1, x2 in A(x) of ||f(x1) - f(x2)|| per sample: x lies in S_eps iff this is <= eps. (n,)."""
    return np.asarray(sqrt(squared_view_diameters(features)))


def robust_alignment(world: FiniteWorld) -> Any:
    """L_AR = E_x sup_{A1,A2} ||f(A1 x) - f(A2 x)||^2. Lecture, Augmentation-Robust Loss."""
    return squared_view_diameters(world.features).sum() / len(world.features)


def misaligned_share(world: FiniteWorld, eps: Any) -> Any:
    """R_eps = P[x not in S_eps] for eps >= 0, in the features' own units."""
    check_threshold("eps", eps)
    wide = squared_view_diameters(world.features) > eps * eps
    return _share(wide.sum(), len(wide), world.features.dtype == object)


def misclassified(world: FiniteWorld, *, any_view: bool = False) -> Array:
    """Which samples the nearest class mean G_f gets wrong, (n,) bool; a tie counts as wrong, in floats up to rounding.

    With `any_view` a sample is wrong as soon as one of its views is. The theorems bound this too: their proof places
    every view of a sample of the main part next to its class mean.
    """
    means = class_means(world)
    views = world.features.shape[1] if any_view else 1
    features = world.features[:, :views]
    if features.dtype != object:
        return nearer_to_another(world.features, world.labels, means, views=views)
    distances = np.array([((features - mean) ** 2).sum(axis=2) for mean in means])  # (K, n, views)
    own = np.take_along_axis(distances, world.labels[None, :, None], axis=0)[0]
    rivals = np.array([(distances[k] <= own) & (world.labels != k)[:, None] for k in range(world.classes)])
    return np.asarray(rivals.any(axis=(0, 2)))


def nearer_to_another(
    features: Array, labels: Array, means: Array, *, views: int | None = None, block: int = 512
) -> Array:
    """Samples of which some view is not clearly nearer to the mean of its own class than to all others, (n,) bool.

    The one place where a tie is decided in floats: whatever rounding could turn counts as wrong, so that a constant encoder
    is wrong everywhere.

    features  (n, m, d) floats, whose class means are the means
    labels    (n,) 0..K-1
    means     (K, d)
    views     how many views are looked at, the first ones; by default all

    Where ||f|| <= r, means summed over n samples of m views err by at most (n + m) u r (u = 2^-53, Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1), which moves the difference of two squared distances by at most
    4 (n + m) u (2 r)^2 / 2; the products themselves err by less than 4 (d + 8) 2 u (2 r)^2 (see `_squared_distances`).
    """
    n, m, d = features.shape
    means = means.astype(np.float64, copy=False)
    squares, wrong = (means**2).sum(axis=1), np.zeros(n, dtype=bool)
    units = (4 * (d + 8) + n + m) * 2.0**-52
    for start in range(0, n, block):
        part = features[start : start + block, :views].astype(np.float64, copy=False)
        own = labels[start : start + block]
        scores = squares - 2 * (part.reshape(-1, d) @ means.T).reshape(*part.shape[:2], -1)
        gap = scores - np.take_along_axis(scores, own[:, None, None], axis=2)
        gap[np.arange(len(part)), :, own] = np.inf
        slack = units * (np.sqrt(squares.max()) + np.sqrt((part**2).sum(axis=2).max())) ** 2
        wrong[start : start + block] = (gap <= slack).any(axis=(1, 2))
    return wrong


def nearest_mean_error(world: FiniteWorld, *, any_view: bool = False) -> Any:
    """Err(G_f) = sum_k P[G_f(x) != k, x in C_k]; see `misclassified`."""
    wrong = misclassified(world, any_view=any_view)
    return _share(wrong.sum(), len(wrong), world.features.dtype == object)


def least_head_error(world: FiniteWorld) -> Fraction:
    """The error on views of the best of all functions of the feature: 1 - sum over features of the largest class's share."""
    n, m = world.features.shape[:2]
    counts = dict[tuple[Any, ...], Array]()
    for features, label in zip(world.features, world.labels, strict=True):
        for feature in features:
            counts.setdefault(tuple(feature), np.zeros(world.classes, dtype=int))[label] += 1
    return 1 - Fraction(int(sum(count.max() for count in counts.values())), n * m)


@np.errstate(over="ignore")  # what overflows is refused
def lipschitz_constant(world: FiniteWorld, *, block: int = 512) -> float:
    """L = max ||f(a) - f(b)|| / ||a - b|| over all pairs of views of the world.

    The least constant for which f is Lipschitz on the points given; the constant of the network on the whole space is
    larger. Matrix products bound every ratio from above, rounding included; each pair that could be the steepest is then
    evaluated directly, so the result is that of direct float64 evaluation. Powers of two keep squares in range.

    Raises ValueError where two equal views have different features, f is then no function; and where a distance or L
    overflows.
    """
    points = world.views.reshape(-1, world.views.shape[2]).astype(float)
    scaled, point_exponent = _near_one(points)
    images, image_exponent = _near_one(world.features.reshape(-1, world.features.shape[2]).astype(float))
    steepest, at_once = 0.0, max(1, PAIR_ELEMENTS // (points.shape[1] + images.shape[1]))
    for start in range(0, len(points), block):
        rows = slice(start, start + block)
        apart, apart_error = _squared_distances(scaled[rows], scaled[start:])
        moved, moved_error = _squared_distances(images[rows], images[start:])
        certain = apart > 2 * apart_error
        upper = np.where(certain, (moved + moved_error) / np.where(certain, apart - apart_error, 1.0), np.inf)
        np.fill_diagonal(upper, 0.0)  # a point against itself
        likely = np.unravel_index(int(np.where(certain, upper, 0.0).argmax()), upper.shape)
        steepest = max(steepest, _steepest(points, images, start + np.array([likely])))
        pairs = start + np.argwhere(np.ldexp(np.sqrt(upper), -point_exponent) > steepest)
        for first in range(0, len(pairs), at_once):
            steepest = max(steepest, _steepest(points, images, pairs[first : first + at_once]))
    constant = float(np.ldexp(steepest, image_exponent))
    if not constant < np.inf:
        raise ValueError("L=inf: overflows; multiply the views by a constant, or merge those that are nearly equal")
    return constant


def _near_one(values: Array) -> tuple[Array, int]:
    """(values 2^-e, e) with the largest absolute value in [1/2, 1), or 0."""
    exponent = int(np.frexp(abs(values).max())[1])
    return np.ldexp(values, -exponent), exponent


def _steepest(points: Array, images: Array, pairs: Array) -> float:
    """The largest ||f(a) - f(b)|| / ||a - b|| of `pairs` (p, 2), evaluated directly; 0 for equal views of equal features."""
    a, b = pairs.T
    gaps = points[a] - points[b]
    if not np.isfinite(gaps).all():
        raise ValueError("||a - b||=inf: the distance of two views overflows; divide the views by a constant")
    exponents = np.frexp(abs(gaps).max(axis=1))[1]  # so that no gap between different views has norm 0
    gap = np.linalg.norm(np.ldexp(gaps, -exponents[:, None]), axis=1)
    shift = np.linalg.norm(images[a] - images[b], axis=1)
    equal = (points[a] == points[b]).all(axis=1)
    torn = shift[equal].max(initial=0.0) / np.linalg.norm(images[0])
    if torn > JITTER:
        raise ValueError(
            f"||f(a) - f(b)||={torn:.3g} r: for two equal views a, b, so f is no function; evaluate it in eval mode"
        )
    return float(np.ldexp(shift[~equal] / gap[~equal], -exponents[~equal]).max(initial=0.0))


def _squared_distances(a: Array, b: Array) -> tuple[Array, Array]:
    """||a_i - b_j||^2 by one matrix product, and a bound on its rounding error; a (n, D), b (m, D).

    Each of the three sums of D products errs by at most D u times its sum of absolute values (Higham, Accuracy and
    Stability of Numerical Algorithms, section 3.1, u = 2^-53), and these add to at most (||a|| + ||b||)^2; 2^-1000 exceeds
    what underflow loses.
    """
    squares_a, squares_b = (a**2).sum(axis=1)[:, None], (b**2).sum(axis=1)[None, :]
    value = squares_a + squares_b - 2 * (a @ b.T)
    return value, (a.shape[1] + 8) * 2.0**-52 * (np.sqrt(squares_a) + np.sqrt(squares_b)) ** 2 + 2.0**-1000
