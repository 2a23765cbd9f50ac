"""Every interval holds as often as it says, is not vacuous, and its errors name the value and the remedy."""

import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom

from simulate.estimators import (
    Estimate,
    bounded_mean,
    chi_squared_mean,
    mean,
    one_per_stratum,
    proportion,
    stratified_monotone,
    stream,
)

FALSE_ALARM = 1e-7  # probability that one coverage test below fails although the interval is right


def most_misses(runs: int, level: float) -> int:
    """A number of misses that an interval of this level exceeds with probability at most FALSE_ALARM."""
    return int(binom.isf(FALSE_ALARM, runs, 1 - level))


def fewest_misses(runs: int, level: float) -> int:
    """A number of misses that an interval attaining this level falls short of with probability at most FALSE_ALARM."""
    return int(binom.ppf(FALSE_ALARM, runs, 1 - level))


# proportion


@pytest.mark.parametrize("p", [0.001, 0.03, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 17, 400])
def test_proportion_covers(p, n):
    level, runs = 0.9, 3000
    counts = stream(1, "proportion", n, str(p)).binomial(n, p, runs)
    interval = {s: proportion(int(s), n, level) for s in np.unique(counts)}
    misses = sum(not interval[s].contains(p) for s in counts)
    assert misses <= most_misses(runs, level)


@pytest.mark.parametrize("n", [5, 40])
def test_proportion_covers_exactly(n):
    """Coverage summed over all outcomes: no simulation, at 199 probabilities."""
    level = 0.95
    intervals = [proportion(s, n, level) for s in range(n + 1)]
    for p in np.linspace(0, 1, 201)[1:-1]:
        coverage = sum(binom.pmf(s, n, p) for s, e in enumerate(intervals) if e.contains(p))
        assert coverage >= level - 1e-12


def test_proportion_is_not_vacuous():
    e = proportion(2500, 10_000, 0.95)
    assert e.estimate == 0.25
    # 2 * 1.96 * sqrt(p (1 - p)/n) = .01697
    assert 0.0169 < e.high - e.low < 0.0175
    assert e.samples == 10_000
    assert "finite sample" in e.method


def test_proportion_at_the_ends():
    none, every = proportion(0, 100, 0.95), proportion(100, 100, 0.95)
    assert none.low == 0.0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 100), rel=1e-12)
    assert every.high == 1.0
    assert every.low == pytest.approx(0.025 ** (1 / 100), rel=1e-12)


def test_proportion_tails_invert_the_binomial():
    s, n, level = 37, 200, 0.99
    e = proportion(s, n, level)
    assert binom.sf(s - 1, n, e.low) == pytest.approx(0.005, rel=1e-9)
    assert binom.cdf(s, n, e.high) == pytest.approx(0.005, rel=1e-9)


@pytest.mark.parametrize(
    ("s", "n", "level", "words"),
    [
        (1, 0, 0.95, "n=0:"),
        (-1, 5, 0.95, "successes=-1:"),
        (6, 5, 0.95, "successes=6: more than n = 5"),
        (0.5, 5, 0.95, "successes=0.5:"),
        (1, 5, 0.0, "level=0.0:"),
        (1, 5, 1.0, "level=1.0:"),
        (1, 5, math.nan, "level=nan:"),
    ],
)
def test_proportion_errors(s, n, level, words):
    with pytest.raises(ValueError, match=words):
        proportion(s, n, level)


# mean


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_mean_covers_and_is_not_wider_than_needed(level):
    runs, n = 4000, 400
    draws = stream(2, "mean", str(level)).normal(3.0, 2.0, (runs, n))
    estimates = [mean(row, level) for row in draws]
    misses = sum(not e.contains(3.0) for e in estimates)
    # Student's t at 399 degrees of freedom: the normal quantile misses .0508 instead of .05, within the tolerance.
    assert fewest_misses(runs, level) <= misses <= most_misses(runs, level)
    expected = -2 * ndtri((1 - level) / 2) * 2.0 / math.sqrt(n)
    assert np.mean([e.high - e.low for e in estimates]) == pytest.approx(expected, rel=0.01)


def test_mean_says_that_it_is_asymptotic():
    e = mean(np.array([1.0, 2.0, 3.0]), 0.95)
    assert e.estimate == 2.0
    assert e.high - e.estimate == pytest.approx(1.959963984540054 / math.sqrt(3), rel=1e-12)
    assert "asymptotic" in e.method


@pytest.mark.parametrize(
    ("samples", "level", "words"),
    [
        ([1.0], 0.95, r"shape \(1,\)"),
        ([[1.0, 2.0]], 0.95, r"shape \(1, 2\)"),
        ([1.0, math.nan], 0.95, "NaN"),
        ([1.0, math.inf], 0.95, "infinity"),
        ([1.0, 2.0], 2.0, "level=2.0:"),
    ],
)
def test_mean_errors(samples, level, words):
    with pytest.raises(ValueError, match=words):
        mean(np.array(samples), level)


# monotone functions of one uniform: name, g, integral over [0, 1]

MONOTONE = {
    "identity": (lambda u: u, 0.5),
    "decreasing": (lambda u: 3 - 2 * u, 2.0),
    "root": (np.sqrt, 2 / 3),
    "steep": (lambda u: u**40, 1 / 41),
    "step": (lambda u: (u >= 0.37).astype(float), 0.63),
    "steps": (lambda u: np.floor(7.3 * u) / 7, (sum(range(7)) / 7.3 + 7 * 0.3 / 7.3) / 7),
}


@pytest.mark.parametrize("name", MONOTONE)
@pytest.mark.parametrize("n", [1, 3, 32])
@pytest.mark.parametrize("level", [0.3, 0.95])
def test_stratified_covers(name, n, level):
    g, truth = MONOTONE[name]
    runs = 1000
    misses = sum(
        not stratified_monotone(g, n, level, stream(seed, name, n, str(level))).contains(truth) for seed in range(runs)
    )
    assert misses <= most_misses(runs, level)


def test_coverage_test_has_power():
    """An interval ten times too narrow is detected by the same count."""
    level, runs, misses = 0.95, 1000, 0
    for seed in range(runs):
        e = stratified_monotone(lambda u: u, 32, level, stream(seed, "power"))
        misses += abs(e.estimate - 0.5) > (e.high - e.estimate) / 10
    assert misses > most_misses(runs, level)


def test_stratified_is_unbiased():
    runs, n = 4000, 8
    errors = [stratified_monotone(np.sqrt, n, 0.95, stream(s, "bias")).estimate - 2 / 3 for s in range(runs)]
    # Six standard errors: false alarm 2e-9.
    assert abs(np.mean(errors)) < 6 * np.std(errors) / math.sqrt(runs)


@pytest.mark.parametrize("n", [100, 10_000])
def test_stratified_width_is_hoeffdings(n):
    """g(u) = u: r_i = 1/n, so half the width is sqrt(ln(40)/(2 n))/n, and the certain bound is 1/n."""
    e = stratified_monotone(lambda u: u, n, 0.95, stream(0, "width"))
    half = math.sqrt(math.log(40) / (2 * n)) / n
    assert e.high - e.estimate == pytest.approx(half, rel=1e-6)
    assert e.estimate - e.low == pytest.approx(half, rel=1e-6)
    assert e.high - e.low < 0.3 * (1 / n)
    # Not wastefully wide either: the standard deviation of the estimate is 1/sqrt(12 n)/n, 4.7 of them fit.
    assert e.high - e.estimate < 5 / math.sqrt(12 * n) / n


def test_stratified_never_exceeds_the_certain_bound():
    """One step: Hoeffding gives 1.36/n at level .95, the certain interval [k/n, (k+1)/n] is taken instead."""
    e = stratified_monotone(MONOTONE["step"][0], 50, 0.95, stream(0, "step"))
    assert e.low == pytest.approx(0.62, abs=1e-12)
    assert e.high == pytest.approx(0.64, abs=1e-12)


@pytest.mark.parametrize("value", [0.0, 0.3, -1e300, 1e-300])
def test_stratified_constant(value):
    e = stratified_monotone(lambda u: np.full_like(u, value), 1000, 0.95, stream(0, "constant"))
    assert e.contains(value)
    assert e.high - e.low <= 1e-12 * abs(value)


def test_stratified_same_seed_same_result():
    one, two, other = (stratified_monotone(np.sqrt, 64, 0.9, stream(seed, "same")) for seed in (5, 5, 6))
    assert one == two
    assert one.estimate != other.estimate
    assert isinstance(one, Estimate)
    assert one.samples == 64


@pytest.mark.parametrize(
    "g",
    [
        lambda u: np.sin(3 * u),  # turns at the knots
        lambda u: np.abs(u - 0.5),
        lambda u: u + 0.2 * np.sin(2 * np.pi * 16 * u),  # monotone at the 17 knots, not between them
    ],
)
def test_stratified_refuses_what_is_not_monotone(g):
    with pytest.raises(ValueError, match="not monotone"):
        stratified_monotone(g, 16, 0.95, stream(0, "refuse"))


@pytest.mark.parametrize(
    ("g", "n", "level", "words"),
    [
        (lambda u: -np.log(np.where(u > 0, u, 1e-400)), 4, 0.95, "not finite"),
        (lambda u: np.full_like(u, np.nan), 4, 0.95, "not finite"),
        (lambda u: u[:-1], 4, 0.95, "shapes"),
        (lambda u: u, 0, 0.95, "n=0:"),
        (lambda u: u, 2.5, 0.95, "n=2.5:"),
        (lambda u: u, 4, -0.1, "level=-0.1:"),
    ],
)
def test_stratified_errors(g, n, level, words):
    with np.errstate(divide="ignore"), pytest.raises(ValueError, match=words):
        stratified_monotone(g, n, level, stream(0, "errors"))


# bounded means: name, sampler of [low, high], low, high, mean

BOUNDED = {
    "uniform": (lambda g, size: g.random(size), 0.0, 1.0, 0.5),
    "rare": (lambda g, size: (g.random(size) < 0.01).astype(float), 0.0, 1.0, 0.01),
    "two points": (lambda g, size: np.where(g.random(size) < 0.5, -3.0, 1.0), -3.0, 1.0, -1.0),
    "skewed": (lambda g, size: g.beta(0.1, 0.9, size), 0.0, 1.0, 0.1),
    "narrow": (lambda g, size: 5 + 1e-3 * g.random(size), 0.0, 10.0, 5.0005),
}


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("n", [2, 50, 2000])
@pytest.mark.parametrize("level", [0.5, 0.9])
def test_bounded_mean_covers(name, n, level):
    sampler, low, high, truth = BOUNDED[name]
    runs = 500
    draws = sampler(stream(4, name, n, str(level)), (runs, n))
    misses = sum(not bounded_mean(row, low, high, level).contains(truth) for row in draws)
    assert misses <= most_misses(runs, level)


def test_bounded_mean_coverage_test_has_power():
    """An interval a fifth as wide is detected by the same count."""
    level, runs, n = 0.5, 500, 2000
    misses = 0
    for row in stream(5, "fifth").random((runs, n)):
        e = bounded_mean(row, 0.0, 1.0, level)
        misses += abs(e.estimate - 0.5) > (e.high - e.low) / 10
    assert misses > most_misses(runs, level)


def maurer_pontil(samples, width, level):
    """Half-width of the two-sided empirical Bernstein interval of Maurer and Pontil, COLT 2009, Theorem 4."""
    n, log = len(samples), math.log(4 / (1 - level))
    return math.sqrt(2 * np.var(samples, ddof=1) * log / n) + 7 * width * log / (3 * (n - 1))


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("n", [1000, 100_000])
@pytest.mark.parametrize("level", [0.95, 1 - 1e-9])
def test_bounded_mean_is_narrower_than_maurer_and_pontil(name, n, level):
    sampler, low, high, _ = BOUNDED[name]
    samples = sampler(stream(6, name, n), n)
    e = bounded_mean(samples, low, high, level)
    assert (e.high - e.low) / 2 < maurer_pontil(samples, high - low, level)
    assert "finite sample" in e.method


@pytest.mark.parametrize(("name", "spare"), [("uniform", 1.02), ("two points", 1.02), ("skewed", 1.04), ("rare", 1.15)])
def test_bounded_mean_is_nearly_bernstein(name, spare):
    """At n = 10^5 the half-width is that of a known variance, sqrt(2 ln(2/(1-level)) v/n), and a few per cent."""
    sampler, low, high, _ = BOUNDED[name]
    samples, level = sampler(stream(7, name), 100_000), 0.99
    e = bounded_mean(samples, low, high, level)
    known = math.sqrt(2 * math.log(2 / (1 - level)) * np.var(samples) / samples.size)
    assert known < (e.high - e.low) / 2 * 1.01
    assert (e.high - e.low) / 2 < spare * known


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_bounded_mean_of_a_constant(value):
    e = bounded_mean(np.full(10_000, value), 0.0, 1.0, 0.95)
    assert e.contains(value)
    assert 0.0 <= e.low
    assert e.high <= 1.0
    assert e.high - e.low < 4 * 2 * math.log(40) / 10_000


@pytest.mark.parametrize(
    ("samples", "low", "high", "level", "words"),
    [
        ([0.5], 0.0, 1.0, 0.9, r"shape \(1,\)"),
        ([0.5, 1.5], 0.0, 1.0, 0.9, "outside"),
        ([0.5, math.nan], 0.0, 1.0, 0.9, "outside"),
        ([0.5, 0.5], 1.0, 1.0, 0.9, "low=1.0:"),
        ([0.5, 0.5], 0.0, 1.0, 1.0, "level=1.0:"),
    ],
)
def test_bounded_mean_errors(samples, low, high, level, words):
    with pytest.raises(ValueError, match=words):
        bounded_mean(np.array(samples), low, high, level)


# squares of normals


@pytest.mark.parametrize("n", [1, 20, 500])
def test_chi_squared_mean_is_exact(n):
    """Both the most and the fewest misses: the level is attained for every n, and for any scale."""
    level, runs, v = 0.8, 3000, 7.0
    draws = v * stream(8, "chi", n).standard_normal((runs, n)) ** 2
    misses = sum(not chi_squared_mean(row, level).contains(v) for row in draws)
    assert fewest_misses(runs, level) <= misses <= most_misses(runs, level)


@pytest.mark.parametrize(
    ("squares", "words"),
    [([], r"shape \(0,\)"), ([-1.0], ">= 0"), ([1.0, math.inf], "finite"), ([[1.0]], r"shape \(1, 1\)")],
)
def test_chi_squared_mean_errors(squares, words):
    with pytest.raises(ValueError, match=words):
        chi_squared_mean(np.array(squares), 0.9)


# stratified replicates


def step(u):
    return (u < 0.3) * 1.0


def test_stratified_replicates_cover_and_are_narrower():
    """A step of mean .3: one draw from each of 64 strata varies in one stratum only."""
    level, runs, n = 0.9, 300, 200
    sampler = one_per_stratum(step, 64)
    misses = sum(
        not bounded_mean(sampler(n, stream(seed, "strata")), 0.0, 1.0, level).contains(0.3) for seed in range(runs)
    )
    assert misses <= most_misses(runs, level)
    plain = bounded_mean(step(stream(0, "plain").random(64 * 20_000)), 0.0, 1.0, level)
    strata = bounded_mean(sampler(20_000, stream(0, "strata")), 0.0, 1.0, level)
    assert strata.contains(0.3)
    assert (strata.high - strata.low) < (plain.high - plain.low) / 3


def test_strata_errors():
    with pytest.raises(ValueError, match="strata=0:"):
        one_per_stratum(step, 0)
