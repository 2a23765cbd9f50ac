"""Worlds with discrete and continuous views, on which the integrals and sups of Theorem 2 are exact.

A law of views has samples with shares P[x], m discrete views of probability 1/(2m) each, and, with probability 1/2, a
continuous view whose parameter theta is uniform in [0,1]^n; `steepest` is the least L M for which f is L M-Lipschitz in it. A
`Level` sets eps beside it: the bounds are tightest just below the diameter of a sample.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from theory.elementary import sqrt
from theory.falsification import Point, Reading, Rng, Start, used
from theory.setting import Array
from theory.worlds import labelled_features, on_sphere

BELOW = 1 - 1e-12
"""Just below a diameter a sample is still outside S_eps."""
ORTHANTS = {1: 1.0, 2: math.pi / 4, 3: math.pi / 6}
"""Volume of the part of the unit ball in one orthant: a segment, a quarter of a disc, an eighth of a ball."""
LIPSCHITZ = 2.0
"""L of the worlds here: their views are the features halved, and f doubles them."""


class Views(Protocol):
    """What the bounds of Theorem 2 ask of a law of views."""

    @property
    def n(self) -> int:
        """Parameters of the continuous views."""

    @property
    def m(self) -> int:
        """Discrete views."""

    @property
    def shares(self) -> Any:
        """P[x] of the samples, (N,), sum 1."""

    @property
    def steepest(self) -> Any:
        """L M."""

    def alignments(self) -> Any:
        """E||f1 - f2||^2 of every sample, (N,), over two independent views."""

    def squared_diameters(self) -> Any:
        """sup of ||f1 - f2||^2 over the views of every sample, (N,)."""


@dataclass(frozen=True)
class CurveViews:
    """Coordinate j of theta moves a block of features of its own along a piecewise linear curve with equally spaced knots.

    curves (N, n, T + 1, d) features at the knots, discrete (N, m, n d) features, shares (N,). Means and second moments are
    sums over segments, the distance of two views splits into the blocks, its sup is attained at knots. Exact on Fractions.
    """

    curves: Any
    discrete: Any
    shares: Any

    @property
    def n(self) -> int:
        """Blocks."""
        return int(self.curves.shape[1])

    @property
    def m(self) -> int:
        """Discrete views."""
        return int(self.discrete.shape[1])

    @property
    def steepest(self) -> Any:
        """The greatest slope of a curve."""
        return sqrt((np.diff(self.curves, axis=2) ** 2).sum(axis=3).max()) * (self.curves.shape[2] - 1)

    def alignments(self) -> Any:
        """Twice the variance of the mixture of discrete and continuous views, (N,)."""
        p, q = self.curves[:, :, :-1], self.curves[:, :, 1:]
        pieces = p.shape[2]
        mean = ((p + q).sum(axis=2) / (2 * pieces)).reshape(len(p), -1)
        square = (p * p + p * q + q * q).sum(axis=(1, 2, 3)) / (3 * pieces)
        mean = (mean + self.discrete.sum(axis=1) / self.m) / 2
        square = (square + (self.discrete**2).sum(axis=(1, 2)) / self.m) / 2
        return 2 * (square - (mean**2).sum(axis=1))

    def squared_diameters(self) -> Any:
        """(N,), attained at knots and discrete views."""
        blocks = self.discrete.reshape(len(self.discrete), self.m, self.n, -1)
        curves, views = self.curves, blocks.transpose(0, 2, 1, 3)  # both (N, n, ., d)
        among_curves = _squares(curves, curves).max(axis=(2, 3)).sum(axis=1)
        to_curves = _squares(views, curves).max(axis=3).sum(axis=1).max(axis=1)
        among_views = _squares(self.discrete, self.discrete).max(axis=(1, 2))
        return np.maximum(np.maximum(among_curves, to_curves), among_views)


def _squares(a: Any, b: Any) -> Any:
    """||a_i - b_j||^2; a (..., A, d), b (..., B, d), result (..., A, B)."""
    return ((a[..., :, None, :] - b[..., None, :, :]) ** 2).sum(axis=-1)


@dataclass(frozen=True)
class SpikeViews:
    """f = (s_0 - ||theta||)_+ - (s_1 - ||theta - 1||)_+ in one dimension: spikes of slope L M = 1 in two opposite corners.

    n 1..3; spikes (N, 2) heights in [0, `reach`(n)], so that a spike stays in its orthant and the two do not meet; discrete
    (N, m) features; shares (N,).
    """

    n: int
    spikes: Array
    discrete: Array
    shares: Array
    steepest: float = 1.0

    @property
    def m(self) -> int:
        """Discrete views."""
        return int(self.discrete.shape[1])

    def alignments(self) -> Array:
        """(N,); int (s - r)_+^k over an orthant is k! s^(n+k) volume / ((n+1) ... (n+k))."""
        volume, n = ORTHANTS[self.n], self.n
        first, last = (volume * self.spikes ** (n + 1) / (n + 1)).T
        mean = (first - last + self.discrete.mean(axis=1)) / 2
        square = (2 * volume * self.spikes ** (n + 2) / ((n + 1) * (n + 2))).sum(axis=1)
        square = (square + (self.discrete**2).mean(axis=1)) / 2
        return np.asarray(2 * (square - mean**2))

    def squared_diameters(self) -> Array:
        """(N,): the continuous views take all values from -s_1 to s_0."""
        high = np.maximum(self.spikes[:, 0], self.discrete.max(axis=1))
        low = np.minimum(-self.spikes[:, 1], self.discrete.min(axis=1))
        return np.asarray((high - low) ** 2)


def reach(n: int) -> float:
    """The greatest height of spikes of slope 1 in two opposite corners of [0,1]^n, at distance sqrt(n)."""
    return min(1.0, math.sqrt(n) / 2)


def alignment(views: Views) -> Any:
    """L_align."""
    return (views.shares * views.alignments()).sum()


def misaligned(views: Views, eps: Any) -> Any:
    """R_eps."""
    return (views.shares * (views.squared_diameters() > eps * eps)).sum()


@dataclass(frozen=True)
class Level:
    """A law of views and eps > 0."""

    views: Views
    eps: float

    @property
    def constants(self) -> tuple[int, int, float, float]:
        """(n, m, L, M) of Theorem 2."""
        return self.views.n, self.views.m, LIPSCHITZ, float(self.views.steepest) / LIPSCHITZ


def share_bounded(share: float, bounds: Any, **hypotheses: float) -> Reading:
    """share <= bounds, as parts of the bounds that are used: the same at every scale of the features and of the share."""
    return Reading(hypotheses=hypotheses, left=used(share, bounds), right=1.0, trivial=used(1.0, bounds))


def spiked(m: int, share: Any, height: Any, pieces: int = 8, width: int = 1) -> CurveViews:
    """A share of the samples has a spike +height at theta = 0 and -height at theta = 1, falling to 0 over `width` knots,
    and its discrete views at 0; the rest does not move. Attains thm-2-optimal. Fractions in, Fractions out."""
    zero = share * 0
    ramp = [height * (width - k) / width if k < width else zero for k in range(pieces + 1)]
    curve = np.array([a - b for a, b in zip(ramp, ramp[::-1], strict=True)])
    still = np.array([zero] * (pieces + 1))
    curves = np.array([curve, still])[:, None, :, None]
    return CurveViews(curves, np.zeros((2, m, 1), dtype=curves.dtype) + zero, np.array([share, 1 - share]))


def jumping(m: int, share: float, distance: float, motion: float) -> CurveViews:
    """A share of the samples has two discrete views `distance` apart, all other views about midway; the continuous ones
    move by `motion` in all. Attains thm-2-sharp as motion -> 0."""
    discrete = np.zeros((2, m, 1))
    discrete[0, 0], discrete[0, 1] = distance / 2, -distance / 2
    curves = np.array([[-motion / 2, motion / 2]] * 2)[:, None, :, None]
    return CurveViews(curves, discrete, np.array([share, 1 - share]))


def stray(share: float, distance: float) -> CurveViews:
    """One discrete view, `distance` away from continuous views that hardly move: where the printed eta is least loose."""
    curves = np.array([[0.0, 1e-9 * distance]] * 2)[:, None, :, None]
    discrete = np.array([[[distance]], [[0.0]]])
    return CurveViews(curves, discrete, np.array([share, 1 - share]))


def wandering(rng: Rng) -> CurveViews:
    """Random curves in one to three parameters; some samples hardly move, some are torn by much."""
    n, m, d, pieces, size = (int(rng.integers(1, k)) for k in (4, 5, 3, 9, 6))
    scale = 10.0 ** rng.uniform(-3, 0, size)
    steps = rng.normal(size=(size, n, pieces + 1, d)) * scale[:, None, None, None]
    discrete = rng.normal(size=(size, m, n * d)) * (scale * 10 ** rng.uniform(-2, 2, size))[:, None, None]
    shares = 10.0 ** rng.uniform(-5, 0, size)
    return CurveViews(steps.cumsum(axis=2) / pieces, discrete, shares / shares.sum())


def curve_views(rng: Rng) -> CurveViews:
    """One of the worlds above, with random parameters."""
    kind, share, size = rng.integers(5), 10.0 ** rng.uniform(-4, -0.01), 10.0 ** rng.uniform(-1, 1)
    if kind == 0:
        pieces = int(rng.integers(2, 20))
        return spiked(int(rng.integers(1, 6)), share, size, pieces, int(rng.integers(1, pieces // 2 + 1)))
    if kind == 1:
        return jumping(int(rng.integers(2, 33)), share, size, size * 10.0 ** rng.uniform(-6, 0))
    return stray(share, size) if kind == 2 else wandering(rng)


def spike_views(rng: Rng) -> SpikeViews:
    """Spikes in one to three parameters; of equal height about discrete views at 0 they attain thm-2-optimal."""
    n, m, size = (int(rng.integers(1, k)) for k in (4, 6, 4))
    spikes = np.repeat(rng.uniform(0, reach(n), (size, 1)), 2, axis=1)
    uneven, off = rng.choice([0.0, 0.1], 2)
    spikes = np.clip(spikes + uneven * rng.normal(size=spikes.shape), 0, reach(n))
    return SpikeViews(n, spikes, off * rng.normal(size=(size, m)), rng.dirichlet(np.ones(size)))


def levels(rng: Rng) -> Start:
    """Laws of views with eps at or below the widest diameter, so that R_eps > 0."""
    start: Any = spike_views(rng) if rng.random() < 0.5 else curve_views(rng)
    moving = start.spikes if isinstance(start, SpikeViews) else start.curves
    share = 1.0 if rng.random() < 0.7 else rng.uniform(0.1, 1)
    point = np.concatenate([moving.ravel(), start.discrete.ravel(), np.log(start.shares), [share]])

    def build(point: Point) -> Level:
        moved, discrete, shares, (share,) = np.split(
            point, np.cumsum([moving.size, start.discrete.size, len(start.shares)])
        )
        moved, discrete = moved.reshape(moving.shape), discrete.reshape(start.discrete.shape)
        shares = np.exp(shares - shares.max())
        shares = shares / shares.sum()
        if isinstance(start, SpikeViews):
            views: Views = SpikeViews(start.n, np.clip(moved, 0, reach(start.n)), discrete, shares)
        else:
            views = CurveViews(moved, discrete, shares)
        return Level(views, _level(share, views.squared_diameters()))

    return point, build


def _level(share: float, squared_diameters: Array) -> float:
    """eps: a share of the widest diameter, at most just below it; tiny where there is no width."""
    widest = math.sqrt(squared_diameters.max())
    return float(np.clip(abs(share), 1e-3, BELOW)) * widest if widest > 0 else 1e-9


@dataclass(frozen=True)
class DiscreteLevel:
    """features (N, m, d) of m uniform views of N samples of equal share, and eps > 0."""

    features: Array
    eps: float


def discrete_views(rng: Rng) -> Array:
    """Features (N, m, d) that come near to equality, or at random: one view off, two apart about the others, anything."""
    kind, m = rng.integers(4), int(rng.integers(2, 9))
    if kind == 0:
        return labelled_features(rng)[0]
    if kind == 1:
        return np.asarray(rng.normal(size=(int(rng.integers(1, 4)), m, int(rng.integers(1, 4)))))
    angles = np.zeros((int(rng.integers(1, 4)), m))
    angles[0, 0] = rng.uniform(0.01, np.pi / 2)
    if kind == 2:
        angles[0, 1] = -angles[0, 0]
    if rng.random() < 0.5:  # midway on a line instead of the circle
        return np.stack([np.full(angles.shape, rng.uniform(0, 2)), np.sin(angles)], axis=2)
    return np.stack([np.cos(angles), np.sin(angles)], axis=2)


def discrete_levels(rng: Rng) -> Start:
    """Features of any norms."""
    return _discrete_levels(rng, lambda features, _: features)


def sphere_levels(rng: Rng) -> Start:
    """Features of one norm."""
    return _discrete_levels(rng, lambda features, size: np.exp(size) * on_sphere(features))


def _discrete_levels(rng: Rng, put: Any) -> Start:
    start = discrete_views(rng)
    share = 1.0 if rng.random() < 0.7 else rng.uniform(0.1, 1)

    def build(point: Point) -> DiscreteLevel:
        features = put(point[:-2].reshape(start.shape), point[-2])
        squares = _squares(features, features).max(axis=(1, 2))
        return DiscreteLevel(features, _level(point[-1], squares))

    return np.concatenate([start.ravel(), [rng.normal(), share]]), build
