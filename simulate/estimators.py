"""Random streams and intervals: a proportion, a mean, and the mean of a monotone function of one uniform.

Every estimate carries the level of its interval and says in `method` whether that level holds for a finite sample or
only in the limit of many.
"""

import hashlib
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

# NumPy sums in blocks of 128 and then pairwise: about 40 roundings of 2^-53 each for any n below 2^24. 2^-46 is 128.
ROUNDING = 2.0**-46


@dataclass(frozen=True)
class Estimate:
    """A number estimated by simulation, with an interval.

    Attributes:
        estimate: the point estimate, in the unit of the quantity; low <= estimate <= high.
        low: lower end of the interval.
        high: upper end of the interval.
        level: probability, over the random numbers, with which the interval holds the true value (at least).
        method: how the interval was made; "asymptotic" in it means that the level is reached only as samples grow.
        samples: number of random draws used.
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    samples: int

    def contains(self, value: float) -> bool:
        """Whether low <= value <= high."""
        return self.low <= value <= self.high


def stream(seed: int, *path: int | str) -> np.random.Generator:
    """Random generator that depends on (seed, path) alone.

    Philox is a counter-based generator: its 128-bit key picks one of 2^128 sequences. The key is the BLAKE2b digest of
    the seed and of the path, so that a piece of work named by its path draws the same numbers whichever worker runs it
    and in whatever order.

    Args:
        seed: non-negative integer.
        path: integers and strings that name the piece of work; 1 and "1" are different names.

    Raises:
        ValueError: seed is negative or not an integer, or a part of the path is neither integer nor string.
    """
    parts = [f"seed {_integer(seed, 'seed', least=0)}"]
    for part in path:
        if isinstance(part, str):
            parts.append(f"text {len(part)} {part}")
        else:
            parts.append(f"integer {_integer(part, 'path', least=None)}")
    key = int.from_bytes(hashlib.blake2b("\n".join(parts).encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


def proportion(successes: int, n: int, level: float) -> Estimate:
    """Probability of success from counts, with the interval of Clopper and Pearson (Biometrika 26, 1934).

    With a = 1 - level, low is the a/2 quantile of Beta(s, n-s+1) and high the 1-a/2 quantile of Beta(s+1, n-s), where
    low = 0 if s = 0 and high = 1 if s = n. The level holds for every n and every true probability.

    Args:
        successes: s, an integer with 0 <= s <= n.
        n: number of independent trials, at least 1.
        level: strictly between 0 and 1.

    Raises:
        ValueError: an argument is outside the ranges above.
    """
    n = _integer(n, "n", least=1)
    s = _integer(successes, "successes", least=0)
    if s > n:
        raise ValueError(f"successes = {s} exceeds n = {n}; count successes among the n trials")
    tail = (1 - check_level(level)) / 2
    low = float(betaincinv(s, n - s + 1, tail)) if s > 0 else 0.0
    high = float(betaincinv(s + 1, n - s, 1 - tail)) if s < n else 1.0
    return Estimate(s / n, low, high, level, "Clopper-Pearson, finite sample", n)


def mean(samples: NDArray[np.float64], level: float) -> Estimate:
    """Mean of independent samples, with the interval of the central limit theorem.

    estimate +- z s / sqrt(n), with s^2 the variance with divisor n - 1 and z the (1 + level)/2 quantile of N(0, 1). The
    level is reached only as n grows, slowly if the samples have heavy tails; `method` says so.

    Args:
        samples: (n,) finite numbers, n >= 2.
        level: strictly between 0 and 1.

    Raises:
        ValueError: samples are not a vector of at least two finite numbers, or level is outside (0, 1).
    """
    check_level(level)
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"samples have shape {values.shape}; give a vector of at least 2 numbers")
    if not np.isfinite(values).all():
        raise ValueError("samples hold NaN or an infinity; remove the cause, the mean would not be finite")
    centre = float(values.mean())
    half = -float(ndtri((1 - level) / 2)) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return Estimate(centre, centre - half, centre + half, level, "normal theory, asymptotic", values.size)


def stratified_monotone(
    g: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    n: int,
    level: float,
    generator: np.random.Generator,
) -> Estimate:
    """Integral of a monotone function over [0, 1], by one random point in each of n equal strata.

    Estimate: (1/n) sum_i g(U_i), U_i independent and uniform on [a_i, b_i] = [i/n, (i+1)/n], i = 0..n-1. It is
    unbiased, because the integral m is (1/n) sum_i E g(U_i).

    Interval: g is monotone, so g(U_i) lies between g(a_i) and g(b_i), an interval whose length r_i = |g(b_i) - g(a_i)|
    is known. Hoeffding's inequality (J. Amer. Statist. Assoc. 58, 1963, Theorem 2) for the independent g(U_i) gives,
    for every n,

        P[ |sum_i g(U_i) - n m| >= t ] <= 2 exp(-2 t^2 / sum_i r_i^2).

    Setting the right-hand side to 1 - level and dividing by n: with probability at least level,

        |estimate - m| <= sqrt( ln(2 / (1 - level)) sum_i r_i^2 / 2 ) / n.

    If g is smooth then r_i is of order 1/n and this is of order n^(-3/2). Without any probability, m lies between
    (1/n) sum_i min(g(a_i), g(b_i)) and (1/n) sum_i max(g(a_i), g(b_i)), at distance (1/n) sum_i r_i = |g(1) - g(0)|/n.
    The interval returned is the intersection of the two, which loses no coverage, so no end is ever further from the
    estimate than sum_i r_i / n. It is widened by 2^-46 max |g| for the rounding of the sums, which is far above the few
    roundings of a g made of library functions; a g that is less exact must say so elsewhere.

    Args:
        g: maps (k,) points of [0, 1] to (k,) values; monotone and finite on [0, 1], ends included.
        n: number of strata, at least 1. g is called on n + 1 knots and n points.
        level: strictly between 0 and 1.
        generator: source of the n uniforms.

    Raises:
        ValueError: n or level is out of range; g is not finite at a knot; or the n + 1 knots and n points show that g
            is not monotone. (A function that breaks monotony only between them cannot be told.)
    """
    n = _integer(n, "n", least=1)
    check_level(level)
    knots = np.asarray(g(np.arange(n + 1) / n), dtype=np.float64)
    values = np.asarray(g((np.arange(n) + generator.random(n)) / n), dtype=np.float64)
    if knots.shape != (n + 1,) or values.shape != (n,):
        raise ValueError(f"g returned shapes {knots.shape} and {values.shape}; return one value for each point")
    if not (np.isfinite(knots).all() and np.isfinite(values).all()):
        raise ValueError("g is not finite on [0, 1], ends included; a bounded function is needed")
    slack = ROUNDING * float(np.abs(knots).max())
    lower, upper = np.minimum(knots[:-1], knots[1:]), np.maximum(knots[:-1], knots[1:])
    steps = np.diff(knots)
    turns = bool((steps > slack).any() and (steps < -slack).any())
    if turns or bool((values < lower - slack).any() or (values > upper + slack).any()):
        raise ValueError("g is not monotone on [0, 1]; split [0, 1] where it turns and estimate each piece")
    estimate = float(values.mean())
    half = math.sqrt(math.log(2 / (1 - level)) * float(np.square(steps).sum()) / 2) / n
    return Estimate(
        estimate,
        max(estimate - half, float(lower.mean())) - slack,
        min(estimate + half, float(upper.mean())) + slack,
        level,
        "Hoeffding over independent strata, finite sample",
        n,
    )


def check_level(level: float) -> float:
    """Return the level; raise ValueError unless 0 < level < 1."""
    if not 0 < level < 1:
        raise ValueError(f"level = {level} is not strictly between 0 and 1; give for example 0.95")
    return level


def _integer(value: int, name: str, least: int | None) -> int:
    """Return value as an int of at least `least`; raise ValueError otherwise, bools included."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ValueError(f"{name} = {value!r} is not an integer; give one")
    if least is not None and number < least:
        raise ValueError(f"{name} = {number} is too small; give an integer of at least {least}")
    return number
