"""Few false alarms and the stated power: both are counted, on quantities whose truth is known."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from simulate.comparison import LEAST, MOST, PILOT, Quantity, Rule, compare, samples_needed, share, within
from simulate.estimators import chi_squared_mean

FALSE_ALARM = 1e-7


def coin(p, name="coin", closed=None):
    return Quantity(name, p if closed is None else closed, lambda n, g: g.random(n) < p, share)


def uniform(mean, name="uniform", closed=None):
    closed = mean if closed is None else closed
    return Quantity(name, closed, lambda n, g: 2 * mean * g.random(n), within(0.0, 2 * mean))


def square(v, name="square", closed=None):
    closed = v if closed is None else closed
    return Quantity(name, closed, lambda n, g: v * g.standard_normal(n) ** 2, chi_squared_mean)


KINDS = {"coin": (coin, 0.4), "uniform": (uniform, 3.0), "square": (square, 5.0)}


def test_level_is_bonferronis():
    assert Rule(false_alarm=1e-6).level(50) == pytest.approx(1 - 2e-8, abs=1e-15)
    suite = compare([coin(0.5, "a"), coin(0.3, "b")], Rule(), 0)
    assert {c.estimate.level for c in suite.comparisons} == {1 - 5e-7}
    assert "1 - 1e-06" in suite.summary


@pytest.mark.parametrize("kind", KINDS)
def test_planted_errors_are_detected_with_the_stated_power(kind):
    """A rule whose draws are few, so that it can be repeated: false alarm 1e-3, 10% planted, power .9; both rates counted."""
    make, truth = KINDS[kind]
    rule, runs, detected, alarms = Rule(1e-3, 0.1, 0.9), 100, 0, 0
    for seed in range(runs):
        quantity = make(truth)
        level = rule.level(1)
        pilot = quantity.sampler(PILOT, np.random.default_rng([seed, 0]))
        n = samples_needed(pilot, quantity.interval, 0.1 * truth, level, rule.power, least=1)
        estimate = quantity.interval(quantity.sampler(n, np.random.default_rng([seed, 1])), level)
        detected += (not estimate.contains(0.9 * truth)) + (not estimate.contains(1.1 * truth))
        alarms += not estimate.contains(truth)
        assert n < LEAST
    assert alarms <= binom.isf(FALSE_ALARM, runs, 1e-3)
    # The planned power is that of the wider half of a conservative interval: at least .9 of 200, save chance.
    assert detected >= binom.ppf(FALSE_ALARM, 2 * runs, 0.9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sign", [-1, 1])
def test_an_error_of_one_per_cent_is_detected_at_the_default_rule(kind, sign):
    make, truth = KINDS[kind]
    right = compare([make(truth)], Rule(), 1)
    wrong = compare([make(truth, closed=truth * (1 + 0.01 * sign))], Rule(), 1)
    assert right.disagreeing == ()
    assert wrong.disagreeing == (kind,)
    assert right.least_power > 0.99
    assert right.missed == 0
    assert not right.underpowered


def test_a_rare_event_lacks_power_and_the_suite_reports_it():
    suite = compare([coin(1e-4, "rare")], Rule(), 0)
    (rare,) = suite.comparisons
    assert rare.estimate.samples == MOST
    assert rare.power < 0.99
    assert suite.underpowered
    assert not compare([coin(0.01, "rare")], Rule(planted=0.05), 0).underpowered


def test_range_counts_in_the_number_of_draws():
    """Samples of variance 1e-4 in a range of 1: the half-width is led by the range, and the planned draws allow for it."""

    def sampler(n, g):
        return 0.5 + 0.01 * g.uniform(-1, 1, n)

    tight, loose = (within(0.45, 0.55), within(-50.0, 50.0))
    few, many = (
        compare([Quantity("narrow", 0.5, sampler, bounds, 0.02)], Rule(), 0).comparisons[0] for bounds in (tight, loose)
    )
    assert many.estimate.samples > 2 * few.estimate.samples
    assert min(few.power, many.power) > 0.99


def test_certain_quantities():
    never = Quantity("never", 0.0, lambda n, g: g.random(n) < 0, share, 1.0)
    suite = compare([coin(1.0, "always"), never], Rule(), 0)
    assert suite.disagreeing == ()
    assert suite.least_power == 1.0
    # From above, 1.01 is no probability; from below .99 is far off.
    assert suite.missed == 0


def test_same_seed_same_suite_for_any_number_of_workers():
    quantities = [coin(0.3), uniform(2.0)]
    assert compare(quantities, Rule(planted=0.02), 5) == compare(quantities, Rule(planted=0.02), 5, workers=2)
    assert compare(quantities, Rule(planted=0.02), 5) != compare(quantities, Rule(planted=0.02), 6)
    # A quantity does not depend on its neighbours, but for the level.
    alone = compare([coin(0.3)], Rule(1e-6, 0.02), 5).comparisons[0]
    among = compare(quantities, Rule(2e-6, 0.02), 5).comparisons[0]
    assert alone == among


def test_progress(capsys):
    compare([coin(0.5)], Rule(), 0, progress=True)
    assert "1/1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("quantities", "words"),
    [
        ([], r"quantities=\[\]: none"),
        ([coin(0.5), coin(0.4)], "two of one name"),
        ([coin(0.5, closed=0.0)], r"coin=0\.0: not finite, or 0"),
        ([coin(0.5, closed=math.nan)], "coin=nan: not finite"),
    ],
)
def test_errors(quantities, words):
    with pytest.raises(ValueError, match=words):
        compare(quantities, Rule(), 0)


@pytest.mark.parametrize("words", [{"false_alarm": 0.0}, {"planted": 1.0}, {"power": math.nan}])
def test_rule_errors(words):
    with pytest.raises(ValueError, match=next(iter(words))):
        Rule(**words)
