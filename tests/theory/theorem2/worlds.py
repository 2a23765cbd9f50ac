"""Worlds with discrete and continuous views, on which the integrals and sups of Theorem 2 are exact.

The continuous views of a sample run over [0,1]^n; coordinate j of theta moves a block of features of its own, along a
piecewise linear curve with equally spaced knots. Means and second moments are then sums over segments, the distance of two
views splits into the blocks, and its sup is attained at knots. L M is the steepest slope of all blocks.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.elementary import sqrt


@dataclass(frozen=True)
class CurveWorld:
    """curves (N, n, T + 1, d) features at the knots, discrete (N, m, n d) features, shares (N,) of the samples, sum 1."""

    curves: Any
    discrete: Any
    shares: Any

    @property
    def n(self) -> int:
        return self.curves.shape[1]

    @property
    def m(self) -> int:
        return self.discrete.shape[1]

    @property
    def steepest(self) -> Any:
        """L M: the greatest slope of a curve."""
        return sqrt((np.diff(self.curves, axis=2) ** 2).sum(axis=3).max()) * (self.curves.shape[2] - 1)

    def alignments(self) -> Any:
        """E||f1 - f2||^2 of every sample, (N,): twice the variance of the mixture of discrete and continuous views."""
        p, q = self.curves[:, :, :-1], self.curves[:, :, 1:]
        pieces = p.shape[2]
        mean = ((p + q).sum(axis=2) / (2 * pieces)).reshape(len(p), -1)
        square = (p * p + p * q + q * q).sum(axis=(1, 2, 3)) / (3 * pieces)
        mean = (mean + self.discrete.sum(axis=1) / self.m) / 2
        square = (square + (self.discrete**2).sum(axis=(1, 2)) / self.m) / 2
        return 2 * (square - (mean**2).sum(axis=1))

    def alignment(self) -> Any:
        return (self.shares * self.alignments()).sum()

    def squared_diameters(self) -> Any:
        """sup of ||f1 - f2||^2 over the views of every sample, (N,)."""
        blocks = self.discrete.reshape(len(self.discrete), self.m, self.n, -1)
        curves, views = self.curves, blocks.transpose(0, 2, 1, 3)  # both (N, n, ., d)
        among_curves = squares(curves, curves).max(axis=(2, 3)).sum(axis=1)
        to_curves = squares(views, curves).max(axis=3).sum(axis=1).max(axis=1)
        among_views = squares(self.discrete[:, None], self.discrete[:, None]).max(axis=(1, 2, 3))
        return np.maximum(np.maximum(among_curves, to_curves), among_views)

    def misaligned(self, eps: Any) -> Any:
        """R_eps."""
        return (self.shares * (self.squared_diameters() > eps * eps)).sum()


def squares(a: Any, b: Any) -> Any:
    """||a_i - b_j||^2; a (..., A, d), b (..., B, d), result (..., A, B)."""
    return ((a[..., :, None, :] - b[..., None, :, :]) ** 2).sum(axis=-1)


def wandering(seed: int) -> CurveWorld:
    """Random curves in one to three parameters; most samples hardly move, a rare one is torn by much."""
    rng = np.random.default_rng(seed)
    n, m, d, pieces, size = (int(rng.integers(1, k)) for k in (4, 5, 3, 9, 6))
    scale = 10.0 ** rng.uniform(-4, 0, size)
    steps = rng.normal(size=(size, n, pieces + 1, d)) * scale[:, None, None, None]
    discrete = rng.normal(size=(size, m, n * d)) * (scale * 10 ** rng.uniform(-2, 2, size))[:, None, None]
    shares = 10.0 ** rng.uniform(-8, 0, size)
    return CurveWorld(steps.cumsum(axis=2) / pieces, discrete, shares / shares.sum())


def spiked(m: int, share: Any, height: Any, pieces: int = 8, width: int = 1) -> CurveWorld:
    """A share of the samples has a spike +height at theta = 0 and -height at theta = 1, falling to 0 over `width` knots,
    and its discrete views at 0; the rest does not move. Attains thm-2-optimal. Fractions in, Fractions out."""
    zero = share * 0
    ramp = [height * (width - k) / width if k < width else zero for k in range(pieces + 1)]
    curve = np.array([a - b for a, b in zip(ramp, ramp[::-1], strict=True)])
    still = np.array([zero] * (pieces + 1))
    curves = np.array([curve, still])[:, None, :, None]
    return CurveWorld(curves, np.zeros((2, m, 1), dtype=curves.dtype) + zero, np.array([share, 1 - share]))


def jumping(m: int, share: float, distance: float, motion: float) -> CurveWorld:
    """A share of the samples has two discrete views `distance` apart, all other views about midway; the continuous ones
    move by `motion` in all. Attains thm-2-sharp as motion -> 0."""
    discrete = np.zeros((2, m, 1))
    discrete[0, 0], discrete[0, 1] = distance / 2, -distance / 2
    curves = np.array([[-motion / 2, motion / 2]] * 2)[:, None, :, None]
    return CurveWorld(curves, discrete, np.array([share, 1 - share]))


def stray(share: float, distance: float) -> CurveWorld:
    """One discrete view, `distance` away from continuous views that hardly move: where the printed eta is least loose."""
    curves = np.array([[0.0, 1e-9 * distance]] * 2)[:, None, :, None]
    discrete = np.array([[[distance]], [[0.0]]])
    return CurveWorld(curves, discrete, np.array([share, 1 - share]))


def adversarial(seed: int) -> CurveWorld:
    """One of the worlds above, with random parameters."""
    rng = np.random.default_rng(seed)
    kind, m = int(rng.integers(0, 3)), int(rng.integers(2, 6))
    share, size = 10.0 ** rng.uniform(-9, -0.01), 10.0 ** rng.uniform(-3, 2)
    if kind == 0:
        pieces = int(rng.integers(2, 40))
        return spiked(m, share, size, pieces, int(rng.integers(1, pieces // 2 + 1)))
    if kind == 1:
        return jumping(m, share, size, size * 10.0 ** rng.uniform(-4, 0))
    return stray(share, size)
