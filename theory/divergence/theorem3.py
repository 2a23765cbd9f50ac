"""Theorem 3 (InfoNCE bounds the divergence) as printed: true, and that it says nothing. Formulas: `infonce`.

Forms that say something: `theorem3_sharp`, `theorem3_balanced`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

from fractions import Fraction

import flint
import numpy as np
import sympy
import z3

from theory.divergence.families import InfoNceWorld, infonce_worlds, off_diagonal
from theory.divergence.infonce import printed_bound
from theory.divergence.logsum import EXPONENTIAL, exp, first_weight, log_sum, ratio, tangent
from theory.divergence.losses import LINEAR, info_nce
from theory.factors import class_means, class_shares
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.moments import expectation
from theory.prove import cauchy_schwarz, enclosure, identity, implication, positive_on_box
from theory.setting import Array
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
    x, y, mean, square = sympy.symbols("x y mean square", real=True)
    law = (mean, square)
    return identity(
        "E x y over independent x, y of one law is (E x)^2 >= 0, coordinate by coordinate",
        expectation(x * y, (x, law), (y, law)),
        mean**2,
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


VACUOUS = (
    "Mean of the tangent plane at 0 (`ratio`, `tangent`, `plane at 0`): L_2 >= log 2 + E f(x1).f(x2)/2 + E "
    "f(x1).f(x-)/2, and both means are squares, E_x ||E_x1 f||^2 and ||E f||^2 (`squares`: x1, x2 are independent given "
    "x, x1 and x- always). So L_2 >= log 2 for every encoder and `exponent` gives exp((L_2 + tau)/(p_k p_l)) >= 16. "
    "With exp(1 - eps) <= e the right side is at least log(16 - e) > 2.58 (`right side`; "
    "for eps > 2 it is larger still), "
)
VACUITY_STEPS = {
    "ratio": ratio,
    "tangent": tangent,
    "plane at 0": _plane_at_zero,
    "squares": _positive_means,
    "exponent": _exponent,
    "stable form": _inside_the_logarithm,
    "right side": _least_right_side,
    "least value": _value,
}


def printed_bounds(drawn: InfoNceWorld) -> Array:
    """The right side of Theorem 3 for all k != l of a world."""
    p = class_shares(drawn.world)
    L_2 = info_nce(drawn.world).regulariser
    return off_diagonal(printed_bound(L_2, drawn.tau, np.outer(p, p), drawn.eps))


def _printed_reading(drawn: InfoNceWorld) -> Reading:
    """The theorem; trivial is 1."""
    means = class_means(drawn.world)
    return Reading(hypotheses={}, left=off_diagonal(means @ means.T), right=printed_bounds(drawn), trivial=1.0)


def _vacuous_reading(drawn: InfoNceWorld) -> Reading:
    """The chain of inequalities, link by link."""
    means, floor = class_means(drawn.world), np.log(16 - np.e)
    right = printed_bounds(drawn)
    products = off_diagonal(means @ means.T)
    return Reading(
        hypotheses={},
        left=np.concatenate([np.full_like(right, floor), [2.58], products]),
        right=np.concatenate([right, [floor], np.ones_like(products)]),
    )


CLAIMS = (
    Claim(
        id="thm-3",
        title="Theorem 3 as printed: true for every tau >= 0",
        source=THEOREM_3,
        statement=r"\|f\|=1:\ \mu_k^\top\mu_l\leq\log(\exp\{\frac{L_2+\tau}{p_kp_l}\}-\exp(1-\varepsilon))\ "
        r"\forall\tau,\varepsilon\geq 0",
        predicate=Predicate(worlds=infonce_worlds, read=_printed_reading),
        expected=Verdict.PROVED,
        reduction=VACUOUS
        + "whereas mu_k.mu_l <= ||mu_k|| ||mu_l|| <= 1 (`Cauchy-Schwarz`). The printed statement leaves tau open: "
        "tau = 0 will do, for every sigma, delta, eps, R, because the right side says nothing (thm-3-vacuous).",
        trusted=(EXPONENTIAL, LINEAR, AVERAGES),
        steps={
            **VACUITY_STEPS,
            "Cauchy-Schwarz": cauchy_schwarz,
        },
    ),
    Claim(
        id="thm-3-vacuous",
        title="Right side of Theorem 3 is always above 2.58",
        source="derived from " + THEOREM_3,
        statement=r"\log(\exp\{\frac{L_2+\tau}{p_kp_l}\}-\exp(1-\varepsilon))\geq\log(16-e)>2.58>1\geq\mu_k^\top\mu_l\quad"
        r"\forall f,\ \tau,\varepsilon\geq 0",
        predicate=Predicate(worlds=infonce_worlds, read=_vacuous_reading),
        expected=Verdict.PROVED,
        reduction=VACUOUS
        + "no matter how well the encoder is trained: the bound is never below what holds without a loss.",
        trusted=(EXPONENTIAL, LINEAR),
        steps=VACUITY_STEPS,
    ),
)
