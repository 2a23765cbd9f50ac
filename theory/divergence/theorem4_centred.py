"""Theorem 4 for centred features, E f = 0: its best constant, and how far its right side can fall.

Formulas and notation: `crosscorrelation`. X = M - I_d, Y = U^T U - I_K, U = [sqrt(p_k) mu_k], C - I = X + S,
B = L_2 + tau' - (d - K)/2.
"""

import numpy as np
import sympy
import z3

from theory.divergence.crosscorrelation import (
    centred_reach,
    centred_square,
    correlations,
    lopsided_square,
    printed_square,
)
from theory.divergence.duality import ANY_SIZE
from theory.divergence.extremal import centred_world
from theory.divergence.families import (
    FeatureWorld,
    centred_features,
    features_about_0,
    mean_products,
    off_diagonal,
    squares_below,
)
from theory.divergence.losses import LINEAR
from theory.divergence.theorem4 import GAP_STEPS
from theory.divergence.theorem4_steps import (
    CENTRED,
    PEIERLS,
    SPECTRAL,
    SPECTRUM,
    TAU,
    THEOREM_4,
    centred,
    convex,
    eigenvalue,
    pair_of,
    split,
)
from theory.falsification import Predicate, Reading
from theory.ledger import Claim, Evidence, Verdict
from theory.prove import cauchy_schwarz, identity, implication, rational

HALF = rational("1/2")


def _two_directions() -> Evidence:
    uu, ww, uw, s, g = sympy.symbols("uu ww uw s g", real=True)
    plus, minus = (uu + 2 * uw + ww) / (2 * (1 - g / s)), (uu - 2 * uw + ww) / (2 * (1 + g / s))
    return identity(
        "u^T Z w = s/2 ((1 + c) Z(e+) - (1 - c) Z(e-)) for ||u|| ||w|| = s, u.w = c s = -g, and the orthonormal e+- along "
        "u/||u|| +- w/||w||; uu, ww, uw are Z on the unit vectors",
        s * uw,
        (s - g) / 2 * plus - (s + g) / 2 * minus,
    )


def _projections() -> Evidence:
    p_k, p_l = sympy.symbols("p_k p_l", positive=True)
    v = sympy.Matrix([sympy.sqrt(p_k), sympy.sqrt(p_l), sympy.sqrt(1 - p_k - p_l)])
    P = sympy.eye(3) - v * v.T
    t, r = sympy.symbols("t r")
    return identity(
        "P = I - v v^T, v = sqrt(p): ||P e_k||^2 = 1 - p_k, ||P e_l||^2 = 1 - p_l, P e_k . P e_l = -sqrt(p_k p_l) (the other "
        "classes taken together)",
        (P[:, 0].T * P[:, 0])[0] + t * (P[:, 1].T * P[:, 1])[0] + r * (P[:, 0].T * P[:, 1])[0],
        (1 - p_k) + t * (1 - p_l) - r * sympy.sqrt(p_k * p_l),
    )


def _reach() -> Evidence:
    a, b, g, s, y = z3.Reals("a b g s y")
    return implication(
        "y_kl = -g + (s-g)/2 a + (s+g)/2 b > 0 with a = Z(e+), -b = Z(e-) >= -1: 0 < y_kl <= (s-g)/2 (a + b)",
        [g >= 0, s >= g, b <= 1, y == -g + (s - g) / 2 * a + (s + g) / 2 * b, y > 0],
        z3.And(a + b > 0, 2 * y <= (s - g) * (a + b)),
        example={a: 1, b: 1, g: 0, s: 1, y: 1},
    )


def _two_values() -> Evidence:
    a, b, B = z3.Reals("a b B")
    return implication(
        "B >= 1/2 + f(a) + f(-b) and b <= 1: (a + b)^2 <= 2 B",
        [b <= 1, a + b > 0, B >= HALF + lopsided_square(a, HALF) + lopsided_square(-b, HALF)],
        (a + b) ** 2 <= 2 * B,
        example={a: 1, b: 1, B: 2},
    )


def _constant() -> Evidence:
    total, g, s, B, y, share, L_2, tau, excess = z3.Reals("total g s B y share L_2 tau excess")
    return implication(
        "so, with total = a + b, (mu_k.mu_l)^2 <= (s-g)^2/(2 p_k p_l) B",
        [
            s >= g,
            share > 0,
            y > 0,
            2 * y <= (s - g) * total,
            total * total <= 2 * B,
            L_2 + tau - excess / 2 >= B,
        ],
        y * y / share <= centred_square(L_2, tau, share, excess, s - g),
        example={total: 2, g: 0, s: 1, B: 2, y: 1, share: "1/16", L_2: 2, tau: 0, excess: 0},
    )


def _below_half() -> Evidence:
    p, q, s, g = z3.Reals("p q s g")
    return implication(
        "0 <= sqrt((1 - p_k)(1 - p_l)) - sqrt(p_k p_l) <= 1: the constant is at most 1/2",
        [p > 0, q > 0, p + q <= 1, s >= 0, g >= 0, s * s == (1 - p) * (1 - q), g * g == p * q],
        z3.And(s - g >= 0, s - g <= 1),
        example={p: "1/2", q: "1/2", s: "1/2", g: "1/2"},
    )


def _attained() -> Evidence:
    product, L_2, tau, share, excess = pair_of(*centred_world())
    quarter = sympy.Rational(1, 4)
    return identity(
        f"eight samples in four classes, d = 4, ||f|| = sqrt(d), E f = 0, E f_i^2 = 1: mu_1.mu_2 = {product} is the bound",
        product**2,
        centred_square(L_2, tau, share, excess, centred_reach(quarter, quarter)),
    )


def two_halves() -> Evidence:
    """What an entry of M - I costs."""
    x, s = sympy.symbols("x s", real=True)
    return identity(
        "(x + s)^2 + s^2 = x^2/2 + 2 (s + x/2)^2, entry by entry: ||C - I||^2 + ||S||^2 >= ||M - I||^2/2",
        (x + s) ** 2 + s**2,
        x**2 / 2 + 2 * (s + x / 2) ** 2,
    )


def _floor() -> Evidence:
    L_2, tau, X2, Y2, excess, share = z3.Reals("L_2 tau X2 Y2 excess share")
    return implication(
        "1 = ||Y v||^2 <= ||Y||^2 = ||X||^2 - (d - K) and L_2 + tau' >= ||X||^2/2: B >= 1/2, so the printed right side is at "
        "least 1/sqrt(p_k p_l)",
        [share > 0, Y2 >= 1, Y2 == X2 - excess, L_2 + tau >= X2 / 2],
        z3.And(L_2 + tau - excess / 2 >= HALF, printed_square(L_2, tau, share, excess) >= 1 / share),
        example={share: "1/4", Y2: 1, X2: 1, excess: 0, L_2: "1/4", tau: "1/4"},
    )


def rarest() -> Evidence:
    """The product of the two smallest shares."""
    p, q, K = z3.Reals("p q K")
    return implication(
        "the two rarest of K classes: p <= q and p + (K - 1) q <= 1 imply p q <= 1/K^2",
        [K >= 2, p > 0, p <= q, p + (K - 1) * q <= 1],
        p * q * K * K <= 1,
        example={K: 2, p: "1/2", q: "1/2"},
    )


def _centred_reading(drawn: FeatureWorld) -> Reading:
    """The bound at tau' = ||S||_F^2 and the free number more; that it is attained is a step of the proof."""
    moments = correlations(drawn.features, drawn.labels)
    reach = centred_reach(moments.shares[:, None], moments.shares)
    square = centred_square(moments.loss, moments.scatter + drawn.number, moments.share, moments.excess, reach)
    return squares_below(mean_products(drawn.features, drawn.labels), square)


def _floor_reading(drawn: FeatureWorld) -> Reading:
    """Each of the three inequalities, the last two in squares, at tau' = ||S||_F^2 and the free number more."""
    moments = correlations(drawn.features, drawn.labels)
    tau, share = moments.scatter + drawn.number, off_diagonal(moments.share)
    printed = printed_square(moments.loss, tau, share, moments.excess)
    return Reading(
        hypotheses={},
        left=np.concatenate([[0.5], 1 / share, [len(moments.shares) ** 2]]),
        right=np.concatenate([[moments.loss + tau - moments.excess / 2], printed, [1 / share.min()]]),
    )


CLAIMS = (
    Claim(
        id="thm-4-centred",
        title="Theorem 4 centred: 1/2 or less will do for 2",
        source="derived from " + THEOREM_4 + " and section 4.2",
        statement=r"E f=0,\ E f_i^2=1:\ \mu_k^\top\mu_l\leq\sqrt{\frac{c_{kl}}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})},\quad "
        r"c_{kl}=\frac{1}{2}(\sqrt{(1-p_k)(1-p_l)}-\sqrt{p_kp_l})^2\leq\frac{1}{2};\quad"
        r"\mathrm{attained\ for}\ p_k=p_l=\frac{1}{4}" + TAU,
        predicate=Predicate(worlds=centred_features, read=_centred_reading),
        expected=Verdict.PROVED,
        reduction="S = C - M is positive semidefinite (`split`). "
        + SPECTRAL
        + CENTRED
        + "So with theta = 1, kappa = 1/2, Y = -v v^T + Z with v = sqrt(p) and Z v = 0, B >= f(-1) + sum f(eigenvalues of "
        "Z), f(-1) = 1/2, and the sum is at least f along two orthonormal vectors: those of `two directions` for "
        "u = P e_k, w = P e_l (`projections`). sqrt(p_k p_l) mu_k.mu_l = y_kl = -sqrt(p_k p_l) + u^T Z w, and Z >= -1 "
        "since U^T U >= 0: `reach`, `two values`, `constant`, `at most 1/2`. Equality needs Z(e+) = 1, Z(e-) = -1 and Z = 0 "
        "across: `attained` is such a world, with c = 1/8, and the tests build others, of K = 4, 5, 7 and 12 classes of one "
        "size, with c = (1 - 2/K)^2/2. For two classes c = 0: mu_1.mu_2 = -||p_1 mu_1||^2/(p_1 p_2).",
        trusted=(SPECTRUM, PEIERLS, LINEAR),
        steps={
            "split": split,
            "eigenvalue": eigenvalue,
            "convex": convex,
            "centred": centred,
            "projections": _projections,
            "two directions": _two_directions,
            "reach": _reach,
            "two values": _two_values,
            "constant": _constant,
            "at most 1/2": _below_half,
            "attained": _attained,
        },
    ),
    Claim(
        id="thm-4-floor",
        title="Theorem 4 centred: right side >= 1/sqrt(p_k p_l)",
        source="derived from " + THEOREM_4 + " and section 4.2",
        statement=r"E f=0:\ L_2+\tau'-\frac{d-K}{2}\geq\frac{1}{2},\quad\sqrt{\frac{2}{p_kp_l}(L_2+\tau'-\frac{d-K}{2})}\geq"
        r"\frac{1}{\sqrt{p_kp_l}},\quad\max_{k\neq l}\frac{1}{\sqrt{p_kp_l}}\geq K" + TAU,
        predicate=Predicate(worlds=features_about_0, read=_floor_reading),
        expected=Verdict.PROVED,
        reduction="C - I = X + S, so L_2 + ||S||^2 >= ||X||^2/2 (`two halves`), and ||X||^2 = ||Y||^2 + d - K (`gap`; see "
        "duality). "
        + CENTRED
        + "||Y v||^2 <= ||Y||^2 ||v||^2, by Cauchy-Schwarz in every row, gives `floor`. For classes of one size every right "
        "side is at least K, for others the largest is (`rarest`); mu_k.mu_l <= ||f||^2 = d holds without a loss, so at "
        "d <= K the printed theorem says nothing of the rarest pair. Equality for a simplex of points in d = K - 1.",
        trusted=(LINEAR,),
        unchecked={ANY_SIZE: "theorem_4_floor"},
        steps={
            **GAP_STEPS,
            "two halves": two_halves,
            "centred": centred,
            "Cauchy-Schwarz": cauchy_schwarz,
            "floor": _floor,
            "rarest": rarest,
        },
    ),
)
