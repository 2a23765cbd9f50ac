"""Theorem 4 (the cross-correlation loss bounds the divergence) as printed, and that its tau' cannot be left out.

Formulas and notation: `crosscorrelation`; sharper forms: `theorem4_constant`, `theorem4_sharp`.
X = M - I_d, Y = U^T U - I_K, U = [sqrt(p_k) mu_k], C - I = X + S.
"""

from fractions import Fraction

import numpy as np
import z3

from theory.averages import variance
from theory.divergence.crosscorrelation import correlations, printed_square, scatter_limit, triangle_square
from theory.divergence.duality import ANY_SIZE, MONOMIALS, gram_gap_checked
from theory.divergence.extremal import cube_classes
from theory.divergence.families import FeatureWorld, any_features, centred_features, mean_products, squares_below
from theory.divergence.losses import LINEAR, symbols
from theory.divergence.theorem4_steps import TAU, THEOREM_4, pair_of, split
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication


def without_tau() -> Evidence:
    """The cube in three classes, in exact arithmetic."""
    product, L_2, tau, share, excess = pair_of(*cube_classes())
    square = printed_square(L_2, Fraction(0), share, excess)
    return Evidence(
        kind="witness",
        summary=f"d = K = 3, E f = 0, C = I: L_2 = {L_2}, the bound is {square}, but mu_1.mu_2 = {product}; "
        f"tau' >= ||S||^2 = {tau}",
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


def main_part_scatter() -> Evidence:
    """tr Cov_k / r^2 from the share and the spread of a main part."""
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


GAP_STEPS = {
    "gap 2x2": lambda: gram_gap_checked(2, 2),
    "gap 3x2": lambda: gram_gap_checked(3, 2),
    "gap 2x3": lambda: gram_gap_checked(2, 3),
}


def _reading(drawn: FeatureWorld) -> Reading:
    """The theorem at tau' = ||S||_F^2 and the free number more."""
    moments = correlations(drawn.features, drawn.labels)
    square = printed_square(moments.loss, moments.scatter + drawn.number, moments.share, moments.excess)
    return squares_below(mean_products(drawn.features, drawn.labels), square)


def _reading_without_tau(drawn: FeatureWorld) -> Reading:
    """The theorem at tau' = 0."""
    moments = correlations(drawn.features, drawn.labels)
    square = printed_square(moments.loss, 0.0, moments.share, moments.excess)
    return squares_below(mean_products(drawn.features, drawn.labels), square)


CLAIMS = (
    Claim(
        id="thm-4",
        title="Cross-correlation bounds mu_k.mu_l (Theorem 4)",
        source=THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})}" + TAU,
        predicate=Predicate(worlds=any_features, read=_reading),
        expected=Verdict.PROVED,
        reduction="||U U^T - I||^2 - ||U^T U - I||^2 = d - K: "
        + MONOMIALS
        + ". M = U U^T = C - S (`split`), so `triangle` bounds ||M - I||; the entries k,l and l,k of U^T U - I are "
        "p_k p_l (mu_k.mu_l)^2 each, and `printed` follows, with 1 in place of 2 already. Neither ||f|| = sqrt(d) "
        "nor E f_i^2 = 1 is used. A tau' in sigma, delta, eps, R: ||S||_F <= tr S (`rank one`; a norm of a mean is "
        "at most the mean norm), tr S is half a mean squared distance (`variance`), and with alpha_k >= sigma - "
        "R/p_k and s = (L delta + 2 eps)/r <= 2, tau' = (r^2 sum_k p_k [alpha_k^2 s^2/2 + 2 (1 - alpha_k^2)])^2 "
        "(`main part`, non-increasing in alpha): 0 in the ideal case.",
        trusted=(LINEAR, "the norm of a mean is at most the mean norm"),
        unchecked={
            ANY_SIZE: "theorem_4",
            "`rank one` has three coordinates and stands for every d": "theorem_4_scatter",
        },
        steps={
            **GAP_STEPS,
            "split": split,
            "Cauchy-Schwarz": cauchy_schwarz,
            "triangle": _triangle,
            "printed": _printed,
            "rank one": _rank_one,
            "variance": variance,
            "main part": main_part_scatter,
        },
    ),
    Claim(
        id="thm-4-tau-0",
        title="Theorem 4 with tau' = 0 for any encoder",
        source="derived from " + THEOREM_4,
        statement=r"\mu_k^\top\mu_l\leq\sqrt{\frac{2}{p_kp_l}(L_2-\frac{d-K}{2})}",
        predicate=Predicate(worlds=centred_features, read=_reading_without_tau),
        expected=Verdict.REFUTED,
        reduction="The witness meets every normalisation of the theorem: ||f|| = sqrt(d), E f = 0, E f_i^2 = 1.",
        other={
            "two classes with one mean": without_tau,
        },
    ),
)
