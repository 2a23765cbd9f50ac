"""Measured ratios of the simulators against what a user would pick instead. They inform and never fail: `make bench`."""

import numpy as np
import pytest

from simulate import sweep
from simulate.circle import losses, sampling
from simulate.circle import model as circle
from simulate.circle.world import Circle
from simulate.comparison import Rule, compare
from simulate.estimators import bounded_mean, stream
from simulate.example1 import conditioned_risk, counted_risk, critical_c
from tests.benchmarks.timing import seconds, show
from theory.arcl import example_risk

pytestmark = pytest.mark.bench


def test_conditioned_risk_against_counting_at_equal_width():
    c, eps, n = 10.0, 0.1, 20_000
    ours, a = seconds(lambda: conditioned_risk(c, eps, n, 0.95, stream(0, "bench")))
    theirs, b = seconds(lambda: counted_risk(c, eps, n, 0.95, stream(0, "bench")))
    more = ((b.high - b.low) / (a.high - a.low)) ** 2  # counting narrows with the square root of n
    show(f"risk at slope 1.6 to +-{(a.high - a.low) / 2:.1e}; counting extrapolated", ours, theirs * more)


@pytest.mark.parametrize("slope", [0.3, 1.6, 5.0])
def test_standard_error_of_1e_6(slope):
    """Strata until the standard error, measured over 50 streams, is at most 1e-6; counting needs p (1 - p) 10^12 samples."""
    eps = 0.1
    c = slope * critical_c(eps)
    n = 256
    while np.std([conditioned_risk(c, eps, n, 0.95, stream(s, "bench")).estimate for s in range(50)]) > 1e-6:
        n *= 2
    ours, _ = seconds(lambda: conditioned_risk(c, eps, n, 0.95, stream(0, "bench")))
    few = 1_000_000
    theirs, _ = seconds(lambda: counted_risk(c, eps, few, 0.95, stream(0, "bench")))
    p = example_risk(c, eps)
    show(f"risk at slope {slope:g} to 1e-6, {n} strata; counting extrapolated", ours, theirs * p * (1 - p) * 1e12 / few)


def test_info_nce_by_series_against_counting():
    """The series is exact to 1e-13; counting is stopped at a standard error of 1e-3."""
    model = Circle((0.0, 2.0, -2.2), (0.5, 0.3, 0.2), (0.5, 0.7, 0.6), (0.1, 0.9), (0.6, 0.4), swapped=0.1)
    losses.series()
    ours, _ = seconds(lambda: losses.info_nce_regulariser(model))
    quantity = next(q for q in sampling.quantities("m", model, delta=0.6, eps=0.5) if q.name.endswith("InfoNCE L_2"))
    theirs, values = seconds(lambda: quantity.sampler(200_000, stream(0, "bench")))
    show("InfoNCE L_2 by series; counting to 1e-3, extrapolated", ours, theirs * (np.std(values) / 1e-3) ** 2 / 200_000)


def test_bounded_mean_against_the_normal_interval():
    values = stream(0, "bench").random(4_000_000)
    ours, _ = seconds(lambda: bounded_mean(values, 0.0, 1.0, 1 - 1e-8))
    theirs, _ = seconds(lambda: (values.mean(), values.std(ddof=1)))
    show("finite-sample interval of 4 million numbers; mean and deviation alone", ours, theirs)


def test_workers():
    model = Circle((0.0, 2.0), (0.5, 0.5), (0.5, 0.7), (0.1, 0.9), (0.6, 0.4), swapped=0.1)
    pairs = sampling.quantities("m", model, delta=0.6, eps=0.5)
    compare(pairs, Rule(planted=0.1), 0, workers=2)  # starts the processes
    ours, a = seconds(lambda: compare(pairs, Rule(), 0, workers=2), repeats=1)
    theirs, b = seconds(lambda: compare(pairs, Rule(), 0), repeats=1)
    show("suite of one circle on two processes against one", ours, theirs)
    assert a == b


def test_sweep_of_theorem_1():
    worlds = circle.worlds()[::10]
    factors = (factors for world in worlds for factors in circle.factors_by_lever(world))
    ours, tallies = seconds(lambda: sweep.theorem_1(factors), repeats=1)
    print(
        f"\n{tallies[0].points} points of Theorem 1, six forms each: {ours / tallies[0].points / 6 * 1e6:.2f} us a form"
    )
