"""Theorem 3 balanced: InfoNCE bounds mu_k.mu_l by the sum that all products of the means have. Formulas: `infonce`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

import numpy as np
import sympy
import z3

from theory.divergence.families import off_diagonal, products_below
from theory.divergence.infonce import LOSS_ROUNDING, balance, balanced_bounds, balanced_sum, mean_of_others
from theory.divergence.logsum import EXPONENTIAL, JENSEN, hessian, log_sum, ratio, tangent
from theory.divergence.losses import LINEAR, class_agreement, info_nce
from theory.divergence.theorem3 import THEOREM_3
from theory.factors import class_means, class_shares
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import identity, implication
from theory.setting import FiniteWorld
from theory.worlds import unit_worlds


def _no_class() -> Evidence:
    return identity("without classes both sides are 0", balance(np.zeros(0, dtype=int), np.zeros(0, dtype=int), 0), 0)


def _one_more_class() -> Evidence:
    whole, own, p, mu = sympy.symbols("whole own p mu", real=True)
    one = sympy.Integer(1)
    return identity(
        "||W + p mu||^2 - sum_i p_i^2 ||mu_i||^2 - p^2 ||mu||^2 grows by 2 p W.mu, W = sum_i p_i mu_i: what the new class "
        "adds to sum_{i != j} p_i p_j m_ij (one coordinate; both sides are sums of coordinates)",
        balance(np.array([one, p]), np.array([own, mu**2]), (whole + p * mu) ** 2),
        balance(np.array([one]), np.array([own]), whole**2) + 2 * p * whole * mu,
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


def _reading(world: FiniteWorld) -> Reading:
    """The statement for all k != l, as it stands: in units of L_2; and solved for mu_k.mu_l."""
    p, means = class_shares(world), class_means(world)
    products, a, L_2 = means @ means.T, class_agreement(world.features, world.labels), info_nce(world).regulariser
    norms_squared, whole = np.diagonal(products), p @ means
    limit = L_2 - (p**2 * log_sum(a, norms_squared)).sum()
    left = off_diagonal(balanced_sum(products, p, a, norms_squared, whole @ whole))
    pairs = products_below(products, balanced_bounds(L_2 + LOSS_ROUNDING, p, a, np.sqrt(norms_squared), whole @ whole))
    return Reading(
        hypotheses={},
        left=np.append(left, pairs.left),
        right=np.append(np.full_like(left, limit), pairs.right),
        trivial=np.append(np.full_like(left, -np.inf), pairs.trivial),
    )


CLAIMS = (
    Claim(
        id="thm-3-balanced",
        title="InfoNCE bounds mu_k.mu_l, products in balance",
        source="derived from " + THEOREM_3,
        statement=r"F(t)=p_kp_l[\log(e^{a_k}+e^t)+\log(e^{a_l}+e^t)]+w\log(e^{\bar{a}}+e^{c(t)}),\ "
        r"w=1-\sum_ip_i^2-2p_kp_l,\ w\bar{a}=\sum_ip_i(1-p_i)a_i-p_kp_l(a_k+a_l),\ "
        r"wc(t)=\|\sum_ip_i\mu_i\|^2-\sum_ip_i^2\|\mu_i\|^2-2p_kp_lt:\ "
        r"F(\mu_k^\top\mu_l)\leq B:=L_2-\sum_ip_i^2\log(e^{a_i}+e^{\|\mu_i\|^2}),\ "
        r"F(t)>B,\ F'(t)>0\Rightarrow\mu_k^\top\mu_l<t",
        predicate=Predicate(worlds=unit_worlds, read=_reading),
        expected=Verdict.PROVED,
        reduction="Start from thm-3-sharp's sum. "
        + JENSEN
        + " Applied once more to the pairs other than (k,l) and (l,k), of total weight w, it bounds them by w "
        "log(e^{a'} + e^{c}), a' their mean a_i and c their mean product (`others`; the sum of all products by induction "
        "over the classes, `balance without classes` and `one more class`); the thm-3-sharp "
        "bound of the same terms may stand in where it is larger. F is convex, being a sum of log(e^a + e^t), a "
        "maximum of convex functions included, so `beyond` places mu_k.mu_l below any t at which F exceeds its limit "
        "and increases: bisection keeps such a t. Equality for classes that are points at the vertices of a simplex.",
        trusted=(EXPONENTIAL, LINEAR),
        steps={
            "ratio": ratio,
            "tangent": tangent,
            "Hessian": hessian,
            "balance without classes": _no_class,
            "one more class": _one_more_class,
            "others": _others,
            "beyond": _beyond,
        },
    ),
)
