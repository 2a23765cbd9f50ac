"""Theorem 3 balanced: InfoNCE bounds mu_k.mu_l by the sum that all products of the means have. Formulas: `infonce`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

import numpy as np
import sympy
import z3

from theory.divergence.infonce import balance, mean_of_others
from theory.divergence.logsum import EXPONENTIAL, JENSEN, hessian, ratio, tangent
from theory.divergence.losses import LINEAR, symbols
from theory.divergence.search import infonce_searched
from theory.divergence.theorem3 import THEOREM_3
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication


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


CLAIMS = (
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
        "maximum of convex functions included, so `beyond` places mu_k.mu_l below any t at which F exceeds its limit "
        "and increases: bisection keeps such a t. Equality for classes that are points at the vertices of a simplex.",
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
