"""Theorem 4 (the cross-correlation loss bounds the divergence) as printed, and that its tau' cannot be left out.

Formulas and notation: `crosscorrelation`; sharper forms: `theorem4_constant`, `theorem4_sharp`.
X = M - I_d, Y = U^T U - I_K, U = [sqrt(p_k) mu_k], C - I = X + S.
"""

from fractions import Fraction

import numpy as np
import z3

from theory.divergence.crosscorrelation import printed_square, scatter_limit, triangle_square
from theory.divergence.duality import MONOMIALS, gram_gap_checked
from theory.divergence.extremal import overlapping_classes
from theory.divergence.losses import LINEAR, symbols
from theory.divergence.search import correlation_searched
from theory.divergence.theorem4_steps import THEOREM_4, pair_of, split
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication


def _without_tau() -> Evidence:
    product, L_2, tau, share, excess = pair_of(*overlapping_classes())
    square = printed_square(L_2, Fraction(0), share, excess)
    return Evidence(
        kind="witness",
        summary=f"d = K = 2, C = I: L_2 = {L_2}, the bound is {square}, but mu_1.mu_2 = {product}; tau' >= ||S||^2 = {tau}",
        direction="against",
        holds=bool(product > 0 and product**2 > square and product**2 <= printed_square(L_2, tau, share, excess)),
        claimed=f"(mu_1.mu_2)^2 <= {square}",
        computed=f"(mu_1.mu_2)^2 = {product**2}",
        slack=float(square - product**2),
    )


def _triangle() -> Evidence:
    product, a, b = z3.Reals("product a b")
    return implication(
        "||X||_F^2 = ||C - I||_F^2 - 2 <C - I, S> + ||S||_F^2 <= (||C - I||_F + ||S||_F)^2 by `Cauchy-Schwarz`",
        [a >= 0, b >= 0, product * product <= (a * a) * (b * b)],
        a * a - 2 * product + b * b <= (a + b) ** 2,
        example={product: -1, a: 1, b: 1},
    )


def _printed() -> Evidence:
    x, share, rest, X2, root, size, tau, excess = z3.Reals("x share rest X2 root size tau excess")
    return implication(
        "2 p_k p_l (mu_k.mu_l)^2 <= ||Y||^2 = ||X||^2 - (d - K) <= 2 (L_2 + tau') - (d - K): half of what is printed",
        [
            share > 0,
            rest >= 0,
            X2 - excess == 2 * share * x * x + rest,
            root >= 0,
            size >= 0,
            size * size <= tau,
            X2 <= (root + size) * (root + size),
        ],
        z3.And(
            x * x <= printed_square(root * root, tau, share, excess) / 2,
            x * x <= triangle_square(root, size, share, excess),
            x * x <= printed_square(root * root, tau, share, excess),
        ),
        example={x: 1, share: "1/4", rest: 0, X2: "1/2", root: 0, size: 1, tau: 1, excess: 0},
    )


def _rank_one() -> Evidence:
    z = symbols("z", 1, 3)[0]
    return identity(
        "||z z^T||_F^2 = ||z||^4, so ||S||_F <= E ||z||^2 = tr S",
        (np.outer(z, z) ** 2).sum(),
        (z @ z) ** 2,
    )


def _spread() -> Evidence:
    m = symbols("m", 1, 3)[0]
    return identity(
        "the variance is half the mean squared distance of two independent draws (three atoms)",
        ((m - m.sum() / 3) ** 2).sum() / 3,
        ((m[:, None] - m[None, :]) ** 2).sum() / 18,
    )


def _main_part() -> Evidence:
    alpha, s, less, apart = z3.Reals("alpha s less apart")
    return implication(
        "both draws in the main part and S_eps with probability alpha^2, there within s, else within 2 (units of r)",
        [
            less >= 0,
            less <= alpha,
            alpha <= 1,
            s >= 0,
            s <= 2,
            apart <= alpha * alpha * (s * s) + (1 - alpha * alpha) * 4,
        ],
        z3.And(apart / 2 <= scatter_limit(alpha, s), scatter_limit(alpha, s) <= scatter_limit(less, s)),
        example={alpha: 1, less: "9/10", s: "1/2", apart: "1/4"},
    )


_GAP_STEPS = {
    "gap 2x2": lambda: gram_gap_checked(2, 2),
    "gap 3x2": lambda: gram_gap_checked(3, 2),
    "gap 2x3": lambda: gram_gap_checked(2, 3),
}


CLAIMS = (
    Claim(
        id="thm-4",
        title="Cross-correlation bounds mu_k.mu_l (Theorem 4)",
        source="lecture, Loss Functions; " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})},\quad"
        r"\tau'\geq\|C-\sum_kp_k\mu_k\mu_k^\top\|_F^2",
        expected=Verdict.PROVED,
        reduction="||U U^T - I||^2 - ||U^T U - I||^2 = d - K: "
        + MONOMIALS
        + ". M = U U^T = C - S (`split`), so `triangle` bounds ||M - I||; the entries k,l and l,k of U^T U - I are "
        "p_k p_l (mu_k.mu_l)^2 each, and `printed` follows, with 1 in place of 2 already. Neither ||f|| = sqrt(d) "
        "nor E f_i^2 = 1 is used. A tau' in sigma, delta, eps, R: ||S||_F <= tr S (`rank one`; a norm of a mean is "
        "at most the mean norm), tr S is half a mean squared distance (`spread`), and with alpha_k >= sigma - "
        "R/p_k and s = (L delta + 2 eps)/r <= 2, tau' = (r^2 sum_k p_k [alpha_k^2 s^2/2 + 2 (1 - alpha_k^2)])^2 "
        "(`main part`, non-increasing in alpha): 0 in the ideal case.",
        trusted=(LINEAR,),
        steps={
            **_GAP_STEPS,
            "split": split,
            "Cauchy-Schwarz": cauchy_schwarz,
            "triangle": _triangle,
            "printed": _printed,
            "rank one": _rank_one,
            "spread": _spread,
            "main part": _main_part,
        },
        other={
            "nearest world": lambda: correlation_searched("printed"),
        },
    ),
    Claim(
        id="thm-4-tau-0",
        title="Theorem 4 with tau' = 0 for any encoder",
        source="derived from " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2-\frac{d-K}{2})}",
        expected=Verdict.REFUTED,
        other={
            "two classes with one mean": _without_tau,
        },
    ),
)
