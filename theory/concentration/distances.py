"""Augmented distances d_A between samples, from their finite view sets: exact, and rarely evaluated in full.

Most pairs of views are skipped on the strength of a lower bound from a few coordinates, computed for all pairs by one matrix
product; `bands` proves that skipping never changes the minimum. What is left, about one pair of views per pair of samples on
real images, is evaluated directly in float64. Where no few coordinates tell views apart (white noise), the product takes all
of them; `planning` decides by the cost counted on a few samples.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from theory.checks import check_real, check_views
from theory.concentration.bands import Embedding, right_factors
from theory.concentration.kernels import direct_minima, pruned_minima
from theory.concentration.planning import CHUNK_BYTES, COLUMNS, Plan, is_stored, make_plan, strip_views
from theory.concentration.pools import one_blas_thread
from theory.elementary import sqrt
from theory.setting import Array

CENTRED_BYTES = 4 * 2**20
"""Limit of the float64 rows that are projected at once."""


def augmented_distances(views: Any, others: Any = None) -> Any:
    """d_A(x1, x2) = min over x1' in A(x1), x2' in A(x2) of ||x1' - x2'||; views (n, m, D), result (n, n) float64.

    With `others` (n', m', D), single samples and single views allowed, the result is (n, n'): training against test
    samples, or against anchor views (n', 1, D) in O(n m n' D).

    Equal to direct float64 evaluation, min of sqrt(sum of squares), hence zero exactly at shared views; the order of
    summation is fixed, so on the CPU every path, block and joblib backend gives the same bits. Torch tensors give a float64
    tensor on their device; other devices than the CPU sum in their own order, within a relative 1e-12. Squares below
    2^-1022 lose bits or vanish, as they do in any direct evaluation, unless all views are below 2^-400 (these are scaled up
    by a power of two). Fractions (dtype object) are computed exactly where distances are rational. Temporary arrays, besides
    the result, stay below 64 MB for C-contiguous views with m <= 1024, D <= 4096 and m D <= 2^20; beyond, the products of two
    samples take 4 m m' bytes, the views of one some 30 m D, and planning some 6 kB per coordinate. Strips of rows go through
    `joblib.Parallel`: in this process, with one BLAS thread whatever the environment says, unless `joblib.parallel_config`
    names another backend; its worker processes keep the threads that backend gives them.

    Raises ValueError for what is no array of real numbers, NaN, infinity, views whose squared distances could
    overflow (2 max |coordinate| sqrt(D) > 2^511), wrong or mismatched shapes; without `others`, for less than 2
    samples or views.
    """
    if hasattr(views, "detach") or hasattr(others, "detach"):
        from theory.concentration.device import tensor_distances

        return tensor_distances(views, others)
    check_real("views", views)
    if others is not None:
        check_real("others", others)
    check_sets(views, others)
    right = views if others is None else others
    if views.dtype == object or right.dtype == object:
        gaps = views[:, None, :, None, :] - right[None, :, None, :, :]
        return np.asarray(sqrt((gaps**2).sum(axis=4).min(axis=(2, 3))))
    plan = make_plan(views, others)
    out = np.zeros((len(views), len(right)))
    with one_blas_thread if plan.bounds else nullcontext():
        stored = [] if plan.bounds is None else _stored(plan.bounds, views, others)
        tasks = [delayed(_strip)(views, others, plan, stored, rows) for rows in _strips(views, plan, stored)]
        for start, strip in Parallel(return_as="generator")(tasks):
            stop = start + len(strip)
            out[start:stop, len(right) - strip.shape[1] :] = strip
            if others is None:
                out[start:, start:stop] = strip.T
    return out


def check_sets(views: Any, others: Any) -> None:
    """Raise ValueError unless views are (n >= 2, m >= 2, D); with others, unless both are non-empty and agree in D."""
    shape = tuple(views.shape)
    if others is None:
        if len(shape) != 3 or shape[0] < 2 or shape[1] < 2 or shape[2] < 1:
            check_views("views", np.empty(shape))
        return
    for name, values in (("views", views), ("others", others)):
        if values.ndim != 3 or 0 in values.shape:
            raise ValueError(f"{name}.shape={tuple(values.shape)}: not (n, m, D); leave no axis empty")
    if shape[2] != others.shape[2]:
        raise ValueError(
            f"views.shape={shape}: differs from others.shape={tuple(others.shape)} in D; give views of one size"
        )


Factors = tuple[Array, Array]
"""Left factors of views, (samples, m, width + 2) float32, and the largest norm among each sample's views, (samples,)."""


def _stored(bounds: Embedding, views: Array, others: Array | None) -> list[Factors]:
    """Factors of all views of each set, or nothing where they are to be recomputed block by block."""
    sets = [views] if others is None else [views, others]
    count = sum(len(s) * s.shape[1] for s in sets)
    return [_factors(bounds, s) for s in sets] if is_stored(count, bounds.width) else []


def _factors(bounds: Embedding, views: Array) -> Factors:
    n, m, D = views.shape
    left, norms = np.empty((n, m, bounds.width + 2), np.float32), np.empty((n, m))
    at_once = max(1, CENTRED_BYTES // (8 * m * D))
    for i in range(0, n, at_once):
        rows = _floats(views[i : i + at_once])
        norms[i : i + at_once] = bounds.factors(rows.reshape(-1, D), _flat(left[i : i + at_once])).reshape(-1, m)
    return left, norms.max(axis=1)


def _strips(views: Array, plan: Plan, stored: list[Factors]) -> Iterator[slice]:
    """Rows of samples handled at once."""
    n, m, D = views.shape
    at_once = max(1, strip_views(D, plan.bounds is None or bool(stored)) // m)
    return (slice(i, min(i + at_once, n)) for i in range(0, n, at_once))


def _strip(views: Array, others: Array | None, plan: Plan, stored: list[Factors], rows: slice) -> tuple[int, Array]:
    """(first row, distances of these rows); without `others` only from the diagonal on."""
    right = views if others is None else others
    first = rows.start if others is None else 0
    here = _floats(views[rows])
    out = np.zeros((len(here), len(right) - first))
    bounds = plan.bounds
    if bounds is not None:
        left, norms = _part(stored[0], rows) if stored else _factors(bounds, views[rows])
    m2, D = right.shape[1:]
    at_once = max(1, min(COLUMNS, CHUNK_BYTES // (8 * D)) // m2)
    for j in range(first, len(right), at_once):
        columns = slice(j, j + at_once)
        there = _floats(right[columns])
        skip = j - first if others is None else len(here)
        used = here[: skip + len(there)]  # the other rows lie below the diagonal here
        target = out[: len(used), j - first : j - first + len(there)]
        if bounds is None:
            direct_minima(used, there, plan.unit, skip, target)
            continue
        left2, norms2 = _part(stored[-1], columns) if stored else _factors(bounds, right[columns])
        pruned_minima(
            *_products(left[: len(used)], left2), used, there, norms, norms2, plan.unit, skip,
            bounds.scale / plan.unit * bounds.grow, bounds.kappa, bounds.beta, target,
        )  # fmt: skip
    out /= plan.unit
    if others is None:
        square = out[:, : len(here)]
        np.maximum(square, square.T, out=square)
    return rows.start, out


def _products(left: Array, left2: Array) -> tuple[Array, Array]:
    """-||z - z'||^2 / 2 of all pairs of views, (n m, n' m'), and the largest among the views of a sample, (n, n' m')."""
    products = _flat(left) @ right_factors(_flat(left2)).T
    return products, products.reshape(*left.shape[:2], -1).max(axis=1)


def _part(factors: Factors, samples: slice) -> Factors:
    return factors[0][samples], factors[1][samples]


def _flat(factors: Array) -> Array:
    return factors.reshape(-1, factors.shape[2])


def _floats(values: Array) -> Array:
    """The same numbers as contiguous float32 or float64, without a copy where they are that already."""
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float32 if np.can_cast(values.dtype, np.float32) else np.float64)
    return np.ascontiguousarray(values)
