"""A linear probe on the encoder of Example 1, trained on a domain and judged on it without counting.

On D_c the feature is f = X1 + k Z with X1, Z ~ N(0, 1) independent and k the slope (see `simulate.counterexample`): the
probe sees the shift c and the encoder's eps through k alone.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from sklearn.linear_model import LogisticRegression

from simulate.estimators import Estimate, check_level, stratified_monotone


@dataclass(frozen=True)
class Probe:
    """Linear probe on the encoder: predicts 1 iff weight * f / scale + bias > 0."""

    weight: float
    bias: float
    scale: float


def train_probe(k: float, n: int, generator: np.random.Generator) -> Probe:
    """Logistic regression of Y = 1(X1 >= 0) on f with intercept (scikit-learn, its default ridge), on n samples.

    f is divided by max(1, k), which brings its standard deviation into [1, sqrt(2)]; a linear probe does not mind the
    scale, its optimiser does.

    Args:
        k: slope of the domain, >= 0.
        n: number of samples.
        generator: source of the normals.

    Raises:
        ValueError: the n samples have one label only.
    """
    scale = max(1.0, k)
    x1, z = generator.standard_normal(n), generator.standard_normal(n)
    y = x1 >= 0
    if y.all() or not y.any():
        raise ValueError(f"n = {n} samples have one label only; draw more, a probe needs both")
    model = LogisticRegression().fit(((x1 + k * z) / scale)[:, None], y)
    return Probe(float(model.coef_[0, 0]), float(model.intercept_[0]), scale)


def probe_risk(probe: Probe, k: float, n: int, level: float, generator: np.random.Generator) -> Estimate:
    """0-1 risk of a given probe at slope k, by conditioning on X1 and stratifying; it reuses no training sample.

    Let w be the sign of the weight and t = -bias/weight * scale the threshold on f. Given X1 = x, f ~ N(x, k^2) and

        P[wrong | X1 = x] = Phi(-w (x - t)/k) for x >= 0,   Phi(w (x - t)/k) for x < 0,

    monotone on either side of 0 though not across it. The risk is the mean of the two sides' means, each estimated at
    level 1 - (1 - level)/2, so that both intervals hold together with probability at least level (union bound). A probe
    of weight 0 is constant and errs with probability 1/2.

    Args:
        probe: the probe.
        k: slope of the domain, >= 0.
        n: number of strata on either side of 0.
        level: of the interval.
        generator: source of the uniforms.

    Raises:
        ValueError: n or level is out of range.
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
