"""The finite world: every sample has finitely many views, P is the empirical distribution, nothing is estimated.

Source: Huang et al., ICLR 2023 (arXiv 2111.00743), section 2, with A(x) finite and uniform. In such a world p, mu, R_eps,
d_A, sigma(delta), L and Err are plain finite sums and maxima, so a theorem either holds on it or is refuted by it.
A weighted world is one in which samples or views repeat.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.checks import check_labels, check_views
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
                f"views.shape={self.views.shape}: differs from features.shape={self.features.shape} in (n, m); "
                "give f of every view"
            )
        check_labels(self.labels, len(self.features))
        exact = self.features.dtype == object
        squares = (self.features**2).sum(axis=2) if exact else np.einsum("nmd,nmd->nm", self.features, self.features)
        low, high = squares.min(), squares.max()
        if not (low > 0 if exact else RADII[0] ** 2 <= low <= high <= RADII[1] ** 2):
            needed = f"r > 0, in floats r in [{RADII[0]:g}, {RADII[1]:g}]"
        elif (high - low) / low > 2 * NORM_TOLERANCE:
            needed = "one radius r"
        else:
            needed = ""
        if needed:
            norms = f"{float(low) ** 0.5:.6g}..{float(high) ** 0.5:.6g}"
            raise ValueError(f"||features||={norms}: Theorem 1 needs {needed}; normalise the features")
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
