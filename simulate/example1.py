"""Example 1 by simulation: the risk of a domain conditioned, counted and of a trained probe, and the two losses.

On D_c the feature is f = X1 + k Z with X1, Z ~ N(0, 1) independent and k = |c| sqrt(eps)/2 the slope, so a linear probe sees
the shift c and the encoder's eps through k alone. The setting is that of `simulate.counterexample`, the closed forms are
those of `theory.arcl`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from sklearn.linear_model import LogisticRegression

from simulate.comparison import Quantity, share, within
from simulate.estimators import (
    Estimate,
    check_level,
    chi_squared_mean,
    mean,
    one_per_stratum,
    proportion,
    stratified_monotone,
)
from simulate.models import AnalyticModel
from theory.arcl import clipped_robust_loss, example_risk, risk_given_x1, slope
from theory.setting import Array

# c, eps and k stay in [1/LARGEST, LARGEST], or c = 0, so that no product below leaves the range of a double.
LARGEST = 1e300


def critical_c(eps: float) -> float:
    """c' = 2/sqrt(eps), the shift at which the slope is 1 and the claimed risk 1/4."""
    return 2 / math.sqrt(check_eps(eps))


def sample_domain(
    c: float, n: int, generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Draw from D_c: first coordinate X1 (n,), second coordinate c X2 (n,), label Y = (X1 >= 0) (n,)."""
    x1, x2 = generator.standard_normal(n), generator.standard_normal(n)
    return x1, c * x2, x1 >= 0


def encode(x1: NDArray[np.float64], x2: NDArray[np.float64], eps: float) -> NDArray[np.float64]:
    """f(x) = x1 + (sqrt(eps)/2) x2, for coordinates of shape (n,)."""
    return x1 + math.sqrt(eps) / 2 * x2


def conditioned_risk(c: float, eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """R(f; D_c) = E_X1 P[misclassified | X1], stratified over |X1|.

    P[misclassified | X1 = x] = Phi(-|x|/k) depends on |x| alone and |X1| is half-normal: |X1| = -Phi^-1(U/2) with U
    uniform on [0, 1]. In U the probability increases, from 0 at U = 0 to 1/2 at U = 1.

    c          shift of the domain
    eps        parameter of the encoder
    n          number of strata, one random point each
    level      of the interval, which holds for this n (`stratified_monotone`)
    generator  source of the uniforms
    Raises     ValueError: c, eps, n or level is out of range
    """
    k = check_slope(c, eps)

    def misclassified(u: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):  # |x|/k may be infinite: Phi(-inf) = 0 is right
            return np.asarray(risk_given_x1(-ndtri(u / 2), k), dtype=np.float64)

    return stratified_monotone(misclassified, n, level, generator)


def counted_risk(c: float, eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """R(f; D_c) as the share of n simulated samples with 1(f >= 0) != Y; arguments and errors as in `conditioned_risk`."""
    check_slope(c, eps)
    x1, x2, y = sample_domain(c, n, generator)
    wrong = (encode(x1, x2, eps) >= 0) != y
    return proportion(int(np.count_nonzero(wrong)), n, level)


@dataclass(frozen=True)
class Probe:
    """Linear probe on the encoder: predicts 1 iff weight * f / scale + bias > 0."""

    weight: float
    bias: float
    scale: float


def train_probe(k: float, n: int, generator: np.random.Generator) -> Probe:
    """Logistic regression of Y = 1(X1 >= 0) on f with intercept (scikit-learn, its default ridge), on n samples.

    f is divided by max(1, k), which brings its standard deviation into [1, sqrt(2)]: the scale does not change which
    probes are linear, but the optimiser depends on it.

    k          slope of the domain, >= 0
    n          number of samples
    generator  source of the normals
    Raises     ValueError: the n samples have one label only
    """
    scale = max(1.0, k)
    x1, z = generator.standard_normal(n), generator.standard_normal(n)
    y = x1 >= 0
    if y.all() or not y.any():
        raise ValueError(f"n={n}: the samples have one label only; draw more, a probe needs both")
    model = LogisticRegression().fit(((x1 + k * z) / scale)[:, None], y)
    return Probe(float(model.coef_[0, 0]), float(model.intercept_[0]), scale)


def probe_risk(probe: Probe, k: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """0-1 risk of a given probe at slope k, by conditioning on X1 and stratifying; it reuses no training sample.

    Let w be the sign of the weight and t = -bias/weight * scale the threshold on f. Given X1 = x, f ~ N(x, k^2) and

        P[wrong | X1 = x] = Phi(-w (x - t)/k) for x >= 0,   Phi(w (x - t)/k) for x < 0,

    monotone on either side of 0 though not across it. The risk is the mean of the two sides' means, each estimated at
    level 1 - (1 - level)/2, so that both intervals hold together with probability at least level (union bound). A probe
    of weight 0 is constant and errs with probability 1/2.

    k          slope of the domain, >= 0
    n          number of strata on either side of 0
    level      of the interval
    generator  source of the uniforms
    Raises     ValueError: n or level is out of range
    """
    narrow = k / probe.scale
    check_level(level)
    threshold = -probe.bias / probe.weight if probe.weight != 0 else math.inf
    if not math.isfinite(threshold):
        return Estimate(0.5, 0.5, 0.5, level, "a constant probe errs with probability 1/2, exact", 0)
    sign = math.copysign(1.0, probe.weight)

    def margin(x: NDArray[np.float64]) -> NDArray[np.float64]:
        distance = sign * (x / probe.scale - threshold)
        if narrow == 0:
            return np.where(distance > 0, math.inf, -math.inf)
        with np.errstate(over="ignore"):  # distance/k may be infinite: Phi is then 0 or 1, rightly
            return np.asarray(distance / narrow, dtype=np.float64)

    def right(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndtr(-margin(-ndtri(u / 2))), dtype=np.float64)

    def left(u: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndtr(margin(ndtri(u / 2))), dtype=np.float64)

    each = 1 - (1 - level) / 2
    a, b = (stratified_monotone(side, n, each, generator) for side in (left, right))
    estimate, low, high = (a.estimate + b.estimate) / 2, (a.low + b.low) / 2, (a.high + b.high) / 2
    return Estimate(estimate, low, high, level, f"{a.method}, two sides", 2 * n)


def simulated_alignment(eps: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """L_align(f) = E (f(A_theta1 X) - f(A_theta2 X))^2, from n draws of (X2, theta1, theta2), all N(0, 1).

    f(A_theta1 x) - f(A_theta2 x) = (sqrt(eps)/2) (theta1 - theta2) x2: x1 cancels, so it is not drawn, and eps/4 is
    a factor taken out of the mean, so that a tiny eps does not drown in x1's rounding. The interval is asymptotic; the
    summands have a kurtosis of hundreds.

    Raises ValueError: eps, n or level is out of range.
    """
    quarter = check_eps(eps) / 4
    x2, theta1, theta2 = generator.standard_normal((3, n))
    unit = mean(((theta1 - theta2) * x2) ** 2, level)
    return Estimate(quarter * unit.estimate, quarter * unit.low, quarter * unit.high, level, unit.method, n)


@dataclass(frozen=True)
class RobustLoss:
    """L_AR = eps B^2 with theta clipped to [-B, B], B = `clip`; it is at least 4 where the shift c' is within reach."""

    clip: float
    closed_form: float
    simulated: Estimate


def robust_loss(eps: float, clip: float, n: int, level: float, generator: np.random.Generator) -> RobustLoss:
    """L_AR of the encoder with theta clipped to [-clip, clip], in closed form and from n draws of X2.

    Given X2 = x2, the sup over two views is attained at theta = +-clip: (sqrt(eps) clip x2)^2. The sum of the n squares x2^2
    is chi-squared, which gives the interval.

    Raises ValueError: eps, clip, n or level is out of range, or L_AR is.
    """
    if not clip > 0:
        raise ValueError(f"clip={clip}: not a positive number; give a bound on theta, for example 5")
    half = check_slope(clip, eps)
    if half > math.sqrt(LARGEST) / 2:
        raise ValueError(f"clip={clip}: L_AR = eps clip^2 exceeds {LARGEST:g} at eps = {eps}; give a smaller clip")
    unit = chi_squared_mean(np.square(generator.standard_normal(n)), level)
    scale = (2 * half) ** 2
    low, high = scale * unit.low, scale * unit.high
    simulated = Estimate(scale * unit.estimate, low, high, level, unit.method, n)
    return RobustLoss(clip, float(clipped_robust_loss(eps, clip)), simulated)


def check_eps(eps: float) -> float:
    """Return eps; raise ValueError where it is out of range."""
    if not 1 / LARGEST <= eps <= LARGEST:
        raise ValueError(f"eps={eps}: not between {1 / LARGEST:g} and {LARGEST:g}; give for example 0.1")
    return eps


def check_slope(c: float, eps: float) -> float:
    """The slope k = |c| sqrt(eps)/2; raises ValueError unless c, eps and k are in range."""
    check_eps(eps)
    if c != 0 and not 1 / LARGEST <= abs(c) <= LARGEST:
        raise ValueError(f"c={c}: neither 0 nor of size {1 / LARGEST:g} to {LARGEST:g}; give for example 1")
    with np.errstate(over="ignore"):  # an infinite slope is refused below
        k = float(slope(c, eps))
    if not k <= LARGEST:
        raise ValueError(f"c={c}: slope |c| sqrt(eps)/2 exceeds {LARGEST:g} at eps = {eps}; give a smaller c or eps")
    return k


def risks(name: str, k: float, eps: float) -> list[Quantity]:
    """R(f; D_c) at slope k by Monte Carlo in two ways: conditioned on X1 and stratified, and counted."""
    c = k * critical_c(eps)

    def given_x1(u: Array) -> Array:
        return np.asarray(risk_given_x1(-ndtri(u / 2), k))

    def wrong(n: int, generator: np.random.Generator) -> Array:
        x1, x2, y = sample_domain(c, n, generator)
        return np.asarray((encode(x1, x2, eps) >= 0) != y)

    closed = float(example_risk(c, eps))
    return [
        Quantity(f"{name}: conditioned", closed, one_per_stratum(given_x1, 16), within(0.0, 0.5)),
        Quantity(f"{name}: counted", closed, wrong, share),
    ]


def suite_quantities() -> list[Quantity]:
    """The risk at three slopes."""
    return [q for k in (0.3, 1.6, 5.0) for q in risks(f"example 1 at slope {k:g}", k, eps=0.1)]


MODEL = AnalyticModel(order=5, quantities=suite_quantities, supports={"example-1": ("example 1",)})
