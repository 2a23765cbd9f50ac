"""Bounds on a proportion from a count: covered in exact arithmetic, and no wider than SciPy's."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory.population import binomial, clopper_pearson, sigma_lower

DIRECTIONS = ("lower", "upper", "interval")


def coverage(n, bounds, p):
    """P_p[low(X) <= p <= high(X)] in exact arithmetic; bounds[s] for s = 0..n, p a Fraction."""
    return sum(
        math.comb(n, s) * p**s * (1 - p) ** (n - s)
        for s, bound in enumerate(bounds)
        if Fraction(bound.low) <= p <= Fraction(bound.high)
    )


def least_coverage(n, level, direction):
    """Over a grid and, where it is least, over the floats just outside every end."""
    bounds = [clopper_pearson(s, n, level, direction) for s in range(n + 1)]
    grid = [Fraction(i, 50) for i in range(51)]
    outside = [Fraction(math.nextafter(b.low, 0)) for b in bounds] + [
        Fraction(math.nextafter(b.high, 1)) for b in bounds
    ]
    return min(coverage(n, bounds, p) for p in grid + outside)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("level", [0.25, 0.5, 0.9, 0.95, 1 - 1e-9])
def test_coverage_is_never_below_the_level_and_one_sided_never_above(level, direction):
    for n in (1, 2, 3, 8, 21):
        least = least_coverage(n, level, direction)
        assert least >= Fraction(level)
        if direction != "interval":
            assert least <= Fraction(level) + Fraction(1, 10**9)


def test_interval_wastes_less_than_its_other_tail():
    for n in (5, 20, 60):
        least = least_coverage(n, 0.95, "interval")
        assert 0.95 <= least <= 0.975 + 1e-9


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 10**6), st.floats(0, 1), st.floats(0.01, 0.999999))
def test_ends_match_scipy(n, share, level):
    s = round(share * n)
    for direction, alternative in (("interval", "two-sided"), ("lower", "greater"), ("upper", "less")):
        bound = clopper_pearson(s, n, level, direction)
        expected = stats.binomtest(s, n, alternative=alternative).proportion_ci(level, method="exact")
        assert (bound.low, bound.high) == pytest.approx((expected.low, expected.high), rel=1e-8)
        assert (bound.direction, bound.level, bound.samples) == (direction, level, n)
        assert bound.low <= s / n <= bound.high or level < 0.5


def test_closed_form_where_nothing_or_everything_is_counted():
    for n in (1, 10, 1000):
        assert clopper_pearson(0, n, 0.95, "upper").high == pytest.approx(1 - 0.05 ** (1 / n), rel=1e-10)
        assert clopper_pearson(n, n, 0.95, "lower").low == pytest.approx(0.05 ** (1 / n), rel=1e-12)
        assert clopper_pearson(0, n, 0.95, "interval").low == 0.0
        assert clopper_pearson(n, n, 0.95, "interval").high == 1.0


@pytest.mark.parametrize("n", [10**8, 10**12])
def test_large_counts_stay_finite_and_narrow(n):
    bound = clopper_pearson(n // 3, n, 0.99, "interval")
    assert bound.low < 1 / 3 < bound.high
    assert bound.high - bound.low < 6 / math.sqrt(n) * 0.48


@pytest.mark.parametrize("error", [1e-12, 1e-6, 0.3])
def test_an_inverse_that_is_off_is_moved_outwards(error, monkeypatch):
    """The ends do not rest on SciPy: too narrow ones are widened until certified, and stay close."""
    lower, upper = binomial.betaincinv, binomial.betainccinv
    honest = clopper_pearson(7, 40, 0.95, "interval")
    monkeypatch.setattr(binomial, "betaincinv", lambda *args: lower(*args) * (1 + error))
    monkeypatch.setattr(binomial, "betainccinv", lambda *args: upper(*args) * (1 - error))
    widened = clopper_pearson(7, 40, 0.95, "interval")
    assert widened.low <= honest.low * (1 + 1e-14)
    assert widened.high >= honest.high * (1 - 1e-14)
    assert widened.low >= honest.low * max(0, 1 - 5 * error)
    assert widened.high <= min(1, honest.high * (1 + 5 * error))


def test_an_inverse_without_an_answer_gives_the_trivial_end(monkeypatch):
    monkeypatch.setattr(binomial, "betaincinv", lambda *_: math.nan)
    monkeypatch.setattr(binomial, "betainccinv", lambda *_: math.nan)
    bound = clopper_pearson(7, 40, 0.95, "interval")
    assert (bound.low, bound.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((3, 2), "successes=3: too large; give an integer in 0..2"),
        ((-1, 2), "successes=-1: too small; give an integer in 0..2"),
        ((1.0, 2), "successes=1.0: a float"),
        ((0, 0), "n=0: too small; give an integer >= 1"),
        ((True, 2), "successes=True"),
        ((math.nan, 2), "successes=nan"),
    ],
)
def test_bad_counts_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        sigma_lower(*arguments, 0.95)
    with pytest.raises(ValueError, match="direction=both: unknown; choose one of lower, upper, interval"):
        clopper_pearson(1, 2, 0.95, "both")


def test_an_open_end_is_never_used():
    """Directions are checked where a certificate is made: the end that a bound leaves open raises."""
    low, high, both = (clopper_pearson(3, 10, 0.9, direction) for direction in ("lower", "upper", "interval"))
    assert (low.lower, high.upper) == (low.low, high.high)
    assert (both.lower, both.upper) == (both.low, both.high)
    with pytest.raises(ValueError, match="from below is used as one from above"):
        low.upper  # noqa: B018
    with pytest.raises(ValueError, match="from above is used as one from below"):
        high.lower  # noqa: B018
