"""The finite world: every sample has finitely many views, P is the empirical distribution, nothing is estimated.

Source: Huang et al., ICLR 2023 (arXiv 2111.00743), section 2, with A(x) finite and uniform. In such a world p, mu, R_eps,
d_A, sigma(delta), L and Err are plain finite sums and maxima, so a theorem either holds on it or is refuted by it.
A weighted world is one in which samples or views repeat.
"""

import math
from dataclasses import dataclass
from numbers import Rational, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.elementary import sqrt

Array = NDArray[Any]

NORM_TOLERANCE = 1e-6
"""Relative spread of feature norms accepted as one radius: encoders run in float32."""
FLOAT64 = 2.0**-48
"""Relative spread of squared norms left by float64 normalisation: features within it are kept bit for bit."""
RADII = (1e-100, 1e100)
"""Radii accepted in floats: beyond, squared differences underflow or overflow, and a certificate could be false."""


@dataclass(frozen=True)
class FiniteWorld:
    """n samples with m views each.

    views     (n, m, D) floats; views[i, 0] is sample i itself (x lies in A(x))
    features  (n, m, d) floats, f of the views, all of one norm r within `RADII`; put on that sphere in float64, so that the
              rounding of a float32 encoder does not enter the condition of a theorem
    labels    (n,) integers 0..K-1, every class present, K >= 2

    Fractions (dtype object) are accepted for views and features, of any r > 0: the whole computation is then exact.
    Raises ValueError, naming the value and the remedy, for anything else.
    """

    views: Array
    features: Array
    labels: Array

    def __post_init__(self) -> None:
        if self.features.dtype != object:  # sums in float32 would err by more than a certificate allows for
            object.__setattr__(self, "features", self.features.astype(np.float64, copy=False))
        check_views("views", self.views)
        check_views("features", self.features)
        if self.views.shape[:2] != self.features.shape[:2]:
            raise ValueError(
                f"views {self.views.shape} and features {self.features.shape} differ in (n, m): give f of every view"
            )
        check_labels(self.labels, len(self.features))
        exact = self.features.dtype == object
        squares = (self.features**2).sum(axis=2) if exact else np.einsum("nmd,nmd->nm", self.features, self.features)
        low, high = squares.min(), squares.max()
        if not (low > 0 if exact else RADII[0] ** 2 <= low <= high <= RADII[1] ** 2):
            raise ValueError(
                f"feature norms run from {float(low) ** 0.5:.6g} to {float(high) ** 0.5:.6g}; Theorem 1 needs r > 0, "
                f"floats r in [{RADII[0]:g}, {RADII[1]:g}]: normalise the features"
            )
        if (high - low) / low > 2 * NORM_TOLERANCE:
            raise ValueError(
                f"feature norms run from {float(low) ** 0.5:.6g} to {float(high) ** 0.5:.6g}; Theorem 1 needs one radius r: "
                "normalise the features"
            )
        if not exact and high > low * (1 + FLOAT64):
            norms = np.linalg.norm(self.features, axis=2, keepdims=True)
            object.__setattr__(self, "features", self.features * (norms[0, 0] / norms))

    @property
    def radius(self) -> Any:
        """r, the norm of every feature."""
        return sqrt((self.features[0, 0] ** 2).sum())

    @property
    def classes(self) -> int:
        """K."""
        return int(self.labels.max()) + 1

    def members(self, k: int) -> Array:
        """Indices of the samples of class k."""
        return np.flatnonzero(self.labels == k)


def check_views(name: str, values: Array) -> None:
    """ValueError unless `values` is (n >= 2, m >= 2, D >= 1) and finite."""
    if values.ndim != 3 or values.shape[0] < 2 or values.shape[2] < 1:
        raise ValueError(f"{name} has shape {values.shape}; expected (n, m, D) with n >= 2 samples")
    if values.shape[1] < 2:
        raise ValueError(
            f"{name} holds {values.shape[1]} view per sample; alignment needs at least 2: sample more views"
        )
    if values.dtype != object and not np.isfinite(values).all():
        where = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name}{list(where)} is {values[where]}; remove or repair that sample")


def check_real(name: str, values: Any) -> None:
    """ValueError unless `values` is an array of real numbers; those of dtype object also finite."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "biufO":
        kind = f"dtype {values.dtype}" if isinstance(values, np.ndarray) else f"type {type(values).__name__}"
        raise ValueError(f"{name} has {kind}; give a NumPy array of real numbers: np.asarray(..., dtype=float)")
    if values.dtype == object:
        for where, value in np.ndenumerate(values):
            if not (isinstance(value, Rational) or (isinstance(value, Real) and math.isfinite(value))):
                raise ValueError(
                    f"{name}{list(where) or ''} is {value!r}, dtype object; give finite Fractions or integers"
                )


def check_labels(labels: Array, n: int) -> None:
    """ValueError unless `labels` is (n,) integers covering 0..K-1 with K >= 2."""
    if labels.shape != (n,):
        raise ValueError(f"labels has shape {labels.shape} for {n} samples; give one label per sample")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels has dtype {labels.dtype}; give integers 0..K-1")
    if labels.min() < 0:
        raise ValueError(f"label {labels.min()} is negative; number the classes 0..K-1")
    counts = np.bincount(labels)
    if len(counts) < 2:
        raise ValueError("all labels are 0; the theorem separates classes: give at least 2")
    if (counts == 0).any():
        raise ValueError(f"class {int(np.argmin(counts))} has no sample; number the classes 0..K-1 without gaps")
