"""Theorem 3 sharpened: InfoNCE bounds mu_k.mu_l when the other terms of its sum are kept. Formulas: `infonce`.

Notation: ||f|| = 1; L_2 >= sum_ij p_i p_j log(e^{a_i} + e^{m_ij}) with m_ij = mu_i.mu_j and a_i = E_{x in C_i} f(x1).f(x2).
"""

import numpy as np
import sympy
import z3

from theory.divergence.families import products_below
from theory.divergence.infonce import (
    agreement_floor,
    jensen_sum,
    one_pair_bound,
    pair_bound,
    pair_root,
    printed_bound,
    sharp_bounds,
)
from theory.divergence.infonce_split import unit_product
from theory.divergence.logsum import EXPONENTIAL, JENSEN, exp, hessian, log, ratio, tangent
from theory.divergence.losses import LINEAR, class_agreement, info_nce
from theory.divergence.theorem3 import THEOREM_3
from theory.factors import class_means, class_shares
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication
from theory.setting import FiniteWorld
from theory.worlds import unit_worlds


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


def _reading(world: FiniteWorld) -> Reading:
    """Both statements, the second solved for mu_k.mu_l; trivial is ||mu_k|| ||mu_l||."""
    p, means = class_shares(world), class_means(world)
    products, L_2, a = means @ means.T, info_nce(world).regulariser, class_agreement(world.features, world.labels)
    pairs = products_below(products, sharp_bounds(L_2, p, a, np.sqrt(np.diagonal(products))))
    return Reading(
        hypotheses={},
        left=np.append(pairs.left, jensen_sum(p, a, products)),
        right=np.append(pairs.right, L_2),
        trivial=np.append(pairs.trivial, -np.inf),
    )


CLAIMS = (
    Claim(
        id="thm-3-sharp",
        title="InfoNCE bounds mu_k.mu_l, other terms kept",
        source="derived from " + THEOREM_3,
        statement=r"L_2\geq\sum_{ij}p_ip_j\log(e^{a_i}+e^{\mu_i^\top\mu_j}),\quad p_kp_l[\log(e^{a_k}+e^{\mu_k^\top\mu_l})+"
        r"\log(e^{a_l}+e^{\mu_k^\top\mu_l})]\leq L_2-\sum_{others}p_ip_j\log(e^{a_i}+e^{n_{ij}}),\ "
        r"n_{ii}=\|\mu_i\|^2,\ n_{ij}=-\|\mu_i\|\|\mu_j\|",
        predicate=Predicate(worlds=unit_worlds, read=_reading),
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
    ),
)
