"""Theorem 3 (InfoNCE bounds the divergence) as printed: true, and that it says nothing. Formulas: `infonce`.

Forms that say something: `theorem3_sharp`, `theorem3_balanced`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

from fractions import Fraction

import flint
import sympy
import z3

from theory.divergence.infonce import printed_bound
from theory.divergence.logsum import EXPONENTIAL, exp, first_weight, log_sum, ratio, tangent
from theory.divergence.losses import LINEAR
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, enclosure, identity, implication, positive_on_box
from theory.theorem1.proofs.steps import AVERAGES

THEOREM_3 = "Huang et al., ICLR 2023, Theorem 3"


def _plane_at_zero() -> Evidence:
    s, t, zero = sympy.Symbol("s"), sympy.Symbol("t"), sympy.Integer(0)
    q = first_weight(zero, zero)
    return identity(
        "the tangent plane of log(e^s + e^t) at (0, 0) is log 2 + (s + t)/2",
        log_sum(zero, zero) + q * s + (1 - q) * t,
        sympy.log(2) + (s + t) / 2,
    )


def _positive_means() -> Evidence:
    x1, x2, y1, y2 = z3.Reals("x1 x2 y1 y2")
    return implication(
        "a mean of x.y over independent x, y of one law is ||E x||^2 >= 0 (two atoms of weight 1/2)",
        [],
        (x1 * x1 + x2 * x2 + y1 * y1 + y2 * y2 + 2 * (x1 * y1 + x2 * y2)) / 4 >= 0,
        example={x1: 1, x2: 0, y1: -1, y2: 1},
    )


def _exponent() -> Evidence:
    L_2, log2, s, t, tau, p_k, p_l, q = z3.Reals("L_2 log2 s t tau p_k p_l q")
    return implication(
        "L_2 >= log 2, tau >= 0 and p_k p_l <= 1/4 imply (L_2 + tau)/(p_k p_l) >= 4 log 2",
        [
            log2 > 0,
            L_2 >= log2 + (s + t) / 2,
            s >= 0,
            t >= 0,
            tau >= 0,
            p_k > 0,
            p_l > 0,
            p_k + p_l <= 1,
            q * (p_k * p_l) == L_2 + tau,
        ],
        q >= 4 * log2,
        example={log2: 1, L_2: 1, s: 0, t: 0, tau: 0, p_k: "1/2", p_l: "1/2", q: 4},
    )


def _inside_the_logarithm() -> Evidence:
    L_2, tau, share, eps = sympy.symbols("L_2 tau share epsilon", positive=True)
    return identity(
        "e^(printed bound) = exp((L_2 + tau)/(p_k p_l)) - exp(1 - eps)",
        exp(printed_bound(L_2, tau, share, eps)),
        exp((L_2 + tau) / share) - exp(1 - eps),
    )


def _least_right_side() -> Evidence:
    def above(eps: flint.arb) -> flint.arb:
        return printed_bound(flint.arb(2).log(), 0, flint.arb(1) / 4, eps) - flint.arb("2.58")

    return positive_on_box(
        "at exponent 4 log 2 the right side exceeds 2.58 for eps in [0, 2]; it increases with eps and the exponent",
        above,
        ((Fraction(0), Fraction(2)),),
    )


def _value() -> Evidence:
    with flint.ctx.workprec(128):
        target = (16 - flint.arb(1).exp()).log()
    return enclosure(
        f"the right side at L_2 = log 2, tau = eps = 0, p_k = p_l = 1/2 is log(16 - e) = {float(target):.4f}",
        printed_bound(flint.arb(2).log(), 0, flint.arb(1) / 4, 0),
        target,
        1e-12,
    )


_VACUOUS = (
    "Mean of the tangent plane at 0 (`ratio`, `tangent`, `plane at 0`): L_2 >= log 2 + E f(x1).f(x2)/2 + E "
    "f(x1).f(x-)/2, and both means are squares, E_x ||E_x1 f||^2 and ||E f||^2 (`squares`, for two atoms; the "
    "identity is bilinear). So L_2 >= log 2 for every encoder and `exponent` gives exp((L_2 + tau)/(p_k p_l)) >= 16. "
    "With exp(1 - eps) <= e the right side is at least log(16 - e) > 2.58 (`right side`; "
    "for eps > 2 it is larger still), "
)
_VACUITY_STEPS = {
    "ratio": ratio,
    "tangent": tangent,
    "plane at 0": _plane_at_zero,
    "squares": _positive_means,
    "exponent": _exponent,
    "stable form": _inside_the_logarithm,
    "right side": _least_right_side,
    "least value": _value,
}

CLAIMS = (
    Claim(
        id="thm-3",
        title="Theorem 3 as printed: true for every tau >= 0",
        source="lecture, Loss Functions; " + THEOREM_3,
        statement=r"\|f\|=1:\ \mu_k^\top\mu_l\leq\log(\exp\{\frac{L_2+\tau}{p_kp_l}\}-\exp(1-\varepsilon))\ "
        r"\forall\tau,\varepsilon\geq 0",
        expected=Verdict.PROVED,
        reduction=_VACUOUS
        + "whereas mu_k.mu_l <= ||mu_k|| ||mu_l|| <= 1 (`Cauchy-Schwarz`). The printed statement leaves tau open: "
        "tau = 0 will do, for every sigma, delta, eps, R, because the right side says nothing (thm-3-vacuous).",
        trusted=(EXPONENTIAL, LINEAR, AVERAGES),
        steps={
            **_VACUITY_STEPS,
            "Cauchy-Schwarz": cauchy_schwarz,
        },
    ),
    Claim(
        id="thm-3-vacuous",
        title="Right side of Theorem 3 is always above 2.58",
        source="derived from " + THEOREM_3,
        statement=r"\log(\exp\{\frac{L_2+\tau}{p_kp_l}\}-\exp(1-\varepsilon))\geq\log(16-e)>2.58>1\geq\mu_k^\top\mu_l\quad"
        r"\forall f,\ \tau,\varepsilon\geq 0",
        expected=Verdict.PROVED,
        reduction=_VACUOUS
        + "no matter how well the encoder is trained: the bound is never below what holds without a loss.",
        trusted=(EXPONENTIAL, LINEAR),
        steps=_VACUITY_STEPS,
    ),
)
