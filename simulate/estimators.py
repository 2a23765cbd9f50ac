"""Random streams and intervals: a proportion, a mean, a bounded mean, the mean square of a normal, and the mean of a
monotone function of one uniform.

Every estimate carries the level of its interval and says in `method` whether that level holds for a finite sample or
only in the limit of many. Conditioning and stratifying happen before the interval: give `bounded_mean` conditional
expectations, or means of one draw from every stratum (`one_per_stratum`), and it is their variance that counts.
"""

import hashlib
import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri
from tqdm import tqdm

from theory.population import clopper_pearson

BLOCK = 2**17
"""Draws in one block of `draw`: a few megabytes, so that a block stays in the cache and a run of millions in memory."""

# NumPy sums in blocks of 128 and then pairwise: about 40 roundings of 2^-53 each for any n below 2^24. 2^-46 is 128.
ROUNDING = 2.0**-46


@dataclass(frozen=True)
class Estimate:
    """A number estimated by simulation, with an interval.

    estimate   the point estimate, in the unit of the quantity; low <= estimate <= high
    low, high  ends of the interval
    level      probability, over the random numbers, with which the interval holds the true value (at least)
    method     how the interval was made; "asymptotic" in it means that the level is reached only as samples grow
    samples    number of random draws used
    """

    estimate: float
    low: float
    high: float
    level: float
    method: str
    samples: int

    @property
    def half_width(self) -> float:
        """Distance from the estimate to the farther end of its interval."""
        return max(self.high - self.estimate, self.estimate - self.low)

    def contains(self, value: float) -> bool:
        """Whether low <= value <= high."""
        return self.low <= value <= self.high


def stream(seed: int, *path: int | str) -> np.random.Generator:
    """Random generator that depends on (seed, path) alone.

    Philox is a counter-based generator: its 128-bit key picks one of 2^128 sequences. The key is the BLAKE2b digest of
    the seed and of the path, so that a piece of work named by its path draws the same numbers whichever worker runs it
    and in whatever order.

    seed    non-negative integer
    path    integers and strings that name the piece of work; 1 and "1" are different names
    Raises  ValueError: seed is negative or not an integer, or a part of the path is neither integer nor string
    """
    parts = [f"seed {_integer(seed, 'seed', least=0)}"]
    for part in path:
        if isinstance(part, str):
            parts.append(f"text {len(part)} {part}")
        else:
            parts.append(f"integer {_integer(part, 'path', least=None)}")
    key = int.from_bytes(hashlib.blake2b("\n".join(parts).encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


Sampler = Callable[[int, np.random.Generator], NDArray[Any]]
"""(n, generator) -> (n,) independent draws of one law."""


def draw(
    sampler: Sampler, n: int, seed: int, *path: int | str, workers: int | None = None, progress: bool = False
) -> NDArray[Any]:
    """n independent draws, made in blocks of `BLOCK`, each from the stream named by (seed, path, number of the block).

    A block is drawn by whichever worker is free and the blocks are joined in order, so the result has the same bits for
    any number of workers.

    sampler   the law; it must use no randomness but its generator's
    n         number of draws, at least 1
    seed      of the streams
    path      name of the piece of work, see `stream`
    workers   processes of joblib; None means 1, or what `joblib.parallel_config` says
    progress  show a bar over the blocks
    Raises    ValueError: n is too small, or the sampler returns another number of draws than it was asked for
    """
    n = _integer(n, "n", least=1)
    sizes = [min(BLOCK, n - start) for start in range(0, n, BLOCK)]
    jobs = (delayed(_block)(sampler, size, seed, (*path, "block", i)) for i, size in enumerate(sizes))
    blocks = Parallel(n_jobs=workers, return_as="generator")(jobs)
    return np.concatenate(list(tqdm(blocks, total=len(sizes), unit="block", disable=not progress)))


def _block(sampler: Sampler, size: int, seed: int, path: tuple[int | str, ...]) -> NDArray[Any]:
    draws = np.asarray(sampler(size, stream(seed, *path)))
    if draws.shape != (size,):
        raise ValueError(f"sampler={sampler}: returned shape {draws.shape} for {size} draws; return ({size},)")
    return draws


def choose(weights: Sequence[float], n: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """n independent indices, i with probability weights[i]; the weights sum to 1."""
    u, index = generator.random(n), np.zeros(n, dtype=np.int64)
    for cut in np.cumsum(weights)[:-1]:
        index += u >= cut
    return index


def one_per_stratum(g: Callable[[NDArray[np.float64]], NDArray[Any]], strata: int) -> Sampler:
    """Draws of (1/strata) sum_i g(U_i), U_i uniform on the i-th of `strata` equal parts of [0, 1].

    Each draw is an unbiased estimate of the integral of g over [0, 1] and varies only as much as g does within a
    stratum; the interval of `bounded_mean` over such draws is narrower accordingly, with nothing assumed of g but its
    bounds.
    """
    _integer(strata, "strata", least=1)

    def sampler(n: int, generator: np.random.Generator) -> NDArray[Any]:
        u = (np.arange(strata) + generator.random((n, strata))) / strata
        return np.asarray(np.asarray(g(u), dtype=np.float64).mean(axis=1))

    return sampler


def proportion(successes: int, n: int, level: float) -> Estimate:
    """Probability of success from counts, with the interval of Clopper and Pearson (`theory.population`).

    With a = 1 - level, low is the a/2 quantile of Beta(s, n-s+1) and high the 1-a/2 quantile of Beta(s+1, n-s), where
    low = 0 if s = 0 and high = 1 if s = n. The level holds for every n and every true probability.

    successes  s, an integer with 0 <= s <= n
    n          number of independent trials, at least 1
    level      strictly between 0 and 1
    Raises     ValueError: an argument is outside these ranges
    """
    n = _integer(n, "n", least=1)
    s = _integer(successes, "successes", least=0)
    if s > n:
        raise ValueError(f"successes={s}: more than n = {n}; count successes among the n trials")
    bound = _clopper_pearson(s, n, check_level(level), "interval")
    return Estimate(s / n, bound.low, bound.high, level, "Clopper-Pearson, finite sample", n)


_clopper_pearson = lru_cache(maxsize=4096)(clopper_pearson)  # its certified ends take some 10 ms


def mean(samples: NDArray[np.float64], level: float) -> Estimate:
    """Mean of independent samples, with the interval of the central limit theorem.

    estimate +- z s / sqrt(n), with s^2 the variance with divisor n - 1 and z the (1 + level)/2 quantile of N(0, 1). The
    level is reached only as n grows, slowly if the samples have heavy tails; `method` says so.

    samples  (n,) finite numbers, n >= 2
    level    strictly between 0 and 1
    Raises   ValueError: samples are not a vector of at least two finite numbers, or level is outside (0, 1)
    """
    check_level(level)
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"samples of shape {values.shape}: not a vector of at least 2 numbers; give one")
    if not np.isfinite(values).all():
        raise ValueError("samples: hold NaN or an infinity; give finite numbers")
    centre = float(values.mean())
    half = -float(ndtri((1 - level) / 2)) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return Estimate(centre, centre - half, centre + half, level, "normal theory, asymptotic", values.size)


def bounded_mean(samples: NDArray[Any], low: float, high: float, level: float) -> Estimate:
    """Mean of independent samples of [low, high], by the predictable plug-in empirical Bernstein interval.

    For samples y_i of [0, 1] with mean m, numbers 0 < b_i < 1 and c_i in [0, 1] that are chosen before y_i is seen, and
    psi(b) = (-ln(1 - b) - b)/4,

        exp( sum_i b_i (y_i - m) - 4 (y_i - c_i)^2 psi(b_i) )   is a supermartingale that starts at 1,

    and likewise with m - y_i, so by Markov's inequality, for every n, with probability at least level,

        | sum_i b_i y_i / sum_i b_i - m | <= ( ln(2/(1 - level)) + 4 sum_i (y_i - c_i)^2 psi(b_i) ) / sum_i b_i.

    Here samples come in blocks of doubling size; c and b = min(1/2, sqrt(2 ln(2/(1 - level))/(n v))) of a block are
    fixed by the mean and the variance v of the blocks before it (1/2 and 1/4 for the first). The half-width tends to
    sqrt(2 ln(2/(1 - level)) v/n), that of Bernstein's inequality with the variance known, while that of Maurer and
    Pontil (COLT 2009, Theorem 4) carries 7 ln(4/(1 - level))/(3 (n - 1)) besides. The estimate is the weighted mean.

    samples    (n,) numbers of [low, high], n >= 2, in the order in which they were drawn
    low, high  certain bounds of a sample, known without looking at the samples; low < high
    level      strictly between 0 and 1
    Raises     ValueError: samples are no such vector, a sample lies outside [low, high], or level is out of range
    Source     Waudby-Smith and Ramdas, J. R. Statist. Soc. B 86, 2024, Theorem 2
    """
    check_level(level)
    values = np.asarray(samples, dtype=np.float64)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"samples of shape {values.shape}: not a vector of at least 2 numbers; give one")
    if not low < high:
        raise ValueError(f"low={low}: not below high = {high}; give bounds that every sample keeps to")
    slack = ROUNDING * max(abs(low), abs(high))
    if not (values.min() >= low - slack and values.max() <= high + slack):
        raise ValueError(f"samples from {values.min()} to {values.max()}: outside [{low}, {high}]; widen the bounds")
    n, width, log = values.size, high - low, math.log(2 / (1 - level))
    centre, variance = 0.5, 0.25
    weight = total = penalty = 0.0
    start, size = 0, 64
    while start < n:
        y = (values[start : start + size] - low) / width
        b = min(0.5, math.sqrt(2 * log / (n * variance)))
        weight += b * y.size
        total += b * float(y.sum())
        penalty += (-math.log1p(-b) - b) * float(np.square(y - centre).sum())
        start += y.size
        size = start
        past = values[:start]
        centre = min(1.0, max(0.0, (float(past.mean()) - low) / width))
        variance = (0.25 + float(np.square(past - past.mean()).sum()) / width**2) / (start + 1)
    estimate, half = low + width * total / weight, width * (log + penalty) / weight + slack
    return Estimate(
        estimate, max(low, estimate - half), min(high, estimate + half), level, "empirical Bernstein, finite sample", n
    )


def chi_squared_mean(squares: NDArray[np.float64], level: float) -> Estimate:
    """v from independent squares of N(0, v), whose sum is v times chi-squared with n degrees of freedom.

    The ends are sum / q with q the (1 + level)/2 and (1 - level)/2 quantiles of chi^2_n. The level is exact for every n,
    because the samples are known to be squares of normals.

    Raises ValueError: squares are not a vector of finite numbers >= 0, or level is outside (0, 1).
    """
    check_level(level)
    values = np.asarray(squares, dtype=np.float64)
    if values.ndim != 1 or values.size < 1 or not (np.isfinite(values).all() and values.min() >= 0):
        raise ValueError(
            f"squares of shape {values.shape}: not a vector of finite numbers >= 0; give squares of normals"
        )
    n, tail, total = values.size, (1 - level) / 2, float(values.sum())
    low, high = (total / (2 * float(gammaincinv(n / 2, q))) for q in (1 - tail, tail))
    return Estimate(total / n, low, high, level, "chi-squared, finite sample", n)


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
    is known. Hoeffding's inequality for the independent g(U_i) gives, for every n,

        P[ |sum_i g(U_i) - n m| >= t ] <= 2 exp(-2 t^2 / sum_i r_i^2).

    Setting the right-hand side to 1 - level and dividing by n: with probability at least level,

        |estimate - m| <= sqrt( ln(2 / (1 - level)) sum_i r_i^2 / 2 ) / n.

    If g is smooth then r_i is of order 1/n and this is of order n^(-3/2). Without any probability, m lies between
    (1/n) sum_i min(g(a_i), g(b_i)) and (1/n) sum_i max(g(a_i), g(b_i)), at distance (1/n) sum_i r_i = |g(1) - g(0)|/n.
    The interval returned is the intersection of the two, which loses no coverage, so no end is ever further from the
    estimate than sum_i r_i / n. It is widened by 2^-46 max |g| for the rounding of the sums, which is far above the few
    roundings of a g made of library functions; a g that is less exact must say so elsewhere.

    g          maps (k,) points of [0, 1] to (k,) values; monotone and finite on [0, 1], ends included
    n          number of strata, at least 1; g is called on n + 1 knots and n points
    level      strictly between 0 and 1
    generator  source of the n uniforms
    Raises     ValueError: n or level is out of range; g is not finite at a knot; or the n + 1 knots and n points show that
               g is not monotone (a function that breaks monotony only between them cannot be told)
    Source     Hoeffding, J. Amer. Statist. Assoc. 58, 1963, Theorem 2
    """
    n = _integer(n, "n", least=1)
    check_level(level)
    knots = np.asarray(g(np.arange(n + 1) / n), dtype=np.float64)
    values = np.asarray(g((np.arange(n) + generator.random(n)) / n), dtype=np.float64)
    if knots.shape != (n + 1,) or values.shape != (n,):
        raise ValueError(f"g={g}: returned shapes {knots.shape} and {values.shape}; return one value for each point")
    if not (np.isfinite(knots).all() and np.isfinite(values).all()):
        raise ValueError(f"g={g}: not finite on [0, 1], ends included; give a bounded function")
    slack = ROUNDING * float(np.abs(knots).max())
    lower, upper = np.minimum(knots[:-1], knots[1:]), np.maximum(knots[:-1], knots[1:])
    steps = np.diff(knots)
    turns = bool((steps > slack).any() and (steps < -slack).any())
    if turns or bool((values < lower - slack).any() or (values > upper + slack).any()):
        raise ValueError(f"g={g}: not monotone on [0, 1]; split [0, 1] where it turns and estimate each piece")
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
        raise ValueError(f"level={level}: not strictly between 0 and 1; give for example 0.95")
    return level


def _integer(value: int, name: str, least: int | None) -> int:
    """Return value as an int of at least `least`; raise ValueError otherwise, bools included."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise ValueError(f"{name}={value!r}: not an integer; give one")
    if least is not None and number < least:
        raise ValueError(f"{name}={number}: too small; give an integer of at least {least}")
    return number
