"""Theorem 3 (InfoNCE bounds the divergence) as printed, what it says, and two forms that say more. Formulas: `infonce`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

from fractions import Fraction

import flint
import numpy as np
import sympy
import z3

from theory.divergence.infonce import (
    agreement_floor,
    balance,
    mean_of_others,
    one_pair_bound,
    pair_bound,
    pair_root,
    printed_bound,
)
from theory.divergence.logsum import EXPONENTIAL, JENSEN, exp, first_weight, hessian, log, log_sum, ratio, tangent
from theory.divergence.losses import LINEAR, symbols, unit_product
from theory.divergence.search import infonce_searched
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


def _root() -> Evidence:
    A, B, h = sympy.symbols("A B h", positive=True)
    X = exp(pair_bound(log(A), log(B), 2 * log(h)))
    return identity(
        "X = e^(bound) solves (A + X)(B + X) = E, A = e^{a_k}, B = e^{a_l}, E = h^2 = e^Q",
        sympy.expand(sympy.powdenest(sympy.simplify((A + X) * (B + X)), force=True)),
        h**2,
    )


def _only_root() -> Evidence:
    A, B, E, root, T = z3.Reals("A B E root T")
    return implication(
        "T = e^{m_kl} with (A + T)(B + T) <= E is at most the root",
        [A > 0, B > 0, T > 0, (A + T) * (B + T) <= E, root >= 0, root * root == (A - B) ** 2 + 4 * E],
        pair_root(A, B, root) >= T,
        example={A: 1, B: 1, E: 4, root: 4, T: "1/2"},
    )


def _others_positive() -> Evidence:
    A, T, own, rest, L_2, share = z3.Reals("A T own rest L_2 share")
    return implication(
        "a_i = E ||E_x1 f(x1)||^2 >= 0 makes e^{a_i} + e^{m_ij} > 1: all other terms are positive and may be dropped",
        [A >= 1, T > 0, z3.Implies(A + T > 1, rest > 0), share > 0, own * share + rest <= L_2],
        own * share <= L_2,
        example={A: 1, T: 1, own: 1, rest: 1, L_2: 2, share: "1/4"},
    )


def _ideal() -> Evidence:
    L_2, share = sympy.symbols("L_2 share", positive=True)
    return identity(
        "sigma = 1, delta = eps = R = 0, hence a_k = 1: dropping the rest gives Theorem 3 with tau = 0",
        one_pair_bound(L_2, sympy.Integer(1), share),
        printed_bound(L_2, 0, share, 0),
    )


def _agreement() -> Evidence:
    eps, R, p, q, apart = z3.Reals("eps R p q apart")
    return implication(
        "a share q <= R/p_k outside S_eps, at most 2 apart, the rest within eps: a_k >= 1 - eps^2/2 - 2 R/p_k",
        [p > 0, q >= 0, q <= 1, q * p <= R, eps >= 0, apart <= (1 - q) * eps * eps + 4 * q],
        1 - apart / 2 >= agreement_floor(eps, R, p),
        example={p: "1/2", q: "1/10", R: "1/20", eps: "1/10", apart: 0},
    )


def _balance() -> Evidence:
    means, p = symbols("m", 3, 2), np.array(sympy.symbols("p:3"))
    whole = p @ means
    return identity(
        "sum_{i != j} p_i p_j m_ij = ||sum_i p_i mu_i||^2 - sum_i p_i^2 ||mu_i||^2, 3 means in the plane",
        sum(p[i] * p[j] * (means[i] @ means[j]) for i in range(3) for j in range(3) if i != j),
        balance(p, (means**2).sum(axis=1), whole @ whole),
    )


def _others() -> Evidence:
    share, w, t, others = sympy.symbols("share w t others", positive=True)
    return identity(
        "if 2 p_k p_l t + w c is the sum over all pairs, then c is the mean of the others",
        mean_of_others(2 * share * t + w * others, share, t, w),
        others,
    )


def _beyond() -> Evidence:
    F, limit, rise, t0, t, Ft = z3.Reals("F limit rise t0 t Ft")
    return implication(
        "where a convex F exceeds its limit and increases, it exceeds it at every larger t",
        [F > limit, rise > 0, t >= t0, Ft >= F + rise * (t - t0)],
        Ft > limit,
        example={F: 1, limit: 0, rise: 1, t0: 0, t: 1, Ft: 2},
    )


_VACUOUS = (
    "Mean of the tangent plane at 0 (`ratio`, `tangent`, `plane at 0`): L_2 >= log 2 + E f(x1).f(x2)/2 + E "
    "f(x1).f(x-)/2, and both means are squares, E_x ||E_x1 f||^2 and ||E f||^2 (`squares`, for two atoms; the "
    "identity is bilinear). So L_2 >= log 2 for every encoder and `exponent` gives exp((L_2 + tau)/(p_k p_l)) >= 16. "
    "With exp(1 - eps) <= e the right side is at least log(16 - e) > 2.58 (`right side`; for eps > 2 it is larger "
    "still), "
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
    Claim(
        id="thm-3-sharp",
        title="InfoNCE bounds mu_k.mu_l, other terms kept",
        source="derived from " + THEOREM_3,
        statement=r"L_2\geq\sum_{ij}p_ip_j\log(e^{a_i}+e^{\mu_i^\top\mu_j}),\quad p_kp_l[\log(e^{a_k}+e^{\mu_k^\top\mu_l})+"
        r"\log(e^{a_l}+e^{\mu_k^\top\mu_l})]\leq L_2-\sum_{others}p_ip_j\log(e^{a_i}+e^{n_{ij}}),\ "
        r"n_{ii}=\|\mu_i\|^2,\ n_{ij}=-\|\mu_i\|\|\mu_j\|",
        expected=Verdict.PROVED,
        reduction="x in C_i and x' in C_j have E f(x1).f(x2) = a_i and, x' being independent, E f(x1).f(x-) = mu_i.mu_j. "
        + JENSEN
        + " This is the first statement, with a_i = 1 - E||f(x1) - f(x2)||^2/2 (`unit vectors`). Every other term "
        "increases in m_ij >= -||mu_i|| ||mu_j|| (`Cauchy-Schwarz`; m_ii = ||mu_i||^2), which leaves the second; "
        "`pair` and `pair root` solve it for mu_k.mu_l. No sigma, delta, eps or R enters. Dropping all other terms "
        "instead (`one pair`) is Theorem 3 with tau = 0 and 1 - eps replaced by a_k, the printed one in the ideal "
        "case; `agreement` puts eps and R back.",
        trusted=(EXPONENTIAL, LINEAR),
        steps={
            "ratio": ratio,
            "tangent": tangent,
            "Hessian": hessian,
            "unit vectors": unit_product,
            "Cauchy-Schwarz": cauchy_schwarz,
            "pair": _only_root,
            "pair root": _root,
            "one pair": _others_positive,
            "ideal case": _ideal,
            "agreement": _agreement,
        },
        other={
            "nearest world": lambda: infonce_searched("sharp"),
        },
    ),
    Claim(
        id="thm-3-balanced",
        title="InfoNCE bounds mu_k.mu_l, products in balance",
        source="derived from " + THEOREM_3,
        statement=r"F(t)=p_kp_l[\log(e^{a_k}+e^t)+\log(e^{a_l}+e^t)]+w\log(e^{\bar{a}}+e^{c(t)}),\ "
        r"wc(t)=\|\sum_ip_i\mu_i\|^2-\sum_ip_i^2\|\mu_i\|^2-2p_kp_lt:\ "
        r"F(\mu_k^\top\mu_l)\leq L_2-\sum_ip_i^2\log(e^{a_i}+e^{\|\mu_i\|^2})",
        expected=Verdict.PROVED,
        reduction="Start from thm-3-sharp's sum. "
        + JENSEN
        + " Applied once more to the pairs other than (k,l) and (l,k), of total weight w, it bounds them by w "
        "log(e^{a'} + e^{c}), a' their mean a_i and c their mean product (`balance`, `others`); the thm-3-sharp "
        "bound of the same terms may stand in where it is larger. F is convex, being a sum of log(e^a + e^t), a "
        "maximum of convex functions included, so `beyond` places mu_k.mu_l below any t at which F exceeds its "
        "limit and increases: bisection keeps such a t. Equality for classes that are points at the vertices of a "
        "simplex.",
        trusted=(EXPONENTIAL, LINEAR),
        steps={
            "ratio": ratio,
            "tangent": tangent,
            "Hessian": hessian,
            "balance": _balance,
            "others": _others,
            "beyond": _beyond,
        },
        other={
            "nearest world": lambda: infonce_searched("balanced"),
        },
    ),
)
