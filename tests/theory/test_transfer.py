import math

import flint
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from theory import ledger, transfer


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


@pytest.mark.parametrize("eps", [1e-12, 0.1, 1, 7, 1e9])
def test_quarter_at_c_prime_for_every_eps(eps):
    c = 2 / math.sqrt(eps)
    assert transfer.example_risk(c, eps) == pytest.approx(0.25, abs=1e-15)
    assert transfer.risk_enclosure(c, eps).contains(flint.arb(1) / 4)
    assert transfer.example_alignment(eps) < eps


def test_the_same_formulas_run_on_symbols_arrays_and_floats():
    c, eps = sympy.symbols("c epsilon", positive=True)
    symbolic = sympy.lambdify((c, eps), transfer.example_risk(c, eps))
    shifts = np.linspace(0, 9, 7)
    np.testing.assert_allclose(transfer.example_risk(shifts, 0.3), [symbolic(x, 0.3) for x in shifts], atol=1e-15)
    assert transfer.example_risk(0, 0.3) == 0
    assert transfer.example_risk(-2.0, 0.3) == transfer.example_risk(2.0, 0.3)
    assert transfer.clipped_robust_loss(0.1, 2 / math.sqrt(0.1)) == pytest.approx(4)


def test_risk_given_x1_at_the_ends():
    np.testing.assert_allclose(transfer.risk_given_x1(np.array([0.0, 1e9]), 2.0), [0.5, 0.0])
    np.testing.assert_array_equal(transfer.risk_given_x1(np.array([0.0, 1.0]), 0.0), [0.0, 0.0])


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("example_risk", lambda c, eps: sympy.atan(2 * transfer.slope(c, eps)) / sympy.pi),
        ("example_alignment", lambda eps: eps),
        ("clipped_robust_loss", lambda eps, bound: eps * bound),
    ],
)
def test_a_mutated_formula_is_no_longer_proved(name, mutant, monkeypatch):
    monkeypatch.setattr(transfer, name, mutant)
    verdicts = {c.id: ledger.verdict(c, ledger.gather(c)) for c in transfer.CLAIMS}
    assert ledger.Verdict.UNDECIDED in verdicts.values()
