"""Example 1: five ways to the same risk, the risk at c', the command line, and planted mistakes that must be detected."""

import math
import time
from pathlib import Path

import numpy as np
import pytest
from flint import arb
from scipy.special import ndtr
from scipy.stats import binom, multivariate_normal

from simulate import counterexample, example1
from simulate.counterexample import critical_risk, midpoint_radius, run
from simulate.estimators import stream
from simulate.example1 import (
    Probe,
    conditioned_risk,
    counted_risk,
    critical_c,
    probe_risk,
    robust_loss,
    simulated_alignment,
    train_probe,
)

ROOT = Path(__file__).parents[2]
FALSE_ALARM = 1e-7  # probability that one coverage test below fails although the interval is right
SURE = 1 - 1e-9  # level of the intervals that a single run must not miss
SLOPES = [0.01, 0.3, 1.0, 3.0, 50.0]


def orthant_risk(k):
    """P[sign(X1) != sign(X1 + k X2)] by SciPy's bivariate normal distribution function, without any arctangent."""
    r = -1 / math.hypot(1, k)
    return 2 * float(multivariate_normal.cdf([0, 0], cov=[[1, r], [r, 1]]))


def shift(k, eps):
    return k * critical_c(eps)


# the risk


@pytest.mark.parametrize("k", SLOPES)
@pytest.mark.parametrize("eps", [1e-8, 0.1, 30.0])
def test_five_ways_agree_with_the_orthant_probability(k, eps):
    truth = orthant_risk(k)
    (row,) = run(eps, [shift(k, eps)], samples=20_000, level=SURE).rows
    assert row.closed_form == pytest.approx(truth, abs=1e-12)
    mid, radius = midpoint_radius(row.enclosure)
    assert mid == pytest.approx(truth, abs=1e-12)
    assert radius < 1e-15
    assert row.conditioned.contains(truth)
    assert row.conditioned.high - row.conditioned.low < 1e-4
    assert row.counted.contains(truth)
    assert row.probe.high >= truth
    assert row.probe.estimate < truth + 0.02


def test_no_shift_no_error():
    (row,) = run(0.1, [0.0]).rows
    assert row.closed_form == 0.0
    assert row.conditioned.estimate == 0.0
    assert row.conditioned.low == 0.0
    assert row.conditioned.high <= 0.5 / 100_000
    assert row.counted.estimate == 0.0
    assert midpoint_radius(row.enclosure)[0] == 0.0
    assert row.probe.high < 0.02


def test_critical_shift_is_a_quarter():
    (row,) = run(0.1, [critical_c(0.1)], level=SURE).rows
    assert row.closed_form == pytest.approx(0.25, abs=1e-15)
    assert row.conditioned.contains(0.25)
    assert row.conditioned.high - row.conditioned.low < 2e-7


def test_sign_of_c_does_not_matter():
    plus, minus = run(0.1, [3.0, -3.0], samples=5000).rows
    assert minus.c == -3.0
    assert (plus.closed_form, plus.conditioned, plus.slope) == (minus.closed_form, minus.conditioned, minus.slope)
    assert minus.counted.contains(plus.closed_form)


@pytest.mark.parametrize("k", [0.3, 1.0, 20.0])
def test_conditioned_interval_covers(k):
    """Few strata and a low level, so that misses could happen; Hoeffding promises at most half."""
    runs, level, truth = 500, 0.5, orthant_risk(k)
    misses = sum(
        not conditioned_risk(shift(k, 0.1), 0.1, 16, level, stream(seed, "cover", str(k))).contains(truth)
        for seed in range(runs)
    )
    assert misses <= binom.isf(FALSE_ALARM, runs, 1 - level)


@pytest.mark.parametrize("k", [0.3, 1.0, 20.0])
def test_counted_interval_covers(k):
    runs, level, truth = 500, 0.9, orthant_risk(k)
    misses = sum(
        not counted_risk(shift(k, 0.1), 0.1, 500, level, stream(seed, "count", str(k))).contains(truth)
        for seed in range(runs)
    )
    assert misses <= binom.isf(FALSE_ALARM, runs, 1 - level)


WRONG = {
    "twice the slope": lambda k: math.atan(2 * k) / math.pi,
    "slope off by 1%": lambda k: math.atan(1.01 * k) / math.pi,
    "slope off by 1e-4": lambda k: math.atan(1.0001 * k) / math.pi,
    "half the angle": lambda k: math.atan(k) / (2 * math.pi),
    "hyperbolic tangent": lambda k: math.tanh(k) / math.pi,
}


@pytest.mark.parametrize("k", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("name", WRONG)
def test_planted_wrong_formula_is_found(name, k):
    e = conditioned_risk(shift(k, 0.1), 0.1, 100_000, SURE, stream(0, "planted"))
    assert e.contains(math.atan(k) / math.pi)
    assert not e.contains(WRONG[name](k))


@pytest.mark.parametrize("k", [0.3, 1.6, 5.0])
def test_standard_error_of_1e_6_in_a_tenth_of_a_second(k):
    """At slopes other than 1, where no symmetry helps; counting would take 1000 times longer and more."""
    c, n, few = shift(k, 0.1), 32_768, 200_000

    def clock(work):
        times = []
        for _ in range(3):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
        return min(times)

    estimates = [conditioned_risk(c, 0.1, n, 0.95, stream(seed, "error")).estimate for seed in range(100)]
    # The deviation of 100 normals is within a third of its value at 6 of its own standard errors.
    assert 1.5 * np.std(estimates) < 1e-6
    assert abs(np.mean(estimates) - orthant_risk(k)) < 1e-6
    ours = clock(lambda: conditioned_risk(c, 0.1, n, 0.95, stream(0, "error")))
    assert ours < 0.1
    p = orthant_risk(k)
    counting = clock(lambda: counted_risk(c, 0.1, few, 0.95, stream(0, "error"))) * p * (1 - p) * 1e12 / few
    assert counting > 1000 * ours


# the trained probe


def test_probe_risk_against_counting():
    """Thresholds off zero and both signs, checked on fresh samples at level 1 - 1e-9."""
    eps, c, n = 0.1, 7.0, 200_000
    k = c / critical_c(eps)
    x1, x2, y = example1.sample_domain(c, n, stream(0, "fresh"))
    f = example1.encode(x1, x2, eps)
    for probe in (Probe(2.0, -1.0, 1.0), Probe(-1.0, 0.3, 1.5), Probe(0.7, 5.0, 1.0), Probe(-0.1, -0.2, 3.0)):
        predicted = probe.weight * f / probe.scale + probe.bias > 0
        share = np.count_nonzero(predicted != y) / n
        e = probe_risk(probe, k, 20_000, SURE, stream(1, "probe"))
        # Hoeffding over n samples at level 1 - 1e-9: .0073
        assert abs(share - e.estimate) < math.sqrt(math.log(2e9) / (2 * n))
        assert e.high - e.low < 1e-4


@pytest.mark.parametrize("k", [0.0, 1.0, 5.0])
@pytest.mark.parametrize("t", [-2.0, -0.1, 0.4])
def test_probe_risk_against_an_orthant_probability(k, t):
    """Threshold t on f: risk P[X1 < 0, f > t] + P[X1 >= 0, f <= t]."""
    e = probe_risk(Probe(3.0, -3.0 * t, 1.0), k, 10_000, SURE, stream(2, "orthant"))
    if k == 0:
        truth = abs(float(ndtr(t)) - 0.5)
    else:
        both = float(multivariate_normal.cdf([0, t], cov=[[1, 1], [1, 1 + k**2]]))
        truth = 0.5 + float(ndtr(t / math.hypot(1, k))) - 2 * both
    assert e.low - 1e-8 <= truth <= e.high + 1e-8
    assert e.high - e.low < 3e-4


def test_no_threshold_beats_zero():
    """The claimed minimum: threshold 0 and positive weight, among thresholds from -3 to 3 and both signs."""
    for k in (0.2, 1.0, 4.0):
        least = math.atan(k) / math.pi
        for t in np.linspace(-3, 3, 25):
            for w in (1.0, -1.0):
                e = probe_risk(Probe(w, -w * t, 1.0), k, 2000, SURE, stream(3, "least"))
                assert e.high >= least
                if abs(t) >= 0.25 * max(1, k) or w < 0:
                    assert e.low > least


@pytest.mark.parametrize("probe", [Probe(0.0, 1.0, 1.0), Probe(0.0, -1.0, 1.0), Probe(1e-320, 1.0, 1.0)])
def test_constant_probe(probe):
    e = probe_risk(probe, 0.2, 10, 0.95, stream(0))
    assert (e.estimate, e.low, e.high) == (0.5, 0.5, 0.5)


def test_trained_probe_is_close_to_the_best():
    for seed in range(5):
        for k in (0.0, 0.5, 1.0, 10.0):
            probe = train_probe(k, 10_000, stream(seed, "train", str(k)))
            e = probe_risk(probe, k, 10_000, SURE, stream(seed, "risk", str(k)))
            assert math.atan(k) / math.pi <= e.high
            assert e.estimate < math.atan(k) / math.pi + 0.02


def test_training_needs_both_labels():
    with pytest.raises(ValueError, match="n=1: the samples have one label"):
        train_probe(0.2, 1, stream(0))


# the alignment loss


@pytest.mark.parametrize("eps", [1e-300, 1e-3, 0.1, 50.0, 1e300])
def test_alignment(eps):
    e = simulated_alignment(eps, 200_000, SURE, stream(0, "align"))
    assert e.contains(eps / 2)
    assert e.high - e.low < 0.1 * eps
    assert not e.contains(eps / 4)
    assert not e.contains(eps)


# the robust loss


@pytest.mark.parametrize(("eps", "clip"), [(0.1, 0.5), (0.1, 7.0), (1e-300, 2e150), (1e300, 2e-150), (30.0, 1e100)])
def test_augmentation_robust(eps, clip):
    loss = robust_loss(eps, clip, 100_000, SURE, stream(0, "robust"))
    truth = eps * clip * clip
    assert loss.closed_form == pytest.approx(truth)
    assert loss.simulated.contains(truth)
    assert loss.simulated.high - loss.simulated.low < 0.06 * truth
    assert not loss.simulated.contains(truth / 2)
    assert not loss.simulated.contains(2 * truth)


def test_augmentation_robust_within_reach_of_the_shift_is_at_least_4():
    assert run(0.01, [0.0], samples=1000).robust.closed_form == pytest.approx(4)
    assert run(0.01, [0.0], samples=1000, clip=21.0).robust.closed_form > 4
    assert run(0.01, [0.0], samples=1000, clip=19.0).robust.closed_form < 4


def test_augmentation_robust_of_sampled_views_grows_to_it():
    """The largest difference over m sampled views, clipped: non-decreasing in m, below eps B^2, and L_AR nearly at m = 64."""
    eps, clip, n = 0.5, 1.0, 20_000
    draws = stream(0, "views")
    x2, theta = draws.standard_normal(n), np.clip(draws.standard_normal((n, 64)), -clip, clip)
    f = math.sqrt(eps) / 2 * theta * x2[:, None]
    widest = [float((np.ptp(f[:, :m], axis=1) ** 2).mean()) for m in (2, 4, 16, 64)]
    assert widest == sorted(widest)
    whole = eps * clip**2 * float((x2**2).mean())
    assert 0.99 * whole < widest[-1] <= whole * (1 + 1e-12)
    assert widest[0] < 0.6 * whole


# the risk at c'


@pytest.mark.parametrize("eps", [1e-300, 1e-20, 1e-3, 0.1, 1.0, 7, 1e12, 1e300])
def test_stands_for_every_eps(eps):
    critical = critical_risk(eps, 1000, 0)
    mid, radius = midpoint_radius(critical.enclosure)
    assert critical.stands
    assert abs(mid - 0.25) <= radius < 1e-15


def test_stands_for_every_seed():
    assert all(critical_risk(0.1, 200, seed).stands for seed in range(200))


@pytest.mark.parametrize(
    ("module", "name", "wrong"),
    [
        (counterexample, "risk_enclosure", lambda *_: arb(0.25, 1e-14)),
        (counterexample, "risk_enclosure", lambda *_: arb(0.2500001, 1e-17)),
        (example1, "slope", lambda c, eps: 1.01 * abs(c) * math.sqrt(eps) / 2),
        (example1, "risk_given_x1", lambda x, k: ndtr(-np.abs(x) / (1.00001 * k))),
        (counterexample, "critical_c", lambda eps: 1.99 / math.sqrt(eps)),
    ],
    ids=["loose ball", "ball elsewhere", "slope", "conditional risk", "shift"],
)
def test_planted_mistakes_make_the_claim_fall(module, name, wrong, monkeypatch):
    monkeypatch.setattr(module, name, wrong)
    assert not critical_risk(0.1, 100_000, 0).stands


@pytest.mark.parametrize("ball", [arb("nan"), arb("inf"), arb(0, "inf")])
def test_enclosure_that_is_not_finite_is_refused(ball, monkeypatch):
    """A ball of NaN contains 1/4 as it contains everything."""
    monkeypatch.setattr(counterexample, "risk_enclosure", lambda *_: ball)
    with pytest.raises(ValueError, match="Arb encloses the risk in"):
        critical_risk(0.1, 100, 0)
    with pytest.raises(ValueError, match=r"c=0\.0: Arb"):
        run(0.1, [0.0], samples=100)
