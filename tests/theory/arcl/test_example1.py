import math

import flint
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from tests.theory.proofs import discharged
from theory import arcl as transfer
from theory.arcl import example1


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 50), st.floats(1e-2, 100))
def test_closed_form_matches_the_bivariate_orthant(c, eps):
    """P[X1 < 0, f >= 0] is an orthant of a correlated pair: an independent route to the risk."""
    k = transfer.slope(c, eps)
    correlation = 1 / math.hypot(1, k)
    orthant = multivariate_normal.cdf([0, 0], cov=[[1, -correlation], [-correlation, 1]])
    assert transfer.example_risk(c, eps) == pytest.approx(2 * orthant, abs=1e-7)


@settings(max_examples=30, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-9, 1e6))
def test_enclosure_contains_the_closed_form_and_is_tight(c, eps):
    ball = transfer.risk_enclosure(c, eps)
    with flint.ctx.workprec(256):
        slope = flint.arb(abs(c)) * flint.arb(eps).sqrt() / 2
        assert ball.contains(slope.atan() / flint.arb.pi())
    assert float(ball.rad()) < 1e-15


@pytest.mark.parametrize("k_off", [1e-12, -1e-12])
def test_enclosure_tells_neighbouring_slopes_apart(k_off):
    ball = transfer.risk_enclosure(2 * (1 + k_off), 1.0)
    assert not ball.contains(flint.arb(1) / 4)


EVERY_EPS = pytest.mark.parametrize("eps", [1e-12, 0.1, 1, 7, 1e9])


@EVERY_EPS
def test_quarter_at_c_prime_for_every_eps(eps):
    c = 2 / math.sqrt(eps)
    assert transfer.example_risk(c, eps) == pytest.approx(0.25, abs=1e-15)
    assert transfer.risk_enclosure(c, eps).contains(flint.arb(1) / 4)
    assert transfer.example_alignment(eps) < eps


@EVERY_EPS
@pytest.mark.parametrize("const", [0.0, 1e-6, 0.1, 0.25, 0.4, 0.499])
def test_one_const_serves_every_eps(eps, const):
    """const is chosen before eps: the gap is const at the closed form's shift, and above it beyond."""
    at, beyond = transfer.shift_for_gap(const, eps), transfer.shift_for_gap(const + 1e-4, eps)
    assert transfer.example_risk(at, eps) == pytest.approx(const, abs=1e-14)
    assert transfer.risk_enclosure(beyond, eps) - transfer.risk_enclosure(0.0, eps) > const
    assert beyond > at


def test_gap_is_never_one_half():
    """At k = 1e6 Arb still separates the risk from 1/2: the supremum over c is not attained."""
    ball = transfer.risk_enclosure(2e6, 1.0)
    assert ball < flint.arb(1) / 2
    assert ball > flint.arb("0.4999996")


@pytest.mark.parametrize("gap", [0.5, 1, -0.1, math.nan, np.array([0.1, 0.7])])
def test_impossible_gaps_are_refused(gap):
    with pytest.raises(ValueError, match=r"gap=.*lies in \[0, 1/2\)"):
        transfer.shift_for_gap(gap, 0.1)


def test_the_same_formulas_run_on_symbols_arrays_and_floats():
    c, eps = sympy.symbols("c epsilon", positive=True)
    symbolic = sympy.lambdify((c, eps), transfer.example_risk(c, eps))
    shifts = np.linspace(0, 9, 7)
    np.testing.assert_allclose(transfer.example_risk(shifts, 0.3), [symbolic(x, 0.3) for x in shifts], atol=1e-15)
    assert transfer.example_risk(0, 0.3) == 0
    assert transfer.example_risk(-2.0, 0.3) == transfer.example_risk(2.0, 0.3)
    assert transfer.clipped_robust_loss(0.1, 2 / math.sqrt(0.1)) == pytest.approx(4)
    assert transfer.shift_for_gap(sympy.Rational(1, 4), eps) == 2 / sympy.sqrt(eps)
    gaps = np.array([0.0, 0.25])
    np.testing.assert_allclose(transfer.shift_for_gap(gaps, 0.3), [0, 2 / math.sqrt(0.3)])
    t = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(
        transfer.posterior(t, 2.0), [float(transfer.posterior(sympy.Float(x), sympy.Integer(2))) for x in t]
    )


def test_risk_given_x1_at_the_ends():
    np.testing.assert_allclose(transfer.risk_given_x1(np.array([0.0, 1e9]), 2.0), [0.5, 0.0])
    np.testing.assert_array_equal(transfer.risk_given_x1(np.array([0.0, 1.0]), 0.0), [0.0, 0.0])


def probe_risk(threshold, k):
    """0-1 risk of 1(f >= threshold) on a domain of slope k > 0, from the bivariate normal law of (X1, f)."""
    scale = math.hypot(1, k)
    both = multivariate_normal.cdf([0, threshold / scale], cov=[[1, 1 / scale], [1 / scale, 1]])
    return 0.5 + norm.cdf(threshold / scale) - 2 * both


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 4), st.floats(0.1, 10), st.sampled_from([-1, 1]))
def test_every_other_threshold_is_strictly_worse(t, k, side):
    """h > 0, b != 0: the excess over h > 0, b = 0 is what the posterior says, positive, and grows with |t|."""
    best = transfer.example_risk(2 * k, 1.0)
    scale = math.hypot(1, k)
    promised = quad(lambda x: abs(2 * transfer.posterior(x, k) - 1) * norm.pdf(x, scale=scale), *sorted([0, side * t]))[
        0
    ]
    excess = probe_risk(side * t, k) - best
    assert excess == pytest.approx(promised, abs=1e-6)
    assert promised > 0
    assert probe_risk(side * 1.5 * t, k) > probe_risk(side * t, k) - 1e-7


@settings(max_examples=60, deadline=None)
@given(st.floats(-5, 5), st.floats(0.1, 10))
def test_negative_and_zero_weights_are_worse_than_any_positive_one(t, k):
    """h < 0 errs where h > 0 does not: risk >= 1/2, as for h = 0, and 1/2 exceeds the best risk."""
    assert 1 - probe_risk(t, k) >= 0.5 - 1e-7
    assert transfer.example_risk(2 * k, 1.0) < 0.5


def test_excess_vanishes_only_at_threshold_zero():
    """Near 0 the excess is g(0) phi(0)/(k sqrt(1+k^2)) t^2: positive, and as flat as that."""
    k, t = 0.7, 1e-2
    scale = math.hypot(1, k)
    slope = 2 * norm.pdf(0) / (k * scale)
    expected = norm.pdf(0, scale=scale) * slope * t**2 / 2
    assert probe_risk(t, k) - transfer.example_risk(2 * k, 1.0) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("k", [0, -1.0])
def test_posterior_needs_a_slope(k):
    with pytest.raises(ValueError, match=f"k={k}: .*give k > 0"):
        transfer.posterior(0.3, k)


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("example_risk", lambda c, eps: sympy.atan(2 * example1.slope(c, eps)) / sympy.pi),
        ("example_risk", lambda c, eps: sympy.atan(1 / example1.slope(c, eps)) / sympy.pi),
        ("example_alignment", lambda eps: eps),
        ("example_alignment", lambda eps: eps / 4),
        ("shift_for_gap", lambda gap, eps: sympy.tan(sympy.pi * gap) / sympy.sqrt(eps)),
        ("shift_for_gap", lambda gap, eps: 2 * sympy.tan(sympy.pi * gap) / eps),
        ("posterior", lambda t, k: example1.normal_tail(-t / k)),
        ("posterior", lambda t, k: example1.normal_tail(t / (k * sympy.sqrt(1 + k**2)))),
        ("risk_given_x1", lambda x, k: example1.normal_tail(x / k**2)),
        ("slope", lambda c, eps: abs(c) * sympy.sqrt(eps)),
    ],
)
def test_a_mutated_formula_is_no_longer_proved(name, mutant, monkeypatch):
    monkeypatch.setattr(example1, name, mutant)
    (claim,) = example1.CLAIMS
    assert not discharged(claim)


def test_every_former_name_is_still_exported_and_no_claim_is_found_twice():
    names = "LECTURE slope example_risk example_alignment risk_given_x1 clipped_robust_loss risk_enclosure"
    assert set(names.split()) <= set(transfer.__all__)
    assert all(hasattr(transfer, name) for name in transfer.__all__)
    assert not hasattr(transfer, "CLAIMS")
